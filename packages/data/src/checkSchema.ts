import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { countIf, openEngine } from './engine.ts'
import { relation, unknownColumn, untyped } from './query.ts'
import type { AnyRelation, Cell, ColumnInfo, Relation } from './relation.ts'
import { isBeyondRe2, type Rule, type RuleName, rules } from './rules.ts'
import type { Column } from './schema.ts'
import { asRowSchema, type SchemaLike } from './standardSchema.ts'

/** Rows that break one rule of one column. `first` are the first of them, by position. */
export interface Violation {
  readonly column: string
  readonly rule: RuleName
  /** In words: `below 0`. */
  readonly sentence: string
  readonly count: number
  readonly first: readonly { readonly row: number; readonly value: Cell }[]
}

/** What checking a relation against a schema showed. */
export interface SchemaCheck {
  readonly ok: boolean
  readonly rows: number
  readonly violations: readonly Violation[]
}

/** The rules of one column that a row can break by itself. */
const rulesOf = (column: Column): [RuleName, Rule][] =>
  (Object.entries(rules) as [RuleName, Rule][]).filter(([, rule]) => rule.applies(column))

/**
 * Counts the rows that break each rule of the schema, in one scan; only for broken rules the first `samples` rows (0 is
 * the first) are fetched. Throws `COLUMN_MISSING` when the relation lacks a column; other columns are not looked at.
 */
export async function checkSchema(
  data: AnyRelation,
  schema: SchemaLike,
  { samples = 3 }: { readonly samples?: number } = {},
): Promise<SchemaCheck> {
  const engine = await openEngine()
  const { sql } = engine
  const { columns } = asRowSchema(schema)
  const present = new Map((await data.describe()).map((info) => [info.name, info]))
  const violations: Violation[] = []
  const typed: [string, Column][] = []
  for (const [name, column] of Object.entries(columns)) {
    const info = present.get(name)
    if (!info) throw missingColumn(name, [...present.keys()])
    if (isOfType(info, column)) typed.push([name, column])
    else
      violations.push({
        column: name,
        rule: 'type',
        sentence: `${info.sqlType} and no ${column.type}`,
        count: 1,
        first: [],
      })
  }
  const broken: { column: string; rule: RuleName; sentence: string; predicate: ExprNode }[] = typed.flatMap(
    ([name, column]) =>
      rulesOf(column).map(([rule, { broken, sentence }]) => ({
        column: name,
        rule,
        sentence: sentence(column),
        predicate: broken(sql, sql.column(name), column),
      })),
  )
  const unique = typed.filter(([, column]) => column.unique)
  const select: Record<string, ExprNode> = { n: sql.count() }
  broken.forEach(({ predicate }, i) => {
    select[`rule_${i}`] = countIf(sql, predicate)
  })
  unique.forEach(([name], i) => {
    const values = sql.count(sql.column(name))
    select[`unique_${i}`] = sql.sub(values, values.distinct())
  })
  const [counts] = await engine.read(String(sql.Query.from({ input: data.query }).select(select)))
  const fetch = async (predicate: ExprNode, name: string): Promise<Violation['first']> => {
    if (samples === 0) return []
    const numbered = sql.Query.from({ input: data.query }).select({
      row: sql.row_number(),
      value: sql.column(name),
      broken: predicate,
    })
    const rows = await relation<{ row: number; value: Cell }>({
      engine,
      query: sql.Query.from({ numbered }).select('row', 'value').where(sql.column('broken')),
      columns: ['row', 'value'],
      order: ['row'],
      tokens: [],
    })
      .limit(samples)
      .rows()
    return rows.map(({ row, value }) => ({ row: row - 1, value }))
  }
  for (const [i, { predicate, ...said }] of broken.entries()) {
    const count = Number(counts[`rule_${i}`])
    if (count > 0) violations.push({ ...said, count, first: await fetch(predicate, said.column) })
  }
  for (const [i, [name]] of unique.entries()) {
    if (Number(counts[`unique_${i}`]) === 0) continue
    const repeated = sql.gt(sql.count(sql.column(name)).partitionby(sql.column(name)), sql.literal(1))
    const first = await fetch(repeated, name)
    violations.push({ column: name, rule: 'unique', sentence: 'repeated', count: Number(counts[`unique_${i}`]), first })
  }
  for (const [name, column] of typed)
    if (column.pattern !== undefined && isBeyondRe2(column.pattern)) {
      const found = await checkPattern(untyped(data), name, column.pattern)
      if (found) violations.push(found)
    }
  return { ok: violations.length === 0, rows: Number(counts.n), violations }
}

/** A pattern that SQL cannot run is tried on each distinct value. */
async function checkPattern(data: Relation, name: string, pattern: string): Promise<Violation | undefined> {
  const expression = new RegExp(pattern, 'su')
  const values = await data.groupBy([name], { times: ({ count }) => count() }).rows()
  const bad = values.filter(({ [name]: value }) => value !== null && !expression.test(String(value)))
  if (bad.length === 0) return undefined
  return {
    column: name,
    rule: 'pattern',
    sentence: `not matching ${pattern}`,
    count: bad.reduce((sum, { times }) => sum + Number(times), 0),
    first: bad.slice(0, 3).map(({ [name]: value }) => ({ row: -1, value })),
  }
}

const isOfType = ({ type }: ColumnInfo, column: Column): boolean =>
  type === column.type || (type === 'int' && column.type === 'float')

const missingColumn = (name: string, columns: readonly string[]): PodError =>
  new PodError('COLUMN_MISSING', unknownColumn(name, columns).message)

const shown = (value: Cell): string => (typeof value === 'number' ? String(value) : JSON.stringify(value))

/** Throws `SCHEMA_VIOLATED` naming what is wrong with `what`, unless the check is ok. */
export function assertSchema({ ok, rows, violations }: SchemaCheck, what: string, at?: string): void {
  if (ok) return
  const [worst, ...rest] = violations
  const [first] = worst.first
  const example = first ? `: first ${shown(first.value)}${first.row < 0 ? '' : ` in row ${first.row}`}` : ''
  const said =
    worst.rule === 'type'
      ? `the column "${worst.column}" of ${what} is ${worst.sentence}`
      : `the column "${worst.column}" of ${what} is ${worst.sentence} in ${worst.count} of ${rows} rows${example}`
  throw new PodError('SCHEMA_VIOLATED', said, {
    at,
    because:
      rest.length > 0
        ? `also ${rest.map(({ column, sentence, count }) => `"${column}" ${sentence} (${count})`).join(', ')}`
        : undefined,
    hint: 'correct the data, or the schema if such values are right',
  })
}
