import { PodError } from '@mlpod/contract'
import { sortOrder } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import { eliminate } from '../conditional/eliminate.ts'

/** Thresholds for clean labels, read from noisy ones. */
export interface NoisyLabelThresholds {
  readonly levels: readonly number[]
  readonly thresholds: readonly number[]
  /** What a calibration that takes the labels as they are would say. */
  readonly uncorrected: readonly number[]
  readonly n: number
}

/** Settings of `noisyLabelThresholds`. */
export interface NoisyLabelOptions extends LevelOption {
  readonly classes: number
  /** A share of labels that are replaced by a uniform draw from all classes, or [classes, classes]: P(label seen = row | true = column). */
  readonly noise: number | ArrayLike<number>
  /** Added to the level: what is paid for the chance of the estimate; 0 by default. */
  readonly margin?: number
}

/**
 * Returns thresholds whose sets hold the true label with probability near `level`, from all-label scores [n, classes] and labels that are wrong
 * in a known way: the distribution of true labels' scores is sum over l, k of V_lk P(label seen = k, score of l <= t), V the inverse of the
 * noise matrix; every row tells it, with weights that may be below 0. Right in the limit, with an error of order |V| / sqrt(n); where
 * noise makes plain sets too large, these are smaller. Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `NOISE_INVALID`, `CALIBRATION_EMPTY`, `LEVEL_INVALID`.
 * Source: Sesia, Wang, Tong 2024 (adaptive conformal classification with noisy labels).
 */
export function noisyLabelThresholds(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes: K, noise, margin = 0, ...options }: NoisyLabelOptions,
): NoisyLabelThresholds {
  const levels = levelsOf(options)
  const n = labels.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  checkLength(scores.length, n * K, 'scores')
  for (let i = 0; i < n; i++)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < K))
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is none of ${K} classes`)
  const inverse = inverseNoise(noise, K)
  const order = sortOrder(scores)
  const read = (weight: (i: number, l: number) => number, wanted: readonly number[]): number[] => {
    // from the largest down: the least t from which on the share never falls below the level
    const found = wanted.map(() => Number.POSITIVE_INFINITY)
    const open = wanted.map(() => true)
    let share = 1
    for (let p = order.length - 1; p >= 0; p--) {
      const at = order[p]
      wanted.forEach((level, w) => {
        if (!open[w]) return
        if (share < level - 1e-12) open[w] = false
        else found[w] = scores[at]
      })
      share -= weight(Math.floor(at / K), at % K) / n
    }
    return found
  }
  const corrected = levels.map((level) => (level + margin) * (1 + 1 / n))
  return {
    levels,
    thresholds: read((i, l) => inverse[l * K + labels[i]], corrected).map((t, l) => (corrected[l] > 1 ? Infinity : t)),
    uncorrected: read(
      (i, l) => Number(labels[i] === l),
      levels.map((level) => level * (1 + 1 / n)),
    ).map((t, l) => (levels[l] * (1 + 1 / n) > 1 ? Infinity : t)),
    n,
  }
}

/** The inverse of the noise matrix, by elimination. */
function inverseNoise(noise: number | ArrayLike<number>, K: number): Float64Array {
  const matrix = new Float64Array(K * K)
  if (typeof noise === 'number') {
    if (!(noise >= 0 && noise < 1))
      throw new PodError('NOISE_INVALID', `the share ${noise} of wrong labels is not in [0, 1)`)
    for (let a = 0; a < K; a++) for (let b = 0; b < K; b++) matrix[a * K + b] = (a === b ? 1 - noise : 0) + noise / K
  } else {
    checkLength(noise.length, K * K, 'entries of the noise matrix')
    for (let b = 0; b < K; b++) {
      let sum = 0
      for (let a = 0; a < K; a++) {
        matrix[a * K + b] = noise[a * K + b]
        if (!(noise[a * K + b] >= 0)) sum = Number.NaN
        sum += noise[a * K + b]
      }
      if (!(Math.abs(sum - 1) < 1e-9))
        throw new PodError('NOISE_INVALID', `column ${b} of the noise matrix sums to ${sum}`, {
          hint: 'columns are distributions',
        })
    }
  }
  const rows = Array.from({ length: K }, (_, a) =>
    Float64Array.from({ length: 2 * K }, (_, c) => (c < K ? matrix[a * K + c] : Number(c - K === a))),
  )
  const found = eliminate(rows, 1e-9)
  if (found !== undefined) return found
  throw new PodError('NOISE_INVALID', 'the noise matrix has no inverse', {
    because: 'labels seen do not tell true ones apart',
  })
}
