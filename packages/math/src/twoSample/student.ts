import { type Spread, variance } from '../moments.ts'
import { tCdf } from '../student.ts'
import type { TestResult } from './twoSample.ts'

const twoSided = (statistic: number, degrees: number): TestResult => ({
  statistic,
  pValue: 2 * tCdf(-Math.abs(statistic), degrees),
})

/**
 * Returns Student's t of two samples with one variance, from their moments, and its two-sided p-value; NaN for fewer
 * than three values together, and for constant ones. Source: Student (1908); scipy `ttest_ind`.
 */
export function studentTest(a: Spread, b: Spread): TestResult {
  const degrees = a.n + b.n - 2
  if (degrees < 1) return { statistic: Number.NaN, pValue: Number.NaN }
  const spread = Math.sqrt(((a.m2 + b.m2) / degrees) * (1 / a.n + 1 / b.n))
  return twoSided((a.mean - b.mean) / spread, degrees)
}

/** Returns Welch's t, for samples of different variances. Source: Welch (1947). */
export function welchTest(a: Spread, b: Spread): TestResult {
  const [va, vb] = [variance(a) / a.n, variance(b) / b.n]
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1))
  return twoSided((a.mean - b.mean) / Math.sqrt(va + vb), degrees)
}
