import { atLeastOne, flag, nonNegative, positive } from '../optimizers/option.ts'
import type { Schedule } from '../optimizers/transform.ts'
import { cosineDecay, exponentialDecay, linearDecay } from './decays.ts'
import { impossible, schedule, valueAt } from './schedule.ts'

/**
 * Returns the schedules one after the other: each begins anew at its boundary. Throws `SCHEDULE_INVALID` unless there is one
 * boundary less, in order. Source: optax.join_schedules 0.2.8; torch SequentialLR 2.15.
 */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): (t: number) => number {
  if (schedules.length !== boundaries.length + 1)
    throw impossible(
      'joinSchedules',
      `${schedules.length} schedules need ${schedules.length - 1} boundaries, not ${boundaries.length}`,
    )
  if (boundaries.some((n, i) => !(n >= 0) || (i > 0 && n < boundaries[i - 1])))
    throw impossible('joinSchedules', `the boundaries ${boundaries.join(', ')} are not in order`)
  return (t) => {
    const i = boundaries.filter((boundary) => t - 1 >= boundary).length
    return valueAt(schedules[i], i === 0 ? t : t - boundaries[i - 1])
  }
}

/** Returns the rate times what each schedule makes of it, together: `chainedSchedules(0.1, constantFactor(0.1), exponential(0.1, 0.9))`. Source: torch ChainedScheduler 2.15. */
export const chainedSchedules =
  (rate: number, ...schedules: readonly Schedule[]) =>
  (t: number): number =>
    schedules.reduce<number>((value, each) => (value * valueAt(each, t)) / rate, rate)

/** Returns the rate times a function of the steps taken before, from 0. Source: torch LambdaLR 2.15. */
export const byFactor =
  (rate: number, factor: (n: number) => number) =>
  (t: number): number =>
    rate * factor(t - 1)

/** Returns the rate times the product of a function of 1, 2, ..., n, n the steps taken before. Source: torch MultiplicativeLR 2.15. */
export function byProduct(rate: number, factor: (n: number) => number): (t: number) => number {
  const products = [rate]
  return (t) => {
    for (let n = products.length; n < t; n++) products.push(products[n - 1] * factor(n))
    return products[t - 1]
  }
}

/**
 * Returns a schedule reached along a line from 0 over the first `steps` steps, then itself from its beginning.
 * Throws `SCHEDULE_INVALID`.
 */
export function warmup(steps: number, after: Schedule): (t: number) => number {
  if (!(Number.isFinite(steps) && steps >= 0)) throw impossible('warmup', `${steps} steps are not possible`)
  return (t) => (t <= steps ? (valueAt(after, 1) * t) / steps : valueAt(after, t - steps))
}

const warming = [
  ['start', nonNegative],
  ['peak', nonNegative],
  ['warmup', atLeastOne],
] as const

/** Returns a line from `start` to `peak` over the first steps, and the peak from then on. Throws `SCHEDULE_INVALID`. Source: optax.warmup_constant_schedule 0.2.8. */
export const warmupConstant = schedule(
  { name: 'warmupConstant', source: 'optax.warmup_constant_schedule 0.2.8', needs: warming, parameters: {} },
  (start, peak, steps) => {
    const up = linearDecay(start, peak, steps)
    return (n) => up(n + 1)
  },
)

/**
 * Returns a line from `start` to `peak`, then (half a cosine)^power down to `end`; `steps` counts both. Throws
 * `SCHEDULE_INVALID`. Source: optax.warmup_cosine_decay_schedule 0.2.8; keras CosineDecay 3.15 with warm-up.
 */
export const warmupCosine = schedule(
  {
    name: 'warmupCosine',
    source: 'optax.warmup_cosine_decay_schedule 0.2.8',
    needs: [...warming, ['steps', atLeastOne]],
    parameters: { end: nonNegative(0), power: positive(1) },
  },
  (start, peak, rising, steps, { end, power }) => {
    if (steps <= rising)
      throw impossible('warmupCosine', `${steps} steps in all are not more than ${rising} of warm-up`)
    const down = cosineDecay(peak, steps - rising, { end: peak === 0 ? 0 : end / peak, power })
    const all = joinSchedules([linearDecay(start, peak, rising), down], [rising])
    return (n) => all(n + 1)
  },
)

/** Returns a line from `start` to `peak`, then `exponentialDecay`. Throws `SCHEDULE_INVALID`. Source: optax.warmup_exponential_decay_schedule 0.2.8. */
export const warmupExponential = schedule(
  {
    name: 'warmupExponential',
    source: 'optax.warmup_exponential_decay_schedule 0.2.8',
    needs: [...warming, ['steps', atLeastOne], ['factor', positive]],
    parameters: { begin: nonNegative(0), staircase: flag(false), end: nonNegative(0) },
  },
  (start, peak, rising, steps, factor, settings) => {
    const all = joinSchedules(
      [linearDecay(start, peak, rising), exponentialDecay(peak, steps, factor, settings)],
      [rising],
    )
    return (n) => all(n + 1)
  },
)

/** The settings of one `warmupCosine`: start, peak, warm-up, steps, and the rest. */
export type Cosine = Parameters<typeof warmupCosine>

/** Returns warm-ups and cosines, one after the other, each with its own settings. Throws `SCHEDULE_INVALID`. Source: optax.sgdr_schedule 0.2.8. */
export function sgdr(cosines: readonly Cosine[]): (t: number) => number {
  let end = 0
  const boundaries = cosines.slice(0, -1).map(([, , , steps]) => {
    end += steps
    return end
  })
  return joinSchedules(
    cosines.map((settings) => warmupCosine(...settings)),
    boundaries,
  )
}
