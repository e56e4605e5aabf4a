import { PodError } from '@mlpod/contract'
import { minimizeConvex } from '@mlpod/math'
import {
  checkedRows,
  checkLambda,
  normalWidth,
  type PoweredEstimate,
  type PoweredOptions,
  type PoweredRows,
} from './estimate.ts'
import {
  FAMILIES,
  type Family,
  gradientSpread,
  product,
  type RegressionRows,
  sandwich,
  transposed,
} from './gradientSpread.ts'

/** Models of the mean of labels: least squares, logistic and Poisson regression. */
export type PoweredFamily = keyof typeof FAMILIES

/** Features of labelled rows [n, d] and of the others [N, d], row-major; a column of ones is the intercept. */
export interface PoweredFeatures {
  readonly labelled: ArrayLike<number>
  readonly unlabelled: ArrayLike<number>
}

/**
 * Returns the coefficients of a regression of the labels on features over all rows, with confidence intervals (sandwich
 * variances, so the model need not be true). Without `lambda` the trust is the one with the smallest sum of variances; at it the
 * fit is made once more. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`, `VALUE_NAN`, `CONFIDENCE_INVALID`,
 * `MATRIX_NOT_POSITIVE` for collinear features, `FIT_FAILED` where there is no finite fit.
 * Source: PPI++, Angelopoulos, Duchi, Zrnic (2024), algorithm 1.
 */
export function poweredRegression(
  rows: PoweredRows,
  features: PoweredFeatures,
  { family = 'linear', confidence = 0.95, lambda }: PoweredOptions & { readonly family?: PoweredFamily } = {},
): PoweredEstimate[] {
  checkLambda(lambda)
  const data = checkedFeatures(checkedRows(rows), features)
  const width = normalWidth(confidence)
  const classical = fitted(data, FAMILIES[family], 0)
  const trust = lambda ?? bestTrust(data, FAMILIES[family], fitted(data, FAMILIES[family], 1).place)
  const { place, covariance } = fitted(data, FAMILIES[family], trust)
  return Array.from(place, (estimate, j): PoweredEstimate => {
    const standardError = Math.sqrt(covariance[j * data.d + j])
    return {
      estimate,
      lower: estimate - width * standardError,
      upper: estimate + width * standardError,
      standardError,
      lambda: trust,
      n: data.n,
      unlabelled: data.others,
      classical: {
        estimate: classical.place[j],
        standardError: Math.sqrt(classical.covariance[j * data.d + j]),
      },
    }
  })
}

function checkedFeatures(
  rows: ReturnType<typeof checkedRows>,
  { labelled, unlabelled }: PoweredFeatures,
): RegressionRows {
  const [n, others] = [rows.labels.length, rows.unlabelled.length]
  const d = labelled.length / n
  if (!Number.isInteger(d) || d < 1 || unlabelled.length !== others * d)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${labelled.length} and ${unlabelled.length} features do not fall into ${n} and ${others} rows`,
    )
  if (n <= d) throw new PodError('SAMPLE_TOO_SMALL', `${n} labelled rows do not tell ${d} coefficients`)
  return { ...rows, x: labelled, xOther: unlabelled, n, others, d }
}

interface Fit {
  readonly place: Float64Array
  /** Of the coefficients, [d, d]. */
  readonly covariance: Float64Array
}

/** The fit at a trust: the loss of labels, plus trust times (that of predictions elsewhere less that on labelled rows). */
function fitted(data: RegressionRows, family: Family, trust: number): Fit {
  const { labels, predictions, unlabelled, x, xOther, n, others, d } = data
  /** Adds `share` A(z) - `linear` z and its derivatives over rows. */
  const over = (
    rows: number,
    features: ArrayLike<number>,
    visit: (row: number, z: number) => { share: number; linear: number },
    w: ArrayLike<number>,
    out: { value: number; gradient: Float64Array; curvature: Float64Array },
  ): void => {
    for (let i = 0; i < rows; i++) {
      const z = product(features, i, w, d)
      const { share, linear } = visit(i, z)
      out.value += share * family.cumulant(z) - linear * z
      out.curvature[i] = share * family.variance(z)
      const slope = share * family.mean(z) - linear
      for (let j = 0; j < d; j++) out.gradient[j] += slope * features[i * d + j]
    }
  }
  const at = (w: Float64Array) => {
    const gradient = new Float64Array(d)
    const labelled = { value: 0, gradient, curvature: new Float64Array(n) }
    const other = { value: 0, gradient, curvature: new Float64Array(others) }
    over(n, x, (i) => ({ share: (1 - trust) / n, linear: (labels[i] - trust * predictions[i]) / n }), w, labelled)
    over(others, xOther, (i) => ({ share: trust / others, linear: (trust * unlabelled[i]) / others }), w, other)
    return {
      value: labelled.value + other.value,
      gradient,
      hessianProduct(v: Float64Array) {
        const out = new Float64Array(d)
        const add = (rows: number, features: ArrayLike<number>, curvature: Float64Array): void => {
          for (let i = 0; i < rows; i++) {
            const s = curvature[i] * product(features, i, v, d)
            for (let j = 0; j < d; j++) out[j] += s * features[i * d + j]
          }
        }
        add(n, x, labelled.curvature)
        add(others, xOther, other.curvature)
        return out
      },
    }
  }
  const { place, converged } = minimizeConvex(new Float64Array(d), at)
  if (!converged || place.some((w) => !Number.isFinite(w)))
    throw new PodError('FIT_FAILED', 'the regression has no finite fit', {
      hint: 'are the classes told apart without error?',
    })
  const { spread, inverse } = gradientSpread(data, family, place, trust)
  const inner = new Float64Array(d * d)
  for (let at = 0; at < d * d; at++)
    inner[at] =
      (spread.label[at] -
        trust * (spread.cross[at] + spread.cross[transposed(at, d)]) +
        trust ** 2 * spread.prediction[at]) /
        n +
      (trust ** 2 * spread.other[at]) / others
  return { place, covariance: sandwich(inverse, inner, d) }
}

/** The trust with the least sum of variances: tr(H C H) / ((1 + n / N) tr(H V H)) with V pooled, in [0, 1]. */
function bestTrust(data: RegressionRows, family: Family, place: Float64Array): number {
  const { n, others, d } = data
  const { spread, inverse } = gradientSpread(data, family, place, 1)
  const trace = (m: Float64Array): number => {
    const s = sandwich(inverse, m, d)
    let sum = 0
    for (let j = 0; j < d; j++) sum += s[j * d + j]
    return sum
  }
  const pooled = spread.prediction.map((v, at) => (n * v + others * spread.other[at]) / (n + others))
  const below = trace(pooled) * (1 + n / others)
  return below > 0 ? Math.min(1, Math.max(0, trace(spread.cross) / below)) : 0
}
