import { PodError } from '@mlpod/contract'
import { benjaminiHochberg, random, sortNumbers } from '@mlpod/math'

/** What calibration rows showed, and the predictions among which to select. */
export interface SelectionRows {
  /** Predictions of calibration rows: the larger, the more likely a row is worth it. */
  readonly predictions: ArrayLike<number>
  /** Whether each calibration row was worth it: its outcome above the limit, its answer aligned. */
  readonly worth: ArrayLike<boolean | number>
  readonly candidates: ArrayLike<number>
}

/** Settings of `selectConformal`. */
export interface SelectionOptions {
  /** Share of false ones among those selected, expected at most. */
  readonly rate: number
  /** Breaks ties at random by seed and row; without it they count as larger, which is valid too and wider. */
  readonly seed?: number
  /** A whole number for each candidate, by which its random number is drawn; its place by default. */
  readonly keys?: ArrayLike<number>
}

/** Candidates selected; plain data. */
export interface ConformalSelection {
  /** Of "this candidate is not worth it", by candidate. */
  readonly pValues: Float64Array
  /** Places of the candidates selected, ascending. */
  readonly selected: number[]
  readonly rate: number
  readonly n: number
}

/**
 * Returns the candidates selected such that at most a share `rate` of them is expected not to be worth it, whatever the model,
 * if they are exchangeable with the calibration rows. The p-value compares a candidate with the calibration rows that were
 * not worth it: (#{theirs > its} + u (1 + #{equal})) / (n + 1), Benjamini-Hochberg over all candidates. With outcomes
 * "the answer agrees with the expert" this is conformal alignment of generated texts (Gui, Jin, Ren 2024).
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `LEVEL_INVALID`, `SCORES_NAN`. Source: Jin, Candes (2023), clipped score.
 */
export function selectConformal(
  { predictions, worth, candidates }: SelectionRows,
  { rate, seed, keys }: SelectionOptions,
): ConformalSelection {
  const n = predictions.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (worth.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${n} predictions do not match ${worth.length} outcomes`)
  if (!(rate > 0 && rate < 1)) throw new PodError('LEVEL_INVALID', `the rate ${rate} is not between 0 and 1`)
  for (const [name, values] of [['calibration row', predictions] as const, ['candidate', candidates] as const])
    for (let i = 0; i < values.length; i++)
      if (Number.isNaN(values[i])) throw new PodError('SCORES_NAN', `the prediction of ${name} ${i} is NaN`)
  const others: number[] = []
  for (let i = 0; i < n; i++) if (!worth[i]) others.push(predictions[i])
  const sorted = sortNumbers(Float64Array.from(others))
  const u = seed === undefined ? undefined : random({ seed, path: 'conformal selection' })
  const pValues = Float64Array.from({ length: candidates.length }, (_, j) => {
    const above = sorted.length - upperPlace(sorted, candidates[j])
    const equal = upperPlace(sorted, candidates[j]) - lowerPlace(sorted, candidates[j])
    return (above + (u ? u.uniform(keys ? keys[j] : j) : 1) * (1 + equal)) / (n + 1)
  })
  const selected = benjaminiHochberg([...pValues]).flatMap((p, j) => (p <= rate ? [j] : []))
  return { pValues, selected, rate, n }
}

/** Numbers of the sorted list below `value`. */
function lowerPlace(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Numbers of the sorted list at or below `value`. */
function upperPlace(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}
