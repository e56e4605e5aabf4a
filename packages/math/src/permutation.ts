import { hypergeometricPmf } from './binomial.ts'
import type { Random } from './random.ts'

/**
 * Returns how many of `drawn` things out of `total` are among the `marked` ones, by inversion of a uniform number in [0, 1): the values
 * are tried from the most likely one outwards.
 */
export function hypergeometricDraw(uniform: number, total: number, marked: number, drawn: number): number {
  const [least, most] = [Math.max(0, drawn - (total - marked)), Math.min(drawn, marked)]
  const mode = Math.min(most, Math.max(least, Math.floor(((drawn + 1) * (marked + 1)) / (total + 2))))
  let [low, high] = [mode, mode]
  let [pLow, pHigh] = [hypergeometricPmf(mode, total, marked, drawn), 0]
  pHigh = pLow
  let left = uniform - pLow
  while (left >= 0 && (low > least || high < most)) {
    const canLower = low > least
    if (canLower) {
      // p(k - 1) / p(k) and p(k + 1) / p(k)
      pLow *= (low * (total - marked - drawn + low)) / ((marked - low + 1) * (drawn - low + 1))
      low--
      left -= pLow
      if (left < 0) return low
    }
    if (high < most) {
      pHigh *= ((marked - high) * (drawn - high)) / ((high + 1) * (total - marked - drawn + high + 1))
      high++
      left -= pHigh
      if (left < 0) return high
    }
  }
  return mode
}

/**
 * Returns the p-value of a statistic of counts by category under random exchange of both samples: tables with the same
 * margins are drawn from the counts alone, whatever the number of rows. (b + 1) / (B + 1) for b of B draws at least as
 * large. Source: Phipson, Smyth (2010).
 */
export function permutationOfCounts(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  statistic: (a: Float64Array, b: Float64Array) => number,
  { random, draws = 1000 }: { readonly random: Random; readonly draws?: number },
): number {
  const both = Float64Array.from(a, (count, i) => count + b[i])
  const all = both.reduce((sum, count) => sum + count, 0)
  const n = Float64Array.from(a).reduce((sum, count) => sum + count, 0)
  const observed = statistic(Float64Array.from(a), Float64Array.from(b))
  const [first, second] = [new Float64Array(both.length), new Float64Array(both.length)]
  let [extreme, used] = [0, 0]
  for (let draw = 0; draw < draws; draw++) {
    let [total, left] = [all, n]
    for (let i = 0; i < both.length; i++) {
      first[i] = hypergeometricDraw(random.uniform(used++), total, both[i], left)
      second[i] = both[i] - first[i]
      total -= both[i]
      left -= first[i]
    }
    // equal up to rounding is equal
    if (statistic(first, second) >= observed * (1 - 1e-12)) extreme++
  }
  return (extreme + 1) / (draws + 1)
}
