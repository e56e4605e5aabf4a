import { PodError } from '@mlpod/contract'

/** Numbers by which features are scaled to [0, 1]. */
interface Range {
  readonly least: number
  readonly width: number
}

/** How hard a row is, told from its nearest training rows: plain data. */
export interface Difficulty {
  readonly features: number
  readonly k: number
  readonly beta: number
  readonly sample: boolean
  readonly ranges: readonly Range[] | null
  /** The training rows, scaled, [n, features] row-major. */
  readonly rows: Float64Array
  readonly of: 'distance' | 'labels' | 'residuals'
  /** Labels or absolute residuals of the training rows. */
  readonly values: Float64Array | null
  /** The range of the training rows' difficulty, to which new ones are scaled; null where they are not. */
  readonly range: Range | null
}

/** Settings of `fitDifficulty`; the defaults are those of crepes. */
export interface DifficultyOptions {
  /** Neighbours; 25 by default. */
  readonly k?: number
  /** Added to every difficulty, so that none is 0; 0.01 by default. */
  readonly beta?: number
  /** Labels of the training rows: difficulty is their standard deviation among the neighbours. */
  readonly labels?: ArrayLike<number>
  /** Residuals of the training rows: difficulty is their mean size among the neighbours. */
  readonly residuals?: ArrayLike<number>
  /** Whether features are scaled to [0, 1] by the training rows (default). */
  readonly scaleFeatures?: boolean
  /** Whether difficulties are scaled to [0, 1] by those of the training rows. */
  readonly scaler?: boolean
  /** The standard deviation of a sample (n - 1) instead of that of a population. */
  readonly std?: 'population' | 'sample'
}

/**
 * Returns what tells the difficulty of rows by their nearest neighbours among the training rows (`x` [n, features] row-major): the
 * sum of the distances to them, or with `labels` their standard deviation, or with `residuals` their mean size.
 * Throws `LENGTH_MISMATCH`, `NEIGHBOURS_INVALID` unless 1 <= k <= n (with `scaler` k < n), `VALUE_NAN`.
 * Source: Bostrom, Linusson, Lofstrom, Johansson 2017; crepes 0.9.1 `DifficultyEstimator`.
 */
export function fitDifficulty(
  x: ArrayLike<number>,
  features: number,
  {
    k = 25,
    beta = 0.01,
    labels,
    residuals,
    scaleFeatures = true,
    scaler = false,
    std = 'population',
  }: DifficultyOptions = {},
): Difficulty {
  const n = x.length / features
  if (!Number.isInteger(n) || n === 0)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into rows of ${features} features`)
  if (!(Number.isInteger(k) && k >= 1 && k <= (scaler ? n - 1 : n)))
    throw new PodError('NEIGHBOURS_INVALID', `${k} neighbours cannot be had of ${n} training rows`)
  for (const [given, what] of [
    [labels, 'labels'],
    [residuals, 'residuals'],
  ] as const)
    if (given !== undefined && given.length !== n)
      throw new PodError('LENGTH_MISMATCH', `${given.length} ${what} do not match ${n} rows`)
  for (let i = 0; i < x.length; i++)
    if (Number.isNaN(x[i]))
      throw new PodError('VALUE_NAN', `feature ${i % features} of row ${Math.floor(i / features)} is NaN`)
  const ranges = scaleFeatures ? Array.from({ length: features }, (_, j) => rangeOf(column(x, features, j))) : null
  const given = residuals === undefined ? labels : Array.from(residuals, Math.abs)
  const fitted: Difficulty = {
    features,
    k,
    beta,
    sample: std === 'sample',
    ranges,
    rows: scaled(x, features, ranges),
    of: residuals !== undefined ? 'residuals' : labels !== undefined ? 'labels' : 'distance',
    values: given === undefined ? null : Float64Array.from(given),
    range: null,
  }
  return scaler ? { ...fitted, range: rangeOf(raw(fitted, fitted.rows, true)) } : fitted
}

/** Returns the difficulty of rows [m, features]; with `own`, of the training rows themselves, none its own neighbour. */
export function difficulty(fitted: Difficulty, x?: ArrayLike<number>): Float64Array {
  const { features, ranges, range, beta, rows } = fitted
  if (x !== undefined && x.length % features !== 0)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into rows of ${features} features`)
  const found = x === undefined ? raw(fitted, rows, true) : raw(fitted, scaled(x, features, ranges), false)
  return found.map((d) => beta + (range === null ? d : clipped(d, range)))
}

/** Returns the variance (of the population) of each row's predictions by the members of an ensemble [members, m], plus beta. */
export function ensembleDifficulty(
  predictions: ArrayLike<number>,
  members: number,
  { beta = 0.01 }: { readonly beta?: number } = {},
): Float64Array {
  const m = predictions.length / members
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${predictions.length} predictions do not fall into ${members} members`)
  return Float64Array.from({ length: m }, (_, i) => {
    let [mean, square] = [0, 0]
    for (let b = 0; b < members; b++) mean += predictions[b * m + i] / members
    for (let b = 0; b < members; b++) square += (predictions[b * m + i] - mean) ** 2
    return square / members + beta
  })
}

const column = (x: ArrayLike<number>, features: number, j: number): Float64Array =>
  Float64Array.from({ length: x.length / features }, (_, i) => x[i * features + j])

function rangeOf(values: Float64Array): Range {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  return { least, width: most - least || 1 }
}

const clipped = (x: number, { least, width }: Range): number => Math.min(1, Math.max(0, (x - least) / width))

const scaled = (x: ArrayLike<number>, features: number, ranges: readonly Range[] | null): Float64Array =>
  Float64Array.from(x, (value, i) => (ranges === null ? value : clipped(value, ranges[i % features])))

/** The difficulty of scaled rows before scaling and beta. */
function raw({ features, k, rows, of, values, sample }: Difficulty, x: Float64Array, own: boolean): Float64Array {
  const n = rows.length / features
  const nearest = new Float64Array(k)
  const index = new Int32Array(k)
  return Float64Array.from({ length: x.length / features }, (_, i) => {
    let filled = 0
    for (let j = 0; j < n; j++) {
      if (own && i === j) continue
      let square = 0
      const limit = filled === k ? nearest[k - 1] : Number.POSITIVE_INFINITY
      for (let f = 0; f < features && square < limit; f++) {
        const difference = x[i * features + f] - rows[j * features + f]
        square += difference * difference
      }
      if (square >= limit) continue
      let place = filled === k ? k - 1 : filled++
      for (; place > 0 && nearest[place - 1] > square; place--) {
        nearest[place] = nearest[place - 1]
        index[place] = index[place - 1]
      }
      nearest[place] = square
      index[place] = j
    }
    let [sum, square] = [0, 0]
    for (let a = 0; a < filled; a++)
      sum += of === 'distance' ? Math.sqrt(nearest[a]) : (values as Float64Array)[index[a]]
    if (of === 'distance') return sum
    const mean = sum / filled
    if (of === 'residuals') return mean
    for (let a = 0; a < filled; a++) square += ((values as Float64Array)[index[a]] - mean) ** 2
    return Math.sqrt(square / (sample ? filled - 1 : filled))
  })
}
