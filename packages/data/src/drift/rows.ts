import { didYouMean, PodError } from '@mlpod/contract'
import { quantile, random } from '@mlpod/math'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'
import { project } from './basis.ts'
import { type Rows, together } from './matrix.ts'
import { type RowDriftMethod, type RowMethod, type RowMethodOptions, rowMethods } from './rowMethods.ts'

/** How rows of two tables compare as a whole. */
export interface RowDrift {
  readonly method: RowDriftMethod
  readonly score: number
  readonly threshold: number
  readonly drifted: boolean
  readonly rows: { readonly reference: number; readonly current: number }
}

/** Settings of `rowDrift`. */
export interface RowDriftOptions extends RowMethodOptions {
  /** The columns of the vector; all numbers of the reference by default. */
  readonly columns?: readonly string[]
  readonly method?: RowDriftMethod
  readonly threshold?: number
  /** Keeps so many principal components of the reference first. */
  readonly components?: number
  /** Rows a side, drawn where there are more. */
  readonly maxRows?: number
}

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
  const scored = entry.scorer(together(a, b), a.n, options)
  const score = scored(Uint32Array.from({ length: a.n + b.n }, (_, i) => i))
  const threshold =
    options.threshold ?? (entry.byChance && a.n < MANY ? chance(scored, a.n + b.n, seed) : entry.threshold)
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

/** The 95th of 100 scores of rows that are exchanged at random between both sides. */
function chance(scored: (order: Uint32Array) => number, n: number, seed: number): number {
  const scores = Array.from({ length: EXCHANGES }, (_, k) =>
    scored(random({ seed, path: `exchange ${k}` }).permutation(n)),
  )
  return quantile(scores, 0.95)
}
