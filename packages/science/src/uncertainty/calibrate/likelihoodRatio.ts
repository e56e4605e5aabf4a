import { PodError } from '@mlpod/contract'
import { fitLogistic } from '../calibrators/logistic.ts'

/** How much likelier rows are where they are predicted than where they were calibrated: plain data. */
export interface LikelihoodRatio {
  readonly features: number
  readonly means: readonly number[]
  readonly scales: readonly number[]
  /** Of the scaled features; the last is the constant. */
  readonly weights: readonly number[]
}

/**
 * Returns the likelihood ratio of target rows to source rows, by a logistic regression that tells them apart: weights for calibration and
 * for new rows under covariate shift. `source` is [n, features], `target` [m, features], neither labelled. The guarantee is as good as
 * this model. Throws `FIT_EMPTY`, `LENGTH_MISMATCH`, `FEATURE_NOT_FINITE`, and `SHIFT_SEPARATED` where a line separates both, so that no
 * source row tells anything of a target. Source: Tibshirani, Foygel Barber, Candes, Ramdas 2019, section 2.3.
 */
export function fitLikelihoodRatio(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  { features }: { readonly features: number },
): LikelihoodRatio {
  const [n, m] = [rowsOf(source, features), rowsOf(target, features)]
  if (n === 0 || m === 0) throw new PodError('FIT_EMPTY', 'there are no rows to tell apart')
  const value = (i: number, j: number): number => (i < n ? source[i * features + j] : target[(i - n) * features + j])
  const [means, scales]: [number[], number[]] = [[], []]
  const columns = Array.from({ length: features }, (_, j) => {
    const column = Float64Array.from({ length: n + m }, (_, i) => value(i, j))
    const at = column.findIndex((x) => !Number.isFinite(x))
    if (at >= 0) throw new PodError('FEATURE_NOT_FINITE', `feature ${j} of row ${at} is ${column[at]}`)
    means[j] = column.reduce((a, b) => a + b) / (n + m)
    scales[j] = Math.sqrt(column.reduce((a, b) => a + (b - means[j]) ** 2, 0) / (n + m)) || 1
    return column.map((x) => (x - means[j]) / scales[j])
  })
  const all = [...columns, new Float64Array(n + m).fill(1)]
  const targets = Float64Array.from({ length: n + m }, (_, i) => (i < n ? 0 : 1))
  const { place, converged } = fitLogistic(all, targets, new Float64Array(n + m).fill(1))
  // where a line separates them the loss falls for ever, and slopes vanish all the same
  if (!converged || place.some((w) => Math.abs(w) > 30))
    throw new PodError('SHIFT_SEPARATED', 'a line separates the source rows from the target rows', {
      hint: 'calibrate on rows more like those to be predicted',
    })
  const weights = Array.from(place)
  weights[features] += Math.log(n / m)
  return { features, means, scales, weights }
}

/** Returns the likelihood ratio of each row [n, features]. Throws `LENGTH_MISMATCH`. */
export function likelihoodRatios(
  { features, means, scales, weights }: LikelihoodRatio,
  rows: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: rowsOf(rows, features) }, (_, i) => {
    let z = weights[features]
    for (let j = 0; j < features; j++) z += (weights[j] * (rows[i * features + j] - means[j])) / scales[j]
    return Math.exp(z)
  })
}

function rowsOf(numbers: ArrayLike<number>, features: number): number {
  const n = numbers.length / features
  if (Number.isInteger(n)) return n
  throw new PodError('LENGTH_MISMATCH', `${numbers.length} numbers do not fall into rows of ${features} features`)
}
