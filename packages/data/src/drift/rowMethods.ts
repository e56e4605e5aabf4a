import {
  auc,
  boostedTrees,
  cholesky,
  choleskySolve,
  predictTrees,
  quantile,
  random,
  spread,
  variance,
  wassersteinOf,
} from '@mlpod/math'
import { basisOf } from './basis.ts'
import { dot, part, type Rows, sum, together, unit } from './matrix.ts'

/** What the methods are told. */
export interface RowMethodOptions {
  /** Where means are compared. */
  readonly distance?: keyof typeof DISTANCES
  readonly seed?: number
}

const DISTANCES = {
  euclidean: (a, b) => Math.sqrt(sum(a.map((v, i) => (v - b[i]) ** 2))),
  cosine: (a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  cityblock: (a, b) => sum(a.map((v, i) => Math.abs(v - b[i]))),
  chebyshev: (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i]))),
} as const satisfies Readonly<Record<string, (a: number[], b: number[]) => number>>

/** One way to compare rows as a whole. */
export interface RowMethod {
  readonly about: string
  readonly threshold: number
  /** Makes ready the rows of both sides together; the score is that of `order`, whose first `n` rows are the reference's. */
  readonly scorer: (both: Rows, n: number, options: RowMethodOptions) => (order: Uint32Array) => number
  /** Whether, with few rows, the threshold is what chance gives in 95 of 100 exchanges of both sides. */
  readonly byChance: boolean
}

/** A score that has nothing to make ready. */
const plain =
  (score: (reference: Rows, current: Rows, options: RowMethodOptions) => number): RowMethod['scorer'] =>
  (both, n, options) =>
  (order) =>
    score(part(both, order.subarray(0, n)), part(both, order.subarray(n)), options)

const means = ({ columns }: Rows): number[] => columns.map((column) => spread(column).mean)

/** Every comparison of rows as a whole. Source of names and thresholds: Evidently 0.7 (embeddings), NannyML 0.13. */
export const rowMethods = {
  distance: {
    about: 'distance of the means',
    threshold: 0.2,
    byChance: true,
    scorer: plain((a, b, { distance = 'euclidean' }) => DISTANCES[distance](means(a), means(b))),
  },
  mmd: {
    about: 'maximum mean discrepancy under a Gaussian kernel',
    threshold: 0.015,
    byChance: true,
    scorer: discrepancy,
  },
  ratio: {
    about: 'share of components that have moved by a tenth of their standard deviation',
    threshold: 0.2,
    byChance: false,
    scorer: plain((a, b) => {
      const moved = a.columns.filter((column, i) => {
        const other = b.columns[i]
        const both = [spread(column), spread(other)]
        const range = { low: Math.min(both[0].min, both[1].min), high: Math.max(both[0].max, both[1].max) }
        return wassersteinOf(column, other, range) / unit(column) >= 0.1
      })
      return moved.length / a.columns.length
    }),
  },
  model: {
    about: 'area under the curve of a classifier of the sides on rows it has not seen',
    threshold: 0.55,
    byChance: false,
    scorer: plain(separability),
  },
  sliced_wasserstein: {
    about: 'earth mover distance of the rows, each column in its standard deviation, over directions drawn at random',
    threshold: 0.1,
    byChance: true,
    scorer: plain(sliced),
  },
  lsdd: {
    about: 'squared distance of the densities, estimated as one',
    threshold: 0.05,
    byChance: true,
    scorer: densityDistance,
  },
  reconstruction: {
    about: 'how much worse principal components of the reference rebuild the current rows, in its standard deviations',
    threshold: 3,
    byChance: false,
    scorer: plain(reconstruction),
  },
} as const satisfies Readonly<Record<string, RowMethod>>

/** The name of a comparison of rows. */
export type RowDriftMethod = keyof typeof rowMethods

/** Rows of sums over all pairs. */
const PAIRS = 2000

const square = ({ columns }: Rows, i: number, j: number): number => {
  let sum = 0
  for (const column of columns) sum += (column[i] - column[j]) ** 2
  return sum
}

/**
 * The unbiased squared discrepancy, at least 0; the kernel's width is the median distance of all rows. Of more than 2,000 rows some are looked at, evenly. Source: Gretton et
 * al. (2012).
 */
function discrepancy(both: Rows, n: number): (order: Uint32Array) => number {
  const step = Math.max(1, both.n / PAIRS)
  const rows = Array.from({ length: Math.floor(both.n / step) }, (_, k) => Math.floor(k * step))
  const size = rows.length
  const kernel = new Float64Array(size * size)
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) kernel[i * size + j] = square(both, rows[i], rows[j])
  const median =
    quantile(
      rows.flatMap((_, i) => Array.from(kernel.subarray(i * size, i * size + i))),
      0.5,
    ) || 1
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) kernel[i * size + j] = Math.exp(-kernel[i * size + j] / median)
  return (order) => {
    const isFirst = new Uint8Array(both.n)
    for (let i = 0; i < n; i++) isFirst[order[i]] = 1
    const side = rows.map((row) => isFirst[row])
    const a = sum(side)
    let [within, across, rest] = [0, 0, 0]
    for (let i = 0; i < size; i++)
      for (let j = 0; j < i; j++) {
        const value = kernel[i * size + j]
        if (side[i] !== side[j]) across += value
        else if (side[i] === 1) within += value
        else rest += value
      }
    const b = size - a
    return Math.max(0, (2 * within) / (a * (a - 1)) + (2 * rest) / (b * (b - 1)) - (2 * across) / (a * b))
  }
}

