import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { collect, scalar } from '../aggregates/index.ts'
import { assertSchema, checkColumnsOf, type SchemaCheck, uniqueSets, type Violation } from '../checkSchema.ts'
import { countIf } from '../engine.ts'
import { freeName } from '../expectations/order.ts'
import { samplesOf } from '../expectations/sample.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, Expression, Relation } from '../relation.ts'
import { type Broken, brokenOf, isBeyondRe2 } from '../rules.ts'
import type { RowSchema } from '../schema.ts'
import { asRowSchema, type RowOf, type SchemaLike } from '../standardSchema.ts'
import { coercion } from './coerce.ts'

/** One rule that one row breaks: `value` as text, `row` the place in the table from 0. */
export interface SchemaFailure {
  readonly column: string
  readonly check: string
  readonly row: number
  readonly value: string | null
}

/** A table parted by its schema. Both parts are queries, run when they are read. */
export interface ValidatedTable<Row> extends SchemaCheck {
  /** The rows that break no rule, with the columns in the order of the schema and in its types. */
  readonly valid: Relation<Row>
  /** A line for each rule that a row breaks. */
  readonly failures: Relation<SchemaFailure>
}

/**
 * Parts a table into the rows that fulfil its schema and the failures of the others. With `coerce`, columns of another type
 * are read as the schema's where that loses nothing, as the lax mode of rows does; a value that cannot be breaks the rule
 * `type`. Columns beyond the schema are left out unless it says `extra: "allow"`. Of rows that repeat what must be unique every one
 * fails, not only the second. Throws `COLUMN_MISSING`; `SCHEMA_VIOLATED` for a column of the wrong type that is not coerced,
 * one that the schema forbids, or a wrong order; `PATTERN_UNSUPPORTED` for a pattern that SQL cannot run.
 * Source: pandera 0.35.0, lazy validation and drop_invalid_rows.
 */
export async function validateTable<S extends SchemaLike>(
  data: AnyRelation,
  schema: S,
  { coerce = false, samples = 3 }: { readonly coerce?: boolean; readonly samples?: number } = {},
): Promise<ValidatedTable<RowOf<S>>> {
  const row = asRowSchema(schema) as RowSchema
  const { sql } = data.engine
  const names = Object.keys(row.columns)
  const infos = await data.describe()
  const found = new Map(infos.map((info) => [info.name, info]))
  const { violations } = checkColumnsOf(row, found)
  const coerced = new Map<string, string>()
  const ofTable = violations.filter(({ column, rule }) => {
    if (rule !== 'type' || !coerce) return true
    const expression = coercion(column, found.get(column)?.type, row.columns[column].type)
    if (expression !== undefined) coerced.set(column, expression)
    return expression === undefined
  })
  assertSchema({ ok: ofTable.length === 0, rows: 0, violations: ofTable }, 'the table')
  for (const name of names) {
    const { pattern } = row.columns[name]
    if (pattern !== undefined && isBeyondRe2(pattern))
      throw new PodError('PATTERN_UNSUPPORTED', `SQL cannot run the pattern of column "${name}": ${pattern}`, {
        hint: 'say it without look-around and back references, or read the rows with parseRows',
      })
  }

  const kept = row.extra === 'allow' ? [...names, ...data.columns.filter((name) => !names.includes(name))] : names
  const taken = [...data.columns]
  const free = (wish: string): string => {
    const name = freeName(taken, wish)
    taken.push(name)
    return name
  }
  const place = free('place')
  const before = new Map([...coerced.keys()].map((name) => [name, free('before')]))
  const sets = uniqueSets(row).map((columns) => ({ columns, times: free('times') }))
  const col = (name: string): ExprNode => sql.column(name)
  const numbered = untyped(data)
    .select(...kept)
    .derive({
      [place]: sql.sub(sql.row_number(), sql.literal(1)),
      ...Object.fromEntries([...before].map(([name, old]) => [old, col(name)])),
    })
  const typed =
    coerced.size === 0
      ? numbered
      : numbered.derive(Object.fromEntries([...coerced].map(([name, text]) => [name, sql.verbatim(`(${text})`)])))
  const base =
    sets.length === 0
      ? typed
      : typed.derive(
          Object.fromEntries(
            sets.map(({ columns, times }) => [times, sql.count().partitionby(...columns.map(col)) as Expression]),
          ),
        )

  const isBent = (name: string): ExprNode => sql.and(sql.isNull(col(name)), sql.not(sql.isNull(col(before.get(name)!))))
  const broken: Broken[] = [
    ...[...coerced.keys()].map((name) => ({
      column: name,
      rule: 'type' as const,
      sentence: `no ${row.columns[name].type}`,
      predicate: isBent(name),
    })),
    ...brokenOf(
      sql,
      names.map((name) => [name, row.columns[name]] as const),
    ).map((one) =>
      // a value that is no number is not missing
      one.rule === 'nullable' && coerced.has(one.column)
        ? { ...one, predicate: sql.isNull(col(before.get(one.column)!)) }
        : one,
    ),
    ...sets.map(({ columns, times }) => ({
      column: columns.join(', '),
      rule: 'unique' as const,
      sentence: 'repeated',
      predicate: sql.and(
        sql.gt(col(times), sql.literal(1)),
        sql.not(sql.and(...columns.map((name) => sql.isNull(col(name))))),
      ),
    })),
  ]
  const shownColumns = ({ column, rule }: Broken): readonly string[] =>
    rule === 'unique'
      ? sets.find(({ columns }) => columns.join(', ') === column)!.columns
      : [before.get(column) ?? column]

  const all = scalar<number>(sql.count())
  const counts = broken.map(({ predicate }) => scalar<number>(countIf(sql, predicate)))
  const read = await collect(base, [all, ...counts])
  const failing = broken.filter((_, i) => Number(read(counts[i])) > 0)
  const told = failing.map((one) => {
    const { predicate, ...said } = one
    const count = Number(read(counts[broken.indexOf(one)]))
    return {
      said: { ...said, count },
      failing: { from: base, place, predicate, columns: shownColumns(one) },
      unexpected: count,
    }
  })
  const types = new Map((await base.describe()).map((info) => [info.name, info]))
  const first = samples > 0 ? await samplesOf(data, told, types, { limit: samples }) : []
  const rows = told.map(({ said }, i): Violation => {
    const { rows = [], values = [] } = first[i] ?? {}
    const shown = values.map((value) =>
      typeof value === 'object' && value !== null ? JSON.stringify(Object.values(value)) : value,
    )
    return { ...said, first: rows.map((row, j) => ({ row, value: shown[j] })) }
  })

  const isBroken = sql.or(
    ...failing.map(({ predicate }) => new sql.FunctionNode('coalesce', [predicate, sql.literal(false)])),
  )
  const valid = (failing.length === 0 ? base : base.where(sql.not(isBroken))).select(...kept)
  return {
    ok: failing.length === 0,
    rows: Number(read(all)),
    violations: rows,
    valid: valid as unknown as Relation<RowOf<S>>,
    failures: failuresOf(
      base,
      place,
      failing.map((one) => ({ ...one, shown: shownColumns(one) })),
    ),
  }
}

