import { didYouMean, PodError } from '@mlpod/contract'
import {
  auc,
  boostedTrees,
  predictTrees,
  quantile,
  random,
  solve,
  spread,
  symmetricEigen,
  variance,
  wassersteinOf,
} from '@mlpod/math'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'

/** Rows of numbers: an embedding, or all columns of a table together. */
interface Rows {
  readonly n: number
  readonly columns: readonly Float64Array[]
}

/** How rows of two tables compare as a whole. */
export interface RowDrift {
  readonly method: RowDriftMethod
  readonly score: number
  readonly threshold: number
  readonly drifted: boolean
  readonly rows: { readonly reference: number; readonly current: number }
}

/** Settings of `rowDrift`. */
export interface RowDriftOptions {
  /** The columns of the vector; all numbers of the reference by default. */
  readonly columns?: readonly string[]
  readonly method?: RowDriftMethod
  readonly threshold?: number
  /** Where means are compared. */
  readonly distance?: keyof typeof DISTANCES
  /** Keeps so many principal components of the reference first. */
  readonly components?: number
  /** Rows a side, drawn where there are more. */
  readonly maxRows?: number
  readonly seed?: number
}

const sum = (list: ArrayLike<number>): number =>
  Array.prototype.reduce.call(list, (a, b) => Number(a) + Number(b), 0) as number
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.prototype.reduce.call(a, (s, v, i) => Number(s) + Number(v) * b[i], 0) as number

const DISTANCES = {
  euclidean: (a, b) => Math.sqrt(sum(a.map((v, i) => (v - b[i]) ** 2))),
  cosine: (a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  cityblock: (a, b) => sum(a.map((v, i) => Math.abs(v - b[i]))),
  chebyshev: (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i]))),
} as const satisfies Readonly<Record<string, (a: number[], b: number[]) => number>>

interface RowMethod {
  readonly about: string
  readonly threshold: number
  readonly score: (reference: Rows, current: Rows, options: RowDriftOptions) => number
  /** Whether, with few rows, the threshold is what chance gives in 95 of 100 exchanges of both sides. */
  readonly byChance: boolean
}

const means = ({ columns }: Rows): number[] => columns.map((column) => spread(column).mean)

const unit = (column: Float64Array): number => Math.max(Math.sqrt(variance(spread(column), { ddof: 0 })), 0.001)

/** Every comparison of rows as a whole. Source of names and thresholds: Evidently 0.7 (embeddings), NannyML 0.13. */
export const rowMethods = {
  distance: {
    about: 'distance of the means',
    threshold: 0.2,
    byChance: true,
    score: (a, b, { distance = 'euclidean' }) => DISTANCES[distance](means(a), means(b)),
  },
  mmd: {
    about: 'maximum mean discrepancy under a Gaussian kernel',
    threshold: 0.015,
    byChance: true,
    score: discrepancy,
  },
  ratio: {
    about: 'share of components that have moved by a tenth of their standard deviation',
    threshold: 0.2,
    byChance: false,
    score: (a, b) => {
      const moved = a.columns.filter((column, i) => {
        const other = b.columns[i]
        const both = [spread(column), spread(other)]
        const range = { low: Math.min(both[0].min, both[1].min), high: Math.max(both[0].max, both[1].max) }
        return wassersteinOf(column, other, range) / unit(column) >= 0.1
      })
      return moved.length / a.columns.length
    },
  },
  model: {
    about: 'area under the curve of a classifier of the sides on rows it has not seen',
    threshold: 0.55,
    byChance: false,
    score: separability,
  },
  sliced_wasserstein: {
    about: 'earth mover distance of the rows, each column in its standard deviation, over directions drawn at random',
    threshold: 0.1,
    byChance: true,
    score: sliced,
  },
  lsdd: {
    about: 'squared distance of the densities, estimated as one',
    threshold: 0.05,
    byChance: true,
    score: densityDistance,
  },
  reconstruction: {
    about: 'how much worse principal components of the reference rebuild the current rows, in its standard deviations',
    threshold: 3,
    byChance: false,
    score: reconstruction,
  },
} as const satisfies Readonly<Record<string, RowMethod>>

/** The name of a comparison of rows. */
export type RowDriftMethod = keyof typeof rowMethods