const DIRECTIONS = 50

/** Source: Rabin et al. (2011). */
function sliced(a: Rows, b: Rows, { seed = 0 }: RowMethodOptions): number {
  const scales = a.columns.map(unit)
  let total = 0
  for (let k = 0; k < DIRECTIONS; k++) {
    const direction = random({ seed, path: `direction ${k}` }).fillNormal(new Float64Array(scales.length))
    const length = Math.sqrt(dot(direction, direction))
    const along = ({ n, columns }: Rows): Float64Array => {
      const found = new Float64Array(n)
      for (const [j, column] of columns.entries()) {
        const weight = direction[j] / (length * scales[j])
        for (let i = 0; i < n; i++) found[i] += weight * column[i]
      }
      return found
    }
    const [x, y] = [along(a), along(b)]
    const [p, q] = [spread(x), spread(y)]
    total += wassersteinOf(x, y, { low: Math.min(p.min, q.min), high: Math.max(p.max, q.max) })
  }
  return total / DIRECTIONS
}

/** Rows that kernels stand on. */
const CENTRES = 100

/**
 * The squared distance of both densities as 2 t'h - t'Ht, t the weights of kernels that fit their difference; in units of a kernel's own. Source: Sugiyama et
 * al. (2013).
 */
function densityDistance(both: Rows, n: number): (order: Uint32Array) => number {
  const step = Math.max(1, Math.floor(both.n / CENTRES))
  const centres = Array.from({ length: Math.min(CENTRES, both.n) }, (_, i) => i * step)
  const scaled = { n: both.n, columns: both.columns.map((column) => column.map((v) => v / unit(column))) }
  const width =
    quantile(
      centres.flatMap((i, k) => centres.slice(0, k).map((j) => square(scaled, i, j))),
      0.5,
    ) || 1
  const m = centres.length
  const kernels = centres.map((c) =>
    Float64Array.from({ length: both.n }, (_, i) => Math.exp(-square(scaled, i, c) / width)),
  )
  const gram = new Float64Array(m * m)
  for (const [k, c] of centres.entries())
    for (const [l, d] of centres.entries()) gram[k * m + l] = Math.exp(-square(scaled, c, d) / (2 * width))
  const factor = cholesky(gram, m, { ridge: 0.01 })
  return (order) => {
    const weight = new Float64Array(both.n).fill(-1 / (both.n - n))
    for (let i = 0; i < n; i++) weight[order[i]] = 1 / n
    const h = Float64Array.from(kernels, (kernel) => dot(kernel, weight))
    const weights = choleskySolve(factor, m, h)
    let fitted = 0
    for (let k = 0; k < m; k++) for (let l = 0; l < m; l++) fitted += weights[k] * gram[k * m + l] * weights[l]
    return Math.max(0, 2 * dot(weights, h) - fitted)
  }
}

/** Half of the rows teach boosted trees which side a row is of; the other half tells how well they know. */
function separability(a: Rows, b: Rows, { seed = 0 }: RowMethodOptions): number {
  const both = together(a, b)
  const label = Float64Array.from({ length: both.n }, (_, i) => Number(i >= a.n))
  const order = random({ seed, path: 'separability' }).permutation(both.n)
  const half = both.n >> 1
  const [train, test] = [order.subarray(0, half), order.subarray(half)]
  const pick = (rows: Uint32Array): Float64Array => Float64Array.from(rows, (i) => label[i])
  const [seen, truth] = [pick(train), pick(test)]
  const count = sum(truth)
  if (count === 0 || count === truth.length || sum(seen) === 0 || sum(seen) === seen.length) return Number.NaN
  const trees = boostedTrees(part(both, train).columns, seen, { loss: 'logistic', trees: 50, depth: 3 })
  return auc(predictTrees(trees, part(both, test).columns), truth).auc
}

/** Components that hold 65 % of the variance rebuild rows; the mean error of the current ones against chunks of the reference. */
function reconstruction(a: Rows, b: Rows): number {
  const basis = basisOf(a)
  const d = basis.center.length
  const total = sum(basis.values)
  let [kept, held] = [0, 0]
  while (held < 0.65 * total && kept < d) held += basis.values[kept++]
  const errors = ({ n, columns }: Rows): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => {
      const z = columns.map((column, j) => (column[i] - basis.center[j]) / basis.scale[j])
      // what the kept directions do not hold
      let rest = dot(z, z)
      for (let k = 0; k < kept; k++) rest -= dot(z, basis.vectors.subarray(k * d, (k + 1) * d)) ** 2
      return Math.sqrt(Math.max(0, rest))
    })
  const [before, now] = [spread(errors(a)), spread(errors(b))]
  const sd = Math.sqrt(variance(before) / b.n)
  return Math.abs(now.mean - before.mean) / (sd || Number.EPSILON)
}
