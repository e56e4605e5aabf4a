import { PodError } from '@mlpod/contract'
import { rankThreshold } from '@mlpod/math'
import { classesOf } from './classCalibrators.ts'

/** Settings of `fitConformalTemperature`. */
export interface ConformalTemperatureOptions {
  /** Coverage that the sets are made for. */
  readonly level: number
  /** Temperatures to try; 61 from 1/8 to 8, equally spaced in their logarithm, by default. */
  readonly temperatures?: readonly number[]
}

/** A temperature for sets, with the mean size that each temperature tried gave. */
export interface ConformalTemperature {
  readonly temperature: number
  readonly temperatures: readonly number[]
  readonly sizes: readonly number[]
}

/**
 * Returns the temperature with the smallest prediction sets of cumulated probabilities (APS, not randomised): thresholds are
 * calibrated on the first half of the rows, and sizes counted on the second. Of equal sizes, the one nearest to 1. Coverage does not
 * depend on it, if the sets are calibrated on other rows. `logits` is [n, k] row-major. Throws `CALIBRATION_EMPTY`,
 * `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LOGIT_NOT_FINITE`, `LEVEL_INVALID`, `SAMPLE_TOO_SMALL` for fewer than two rows.
 * Source: Xi et al. (2024), ConfTS, whose loss (threshold - score of the truth)^2 stands for the size, and is least where all
 * scores are 1; TorchCP 1.2 `ConfTSTrainer`.
 */
export function fitConformalTemperature(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { level, temperatures = Array.from({ length: 61 }, (_, i) => 2 ** ((i - 30) / 10)) }: ConformalTemperatureOptions,
): ConformalTemperature {
  const k = classesOf(logits, labels)
  const n = labels.length
  if (n < 2) throw new PodError('SAMPLE_TOO_SMALL', `${n} rows do not fall into two halves`)
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
  // the order of classes is that of every temperature
  const sorted = new Float64Array(n * k)
  const place = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    const row = sorted.subarray(i * k, (i + 1) * k)
    const own = logits[i * k + labels[i]]
    for (let j = 0; j < k; j++) {
      row[j] = -logits[i * k + j]
      if (logits[i * k + j] > own || (logits[i * k + j] === own && j < labels[i])) place[i]++
    }
    row.sort()
  }
  const half = n >> 1
  const sizes = temperatures.map((temperature) => {
    const shares = new Float64Array(k)
    const scores = new Float64Array(half)
    for (let i = 0; i < half; i++) {
      cumulated(sorted, i * k, temperature, shares)
      scores[i] = shares[place[i]]
    }
    const { threshold } = rankThreshold(scores, level)
    let size = 0
    for (let i = half; i < n; i++) {
      cumulated(sorted, i * k, temperature, shares)
      for (let j = 0; j < k && shares[j] <= threshold; j++) size++
    }
    return size / (n - half)
  })
  const far = (j: number): number => Math.abs(Math.log(temperatures[j]))
  const best = sizes.reduce((a, size, j) => (size < sizes[a] || (size === sizes[a] && far(j) < far(a)) ? j : a), 0)
  return { temperature: temperatures[best], temperatures, sizes }
}

/** Writes the cumulated probabilities of a row of negative logits, ascending, at a temperature. */
function cumulated(negative: Float64Array, offset: number, temperature: number, out: Float64Array): void {
  let total = 0
  for (let j = 0; j < out.length; j++) {
    total += Math.exp((negative[offset] - negative[offset + j]) / temperature)
    out[j] = total
  }
  for (let j = 0; j < out.length; j++) out[j] /= total
}
