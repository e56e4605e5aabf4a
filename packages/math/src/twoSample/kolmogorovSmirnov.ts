import { kolmogorovExactTail } from '../kolmogorov.ts'
import { type Runs, walk } from '../runs.ts'
import { checkSizes, type TestResult } from './twoSample.ts'

/** Sizes up to which the p-value is exact: that of scipy. */
const EXACT = 10_000

/**
 * Returns the largest distance of the two empirical distribution functions and its two-sided p-value: exact up to 10,000
 * values a side, else that of one sample of n m / (n + m) values. Throws `SAMPLE_TOO_SMALL`.
 * Source: Smirnov (1939); Hodges (1957); conventions of scipy 1.17 `ks_2samp`.
 */
export function kolmogorovSmirnov(
  a: Runs,
  b: Runs,
  { method = 'auto' }: { readonly method?: 'auto' | 'exact' | 'asymptotic' } = {},
): TestResult {
  checkSizes(a, b, 'the Kolmogorov-Smirnov test')
  let [seenA, seenB, statistic] = [0, 0, 0]
  walk(a, b, (_, inA, inB) => {
    seenA += inA
    seenB += inB
    statistic = Math.max(statistic, Math.abs(seenA / a.n - seenB / b.n))
  })
  const exact = method === 'exact' || (method === 'auto' && Math.max(a.n, b.n) <= EXACT)
  if (exact) {
    const divisor = gcd(a.n, b.n)
    return { statistic, pValue: shareOutside(a.n, b.n, Math.round((statistic * a.n * b.n) / divisor)) }
  }
  return { statistic, pValue: kolmogorovExactTail(statistic, roundHalfEven((a.n * b.n) / (a.n + b.n))) }
}

/**
 * Returns the sum of the largest distances of the two empirical distribution functions upwards and downwards, and its
 * p-value in the limit of many values. Source: Kuiper (1960); Stephens (1970) for its correction to few values.
 */
export function kuiper(a: Runs, b: Runs): TestResult {
  checkSizes(a, b, "Kuiper's test")
  let [seenA, seenB, up, down] = [0, 0, 0, 0]
  walk(a, b, (_, inA, inB) => {
    seenA += inA
    seenB += inB
    up = Math.max(up, seenA / a.n - seenB / b.n)
    down = Math.max(down, seenB / b.n - seenA / a.n)
  })
  const root = Math.sqrt((a.n * b.n) / (a.n + b.n))
  const z = (root + 0.155 + 0.24 / root) * (up + down)
  let pValue = z < 0.4 ? 1 : 0
  if (z >= 0.4) for (let k = 1; k <= 100; k++) pValue += 2 * (4 * (k * z) ** 2 - 1) * Math.exp(-2 * (k * z) ** 2)
  return { statistic: up + down, pValue: Math.min(1, Math.max(0, pValue)) }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

const roundHalfEven = (x: number): number => {
  const down = Math.floor(x)
  return x - down === 0.5 ? down + (down % 2) : Math.round(x)
}

/**
 * Returns the share of lattice paths from (0, 0) to (n, m) that reach |i m - j n| / gcd >= h: the share of the orders of the pooled
 * values whose distance is at least that large. Every path ends with a step to the right or up, which gives the share by addition
 * alone, so that tiny shares keep their digits.
 */
function shareOutside(n: number, m: number, h: number): number {
  if (h <= 0) return 1
  const divisor = gcd(n, m)
  const [x, y] = [m / divisor, n / divisor]
  // share[j] of the column before; everything outside of the band is 1
  const share = new Float64Array(m + 1).fill(1)
  for (let i = 0; i <= n; i++) {
    const low = Math.max(0, Math.floor((i * x - h) / y) + 1)
    const high = Math.min(m, Math.ceil((i * x + h) / y) - 1)
    let below = 1
    for (let j = low; j <= high; j++) {
      below = i + j === 0 ? 0 : (i / (i + j)) * share[j] + (j / (i + j)) * below
      share[j] = below
    }
    if (low > 0) share[low - 1] = 1
    if (high < low) return 1
  }
  return share[m]
}
