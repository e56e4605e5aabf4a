import {
  type Moments,
  moments,
  shapiroWilk,
  singularValues,
  sortNumbers,
  spread,
  symmetricEigen,
  variance,
} from '@mlpod/math'
import { type MetaGroup, once } from './group.ts'
import type { MetaTable } from './table.ts'

const momentsOf = once(({ numbers }) => numbers.map((column) => moments(column)))
const each =
  (of: (moments: Moments) => number) =>
  (t: MetaTable): number[] =>
    momentsOf(t).map(of)
const eachSorted =
  (of: (sorted: Float64Array) => number) =>
  (t: MetaTable): number[] =>
    sorted(t).map(of)
const mean = (v: Float64Array): number => spread(v).mean
/** Rows whose products are summed while they are in fast memory. */
const BLOCK = 1024

/** Covariance of columns, divided by n - 1. */
export function covariance(columns: readonly Float64Array[]): Float64Array {
  const d = columns.length
  const n = columns[0]?.length ?? 0
  const centred = columns.map((column) => {
    const center = mean(column)
    return column.map((v) => v - center)
  })
  const found = new Float64Array(d * d)
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) {
        const [a, b] = [centred[i], centred[j]]
        let sum = 0
        for (let k = from; k < to; k++) sum += a[k] * b[k]
        found[i * d + j] += sum / (n - 1)
      }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) found[j * d + i] = found[i * d + j]
  return found
}

const covarianceOf = once(({ numbers }) => covariance(numbers))

/** Columns in ascending order: what all order statistics are read from. */
const sorted = once(({ numbers }) => numbers.map((column) => sortNumbers(column.slice())))

/** The quantile of sorted values, linear between them. */
const at = (v: Float64Array, p: number): number => {
  const h = (v.length - 1) * p
  const low = Math.floor(h)
  return v[low] + (h - low) * ((v[low + 1] ?? v[low]) - v[low])
}

const below = (matrix: Float64Array, d: number, of: (value: number, i: number, j: number) => number): number[] => {
  const found: number[] = []
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) found.push(of(matrix[i * d + j], i, j))
  return found
}

const correlations = once((t): number[] => {
  const d = t.numbers.length
  const c = covarianceOf(t)
  return below(c, d, (value, i, j) => Math.abs(value / Math.sqrt(c[i * d + i] * c[j * d + j])))
})

/** The columns of each class. */
const byClass = once(({ numbers, target, classes }): Float64Array[][] => {
  const parts = classes.map((count) => numbers.map(() => new Float64Array(count)))
  for (const [j, column] of numbers.entries()) {
    const ends = classes.map(() => 0)
    for (let i = 0; i < column.length; i++) {
      const code = target.codes[i]
      parts[code][j][ends[code]++] = column[i]
    }
  }
  return parts
})

/** Directions of columns with their variance taken out: rows of the whitening of their covariance. */
function whitening(matrix: Float64Array, d: number): { rows: Float64Array; rank: number } {
  const { values, vectors } = symmetricEigen(matrix, d)
  const rank = values.filter((v) => v > 1e-10 * Math.max(values[0], 1e-300)).length
  return { rows: vectors.subarray(0, rank * d).map((v, at) => v / Math.sqrt(values[Math.floor(at / d)])), rank }
}

/** Correlations of the best linear combinations of the attributes with those of the classes, by whitening both and one decomposition. */
const canonical = once((t): number[] => {
  const indicators = t.classes.map((_, k) => Float64Array.from(t.target.codes, (code) => Number(code === k)))
  const [d, k] = [t.numbers.length, indicators.length]
  const both = covariance([...t.numbers, ...indicators])
  const block = (from: number, size: number): Float64Array =>
    Float64Array.from(
      { length: size * size },
      (_, i) => both[(from + Math.floor(i / size)) * (d + k) + from + (i % size)],
    )
  const [a, b] = [whitening(block(0, d), d), whitening(block(d, k), k)]
  if (a.rank === 0 || b.rank === 0) return []
  const cross = new Float64Array(a.rank * b.rank)
  for (let i = 0; i < a.rank; i++)
    for (let j = 0; j < b.rank; j++) {
      let sum = 0
      for (let p = 0; p < d; p++)
        for (let q = 0; q < k; q++) sum += a.rows[i * d + p] * both[p * (d + k) + d + q] * b.rows[j * k + q]
      cross[i * b.rank + j] = sum
    }
  return Array.from(singularValues(cross, a.rank, b.rank).values)
    .slice(0, Math.min(k, d))
    .filter((rho) => rho > 1e-10)
    .map((rho) => Math.min(1, rho))
})

const strengths = (t: MetaTable): number[] => canonical(t).map((rho) => rho ** 2 / (1 - rho ** 2))
const sum = (list: readonly number[]): number => list.reduce((total, v) => total + v, 0)

/** Sum of the logarithms of the eigenvalues; NaN where the matrix is singular. */
const logDeterminant = (matrix: Float64Array, d: number): number => {
  const values = symmetricEigen(matrix, d).values
  return values.some((v) => v <= 1e-12 * Math.max(1e-300, values[0])) ? Number.NaN : sum(Array.from(values, Math.log))
}

