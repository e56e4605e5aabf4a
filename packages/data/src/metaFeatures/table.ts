import { PodError } from '@mlpod/contract'
import { quantilesOfSorted, random, sortNumbers } from '@mlpod/math'
import { collect, valueCounts } from '../aggregates/index.ts'
import type { ColumnData } from '../columns.ts'
import { quoted } from '../engine.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'

/** Values as whole numbers from 0, in the order of the sorted values. */
export interface Codes {
  readonly codes: Int32Array
  readonly levels: readonly string[]
}

/** A table as meta-features look at it. Source of both views: pymfe 0.4. */
export interface MetaTable {
  readonly n: number
  readonly attributes: readonly { readonly name: string; readonly categorical: boolean; readonly distinct: number }[]
  /** Columns of numbers: those that are, then categories as indicators of their levels (all of the first, all but one of the others). */
  readonly numbers: readonly Float64Array[]
  /** The same columns, each in ascending order: what all order statistics are read from. */
  readonly sorted: readonly Float64Array[]
  /** Columns as categories: those that are, then numbers in bins of equally many rows; in the order of the attributes. */
  readonly categories: readonly Codes[]
  readonly target: Codes
  /** Rows by class. */
  readonly classes: readonly number[]
  /** Rows left out because a value is missing, and whether rows were drawn. */
  readonly dropped: number
  readonly drawn: boolean
  readonly seed: number
}

/** Reads a table. Rows with a missing value are left out; `maxRows` of them are drawn where there are more. */
export async function readMeta(
  data: AnyRelation,
  {
    target,
    categorical = [],
    maxRows,
    seed = 0,
  }: {
    readonly target: string
    readonly categorical?: readonly string[]
    readonly maxRows?: number
    readonly seed?: number
  },
): Promise<MetaTable> {
  for (const name of [target, ...categorical]) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const described = await data.describe()
  const targetIsText = described.some(({ name, sqlType }) => name === target && sqlType === 'VARCHAR')
  const infos = described.filter(({ name }) => name !== target)
  if (infos.length === 0) throw new PodError('COLUMN_MISSING', 'there is no column besides the target')
  const texts = infos.filter(({ sqlType }) => sqlType === 'VARCHAR').map(({ name }) => name)
  const all = [target, ...infos.map(({ name }) => name)]
  const { read, levels } = await readCoded(data as Relation, all, targetIsText ? [target, ...texts] : texts)
  const rows = read[target].data.length
  const missing = new Uint8Array(rows)
  for (const name of all) mark(missing, read[name])
  const whole = new Uint32Array(rows - missing.reduce((sum, m) => sum + m, 0))
  for (let i = 0, k = 0; i < rows; i++) if (missing[i] === 0) whole[k++] = i
  if (whole.length < 2)
    throw new PodError('SAMPLE_TOO_SMALL', `${whole.length} rows have no missing value; meta-features need two`)
  const kept =
    maxRows !== undefined && whole.length > maxRows
      ? random({ seed, path: 'meta' })
          .permutation(whole.length)
          .subarray(0, maxRows)
          .map((i) => whole[i])
          .sort()
      : whole
  const isCategory = infos.map(
    ({ name }) => levels.has(name) || read[name].kind === 'text' || categorical.includes(name),
  )
  const coded = (name: string): Codes => {
    const values = picked(read[name].data, kept)
    const known = levels.get(name)
    return known ? withoutUnused(values as Float64Array, known) : codesOf(values)
  }
  const codes = infos.map(({ name }, j) => (isCategory[j] ? coded(name) : undefined))
  const given = infos.filter((_, j) => !isCategory[j]).map(({ name }) => picked(read[name].data, kept) as Float64Array)
  const sorted = given.map((values) => sortNumbers(values.slice()))
  const distinct = sorted.map(distinctOf).values()
  const attributes = infos.map(({ name }, j) => ({
    name,
    categorical: isCategory[j],
    distinct: codes[j]?.levels.length ?? distinct.next().value!,
  }))
  const categories = codes.filter((column) => column !== undefined)
  const indicators = categories.flatMap((column, j) =>
    column.levels.slice(j === 0 ? 0 : 1).map((_, level) => indicator(column.codes, j === 0 ? level : level + 1)),
  )
  const y = coded(target)
  const classes = y.levels.map(() => 0)
  for (const code of y.codes) classes[code]++
  let [binnedOnce, sortedOnce]: [(readonly Codes[])?, (readonly Float64Array[])?] = []
  return {
    n: kept.length,
    attributes,
    numbers: [...given, ...indicators],
    get sorted() {
      sortedOnce ??= [...sorted, ...indicators.map((column) => sortNumbers(column.slice()))]
      return sortedOnce
    },
    get categories() {
      binnedOnce ??= [...categories, ...given.map((values, j) => binned(values, sorted[j]))]
      return binnedOnce
    },
    target: y,
    classes,
    dropped: rows - whole.length,
    drawn: kept.length < whole.length,
    seed,
  }
}

