import { PodError } from '@mlpod/contract'
import { quantiles, random, sortNumbers } from '@mlpod/math'
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
  const infos = (await data.describe()).filter(({ name }) => name !== target)
  if (infos.length === 0) throw new PodError('COLUMN_MISSING', 'there is no column besides the target')
  const read = await (data as Relation).toColumns(target, ...infos.map(({ name }) => name))
  const all = [target, ...infos.map(({ name }) => name)]
  const rows = read[target].data.length
  const missing = new Uint8Array(rows)
  for (const name of all) {
    const column = read[name]
    for (let i = 0; i < rows; i++)
      if (column.missing?.[i] === 1 || (column.kind === 'number' && !Number.isFinite(column.data[i]))) missing[i] = 1
  }
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
  const isCategory = infos.map(({ name }) => read[name].kind === 'text' || categorical.includes(name))
  const values = infos.map(({ name }) => picked(read[name].data, kept))
  const coded = values.map((list, j) => (isCategory[j] ? codesOf(list) : undefined))
  const given = values.filter((_, j) => !isCategory[j]) as Float64Array[]
  const numbers = [...given]
  let first = true
  for (const codes of coded) {
    if (!codes) continue
    for (let level = first ? 0 : 1; level < codes.levels.length; level++) numbers.push(indicator(codes.codes, level))
    first = false
  }
  const y = codesOf(picked(read[target].data, kept))
  const classes = y.levels.map(() => 0)
  for (const code of y.codes) classes[code]++
  let binnedOnce: readonly Codes[] | undefined
  return {
    n: kept.length,
    attributes: infos.map(({ name }, j) => ({
      name,
      categorical: isCategory[j],
      distinct: coded[j]?.levels.length ?? distinctOf(values[j] as Float64Array),
    })),
    numbers,
    get categories() {
      binnedOnce ??= [...coded.filter((codes) => codes !== undefined), ...given.map(binned)]
      return binnedOnce
    },
    target: y,
    classes,
    dropped: rows - whole.length,
    drawn: kept.length < whole.length,
    seed,
  }
}

/** The values of some rows. */
function picked(data: Float64Array | readonly string[], rows: Uint32Array): Float64Array | string[] {
  const found: Float64Array | string[] =
    data instanceof Float64Array ? new Float64Array(rows.length) : new Array<string>(rows.length)
  for (let i = 0; i < rows.length; i++) found[i] = data[rows[i]]
  return found
}

/** The number of distinct values. */
function distinctOf(values: Float64Array): number {
  const sorted = sortNumbers(values.slice())
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
  const levels = [...new Set<number | string>(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const at = new Map(levels.map((level, i) => [level, i]))
  const codes = new Int32Array(values.length)
  for (let i = 0; i < codes.length; i++) codes[i] = at.get(values[i])!
  return { codes, levels: levels.map(String) }
}

/** The cube root of n bins between linear quantiles; edges that all but touch are one. */
function binned(values: Float64Array): Codes {
  const bins = Math.trunc(values.length ** (1 / 3))
  const points = quantiles(
    values,
    Array.from({ length: bins }, (_, i) => (i + 1) / bins),
  )
  const edges = Float64Array.from(points).filter((edge, i) => i === 0 || edge - points[i - 1] > 1e-8)
  const places = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (edges[middle] < values[i]) low = middle + 1
      else high = middle
    }
    places[i] = low
  }
  return codesOf(places)
}
