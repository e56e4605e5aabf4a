import { PodError } from '@mlpod/contract'
import { type ConvexAt, minimizeConvex } from '@mlpod/math'

/**
 * The loss of each row as a function of lambda, in steps between 0 and 1: it rises (or falls) by `weights` at `breaks`. Row i has
 * the steps from `starts[i]` up to `starts[i + 1]`.
 */
export interface StepLosses {
  readonly direction: 'increasing' | 'decreasing'
  readonly starts: Uint32Array
  readonly breaks: Float64Array
  readonly weights: Float64Array
}

/**
 * Returns the losses "share of true labels that are not in {labels with probability > lambda}" of rows [n, k]. Rows without a true
 * label have no loss. Throws `LENGTH_MISMATCH`.
 */
export function recallSteps(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): StepLosses {
  const n = labels.length / classes
  if (!Number.isInteger(n) || probabilities.length !== labels.length)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${probabilities.length} probabilities and ${labels.length} labels are no rows of ${classes}`,
    )
  const starts = new Uint32Array(n + 1)
  const [breaks, weights]: [number[], number[]] = [[], []]
  for (let i = 0; i < n; i++) {
    let truths = 0
    for (let j = i * classes; j < (i + 1) * classes; j++) truths += labels[j]
    for (let j = i * classes; j < (i + 1) * classes; j++) {
      if (labels[j] !== 1) continue
      breaks.push(probabilities[j])
      weights.push(1 / truths)
    }
    starts[i + 1] = breaks.length
  }
  return { direction: 'increasing', starts, breaks: Float64Array.from(breaks), weights: Float64Array.from(weights) }
}

/** Returns the losses "the score is above lambda": of intervals that are as wide as lambda. */
export const missSteps = (scores: ArrayLike<number>): StepLosses => ({
  direction: 'decreasing',
  starts: Uint32Array.from({ length: scores.length + 1 }, (_, i) => i),
  breaks: Float64Array.from(scores),
  weights: new Float64Array(scores.length).fill(1),
})

/** Settings of `fitConditionalRisk`. */
export interface ConditionalRiskOptions {
  /** Features of the calibration rows [n, d] row-major; a column of ones keeps the risk on average. */
  readonly features: ArrayLike<number>
  /** Upper limit of the mean loss. */
  readonly target: number
  /** Lambdas that make sense; chosen ones are cut to it. The range of the breaks by default. */
  readonly range?: readonly [number, number]
}

/** A calibration of lambda(x) = theta . features(x), from which each new row's is solved. */
export interface ConditionalRisk {
  readonly losses: StepLosses
  readonly features: Float64Array
  readonly d: number
  readonly target: number
  readonly range: readonly [number, number]
  /** The solution without a new row. */
  readonly theta: Float64Array
}

/** Steps are smoothed over this share of the range, first wide, then narrow. */
const WIDTHS = [0.1, 0.02, 4e-3, 1e-3, 2e-4]

/**
 * Returns the calibration of conditional risk control: lambda depends on features, so that the loss of a new row, weighted by any
 * of its features, is at most the target on average: by group, for all groups that are features, whether they overlap or
 * not. theta minimises a convex sum of integrals of loss less target, whose steps are smoothed over 2e-4 of the range; Newton
 * converges on each width. Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`, `CALIBRATION_EMPTY`, `VALUE_NAN`.
 * Source: Blot et al. (2025), AA-CRC; MAPIE 1.6 `ConditionalExpectedRiskController` (stochastic gradients for some epochs).
 */
export function fitConditionalRisk(
  losses: StepLosses,
  { features, target, range }: ConditionalRiskOptions,
): ConditionalRisk {
  const n = losses.starts.length - 1
  if (!(target > 0 && target < 1)) throw new PodError('LEVEL_INVALID', `the target ${target} is not between 0 and 1`)
  if (n === 0 || losses.breaks.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row with a loss')
  const d = features.length / n
  if (!Number.isInteger(d) || d < 1)
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${n} rows`)
  const held = Float64Array.from(features)
  if (held.some(Number.isNaN) || losses.breaks.some(Number.isNaN))
    throw new PodError('VALUE_NAN', 'a feature or loss is NaN')
  let [low, high] = [Infinity, -Infinity]
  for (const b of losses.breaks) {
    low = Math.min(low, b)
    high = Math.max(high, b)
  }
  const problem = { losses, features: held, d, target, range: range ?? ([low, high] as const) }
  let theta: Float64Array = new Float64Array(d)
  for (const width of WIDTHS) theta = solved(problem, theta, width)
  return { ...problem, theta }
}

/**
 * Returns lambda for each new row, by its features [m, d]: each is solved again with the row added as if its loss were 1, from the
 * solution without it. Throws `LENGTH_MISMATCH`.
 */
export function conditionalLambdas(fit: ConditionalRisk, features: ArrayLike<number>): Float64Array {
  const { d, range } = fit
  const m = features.length / d
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into rows of ${d}`)
  const [low, high] = range
  return Float64Array.from({ length: m }, (_, i) => {
    const row = Float64Array.from({ length: d }, (_, j) => features[i * d + j])
    const theta = solved(fit, fit.theta, WIDTHS[WIDTHS.length - 1], row)
    let lambda = 0
    for (let j = 0; j < d; j++) lambda += theta[j] * row[j]
    return Math.min(high, Math.max(low, lambda))
  })
}

/** theta at a width of smoothing, with the worst case of a new row if one is given. */
function solved(
  { losses, features, d, target, range }: Omit<ConditionalRisk, 'theta'>,
  start: Float64Array,
  share: number,
  row?: Float64Array,
): Float64Array {
  const { direction, starts, breaks, weights } = losses
  const n = starts.length - 1
  const width = share * (range[1] - range[0] || 1)
  const sign = direction === 'increasing' ? 1 : -1
  // a new row that no other is like has no bound: a faint pull keeps theta finite, and lambda is cut to its range
  const pull = 1e-7 / (1 + Math.abs(range[0]) + Math.abs(range[1])) ** 2
  const at = (theta: Float64Array): ConvexAt => {
    const gradient = theta.map((t) => pull * t)
    const curvature = new Float64Array(n)
    let value = (pull / 2) * theta.reduce((sum, t) => sum + t * t, 0)
    for (let i = 0; i < n; i++) {
      let lambda = 0
      for (let j = 0; j < d; j++) lambda += theta[j] * features[i * d + j]
      // sign * integral of (loss - target): the steps rise in either direction
      let slope = sign * (direction === 'increasing' ? -target : 1 - target)
      value += (slope * lambda) / n
      let bend = 0
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        const z = (lambda - breaks[k]) / width
        const reached = z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z))
        value += (weights[k] * width * (Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))))) / n
        slope += weights[k] * reached
        bend += (weights[k] * reached * (1 - reached)) / width
      }
      curvature[i] = bend / n
      for (let j = 0; j < d; j++) gradient[j] += (slope * features[i * d + j]) / n
    }
    for (let j = 0; row && j < d; j++) {
      const worst = (sign * (1 - target) * row[j]) / n
      value += worst * theta[j]
      gradient[j] += worst
    }
    return {
      value,
      gradient,
      hessianProduct(v) {
        const out = v.map((x) => pull * x)
        for (let i = 0; i < n; i++) {
          if (curvature[i] === 0) continue
          let z = 0
          for (let j = 0; j < d; j++) z += v[j] * features[i * d + j]
          for (let j = 0; j < d; j++) out[j] += curvature[i] * z * features[i * d + j]
        }
        return out
      },
    }
  }
  return minimizeConvex(start, at, { tolerance: 1e-9, maxIterations: 200 }).place
}
