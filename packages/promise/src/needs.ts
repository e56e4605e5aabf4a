import type { Claim, Measurement, PValues } from '@mlpod/contract'
import { normalQuantile } from '@mlpod/math'
import { testOf } from './tests/index.ts'

/** How probable a decision should be with the rows that are asked for. */
const POWER = 0.8

/** More rows than this are no advice. */
const MOST_ROWS = 1e9

/**
 * Returns how many times the present rows all parts would need to be decided on `side` with probability 0.8, if what they
 * have shown is the truth: the smallest number at which the test itself still decides an outcome that is worse than four of
 * five (each part a little more, so that all are decided together). Infinity when no reasonable number would.
 */
export function neededFactor(
  measurements: readonly Measurement[],
  { operator, threshold }: Claim,
  side: keyof PValues,
  level: number,
): number {
  const power = POWER ** (1 / measurements.length)
  return Math.max(
    ...measurements.map((measurement) => {
      const test = testOf(measurement)
      const z = normalQuantile(1 - (1 - power) / test.sides(measurement))
      const decides = (factor: number): boolean =>
        [z, -z].every((shift) => test.p(test.scaled(measurement, factor, shift), operator, threshold)[side] <= level)
      let [low, high] = [1, Math.max(2, MOST_ROWS / test.n(measurement))]
      if (!decides(high)) return Number.POSITIVE_INFINITY
      while (high / low > 1.001) {
        const middle = Math.sqrt(low * high)
        if (decides(middle)) high = middle
        else low = middle
      }
      return high
    }),
  )
}