/** Distinct texts of a column up to which the engine gives their places instead of the texts, which take long to read. */
const FEW = 1000

/** Reads columns; of texts that are few, `levels` has what they are in order, and the column their places. */
async function readCoded(
  data: Relation,
  names: readonly string[],
  texts: readonly string[],
): Promise<{
  readonly read: Readonly<Record<string, ColumnData>>
  readonly levels: ReadonlyMap<string, readonly string[]>
}> {
  const { sql } = data.engine
  const counted = texts.map((name) => valueCounts([sql.column(name)], { limit: FEW + 1 }))
  const collected = await collect(data, counted)
  const levels = new Map<string, readonly string[]>()
  for (const [i, name] of texts.entries()) {
    const found = collected(counted[i]).map(({ values: [text] }) => text as string)
    // a statement ends at a NUL
    if (found.length > 0 && found.length <= FEW && !found.some((text) => text.includes('\0')))
      levels.set(name, found.sort(ascending))
  }
  const places = Array.from(levels, ([name, list]) => {
    const code = sql.cast(sql.column(name), `ENUM(${list.map(quoted).join(', ')})`)
    return [name, new sql.FunctionNode('enum_code', [code])] as const
  })
  const read = await data.derive(Object.fromEntries(places)).toColumns(...names)
  return { read, levels }
}

const ascending = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Marks the rows in which a column has no value. */
function mark(missing: Uint8Array, column: ColumnData): void {
  const { data, missing: own } = column
  if (own) for (let i = 0; i < missing.length; i++) missing[i] |= own[i]
  if (data instanceof Float64Array)
    for (let i = 0; i < missing.length; i++) if (!Number.isFinite(data[i])) missing[i] = 1
}

/** The values of some rows. */
function picked(data: Float64Array | readonly string[], rows: Uint32Array): Float64Array | readonly string[] {
  if (rows.length === data.length) return data
  const found: Float64Array | string[] =
    data instanceof Float64Array ? new Float64Array(rows.length) : new Array<string>(rows.length)
  for (let i = 0; i < rows.length; i++) found[i] = data[rows[i]]
  return found
}

/** The number of distinct values of sorted ones. */
function distinctOf(sorted: Float64Array): number {
  let count = sorted.length > 0 ? 1 : 0
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) count++
  return count
}

function indicator(codes: Int32Array, level: number): Float64Array {
  const found = new Float64Array(codes.length)
  for (let i = 0; i < codes.length; i++) if (codes[i] === level) found[i] = 1
  return found
}

function codesOf(values: Float64Array | readonly string[]): Codes {
  const levels = [...new Set<number | string>(values)].sort(ascending)
  const at = new Map(levels.map((level, i) => [level, i]))
  const codes = new Int32Array(values.length)
  for (let i = 0; i < codes.length; i++) codes[i] = at.get(values[i])!
  return { codes, levels: levels.map(String) }
}

/** Codes of places in a list, of which those that do not occur are left out. */
function withoutUnused(places: ArrayLike<number>, levels: readonly string[]): Codes {
  const used = new Int32Array(levels.length)
  for (let i = 0; i < places.length; i++) used[places[i]] = 1
  const left = levels.filter((_, place) => used[place] === 1)
  for (let place = 0, next = 0; place < used.length; place++) used[place] = used[place] === 1 ? next++ : -1
  const codes = new Int32Array(places.length)
  for (let i = 0; i < codes.length; i++) codes[i] = used[places[i]]
  return { codes, levels: left }
}

/** Cells that values are put in before they are compared with edges. */
const CELLS = 4096

/** The cube root of n bins between linear quantiles; edges that all but touch are one. */
function binned(values: Float64Array, sorted: Float64Array): Codes {
  const bins = Math.trunc(values.length ** (1 / 3))
  const points = quantilesOfSorted(
    sorted,
    Array.from({ length: bins }, (_, i) => (i + 1) / bins),
  )
  const edges = Float64Array.from(points).filter((edge, i) => i === 0 || edge - points[i - 1] > 1e-8)
  const low = sorted[0]
  const scale = CELLS / (sorted[sorted.length - 1] - low)
  // edges of the cells before one lie below all values in it
  const cell = (value: number): number => Math.min(CELLS, Math.trunc((value - low) * scale)) || 0
  const first = new Int32Array(CELLS + 2)
  for (const edge of edges) first[cell(edge) + 1]++
  for (let i = 1; i < first.length; i++) first[i] += first[i - 1]
  const places = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    let place = first[cell(values[i])]
    while (edges[place] < values[i]) place++
    places[i] = place
  }
  return withoutUnused(
    places,
    Array.from({ length: edges.length + 1 }, (_, place) => String(place)),
  )
}
