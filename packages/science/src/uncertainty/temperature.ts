import { PodError } from '@mlpod/contract'
import { classesOf } from './calibrators/classCalibrators.ts'

/** Settings of `fitTemperature`. */
export interface TemperatureOptions {
  /** Stops when the relative change of the inverse temperature is below this. */
  readonly tolerance?: number
  readonly maxIterations?: number
}

/** Largest inverse temperature tried: beyond it the likelihood only grows because the classes are separated. */
const STEEPEST = 1e4

/**
 * Returns the temperature T > 0 that minimises the mean negative log likelihood of softmax(logits / T).
 * The loss is convex in 1/T, so Newton's method with a bisection guard finds the one minimum (tolerance 1e-12).
 * `logits` is [n, k] row-major, `labels` holds class indices. Scaling by T changes no argmax.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LOGIT_NOT_FINITE`, and `CALIBRATION_SEPARATED` when every
 * row is right by a margin, so that no finite temperature is best. Source: Guo et al. 2017.
 */
export function fitTemperature(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { tolerance = 1e-12, maxIterations = 200 }: TemperatureOptions = {},
): number {
  const n = labels.length
  const k = classesOf(logits, labels)
  let [low, high, beta] = [0, STEEPEST, 1]
  if (slopes(logits, labels, k, STEEPEST).first <= 0)
    throw new PodError(
      'CALIBRATION_SEPARATED',
      `all ${n} calibration rows are classified right, so no finite temperature is best`,
      {
        hint: 'calibrate on more rows, or leave the model uncalibrated',
      },
    )
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const { first, second } = slopes(logits, labels, k, beta)
    if (first > 0) high = beta
    else low = beta
    const newton = beta - first / second
    const next = newton > low && newton < high ? newton : (low + high) / 2
    const change = Math.abs(next - beta) / beta
    beta = next
    if (change < tolerance) break
  }
  return 1 / beta
}

/** First and second derivative of the mean loss in beta = 1/T: E[z] - z_y and Var[z] under softmax(beta z). */
function slopes(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  k: number,
  beta: number,
): { first: number; second: number } {
  let [first, second] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    let largest = Number.NEGATIVE_INFINITY
    for (let j = 0; j < k; j++) largest = Math.max(largest, logits[i * k + j])
    let [total, mean, square] = [0, 0, 0]
    for (let j = 0; j < k; j++) {
      const z = logits[i * k + j] - largest
      const weight = Math.exp(beta * z)
      total += weight
      mean += weight * z
      square += weight * z * z
    }
    mean /= total
    first += mean - (logits[i * k + labels[i]] - largest)
    second += square / total - mean * mean
  }
  return { first: first / labels.length, second: second / labels.length }
}
