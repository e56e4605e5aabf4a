import type { ExprNode, SelectQuery } from '@uwdata/mosaic-sql'
import { narrow } from '../aggregates/narrow.ts'
import { isoText } from '../columns.ts'
import { identifier, type Sql } from '../engine.ts'
import { relation } from '../query.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import { oneOf } from './members.ts'
import { freeName } from './order.ts'
import type { Failing } from './plan.ts'

/** The first rows that are not as expected, in the order of the table. */
export interface Sampled {
  /** A value a row, or a record of values for several columns. */
  readonly values: readonly Cell[] | readonly Readonly<Record<string, Cell>>[]
  /** The places of the rows in the table, from 0. */
  readonly rows: readonly number[]
  /** The columns that were asked for beside. */
  readonly keys: readonly Readonly<Record<string, Cell>>[]
}

interface SampleOptions {
  /** Rows of each. */
  readonly limit: number
  /** Columns that are read beside those of the expectation. */
  readonly keys?: readonly string[]
}

/** Rows that are looked through first: most failures show early. */
const HEAD = 20_000
/** Samples of one statement. */
const TOGETHER = 128
/** Rows that one aggregate may keep. */
const KEPT = 1000

/**
 * Returns the first failing rows of each, in one statement over the first rows of the table and one more over all of it for those that
 * did not show enough there.
 */
export async function samplesOf(
  data: AnyRelation,
  wanted: readonly { readonly failing: Failing; readonly unexpected: number }[],
  found: ReadonlyMap<string, ColumnInfo>,
  { limit, keys = [] }: SampleOptions,
): Promise<Sampled[]> {
  const results = new Array<Sampled>(wanted.length)
  const tables = new Map<AnyRelation, number[]>()
  wanted.forEach(({ failing: { from = data } }, i) => {
    tables.set(from, [...(tables.get(from) ?? []), i])
  })
  for (const [from, members] of tables) {
    let open = members
    for (const head of from === data ? [HEAD, undefined] : [undefined]) {
      for (let start = 0; start < open.length; start += TOGETHER) {
        const part = open.slice(start, start + TOGETHER)
        const read = limit > KEPT ? readEach : from === data && head === undefined ? readPlaces : readTogether
        const samples = await read(
          from,
          part.map((i) => wanted[i].failing),
          found,
          { limit, keys, head },
        )
        part.forEach((i, j) => {
          results[i] = samples[j]
        })
      }
      open = open.filter((i) => results[i].rows.length < Math.min(limit, wanted[i].unexpected))
    }
  }
  return results
}

type Read = (
  from: AnyRelation,
  failing: readonly Failing[],
  found: ReadonlyMap<string, ColumnInfo>,
  options: { readonly limit: number; readonly keys: readonly string[]; readonly head?: number },
) => Promise<Sampled[]>

/** The table with the place of each row. */
function numbered(
  from: AnyRelation,
  place: string | undefined,
  head: number | undefined,
  needed: ReadonlySet<string>,
): { query: SelectQuery; at: string } {
  const { sql } = from.engine
  const at = place ?? freeName(from.columns, 'place')
  const all = sql.Query.from({ input: narrow(sql, from.query, needed) }).select(
    ...from.columns.filter((name) => needed.has(name)).map((name) => sql.column(name)),
  )
  const query = place === undefined ? all.select({ [at]: sql.sub(sql.row_number(), sql.literal(1)) }) : all
  return { query: head === undefined ? query : query.limit(head), at }
}

/** The columns that failing rows are told and shown by. */
const neededBy = (sql: Sql, failing: readonly Failing[], keys: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...keys,
    ...failing.flatMap(({ predicate, columns, place }) => [
      ...columns,
      ...(place === undefined ? [] : [place]),
      ...sql.collectColumns(predicate).map(({ column }) => column),
    ]),
  ])

const readTogether: Read = async (from, failing, found, { limit, keys, head }) => {
  const { engine } = from
  const { sql } = engine
  const { query, at } = numbered(from, failing[0].place, head, neededBy(sql, failing, keys))
  const select = Object.fromEntries(
    failing.map(({ predicate, columns }, i) => {
      const fields = [sql.column(at), ...[...columns, ...keys].map((name) => shown(sql, name, found.get(name)))]
      const packed = new sql.FunctionNode(
        'struct_pack',
        fields.map((field, j) => sql.namedArg(`f${j}`, field) as ExprNode),
      )
      const row = sql.cond(predicate, packed) as ExprNode
      // kept are the rows of the least places
      return [
        `s${i}`,
        new sql.AggregateNode('arg_min', [row, sql.cond(predicate, sql.column(at)) as ExprNode, sql.literal(limit)]),
      ]
    }),
  )
  const [row] = await engine.read(String(sql.Query.from({ numbered: query }).select(select)))
  return failing.map(({ columns }, i) => {
    const items =
      (row[`s${i}`] as { readonly items: readonly { readonly entries: Record<string, unknown> }[] } | null)?.items ?? []
    return sampled(
      items.map(({ entries }) => Object.values(entries)),
      columns,
      keys,
    )
  })
}

/**
 * Finds the places first and then the rows: to keep numbers costs a hundredth of keeping rows, and over a whole table nearly every failing
 * row is looked at and dropped again.
 */
