import type { Algebra } from '../algebra/algebra.ts'

/** What a model says of a row, from which an interval is made. */
export type RegressionPart = 'prediction' | 'sigma' | 'lower' | 'median' | 'upper'

/** One T a part. */
export type RegressionParts<T> = { readonly [P in RegressionPart]?: T }

type Given<T> = { readonly [P in RegressionPart]: T }

/**
 * A conformity score of regression: how far y is `above` and `below` what the model says, and the y at which that is q (`upper`,
 * `lower`). Stated once over any algebra, so that columns, SQL and a model's graph compute the same.
 */
export interface RegressionScore {
  readonly name: string
  readonly parts: readonly RegressionPart[]
  /** Whether one threshold serves both sides unless it is said otherwise. */
  readonly symmetric: boolean
  /** Parts, and the truth, that must be above 0. */
  readonly positive?: readonly (RegressionPart | 'y')[]
  readonly source: string
  above<T>(a: Algebra<T>, y: T, parts: Given<T>): T
  below<T>(a: Algebra<T>, y: T, parts: Given<T>): T
  upper<T>(a: Algebra<T>, q: T, parts: Given<T>): T
  lower<T>(a: Algebra<T>, q: T, parts: Given<T>): T
}

/** The widths by which quantiles are scaled never reach 0. */
const LEAST = 1e-6

/** Distance from a centre in units of a spread: (y - centre) / spread. */
const scaled = (
  centre: RegressionPart,
  spread: <T>(a: Algebra<T>, parts: Given<T>) => T,
): Pick<RegressionScore, 'above' | 'below' | 'upper' | 'lower'> => ({
  above: (a, y, parts) => a.div(a.sub(y, parts[centre]), spread(a, parts)),
  below: (a, y, parts) => a.div(a.sub(parts[centre], y), spread(a, parts)),
  upper: (a, q, parts) => a.add(parts[centre], a.mul(q, spread(a, parts))),
  lower: (a, q, parts) => a.sub(parts[centre], a.mul(q, spread(a, parts))),
})

/** Distance beyond each of two quantiles, in units of a spread for each side. */
const beyond = (
  above: <T>(a: Algebra<T>, parts: Given<T>) => T,
  below: <T>(a: Algebra<T>, parts: Given<T>) => T,
  { from = ['lower', 'upper'] }: { readonly from?: readonly [RegressionPart, RegressionPart] } = {},
): Pick<RegressionScore, 'above' | 'below' | 'upper' | 'lower'> => ({
  above: (a, y, parts) => a.div(a.sub(y, parts[from[1]]), above(a, parts)),
  below: (a, y, parts) => a.div(a.sub(parts[from[0]], y), below(a, parts)),
  upper: (a, q, parts) => a.add(parts[from[1]], a.mul(q, above(a, parts))),
  lower: (a, q, parts) => a.sub(parts[from[0]], a.mul(q, below(a, parts))),
})

const gap = <T>(a: Algebra<T>, high: T, low: T): T => a.add(a.sub(high, low), a.number(LEAST))
const widest = <T>(a: Algebra<T>, high: T, low: T): T => a.max(a.sub(high, low), a.number(LEAST))

/** The conformity scores of regression, by name. */
export const regressionScores = {
  /** |y - prediction|; MAPIE `AbsoluteConformityScore`, puncc `SplitCP`, TorchCP `ABS`, crepes `ConformalRegressor`. */
  absolute: {
    name: 'absolute',
    parts: ['prediction'],
    symmetric: true,
    source: 'Papadopoulos et al. 2002',
    above: (a, y, { prediction }) => a.sub(y, prediction),
    below: (a, y, { prediction }) => a.sub(prediction, y),
    upper: (a, q, { prediction }) => a.add(prediction, q),
    lower: (a, q, { prediction }) => a.sub(prediction, q),
  },
  /** (y - prediction) / prediction, for what is above 0; MAPIE `GammaConformityScore`. */
  gamma: {
    name: 'gamma',
    parts: ['prediction'],
    symmetric: false,
    positive: ['y', 'prediction'],
    source: 'Cordier et al. 2023 (MAPIE)',
    ...scaled('prediction', (_, { prediction }) => prediction),
  },
  /** |y - prediction| / sigma, sigma a guess of the size of the error; rows with sigma <= 0 have no score, and no bounds. */
  normalised: {
    name: 'normalised',
    parts: ['prediction', 'sigma'],
    symmetric: true,
    source: 'Lei et al. 2018; MAPIE `ResidualNormalisedScore`, puncc `LocallyAdaptiveCP`, crepes sigmas',
    ...scaled('prediction', (a, { sigma }) => a.positive(sigma)),
  },
  /** Conformalized quantile regression. */
  cqr: {
    name: 'cqr',
    parts: ['lower', 'upper'],
    symmetric: true,
    source: 'Romano, Patterson, Candes 2019',
    above: (a, y, { upper }) => a.sub(y, upper),
    below: (a, y, { lower }) => a.sub(lower, y),
    upper: (a, q, { upper }) => a.add(upper, q),
    lower: (a, q, { lower }) => a.sub(lower, q),
  },
  /** CQR in units of the distance between the quantiles. */
  cqrr: {
    name: 'cqrr',
    parts: ['lower', 'upper'],
    symmetric: true,
    source: 'Sesia, Candes 2020',
    ...beyond(
      (a, { lower, upper }) => gap(a, upper, lower),
      (a, { lower, upper }) => gap(a, upper, lower),
    ),
  },
  /** CQR in units of each quantile's distance from the median. */
  cqrm: {
    name: 'cqrm',
    parts: ['lower', 'median', 'upper'],
    symmetric: true,
    source: 'Sesia, Candes 2020',
    ...beyond(
      (a, { median, upper }) => gap(a, upper, median),
      (a, { lower, median }) => gap(a, median, lower),
    ),
  },
  /** Distance from the median in units of each quantile's distance from it. */
  cqrfm: {
    name: 'cqrfm',
    parts: ['lower', 'median', 'upper'],
    symmetric: true,
    source: 'Kivaranovic, Johnson, Leeb 2020',
    ...beyond(
      (a, { median, upper }) => widest(a, upper, median),
      (a, { lower, median }) => widest(a, median, lower),
      { from: ['median', 'median'] },
    ),
  },
} as const satisfies Readonly<Record<string, RegressionScore>>

/**
 * Returns the score |y - prediction| / sigma^power, sigma the standard deviation that the model itself states (a Gaussian process).
 * Source: Jaber et al. 2025 (J+GP); MAPIE `StdConformityScore`.
 */
export const stdScore = ({ power = 1 }: { readonly power?: number } = {}): RegressionScore => ({
  name: `std(${power})`,
  parts: ['prediction', 'sigma'],
  symmetric: true,
  source: 'Jaber et al. 2025',
  ...scaled('prediction', (a, { sigma }) => a.pow(a.positive(sigma), power)),
})
