import type { Measurement } from '@mlpod/contract'
import { differenceInterval, differenceTest } from '@mlpod/math'
import { scaledCount, type Test } from './test.ts'

type Difference = Extract<Measurement, { kind: 'difference' }>

/**
 * Score test of a difference of two independent proportions. Source: Miettinen and Nurminen 1985.
 * For the size of the difference, "kept" is shown by two one-sided tests (Schuirmann 1987), "broken" by either side at twice its p.
 */
export const difference: Test<Difference> = {
  method: 'score test of a difference (Miettinen-Nurminen)',
  estimate({ first, second, absolute }) {
    const d = first.successes / first.n - second.successes / second.n
    return absolute ? Math.abs(d) : d
  },
  n: ({ first, second }) => first.n + second.n,
  p({ first, second, absolute }, operator, threshold) {
    if (!absolute) {
      const { greater, less } = differenceTest(first, second, threshold)
      return operator === '>=' ? { kept: greater, broken: less } : { kept: less, broken: greater }
    }
    const [upper, lower] = [differenceTest(first, second, threshold), differenceTest(first, second, -threshold)]
    const inside = Math.max(upper.less, lower.greater)
    const outside = Math.min(1, 2 * Math.min(upper.greater, lower.less))
    return operator === '<=' ? { kept: inside, broken: outside } : { kept: outside, broken: inside }
  },
  bounds({ first, second, absolute }, tails) {
    const { lower } = differenceInterval(first, second, { confidence: 1 - tails.lower, sides: 'lower' })
    const { upper } = differenceInterval(first, second, { confidence: 1 - tails.upper, sides: 'upper' })
    if (!absolute) return [lower, upper]
    return [Math.max(0, lower, -upper), Math.max(Math.abs(lower), Math.abs(upper))]
  },
  // A size within its limit may be left on either side of 0.
  sides: ({ absolute }) => (absolute ? 2 : 1),
  scaled({ first, second, absolute }, factor, shift) {
    // Chance moves both sides; each takes the part of it that its own error has.
    const errors = [first, second].map(({ successes, n }) => Math.sqrt(((successes / n) * (1 - successes / n)) / n))
    const whole = Math.hypot(...errors)
    const [a, b] = errors.map((error) => (whole === 0 ? 0 : (shift * error) / whole))
    return {
      kind: 'difference',
      first: scaledCount(first, factor, a),
      second: scaledCount(second, factor, -b),
      absolute,
    }
  },
}