/** Reference rows below which chance gives the threshold. */
const MANY = 1000
const EXCHANGES = 100

/**
 * Compares the rows of two tables as a whole: embeddings, or all numbers together, whose relations may change while no column does. Rows with
 * a missing number are left out. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `METHOD_UNKNOWN`, `SAMPLE_TOO_SMALL`.
 */
export async function rowDrift(
  reference: AnyRelation,
  current: AnyRelation,
  options: RowDriftOptions = {},
): Promise<RowDrift> {
  const { method = 'model', seed = 0 } = options
  const entry: RowMethod | undefined = (rowMethods as Readonly<Record<string, RowMethod>>)[method]
  if (entry === undefined)
    throw new PodError(
      'METHOD_UNKNOWN',
      `rows cannot be compared by "${method}"${didYouMean(method, Object.keys(rowMethods))}`,
      {
        hint: `there are ${Object.keys(rowMethods).join(', ')}`,
      },
    )
  const numeric = (await reference.describe())
    .filter(({ type }) => type === 'int' || type === 'float')
    .map(({ name }) => name)
  const names = options.columns ?? numeric
  for (const name of names) {
    if (!reference.columns.includes(name)) throw unknownColumn(name, reference.columns)
    if (!numeric.includes(name)) throw new PodError('COLUMN_TYPE', `the column "${name}" holds no numbers`)
  }
  if (names.length === 0) throw new PodError('COLUMN_MISSING', 'the reference has no numbers')
  const whole = [
    await readRows(reference, names, options, 'reference'),
    await readRows(current, names, options, 'current'),
  ]
  const [a, b] = options.components === undefined ? whole : project(whole[0], whole, options.components)
  const score = entry.score(a, b, options)
  const threshold =
    options.threshold ?? (entry.byChance && a.n < MANY ? chance(entry, a, b, options, seed) : entry.threshold)
  return { method, score, threshold, drifted: score > threshold, rows: { reference: a.n, current: b.n } }
}

async function readRows(
  data: AnyRelation,
  names: readonly string[],
  { maxRows = 20_000, seed = 0 }: RowDriftOptions,
  side: string,
): Promise<Rows> {
  for (const name of names)
    if (!data.columns.includes(name)) throw unknownColumn(name, data.columns, `the ${side} table`)
  const read = await (data as Relation).toColumns(...names)
  const columns = names.map((name) => read[name].data as Float64Array)
  const whole = Array.from(columns[0].keys()).filter((i) => columns.every((column) => Number.isFinite(column[i])))
  if (whole.length < 2)
    throw new PodError(
      'SAMPLE_TOO_SMALL',
      `the ${side} table has ${whole.length} rows without a missing number; two are needed`,
    )
  const order = random({ seed, path: `rows ${side}` })
    .permutation(whole.length)
    .subarray(0, maxRows)
  return { n: order.length, columns: columns.map((column) => Float64Array.from(order, (i) => column[whole[i]])) }
}

const part = ({ columns }: Rows, rows: ArrayLike<number>): Rows => ({
  n: rows.length,
  columns: columns.map((column) => Float64Array.from(rows, (i) => column[i])),
})

const together = (a: Rows, b: Rows): Rows => ({
  n: a.n + b.n,
  columns: a.columns.map((column, i) => Float64Array.of(...column, ...b.columns[i])),
})

/** The 95th of 100 scores of rows that are exchanged at random between both sides. */
function chance(method: RowMethod, a: Rows, b: Rows, options: RowDriftOptions, seed: number): number {
  const both = together(a, b)
  const scores = Array.from({ length: EXCHANGES }, (_, k) => {
    const order = random({ seed, path: `exchange ${k}` }).permutation(both.n)
    return method.score(part(both, order.subarray(0, a.n)), part(both, order.subarray(a.n)), options)
  })
  return quantile(scores, 0.95)
}

/** Rows a side of sums over all pairs. */
const PAIRS = 1000