const readPlaces: Read = async (from, failing, found, { limit, keys, head }) => {
  const { engine } = from
  const { sql } = engine
  const { query, at } = numbered(from, failing[0].place, head, neededBy(sql, failing, keys))
  const select = Object.fromEntries(
    failing.map(({ predicate }, i) => [
      `s${i}`,
      new sql.AggregateNode('min', [sql.cond(predicate, sql.column(at)) as ExprNode, sql.literal(limit)]),
    ]),
  )
  const [row] = await engine.read(String(sql.Query.from({ numbered: query }).select(select)))
  const places = failing.map((_, i) =>
    ((row[`s${i}`] as { readonly items: readonly unknown[] } | null)?.items ?? []).map(Number),
  )
  const wanted = [...new Set(places.flat())]
  if (wanted.length === 0) return failing.map(({ columns }) => sampled([], columns, keys))
  // nothing is read beyond the last of them
  const end = failing[0].place === undefined ? wanted.reduce((last, at) => Math.max(last, at), 0) + 1 : head
  const names = [...new Set([...failing.flatMap(({ columns }) => columns), ...keys])]
  const shownNames = new Set([...names, at])
  const fields = [sql.column(at), ...names.map((name) => shown(sql, name, found.get(name)))]
  const rows = await engine.read(
    String(
      sql.Query.from({ numbered: numbered(from, failing[0].place, end, shownNames).query })
        .select(Object.fromEntries(fields.map((field, j) => [`f${j}`, field])))
        .where(
          oneOf(
            sql,
            sql.column(at),
            wanted.map((place) => sql.literal(place)),
          ),
        ),
    ),
  )
  const byPlace = new Map(rows.map((one) => [Number(one.f0), Object.values(one)]))
  const position = new Map(names.map((name, j) => [name, j + 1]))
  return failing.map(({ columns }, i) =>
    sampled(
      places[i].map((place) => {
        const values = byPlace.get(place)!
        return [place, ...[...columns, ...keys].map((name) => values[position.get(name)!])]
      }),
      columns,
      keys,
    ),
  )
}

const readEach: Read = async (from, failing, found, { limit, keys, head }) => {
  const { engine } = from
  const { sql } = engine
  const results: Sampled[] = []
  for (const { predicate, columns, place } of failing) {
    const { query, at } = numbered(from, place, head, neededBy(sql, failing, keys))
    const fields = Object.fromEntries(
      [sql.column(at), ...[...columns, ...keys].map((name) => shown(sql, name, found.get(name)))].map((field, j) => [
        `f${j}`,
        field,
      ]),
    )
    const select = sql.Query.from({ numbered: query }).select(fields).where(predicate).orderby(sql.column(at))
    const rows = await engine.read(String(Number.isFinite(limit) ? select.limit(limit) : select))
    results.push(
      sampled(
        rows.map((row) => Object.values(row)),
        columns,
        keys,
      ),
    )
  }
  return results
}

function sampled(rows: readonly (readonly unknown[])[], columns: readonly string[], keys: readonly string[]): Sampled {
  const record = (row: readonly unknown[], names: readonly string[], start: number) =>
    Object.fromEntries(names.map((name, j) => [name, plainCell(row[start + j])]))
  return {
    rows: rows.map(([place]) => Number(place)),
    values: columns.length === 1 ? rows.map((row) => plainCell(row[1])) : rows.map((row) => record(row, columns, 1)),
    keys: rows.map((row) => record(row, keys, 1 + columns.length)),
  }
}

/** Returns a column as it is shown: moments in ISO form, what JSON has no word for as text. */
export function shown(sql: Sql, name: string, info: ColumnInfo | undefined): ExprNode {
  const value = sql.column(name)
  const type = info?.sqlType ?? ''
  if (/^(DATE|TIMESTAMP)/.test(type)) return sql.verbatim(isoText(identifier(name), type))
  if (type.startsWith('DECIMAL')) return sql.cast(value, 'DOUBLE')
  return info?.type === undefined ? sql.cast(value, 'VARCHAR') : value
}

/** Returns a value as JSON has it: whole numbers beyond 2^53 as text, NaN as null. */
export function plainCell(value: unknown): Cell {
  if (value === null || value === undefined || Number.isNaN(value)) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return typeof value === 'object' ? String(value) : (value as Cell)
}

/** Returns the number of rows whose values occur more than once, and the most frequent of those values. */
export async function repeated(
  data: AnyRelation,
  kept: ExprNode,
  names: readonly string[],
  samples: number,
): Promise<{ count: number; sample: readonly Cell[] | readonly Record<string, Cell>[] }> {
  const { engine } = data
  const { sql } = engine
  const columns = names.map((name) => sql.column(name))
  const groups = sql.Query.from({ input: data.query })
    .select(...columns, { times: sql.count() })
    .where(kept)
    .groupby(...columns)
    .having(sql.gt(sql.count(), sql.literal(1)))
  const all = [...names, 'times']
  const many = relation({ engine, query: groups, columns: all, tokens: [] })
  const [{ count }] = await many.groupBy([], { count: (s) => s.cast(s.sum('times'), 'BIGINT') }).rows()
  const rows = await many
    .orderBy({ column: 'times', descending: true }, ...names)
    .limit(samples)
    .select(...names)
    .rows()
  return { count: Number(count), sample: names.length === 1 ? rows.map((row) => row[names[0]]) : rows }
}
