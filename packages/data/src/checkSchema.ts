import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, scalar, valueCounts } from './aggregates/index.ts'
import { countIf, type Sql } from './engine.ts'
import { freeName } from './expectations/order.ts'
import type { Failing } from './expectations/plan.ts'
import { samplesOf } from './expectations/sample.ts'
import { unknownColumn, untyped } from './query.ts'
import type { AnyRelation, Cell, ColumnInfo } from './relation.ts'
import { brokenOf, isBeyondRe2, literalOf, type RuleName } from './rules.ts'
import type { Column, RowSchema } from './schema.ts'
import { asRowSchema, type SchemaLike } from './standardSchema.ts'

/** Rows that break one rule of one column. `first` are the first of them, by position. */
export interface Violation {
  /** The column, or the columns of a unique set in one text. */
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

/** A rule that is to be counted: what is read for it, how many rows break it, and which. */
interface Counted {
  readonly column: string
  readonly rule: RuleName
  readonly sentence: string
  readonly needs: readonly Aggregate<never>[]
  /** Rows that break it, and where they are. */
  readonly finish: (values: readonly never[]) => { readonly count: number; readonly failing: Failing }
}

/**
 * Counts the rows that break each rule of the schema, in one scan; only for broken rules the first `samples` rows (0 is
 * the first) are fetched, in one statement for all of them (repeated values in one each). Throws `COLUMN_MISSING` when the
 * relation lacks a column; other columns are not looked at, unless the schema forbids them.
 */
export async function checkSchema(
  data: AnyRelation,
  schema: SchemaLike,
  { samples = 3 }: { readonly samples?: number } = {},
): Promise<SchemaCheck> {
  const { sql } = data.engine
  const row = asRowSchema(schema) as RowSchema
  const found = new Map((await data.describe()).map((info) => [info.name, info]))
  const { typed, violations } = checkColumnsOf(row, found)
  const counted = [...ofRows(sql, typed), ...ofSets(data, row, typed), ...ofPatterns(sql, typed)]
  const all = scalar<number>(sql.count())
  const read = await collect(data, [all, ...counted.flatMap(({ needs }) => needs)])
  const broken = counted
    .map(({ needs, finish, ...said }) => ({ ...said, ...finish(needs.map((need) => read(need))) }))
    .filter(({ count }) => count > 0)
  const wanted = broken.map(({ failing, count }) => ({ failing, unexpected: count }))
  const first = samples > 0 ? await samplesOf(data, wanted, found, { limit: samples }) : []
  broken.forEach(({ failing: _, ...said }, i) => {
    const { rows = [], values = [] } = first[i] ?? {}
    violations.push({ ...said, first: rows.map((row, j) => ({ row, value: shownCell(values[j]) })) })
  })
  return { ok: violations.length === 0, rows: Number(read(all)), violations }
}

const shownCell = (value: Cell | Readonly<Record<string, Cell>>): Cell =>
  typeof value === 'object' && value !== null ? JSON.stringify(Object.values(value)) : value

/** What can be seen of a table without reading it: its columns, their types and order. Throws `COLUMN_MISSING`. */
export function checkColumnsOf(
  { columns, extra, ordered }: RowSchema,
  found: ReadonlyMap<string, ColumnInfo>,
): { readonly typed: readonly (readonly [string, Column])[]; readonly violations: Violation[] } {
  const violations: Violation[] = []
  const typed: [string, Column][] = []
  const ofTable = (column: string, rule: RuleName, sentence: string) =>
    violations.push({ column, rule, sentence, count: 1, first: [] })
  for (const [name, column] of Object.entries(columns)) {
    const info = found.get(name)
    if (!info) throw missingColumn(name, [...found.keys()])
    if (isOfType(info, column)) typed.push([name, column])
    else ofTable(name, 'type', `${info.sqlType} and no ${column.type}`)
  }
  const present = [...found.keys()]
  if (extra === 'forbid')
    for (const name of present) if (!Object.hasOwn(columns, name)) ofTable(name, 'extra', 'no column of the schema')
  const inTable = present.filter((name) => Object.hasOwn(columns, name))
  const misplaced = Object.keys(columns).find((name, i) => name !== inTable[i])
  if (ordered && misplaced !== undefined)
    ofTable(
      misplaced,
      'ordered',
      `not at place ${Object.keys(columns).indexOf(misplaced)} among the columns of the schema`,
    )
  return { typed, violations }
}

const ofRows = (sql: Sql, typed: readonly (readonly [string, Column])[]): Counted[] =>
  brokenOf(sql, typed).map(({ predicate, ...said }) => ({
    ...said,
    needs: [scalar<never>(countIf(sql, predicate))],
    finish: ([count]) => ({ count: Number(count), failing: { predicate, columns: [said.column] } }),
  }))

/** Columns, and sets of them, that hold nothing twice; rows in which all of a set are missing do not count. */
export const uniqueSets = ({ columns, unique = [] }: RowSchema): readonly (readonly string[])[] => [
  ...Object.keys(columns)
    .filter((name) => columns[name].unique)
    .map((name) => [name]),
  ...unique,
]

function ofSets(data: AnyRelation, row: RowSchema, typed: readonly (readonly [string, Column])[]): Counted[] {
  const { sql } = data.engine
  const right = new Set(typed.map(([name]) => name))
  return uniqueSets(row)
    .filter((names) => names.every((name) => right.has(name)))
    .map((names): Counted => {
      const values = names.map((name) => sql.column(name))
      const isThere = sql.not(sql.and(...values.map((value) => sql.isNull(value))))
      const value =
        values.length === 1 ? values[0] : (sql.cond(isThere, new sql.FunctionNode('row', values)) as ExprNode)
      return {
        column: names.join(', '),
        rule: 'unique',
        sentence: 'repeated',
        needs: [scalar<never>(countIf(sql, isThere)), scalar<never>(sql.count(value).distinct(), { heavy: true })],
        finish: ([n, distinct]) => ({ count: Number(n) - Number(distinct), failing: repeatedRows(data, names) }),
      }
    })
}

/** The rows whose values in these columns occur more than once. */
function repeatedRows(data: AnyRelation, names: readonly string[]): Failing {
  const { sql } = data.engine
  const place = freeName(data.columns, 'place')
  const times = freeName([...data.columns, place], 'times')
  const values = names.map((name) => sql.column(name))
  const from = untyped(data)
    .select(...names)
    .derive({
      [place]: sql.sub(sql.row_number(), sql.literal(1)),
      [times]: sql.count().partitionby(...values),
    })
  const isThere = sql.not(sql.and(...values.map((value) => sql.isNull(value))))
  return { from, place, predicate: sql.and(isThere, sql.gt(sql.column(times), sql.literal(1))), columns: names }
}

/** Patterns that SQL cannot run are tried on each distinct value. */
const ofPatterns = (sql: Sql, typed: readonly (readonly [string, Column])[]): Counted[] =>
  typed
    .filter(([, { pattern }]) => pattern !== undefined && isBeyondRe2(pattern))
    .map(([name, { pattern }]): Counted => {
      const expression = new RegExp(pattern!, 'u')
      return {
        column: name,
        rule: 'pattern',
        sentence: `not matching ${pattern}`,
        needs: [valueCounts([sql.column(name)]) as Aggregate<never>],
        finish: ([counts]) => {
          const bad = (counts as readonly { readonly values: readonly Cell[]; readonly count: number }[]).filter(
            ({ values: [value] }) => value !== null && !expression.test(String(value)),
          )
          // enough of them to show the first
          const shown = bad.slice(0, 100).map(({ values: [value] }) => literalOf(sql, 'string', String(value)))
          const predicate = shown.length > 0 ? sql.isIn(sql.column(name), shown) : sql.literal(false)
          return { count: bad.reduce((sum, { count }) => sum + count, 0), failing: { predicate, columns: [name] } }
        },
      }
    })

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