/** The failures as a table, one scan for all: each failing row is unfolded into the rules that it breaks. */
function failuresOf(
  base: Relation,
  place: string,
  failing: readonly (Broken & { readonly shown: readonly string[] })[],
): Relation<SchemaFailure> {
  const { sql } = base.engine
  const text = (columns: readonly string[]): ExprNode => {
    const texts = columns.map((name) => sql.cast(sql.column(name), 'VARCHAR'))
    return texts.length === 1 ? texts[0] : new sql.FunctionNode('concat_ws', [sql.literal(', '), ...texts])
  }
  const lines = failing.map(({ column, rule, predicate, shown }) => {
    const line = new sql.FunctionNode('struct_pack', [
      sql.namedArg('column', sql.literal(column)) as ExprNode,
      sql.namedArg('check', sql.literal(rule)) as ExprNode,
      sql.namedArg('value', text(shown)) as ExprNode,
    ])
    return sql.cond(predicate, line) as ExprNode
  })
  const nothing = failing.length === 0
  const unfolded = nothing
    ? [
        sql.cond(
          sql.literal(false),
          sql.verbatim(`struct_pack("column" := '', "check" := '', "value" := '')`),
        ) as ExprNode,
      ]
    : lines
  const field = (name: string): ExprNode =>
    new sql.FunctionNode('struct_extract', [sql.column('failure'), sql.literal(name)])
  return base
    .where(nothing ? sql.literal(false) : sql.or(...failing.map(({ predicate }) => predicate)))
    .derive({ row: sql.column(place), failure: new sql.FunctionNode('unnest', [sql.list(unfolded)]) })
    .select('row', 'failure')
    .where(sql.not(sql.isNull(sql.column('failure'))))
    .derive({ column: field('column'), check: field('check'), value: field('value') })
    .select('column', 'check', 'row', 'value') as unknown as Relation<SchemaFailure>
}
