import { type Runs, walk } from '../runs.ts'
import { checkSizes, type TestResult } from './twoSample.ts'

/** Sizes up to which the p-value is exact. */
const EXACT = 20

/**
 * Returns the Cramer-von Mises statistic T of two samples (midranks for ties) and its p-value: exact up to 20 values a side, else
 * in the limit. Throws `SAMPLE_TOO_SMALL` below two values.
 * Source: Anderson (1962); Xiao, Gordon, Yakovlev (2006); conventions of scipy 1.17 `cramervonmises_2samp`.
 */
export function cramerVonMises(a: Runs, b: Runs): TestResult {
  checkSizes(a, b, 'the Cramer-von Mises test', 2)
  const [n, m] = [a.n, b.n]
  const size = n + m
  let [before, i, j] = [0, 0, 0]
  let [sumA, sumB] = [0, 0]
  walk(a, b, (_, inA, inB) => {
    const rank = before + (inA + inB + 1) / 2
    sumA += squares(rank - i, inA)
    sumB += squares(rank - j, inB)
    before += inA + inB
    i += inA
    j += inB
  })
  const u = n * sumA + m * sumB
  const statistic = u / (n * m * size) - (4 * n * m - 1) / (6 * size)
  if (Math.max(n, m) <= EXACT) return { statistic, pValue: exactTail(u, n, m) }
  const mean = (1 + 1 / size) / 6
  const k = n * m
  const variance = ((size + 1) * (4 * k * size - 3 * (n * n + m * m) - 2 * k)) / (45 * size ** 2 * 4 * k)
  const normed = 1 / 6 + (statistic - mean) / Math.sqrt(45 * variance)
  return { statistic, pValue: normed < 0.003 ? 1 : Math.max(0, 1 - limitCdf(normed)) }
}

/** Sum of (distance - i)^2 for i = 1 .. count. */
const squares = (distance: number, count: number): number =>
  count * distance ** 2 - distance * count * (count + 1) + (count * (count + 1) * (2 * count + 1)) / 6

/** P(U >= u) over all orders of n and m values: the values of the sum along all lattice paths, and how many have each. */
function exactTail(u: number, n: number, m: number): number {
  const divisor = gcd(n, m)
  const [a, b] = [m / divisor, n / divisor]
  const lcm = (n * m) / divisor
  const least = Math.floor((lcm ** 2 * (n + m) * (6 * u - n * m * (4 * n * m - 1))) / (6 * (n * m) ** 2))
  let column: Map<number, number>[] = []
  for (let i = 0; i <= n; i++) {
    const next: Map<number, number>[] = []
    for (let j = 0; j <= m; j++) {
      const added = (a * i - b * j) ** 2
      const here = new Map<number, number>()
      if (i + j === 0) here.set(0, 1)
      for (const from of [column[j], next[j - 1]])
        for (const [value, ways] of from ?? []) here.set(value + added, (here.get(value + added) ?? 0) + ways)
      next.push(here)
    }
    column = next
  }
  let [above, all] = [0, 0]
  for (const [value, ways] of column[m]) {
    all += ways
    if (value >= least) above += ways
  }
  return above / all
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** P(W <= x) of the limit law. Source: Csorgo, Faraway (1996), eq. 1.2. */
function limitCdf(x: number): number {
  let sum = 0
  // Gamma(k + 1/2) / (Gamma(1/2) k!)
  let ratio = 1
  for (let k = 0; k < 1000; k++) {
    const y = (4 * k + 1) ** 2 / (16 * x)
    const term = (ratio * Math.sqrt(4 * k + 1) * Math.exp(-2 * y) * scaledBessel(y)) / Math.sqrt(Math.PI)
    sum += term
    if (term < 1e-18 * sum) break
    ratio *= (k + 0.5) / (k + 1)
  }
  return (sum / (Math.PI * Math.sqrt(x))) * Math.sqrt(Math.PI)
}

/** e^y K_{1/4}(y), the integral of exp(-y (cosh t - 1)) cosh(t / 4): the trapezoid rule converges faster than any power. */
function scaledBessel(y: number): number {
  const step = 1 / 32
  let sum = 0.5
  for (let i = 1; ; i++) {
    const t = i * step
    const half = Math.sinh(t / 2)
    const term = Math.exp(-2 * y * half * half) * Math.cosh(t / 4)
    sum += term
    if (term < 1e-18 * sum) return sum * step
  }
}