/** The unbiased squared discrepancy, at least 0; the kernel's width is the median distance of all rows. Source: Gretton et al. (2012). */
function discrepancy(first: Rows, second: Rows): number {
  const cut = (rows: Rows): Rows =>
    part(
      rows,
      Array.from({ length: Math.min(PAIRS, rows.n) }, (_, i) => i),
    )
  const [a, b] = [cut(first), cut(second)]
  const both = together(a, b)
  const square = (i: number, j: number): number =>
    both.columns.reduce((s, column) => s + (column[i] - column[j]) ** 2, 0)
  const distances: number[] = []
  for (let i = 0; i < both.n; i++) for (let j = 0; j < i; j++) distances.push(square(i, j))
  const median = quantile(distances, 0.5) || 1
  let at = 0
  let [within, across, rest] = [0, 0, 0]
  for (let i = 0; i < both.n; i++)
    for (let j = 0; j < i; j++) {
      const kernel = Math.exp(-distances[at++] / median)
      if (i < a.n) within += kernel
      else if (j < a.n) across += kernel
      else rest += kernel
    }
  return Math.max(0, (2 * within) / (a.n * (a.n - 1)) + (2 * rest) / (b.n * (b.n - 1)) - (2 * across) / (a.n * b.n))
}

const DIRECTIONS = 50

/** Source: Rabin et al. (2011). */
function sliced(a: Rows, b: Rows, { seed = 0 }: RowDriftOptions): number {
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
const CENTRES = 200

/**
 * The squared distance of both densities as 2 t'h - t'Ht, t the weights of kernels that fit their difference; in units of a kernel's own. Source: Sugiyama et
 * al. (2013).
 */
function densityDistance(a: Rows, b: Rows): number {
  const both = together(a, b)
  const step = Math.max(1, Math.floor(both.n / CENTRES))
  const centres = Array.from({ length: Math.min(CENTRES, both.n) }, (_, i) => i * step)
  const scales = a.columns.map(unit)
  const square = (i: number, j: number): number =>
    both.columns.reduce((s, column, k) => s + ((column[i] - column[j]) / scales[k]) ** 2, 0)
  const width =
    quantile(
      centres.flatMap((i, k) => centres.slice(0, k).map((j) => square(i, j))),
      0.5,
    ) || 1
  const m = centres.length
  const h = new Float64Array(m)
  centres.forEach((c, k) => {
    for (let i = 0; i < both.n; i++) h[k] += Math.exp(-square(i, c) / width) * (i < a.n ? 1 / a.n : -1 / b.n)
  })
  const gram = new Float64Array(m * m)
  for (const [k, c] of centres.entries())
    for (const [l, d] of centres.entries()) gram[k * m + l] = Math.exp(-square(c, d) / (2 * width))
  const weights = solve(gram, m, h, { ridge: 0.01 })
  let fitted = 0
  for (let k = 0; k < m; k++) for (let l = 0; l < m; l++) fitted += weights[k] * gram[k * m + l] * weights[l]
  return Math.max(0, 2 * dot(weights, h) - fitted)
}

/** Half of the rows teach boosted trees which side a row is of; the other half tells how well they know. */
function separability(a: Rows, b: Rows, { seed = 0 }: RowDriftOptions): number {
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

interface Basis {
  readonly center: readonly number[]
  readonly scale: readonly number[]
  /** Directions as rows, the widest first, and how much they hold. */
  readonly vectors: Float64Array
  readonly values: Float64Array
}

function basisOf({ columns, n }: Rows): Basis {
  const d = columns.length
  const spreads = columns.map((column) => spread(column))
  const center = spreads.map(({ mean }) => mean)
  const scale = spreads.map((s) => Math.sqrt(variance(s, { ddof: 0 })) || 1)
  const z = columns.map((column, j) => column.map((v) => (v - center[j]) / scale[j]))
  const covariance = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) covariance[i * d + j] = covariance[j * d + i] = dot(z[i], z[j]) / n
  return { center, scale, ...symmetricEigen(covariance, d) }
}

function project(of: Rows, sides: readonly Rows[], components: number): Rows[] {
  const { center, scale, vectors } = basisOf(of)
  const d = center.length
  if (!(Number.isInteger(components) && components > 0 && components <= d))
    throw new PodError('OPTION_INVALID', `${components} components cannot be kept of ${d} columns`)
  return sides.map(({ n, columns }) => ({
    n,
    columns: Array.from({ length: components }, (_, k) =>
      Float64Array.from({ length: n }, (_, i) =>
        columns.reduce((s, column, j) => s + ((column[i] - center[j]) / scale[j]) * vectors[k * d + j], 0),
      ),
    ),
  }))
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
