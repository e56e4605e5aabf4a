import { sortedWithoutNaN } from './rank.ts'

/** Returns P(K > x) of Kolmogorov's limit law. Source: Kolmogorov (1933); both series of scipy's `kolmogorov`. */
export function kolmogorovTail(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  let sum = 0
  if (x < 0.82) {
    // the theta series that converges for small x
    for (let k = 1; k <= 19; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x))
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 ? 2 : -2) * Math.exp(-2 * (k * x) ** 2)
  return Math.min(1, sum)
}

/**
 * Returns the largest distance of the two empirical distribution functions and its asymptotic two-sided p-value
 * (NaN are dropped; NaN results when a side is empty). Source: Smirnov (1939).
 */
export function kolmogorovSmirnov(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { readonly statistic: number; readonly pValue: number } {
  const [a, b] = [sortedWithoutNaN(first), sortedWithoutNaN(second)]
  if (a.length === 0 || b.length === 0) return { statistic: Number.NaN, pValue: Number.NaN }
  let [i, j, statistic] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j])
    while (i < a.length && a[i] === value) i++
    while (j < b.length && b[j] === value) j++
    statistic = Math.max(statistic, Math.abs(i / a.length - j / b.length))
  }
  return { statistic, pValue: kolmogorovTail(statistic * Math.sqrt((a.length * b.length) / (a.length + b.length))) }
}
