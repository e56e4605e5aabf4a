import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  readonly n: number
  /** Mean predicted probability. */
  readonly mean: number
  /** Observed frequency of class 1. */
  readonly frequency: number
}

/** Settings of the calibration error: bins hold equally many rows (ties stay together), 15 by default. */
export interface BinOptions {
  readonly bins?: number
}

/**
 * Returns the bins of a reliability diagram over equally many rows each, equal probabilities never parted, ascending.
 * Throws `BINS_INVALID` unless `bins` is a whole number >= 1, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`,
 * `LABEL_UNKNOWN`.
 */
export function reliabilityBins(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  { bins = 15 }: BinOptions = {},
): ReliabilityBin[] {
  if (!(Number.isInteger(bins) && bins >= 1))
    throw new PodError('BINS_INVALID', `${bins} is no number of bins`, { hint: 'a whole number >= 1' })
  checkRows(probabilities, outcomes)
  const order = Array.from({ length: probabilities.length }, (_, i) => i).sort(
    (a, b) => probabilities[a] - probabilities[b] || a - b,
  )
  const cells: ReliabilityBin[] = []
  for (let from = 0, cell = 1; from < order.length; cell++) {
    let to = Math.round((cell * order.length) / bins)
    // equal probabilities, or more bins than rows, have taken this bin's place
    if (to <= from) continue
    while (to < order.length && probabilities[order[to]] === probabilities[order[to - 1]]) to++
    let [mean, frequency] = [0, 0]
    for (let i = from; i < to; i++) {
      mean += probabilities[order[i]]
      frequency += outcomes[order[i]]
    }
    cells.push({ n: to - from, mean: mean / (to - from), frequency: frequency / (to - from) })
    from = to
  }
  return cells
}

function checkRows(probabilities: ArrayLike<number>, outcomes: ArrayLike<number>): void {
  const n = probabilities.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row whose probability could be right')
  if (outcomes.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${n} probabilities and ${outcomes.length} outcomes do not match`)
  for (let i = 0; i < n; i++) {
    if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
      throw new PodError('PROBABILITY_INVALID', `${probabilities[i]} of row ${i} is no probability`)
    if (outcomes[i] !== 0 && outcomes[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `${outcomes[i]} of row ${i} is neither 0 nor 1`)
  }
}

/**
 * Returns the expected calibration error: the mean over rows of |mean predicted - observed| of their bin (Guo et al. 2017,
 * equal-mass bins). It is biased upward: sampling noise alone makes it positive; `debiasedCalibrationError` removes that.
 */
export function calibrationError(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  options: BinOptions = {},
): number {
  const cells = reliabilityBins(probabilities, outcomes, options)
  return cells.reduce((sum, { n, mean, frequency }) => sum + n * Math.abs(mean - frequency), 0) / probabilities.length
}

/**
 * Returns the root of the debiased squared calibration error, each bin's squared gap less its sampling variance
 * (Kumar, Liang, Ma 2019), at least 0. Bins have two rows or more, without which a bin's variance is unknown.
 */
export function debiasedCalibrationError(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  { bins = 15 }: BinOptions = {},
): number {
  const most = Math.max(1, Math.floor(probabilities.length / 2))
  const cells = reliabilityBins(probabilities, outcomes, { bins: Math.min(bins, most) })
  const square = cells.reduce(
    (sum, { n, mean, frequency }) =>
      sum + n * ((mean - frequency) ** 2 - (n > 1 ? (frequency * (1 - frequency)) / (n - 1) : 0)),
    0,
  )
  return Math.sqrt(Math.max(0, square / probabilities.length))
}

/** Returns the standard deviation of a statistic over bootstrap resamples of rows (Efron 1979); `resamples` 400 by default. */
export function bootstrapError(
  n: number,
  statistic: (rows: Uint32Array) => number,
  { resamples = 400, seed = 0 }: { resamples?: number; seed?: number } = {},
): number {
  const { uniform } = random({ seed, path: 'bootstrap' })
  const rows = new Uint32Array(n)
  let [sum, square] = [0, 0]
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < n; i++) rows[i] = Math.floor(uniform(b * n + i) * n)
    const value = statistic(rows)
    sum += value
    square += value * value
  }
  return Math.sqrt(Math.max(0, (square - (sum * sum) / resamples) / (resamples - 1)))
}