/** How unequal the classes' covariances are: exp of Box's M over its freedom. */
function homogeneity(t: MetaTable): number {
  const d = t.numbers.length
  const k = t.classes.length
  const freedom = t.classes.map((count) => count - 1)
  const parts = byClass(t).map(covariance)
  const whole = sum(freedom)
  const pooled = new Float64Array(d * d)
  for (const [c, part] of parts.entries()) for (const [at, v] of part.entries()) pooled[at] += (freedom[c] * v) / whole
  const gamma = 1 - ((2 * d * d + 3 * d - 1) / (6 * (d + 1) * (k - 1))) * (sum(freedom.map((f) => 1 / f)) - 1 / whole)
  const m =
    gamma * (whole * logDeterminant(pooled, d) - sum(parts.map((part, c) => freedom[c] * logDeterminant(part, d))))
  return Number.isFinite(m) ? Math.exp(m / (d * whole)) : Number.NaN
}

/** Distance of the centres of the most and the least frequent class. */
function gravity(t: MetaTable): number {
  const most = t.classes.indexOf(Math.max(...t.classes))
  const others = t.classes.map((count, k) => (k === most ? Infinity : count))
  const least = others.indexOf(Math.min(...others))
  if (t.classes.length < 2) return Number.NaN
  const parts = byClass(t)
  return Math.sqrt(sum(parts[most].map((column, j) => (mean(column) - mean(parts[least][j])) ** 2)))
}

function geometric(v: Float64Array): number {
  if (v[0] < 0) return Number.NaN
  return v[0] < 1e-10 ? 0 : Math.exp(v.reduce((total, x) => total + Math.log(x), 0) / v.length)
}

function harmonic(v: Float64Array): number {
  if (v[0] < 0) return Number.NaN
  return v[0] === 0 ? 0 : v.length / v.reduce((total, x) => total + 1 / x, 0)
}

function trimmed(v: Float64Array): number {
  const cut = Math.trunc(0.2 * v.length)
  return mean(v.subarray(cut, v.length - cut))
}

function deviation(v: Float64Array): number {
  const center = at(v, 0.5)
  return 1.4826 * at(sortNumbers(v.map((x) => Math.abs(x - center))), 0.5)
}

/** Skewness and excess kurtosis by method 3 of Joanes and Gill (1998). */
const skewness = ({ n, m2, m3 }: Moments): number => (m3 / n / (m2 / n) ** 1.5) * ((n - 1) / n) ** 1.5
const kurtosis = ({ n, m2, m4 }: Moments): number => (m4 / n / (m2 / n) ** 2) * (1 - 1 / n) ** 2 - 3

/** Rows the test of normality looks at. */
const NORMALITY_ROWS = 5000

/** Moments, order statistics and relations of the columns. Source: pymfe 0.4, group `statistical`; `sd_ratio` after Box (1949). */
export const statistical = {
  mean: each((m) => m.mean),
  median: eachSorted((v) => at(v, 0.5)),
  min: each((m) => m.min),
  max: each((m) => m.max),
  range: each((m) => m.max - m.min),
  sd: each((m) => Math.sqrt(variance(m))),
  var: each((m) => variance(m)),
  iq_range: eachSorted((v) => at(v, 0.75) - at(v, 0.25)),
  mad: eachSorted(deviation),
  t_mean: eachSorted(trimmed),
  g_mean: eachSorted(geometric),
  h_mean: eachSorted(harmonic),
  skewness: each(skewness),
  kurtosis: each(kurtosis),
  cor: correlations,
  cov: (t) => below(covarianceOf(t), t.numbers.length, Math.abs),
  eigenvalues: (t) => symmetricEigen(covarianceOf(t), t.numbers.length).values,
  nr_cor_attr: (t) => {
    const found = correlations(t)
    return found.filter((r) => r >= 0.5).length / found.length
  },
  nr_outliers: (t) =>
    sorted(t).filter((v) => {
      const [q1, q3] = [at(v, 0.25), at(v, 0.75)]
      const reach = 1.5 * (q3 - q1)
      return v[0] < q1 - reach || v[v.length - 1] > q3 + reach
    }).length,
  nr_norm: ({ numbers }) =>
    numbers.filter((v) => {
      const first = v.subarray(0, NORMALITY_ROWS)
      return first.some((x) => x !== first[0]) && shapiroWilk(first).pValue > 0.05
    }).length,
  sparsity: ({ attributes, n }) => attributes.map(({ distinct }) => (n / distinct - 1) / (n - 1)),
  gravity,
  can_cor: canonical,
  nr_disc: (t) => canonical(t).length,
  w_lambda: (t) => (strengths(t).length === 0 ? Number.NaN : Math.exp(-sum(strengths(t).map(Math.log1p)))),
  p_trace: (t) => (canonical(t).length === 0 ? Number.NaN : sum(canonical(t).map((rho) => rho ** 2))),
  lh_trace: (t) => (strengths(t).length === 0 ? Number.NaN : sum(strengths(t))),
  roy_root: (t) => (strengths(t).length === 0 ? Number.NaN : Math.max(...strengths(t))),
  sd_ratio: homogeneity,
} as const satisfies MetaGroup
