import { addTo, alarm, type DetectorEntry, type Mean } from './detector.ts'

export interface Sum {
  mean: Mean
  sum: number
}
const start = (): Sum => ({ mean: { n: 0, mean: 0 }, sum: 0 })

export interface Limit {
  /** The sum above which it is drift. */
  readonly lambda: number
  readonly minimum: number
}

/** A detector of a sum of deviations from the running mean. */
const cumulative = <O extends Limit>(
  about: string,
  defaults: O,
  next: (sum: number, deviation: number, options: O) => number,
): DetectorEntry<Sum, O> => ({
  about,
  takes: 'numbers',
  defaults,
  refuse: ({ lambda }) => (lambda > 0 ? undefined : `lambda ${lambda} is not above 0`),
  start,
  step(state, value, options) {
    addTo(state.mean, value)
    state.sum = next(state.sum, value - state.mean.mean, options)
    return alarm(state.mean.n >= options.minimum && state.sum > options.lambda)
  },
})

/** Source: Page (1954), Hinkley (1971); forgetting by alpha as in Frouros 0.9. */
export const pageHinkley = cumulative(
  'a fading sum of deviations above the mean grows large',
  { delta: 0.005, lambda: 50, alpha: 0.9999, minimum: 30 },
  (sum, deviation, { alpha, delta }) => alpha * sum + deviation - delta,
)

/** Source: Page (1954). */
export const cusum = cumulative(
  'a sum of deviations above the mean grows large; it never falls below 0',
  { delta: 0.005, lambda: 50, minimum: 30 },
  (sum, deviation, { delta }) => Math.max(0, sum + deviation - delta),
)

/** Source: Roberts (1959). */
export const gma = cumulative(
  'an exponentially weighted mean of the deviations grows large',
  { alpha: 0.99, lambda: 1, minimum: 30 },
  (sum, deviation, { alpha }) => alpha * sum + (1 - alpha) * deviation,
)
