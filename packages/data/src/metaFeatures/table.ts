import { PodError } from '@mlpod/contract'
import { quantiles, random } from '@mlpod/math'
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
  const whole: number[] = []
  for (let i = 0; i < rows; i++)
    if (
      all.every(
        (name) => read[name].missing?.[i] !== 1 && (read[name].kind === 'text' || Number.isFinite(read[name].data[i])),
      )
    )
      whole.push(i)
  if (whole.length < 2)
    throw new PodError('SAMPLE_TOO_SMALL', `${whole.length} rows have no missing value; meta-features need two`)
  const kept =
    maxRows !== undefined && whole.length > maxRows
      ? Array.from(random({ seed, path: 'meta' }).permutation(whole.length).subarray(0, maxRows), (i) => whole[i]).sort(
          (a, b) => a - b,
        )
      : whole
  const isCategory = infos.map(({ name }) => read[name].kind === 'text' || categorical.includes(name))
  const values = infos.map(({ name }) => kept.map((i) => read[name].data[i]))
  const coded = values.map((list, j) => (isCategory[j] ? codesOf(list) : undefined))
  const numbers: Float64Array[] = values.flatMap((list, j) =>
    isCategory[j] ? [] : [Float64Array.from(list as number[])],
  )
  let first = true
  for (const codes of coded) {
    if (!codes) continue
    for (let level = first ? 0 : 1; level < codes.levels.length; level++)
      numbers.push(Float64Array.from(codes.codes, (code) => Number(code === level)))
    first = false
  }
  const y = codesOf(kept.map((i) => read[target].data[i]))
  const classes = y.levels.map(() => 0)
  for (const code of y.codes) classes[code]++
  return {
    n: kept.length,
    attributes: infos.map(({ name }, j) => ({ name, categorical: isCategory[j], distinct: new Set(values[j]).size })),
    numbers,
    // numbers come first, as in the other view
    categories: [
      ...coded.filter((codes) => codes !== undefined),
      ...values.flatMap((list, j) => (isCategory[j] ? [] : [binned(Float64Array.from(list as number[]))])),
    ],
    target: y,
    classes,
    dropped: rows - whole.length,
    drawn: kept.length < whole.length,
    seed,
  }
}

function codesOf(values: readonly (string | number)[]): Codes {
  const levels = [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const at = new Map(levels.map((level, i) => [level, i]))
  return { codes: Int32Array.from(values, (value) => at.get(value)!), levels: levels.map(String) }
}

/** The cube root of n bins between linear quantiles; edges that all but touch are one. */
function binned(values: Float64Array): Codes {
  const bins = Math.trunc(values.length ** (1 / 3))
  const points = quantiles(
    values,
    Array.from({ length: bins }, (_, i) => (i + 1) / bins),
  )
  const edges = Array.from(points).filter((edge, i) => i === 0 || edge - points[i - 1] > 1e-8)
  return codesOf(Array.from(values, (v) => edges.filter((edge) => edge < v).length))
}
