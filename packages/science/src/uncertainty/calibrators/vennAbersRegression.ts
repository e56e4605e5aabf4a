import { PodError } from '@mlpod/contract'
import { sortNumbers } from '@mlpod/math'
import { vennAbersProbabilities } from './vennAbers.ts'
import { type BracketedFits, bracketed, type Cells } from './vennAbersCells.ts'

/** Venn-Abers prediction of numbers: brackets of the mean, with extreme labels cut. */
export interface VennAbersRegression {
  readonly lower: BracketedFits
  readonly upper: BracketedFits
  /** Least and largest label left. */
  readonly least: number
  readonly most: number
}

/**
 * Returns the Venn-Abers calibration of predictions of a number. The `cut` smallest and largest labels (1 by default, at least
 * 1) are moved to the next ones, so that one more row has bounded influence. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `SCORES_NAN`, and `SAMPLE_TOO_SMALL` unless more than 2 `cut` rows are left. Source: Nouretdinov et al. (2018); venn-abers
 * 1.5.4 `VennAbersRegressor`.
 */
export function fitVennAbersRegression(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  { cut = 1 }: { readonly cut?: number } = {},
): VennAbersRegression {
  const n = predictions.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (labels.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${n} predictions do not match ${labels.length} labels`)
  for (let i = 0; i < n; i++)
    if (Number.isNaN(predictions[i]) || Number.isNaN(labels[i]))
      throw new PodError('SCORES_NAN', `the prediction or label of row ${i} is NaN`)
  if (!(Number.isInteger(cut) && cut >= 1 && n > 2 * cut))
    throw new PodError('SAMPLE_TOO_SMALL', `${n} rows cannot lose ${cut} labels at each end`)
  const sorted = sortNumbers(Float64Array.from(labels))
  const cells = (low: number, high: number): Cells => numberCells(predictions, labels, low, high)
  const [least, most] = [sorted[cut - 1], sorted[n - cut]]
  return {
    lower: bracketed(cells(least, sorted[n - cut - 1]), least, sorted[n - cut - 1]),
    upper: bracketed(cells(sorted[cut], most), sorted[cut], most),
    least,
    most,
  }
}

function numberCells(predictions: ArrayLike<number>, labels: ArrayLike<number>, low: number, high: number): Cells {
  const order = Array.from({ length: predictions.length }, (_, i) => i).sort((a, b) => predictions[a] - predictions[b])
  const [scores, n, sum]: [number[], number[], number[]] = [[], [], []]
  for (const i of order) {
    if (scores.at(-1) !== predictions[i]) {
      scores.push(predictions[i])
      n.push(0)
      sum.push(0)
    }
    n[n.length - 1]++
    sum[sum.length - 1] += Math.min(high, Math.max(low, labels[i]))
  }
  return { scores: Float64Array.from(scores), n: Float64Array.from(n), sum: Float64Array.from(sum) }
}

/** A number with its bracket. */
export interface VennAbersNumbers {
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly middle: Float64Array
}

/** Returns the bracket of each prediction, and the point in it with the least regret of squared error. */
export function applyVennAbersRegression(
  { lower, upper, least, most }: VennAbersRegression,
  predictions: ArrayLike<number>,
): VennAbersNumbers {
  const { low } = vennAbersProbabilities(lower, predictions)
  const { high } = vennAbersProbabilities(upper, predictions)
  const middle = low.map((l, i) => {
    const total = l - least + (most - high[i])
    return total > 0 ? ((l - least) * l + (most - high[i]) * high[i]) / total : (l + high[i]) / 2
  })
  return { lower: low, upper: high, middle }
}
