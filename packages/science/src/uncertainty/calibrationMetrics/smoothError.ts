import { binaryOutcomes } from './pairs.ts'

/** Steps of the grid on [0, 1] on which residuals are smoothed. */
const STEPS = 1024

/**
 * Returns the smooth calibration error: the mean of |residuals smoothed by a Gaussian kernel reflected at 0 and 1|, at the
 * width at which it equals the width. No bins: it is within a constant of the distance to the nearest calibrated predictor,
 * and does not jump when a score moves a little. Rows are shared between the two nearest of 1025 places, so that it costs one pass. Throws
 * `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`. Source: Blasiok, Nakkiran (2024).
 */
export function smoothCalibrationError(probabilities: ArrayLike<number>, outcomes: ArrayLike<number>): number {
  const { scores, hits } = binaryOutcomes(probabilities, outcomes)
  const residuals = new Float64Array(STEPS + 1)
  for (let i = 0; i < scores.length; i++) {
    const place = Math.min(STEPS - 1, Math.floor(scores[i] * STEPS))
    const share = scores[i] * STEPS - place
    const residual = (hits[i] - scores[i]) / scores.length
    residuals[place] += (1 - share) * residual
    residuals[place + 1] += share * residual
  }
  let [low, high] = [1e-3, 1]
  // wider kernels smooth more away: the error falls as the width grows
  while (high - low > 1e-5) {
    const middle = (low + high) / 2
    if (smoothed(residuals, middle) < middle) high = middle
    else low = middle
  }
  return smoothed(residuals, high)
}

/** Mean over [0, 1] of |residuals * kernel|. */
function smoothed(residuals: Float64Array, width: number): number {
  const reach = Math.min(4 * STEPS, Math.ceil(6 * width * STEPS))
  const kernel = Float64Array.from({ length: reach + 1 }, (_, d) => Math.exp(-0.5 * (d / (STEPS * width)) ** 2))
  let mass = kernel[0]
  for (let d = 1; d <= reach; d++) mass += 2 * kernel[d]
  const out = new Float64Array(STEPS + 1)
  for (let j = 0; j <= STEPS; j++) {
    if (residuals[j] === 0) continue
    for (let d = -reach; d <= reach; d++) out[mirrored(j + d)] += (residuals[j] * kernel[Math.abs(d)]) / mass
  }
  return out.reduce((sum, r) => sum + Math.abs(r), 0)
}

/** The place that one beyond the ends is reflected to. */
function mirrored(place: number): number {
  const turned = ((place % (2 * STEPS)) + 2 * STEPS) % (2 * STEPS)
  return turned <= STEPS ? turned : 2 * STEPS - turned
}
