import type { Json } from '@mlpod/contract'
import { identifier } from '../engine.ts'
import type { RowCondition } from '../expectations/condition.ts'
import type { Expectation } from '../expectations/expectation.ts'
import { tryAll } from '../expectations/run.ts'
import type { AnyRelation } from '../relation.ts'

/** A condition that tells failing rows from the others. */
export interface FailureRule {
  readonly where: RowCondition
  /** Rows for which it is true, and those of them that fail. */
  readonly rows: number
  readonly failures: number
  /** Share of all failures that it explains, and of its rows that fail. */
  readonly explains: number
  readonly precision: number
}

/** Distinct values up to which a column takes part, and columns that do at most. */
const FEW = 200
const MOST = 12

/**
 * Returns the row conditions (column = value, or two of them) that explain most failures of an expectation by row: the simplest that tells
 * failing rows from others best is first (by the harmonic mean of `explains` and `precision`; a pair must be better by 0.02). One statement
 * counts the distinct values, and one with grouping sets the failures of all conditions together. Empty where no row fails.
 */
export async function explainFailures(
  data: AnyRelation,
  expectation: Expectation,
  {
    columns,
    rules = 5,
    pairs = true,
  }: { readonly columns?: readonly string[]; readonly rules?: number; readonly pairs?: boolean } = {},
): Promise<readonly FailureRule[]> {
  const [{ failing, result }] = await tryAll(data, [expectation], { samples: 0, tables: {} })
  if (failing === undefined || result.unexpected === 0) return []
  const { engine } = data
  const { sql } = engine
  const { from = data, predicate } = failing
  // rows of another table (repeated or ordered ones) are known by their places
  const place = failing.place
  const bad =
    place === undefined
      ? String(predicate)
      : `${identifier(place)} IN (SELECT ${identifier(place)} FROM (${from.query}) WHERE ${predicate})`
  const rows =
    place === undefined
      ? String(data.query)
      : `SELECT *, row_number() OVER () - 1 AS ${identifier(place)} FROM (${data.query})`
  const names = (columns ?? data.columns).filter((name) => data.columns.includes(name))
  const [distinct] = await engine.read(
    String(
      sql.Query.from({ input: data.query }).select(
        Object.fromEntries(
          names.map((name, i) => [`d${i}`, new sql.AggregateNode('approx_count_distinct', [sql.column(name)])]),
        ),
      ),
    ),
  )
  const few = names
    .map((name, i) => ({ name, n: Number(distinct[`d${i}`]) }))
    .filter(({ n }) => n >= 2 && n <= FEW)
    .sort((a, b) => a.n - b.n)
    .slice(0, MOST)
    .map(({ name }) => name)
  if (few.length === 0) return []
  const sets = few.map((_, i) => [i])
  if (pairs) for (let i = 0; i < few.length; i++) for (let j = i + 1; j < few.length; j++) sets.push([i, j])
  const quotedNames = few.map(identifier)
  const grouping = sets.map((set) => `(${set.map((i) => quotedNames[i]).join(', ')})`).join(', ')
  const counted = await engine.read(
    `SELECT ${quotedNames.map((name, i) => `CAST(${name} AS VARCHAR) AS v${i}`).join(', ')}, GROUPING(${quotedNames.join(', ')}) AS part, count(*) AS n, count_if(bad) AS failures FROM (SELECT ${quotedNames.join(', ')}, coalesce(${bad}, false) AS bad FROM (${rows})) GROUP BY GROUPING SETS (${grouping}) HAVING count_if(bad) > 0`,
  )
  const types = new Map((await data.describe()).map(({ name, type }) => [name, type]))
  const leaf = (name: string, value: unknown): RowCondition => {
    if (value === null) return { column: name, operator: 'isNull' }
    const type = types.get(name)
    const typed =
      type === 'int' || type === 'float' ? Number(value) : type === 'bool' ? value === 'true' : String(value)
    return { column: name, operator: '==', value: typed }
  }
  const total = result.unexpected
  const found = counted.map((row) => {
    // a bit is 1 where the column is not part of the group, the first column's the highest
    const part = Number(row.part)
    const used = few.flatMap((name, i) => ((part >> (few.length - 1 - i)) & 1 ? [] : [{ name, value: row[`v${i}`] }]))
    const parts = used.map(({ name, value }) => leaf(name, value))
    const [n, failures] = [Number(row.n), Number(row.failures)]
    const [explains, precision] = [failures / total, failures / n]
    const quality = (2 * explains * precision) / (explains + precision) - (parts.length > 1 ? 0.02 : 0)
    return { where: parts.length === 1 ? parts[0] : { and: parts }, rows: n, failures, explains, precision, quality }
  })
  return found
    .sort((a, b) => b.quality - a.quality || compareText(a.where, b.where))
    .slice(0, rules)
    .map(({ quality: _, ...rule }) => rule)
}

const compareText = (a: unknown, b: unknown): number => (JSON.stringify(a as Json) < JSON.stringify(b as Json) ? -1 : 1)
