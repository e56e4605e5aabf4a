import { type Count, PodError } from '@mlpod/contract'
import { checkCount } from './binomial.ts'
import { normalCdf, normalQuantile } from './normal.ts'
import { errorOfEnd, type Interval, type IntervalOptions, wilson } from './proportion.ts'

/** What a test of a difference showed: `greater` is the p-value against "difference <= delta", `less` against ">= delta". */
export interface DifferenceTest {
  readonly statistic: number
  readonly greater: number
  readonly less: number
}

/** `miettinenNurminen` multiplies the variance by N / (N - 1); `farringtonManning` does not. */
export type ScoreMethod = 'miettinenNurminen' | 'farringtonManning'

/**
 * Returns the score test that first minus second equals `delta`, its variance estimated under that hypothesis.
 * Throws `COUNT_INVALID`, `COUNT_EMPTY` when a side has no rows, `DELTA_INVALID` unless -1 <= delta <= 1.
 * Source: Miettinen, Nurminen (1985); Farrington, Manning (1990).
 */
export function differenceTest(
  first: Count,
  second: Count,
  delta: number,
  { method = 'miettinenNurminen' }: { method?: ScoreMethod } = {},
): DifferenceTest {
  checkPair(first, second)
  if (!(delta >= -1 && delta <= 1))
    throw new PodError('DELTA_INVALID', `no two proportions differ by ${delta}`, { hint: 'delta is between -1 and 1' })
  const statistic = score(first, second, delta, method)
  return { statistic, greater: normalCdf(-statistic), less: normalCdf(statistic) }
}

/** Returns the interval of first minus second that inverts `differenceTest`. Throws what it throws. */
export function differenceInterval(
  first: Count,
  second: Count,
  { confidence = 0.95, sides = 'both', method = 'miettinenNurminen' }: IntervalOptions & { method?: ScoreMethod } = {},
): Interval {
  checkPair(first, second)
  const z = -normalQuantile(errorOfEnd(confidence, sides))
  const estimate = first.successes / first.n - second.successes / second.n
  // the statistic falls as delta grows: its root is found by halving
  const root = (target: number, from: number, to: number): number => {
    let [low, high] = [from, to]
    for (let i = 0; i < 200 && high - low > 1e-15; i++) {
      const middle = (low + high) / 2
      if (score(first, second, middle, method) > target) low = middle
      else high = middle
    }
    return (low + high) / 2
  }
  return {
    estimate,
    lower: sides === 'upper' ? -1 : estimate === -1 ? -1 : root(z, -1, estimate),
    upper: sides === 'lower' ? 1 : estimate === 1 ? 1 : root(-z, estimate, 1),
  }
}

/** Returns the interval of first minus second from the two Wilson intervals. Source: Newcombe (1998), method 10. */
export function newcombe(
  first: Count,
  second: Count,
  { confidence = 0.95, sides = 'both' }: IntervalOptions = {},
): Interval {
  checkPair(first, second)
  // a one-sided bound uses the same normal quantile in both Wilson intervals
  const level = 1 - 2 * errorOfEnd(confidence, sides)
  const [a, b] = [first, second].map((count) => wilson(count, { confidence: level }))
  const estimate = a.estimate - b.estimate
  return {
    estimate,
    lower: sides === 'upper' ? -1 : estimate - Math.hypot(a.estimate - a.lower, b.upper - b.estimate),
    upper: sides === 'lower' ? 1 : estimate + Math.hypot(a.upper - a.estimate, b.estimate - b.lower),
  }
}

function checkPair(first: Count, second: Count): void {
  for (const count of [first, second]) {
    checkCount(count)
    if (count.n === 0)
      throw new PodError('COUNT_EMPTY', 'a difference of proportions needs rows on both sides', {
        hint: 'leave out groups without rows',
      })
  }
}

/** The standardised distance of the observed difference from delta. */
function score(first: Count, second: Count, delta: number, method: ScoreMethod): number {
  const [n1, n2] = [first.n, second.n]
  const distance = first.successes / n1 - second.successes / n2 - delta
  const p2 = constrainedSecond(first, second, delta)
  const p1 = Math.min(1, Math.max(0, p2 + delta))
  const factor = method === 'miettinenNurminen' ? (n1 + n2) / (n1 + n2 - 1) : 1
  const variance = ((p1 * (1 - p1)) / n1 + (p2 * (1 - p2)) / n2) * factor
  if (variance > 0) return distance / Math.sqrt(variance)
  return Math.abs(distance) < 1e-15 ? 0 : Math.sign(distance) * Infinity
}

/** Maximum likelihood of the second proportion when first - second = delta: the middle root of a cubic (closed form). */
function constrainedSecond(first: Count, second: Count, delta: number): number {
  const [x1, n1, x2, n2] = [first.successes, first.n, second.successes, second.n]
  const n = n1 + n2
  const l2 = (n1 + 2 * n2) * delta - n - (x1 + x2)
  const l1 = (n2 * delta - n - 2 * x2) * delta + (x1 + x2)
  const l0 = x2 * delta * (1 - delta)
  const q = l2 ** 3 / (3 * n) ** 3 - (l1 * l2) / (6 * n * n) + l0 / (2 * n)
  const inside = l2 ** 2 / (3 * n) ** 2 - l1 / (3 * n)
  const p = Math.sign(q) * Math.sqrt(Math.max(0, inside))
  const angle = p === 0 ? 0 : (Math.PI + Math.acos(Math.min(1, Math.max(-1, q / p ** 3)))) / 3
  const root = 2 * p * Math.cos(angle) - l2 / (3 * n)
  return Math.min(Math.min(1, 1 - delta), Math.max(Math.max(0, -delta), root))
}
