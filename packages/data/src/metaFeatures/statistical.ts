import { type Moments, moments, shapiroWilk, singularValues, spread, symmetricEigen, variance } from '@mlpod/math'
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
    t.sorted.map(of)
const mean = (v: Float64Array): number => spread(v).mean
/** Rows whose products are summed while they are in fast memory. */
const BLOCK = 1024

/** Covariance of columns, divided by n - 1. */
export function covariance(columns: readonly Float64Array[]): Float64Array {
  const n = columns[0]?.length ?? 0
  return scatter(columns).map((v) => v / (n - 1))
}

/** Sums of the products of columns with their means taken out, four columns with two at a time. */
function scatter(columns: readonly Float64Array[]): Float64Array {
  const d = columns.length
  const n = columns[0]?.length ?? 0
  const centred = columns.map((column) => {
    const center = mean(column)
    const found = new Float64Array(n)
    for (let i = 0; i < n; i++) found[i] = column[i] - center
    return found
  })
  const found = new Float64Array(d * d)
  const sums = new Float64Array(8)
  const last = d - 1
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    for (let i = 0; i < d; i += 4) {
      const rows = [i, i + 1, i + 2, i + 3].map((at) => centred[Math.min(at, last)])
      for (let j = 0; j < Math.min(d, i + 4); j += 2) {
        addProducts(rows, [centred[j], centred[Math.min(j + 1, last)]], from, to, sums)
        for (let a = i; a < Math.min(i + 4, d); a++)
          for (let b = j; b <= Math.min(j + 1, a); b++) found[a * d + b] += sums[2 * (a - i) + b - j]
      }
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) found[j * d + i] = found[i * d + j]
  return found
}

/** Sums of products of four columns with two: eight sums that do not wait for each other. */
function addProducts(
  [a, b, c, d]: readonly Float64Array[],
  [x, y]: readonly Float64Array[],
  from: number,
  to: number,
  sums: Float64Array,
): void {
  let [ax, ay, bx, by, cx, cy, dx, dy] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let k = from; k < to; k++) {
    const [p, q] = [x[k], y[k]]
    ax += a[k] * p
    ay += a[k] * q
    bx += b[k] * p
    by += b[k] * q
    cx += c[k] * p
    cy += c[k] * q
    dx += d[k] * p
    dy += d[k] * q
  }
  sums.set([ax, ay, bx, by, cx, cy, dx, dy])
}

/** Puts each value at its place in the part of its class. */
function place(column: Float64Array, codes: Int32Array, places: Int32Array, parts: readonly Float64Array[]): void {
  for (let i = 0; i < column.length; i++) parts[codes[i]][places[i]] = column[i]
}

/** The columns of each class. */
const byClass = once(({ numbers, target, classes }): Float64Array[][] => {
  const parts = classes.map((count) => numbers.map(() => new Float64Array(count)))
  // where each row goes in its class: the same in every column
  const ends = new Int32Array(classes.length)
  const places = new Int32Array(target.codes.length)
  for (let i = 0; i < places.length; i++) places[i] = ends[target.codes[i]]++
  for (const [j, column] of numbers.entries())
    place(
      column,
      target.codes,
      places,
      parts.map((part) => part[j]),
    )
  return parts
})
const scattersWithin = once((t) => byClass(t).map(scatter))
const classMeans = once((t) => byClass(t).map((part) => Float64Array.from(part, mean)))
const means = once((t) => Float64Array.from(momentsOf(t), (m) => m.mean))

/** What is scattered within the classes, and their centres around that of all. */
const covarianceOf = once((t): Float64Array => {
  const d = t.numbers.length
  const found = new Float64Array(d * d)
  const center = means(t)
  for (const [k, within] of scattersWithin(t).entries()) {
    const shift = classMeans(t)[k].map((v, j) => v - center[j])
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) found[i * d + j] += within[i * d + j] + t.classes[k] * shift[i] * shift[j]
  }
  return found.map((v) => v / (t.n - 1))
})

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

/** Directions of columns with their variance taken out: rows of the whitening of their covariance. */
function whitening(matrix: Float64Array, d: number): { rows: Float64Array; rank: number } {
  const { values, vectors } = symmetricEigen(matrix, d)
  const rank = values.filter((v) => v > 1e-10 * Math.max(values[0], 1e-300)).length
  return { rows: vectors.subarray(0, rank * d).map((v, at) => v / Math.sqrt(values[Math.floor(at / d)])), rank }
}

/** Covariance of the attributes with those that say of what class a row is: both have it from the centres of the classes. */
function withClasses(t: MetaTable): Float64Array {
  const [d, size] = [t.numbers.length, t.numbers.length + t.classes.length]
  const own = covarianceOf(t)
  const center = means(t)
  const found = new Float64Array(size * size)
  for (let i = 0; i < d; i++) found.set(own.subarray(i * d, (i + 1) * d), i * size)
  for (const [k, count] of t.classes.entries()) {
    for (let j = 0; j < d; j++) {
      const value = (count * (classMeans(t)[k][j] - center[j])) / (t.n - 1)
      found[j * size + d + k] = value
      found[(d + k) * size + j] = value
    }
    for (const [l, other] of t.classes.entries())
      found[(d + k) * size + d + l] = ((k === l ? count : 0) - (count * other) / t.n) / (t.n - 1)
  }
  return found
}

/** Correlations of the best linear combinations of the attributes with those of the classes, by whitening both and one decomposition. */
const canonical = once((t): number[] => {
  const [d, k] = [t.numbers.length, t.classes.length]
  const both = withClasses(t)
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
  const parts = scattersWithin(t).map((part, c) => part.map((v) => v / freedom[c]))
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
  const [from, to] = [classMeans(t)[most], classMeans(t)[least]]
  return Math.sqrt(sum(Array.from(from, (v, j) => (v - to[j]) ** 2)))
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

/** The median of the distances to the median, scaled: distances grow from there to both sides, so the least are taken in turn. */
function deviation(v: Float64Array): number {
  const center = at(v, 0.5)
  let high = 0
  for (let top = v.length; high < top; ) {
    const middle = (high + top) >> 1
    if (v[middle] < center) high = middle + 1
    else top = middle
  }
  let low = high - 1
  const h = (v.length - 1) * 0.5
  let [before, next] = [0, 0]
  for (let taken = 0; taken <= Math.ceil(h); taken++) {
    before = next
    next = high >= v.length || center - v[low] < v[high] - center ? center - v[low--] : v[high++] - center
  }
  return 1.4826 * (Number.isInteger(h) ? next : before + 0.5 * (next - before))
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
    t.sorted.filter((v) => {
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
