import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api'
import { PodError } from '@mlpod/contract'
import { type Runs, sortOrder } from '@mlpod/math'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { readRows } from '../columns.ts'
import type { Engine } from '../engine.ts'
import { assertUnchanged, untyped } from '../query.ts'
import type { AnyRelation, Cell } from '../relation.ts'
import type { Aggregate, BinCounts, ValueCount } from './aggregate.ts'
import { narrow } from './narrow.ts'

/** What was read: gives the value of an aggregate that was asked for. Throws `SQL_FAILED` where SQL could not compute it. */
export type Collected = <T>(aggregate: Aggregate<T>) => T

/** Aggregates of one statement: the engine's time for distinct values grows with the square of their number. */
const PER_SCAN = 1000
const HEAVY = 10

/**
 * Reads all aggregates of a table: one scan for scalars and bins together, a second one if order statistics are among
 * them, and for value counts and numbers one each of their columns alone. Equal aggregates are read once. What SQL cannot compute (a sum that
 * overflows) fails when it is asked for, and alone.
 */
export async function collect(data: AnyRelation, wanted: readonly Aggregate[]): Promise<Collected> {
  const found = new Map<string, Read>()
  const of = <P extends Aggregate['pass']>(...passes: readonly P[]) =>
    [...new Map(wanted.filter(({ pass }) => passes.includes(pass as P)).map((a) => [keyOf(a), a]))].map(
      ([key, aggregate]) => ({ key, aggregate: aggregate as Extract<Aggregate, { pass: P }> }),
    )
  const { sql } = data.engine
  const ranks = of('ranks')
  const numbers = new Map(ranks.map(({ key, aggregate }) => [`n ${key}`, sql.count(aggregate.value)]))
  const scanned = of('scan', 'bins').map(({ key, aggregate }): Column => {
    if (aggregate.pass === 'scan') return { key, expression: aggregate.expression, heavy: aggregate.heavy }
    return {
      key,
      expression: histogram(data, aggregate.value, aggregate.edges),
      heavy: false,
      read: binsOf(aggregate.edges),
    }
  })
  for (const [key, expression] of numbers) scanned.push({ key, expression, heavy: false })
  await scan(data, scanned, found)
  const places = ranks.flatMap(({ key, aggregate: { value, at } }): Column[] => {
    const n = Number(valueIn(found, `n ${key}`))
    const wishes = n === 0 ? [] : at(n)
    // two wishes may be for the same place
    const asked = [...new Set(wishes)]
    const read = (list: unknown): readonly number[] => {
      const values = new Map(listOf(list).map((one, i) => [asked[i], one]))
      return wishes.map((place) => values.get(place)!)
    }
    if (wishes.length > 0) return [{ key, expression: placed(data, value, n, asked), heavy: true, read }]
    found.set(key, { value: [] })
    return []
  })
  await scan(data, places, found)
  for (const { key, aggregate } of of('counts')) found.set(key, await settled(() => readCounts(data, aggregate)))
  for (const { key, aggregate } of of('numbers')) found.set(key, await settled(() => readNumbers(data, aggregate)))
  for (const { key, aggregate } of of('runs')) found.set(key, await settled(() => readRuns(data, aggregate)))
  await assertUnchanged(data)
  return (aggregate) => valueIn(found, keyOf(aggregate)) as never
}

type Read = { readonly value: unknown } | { readonly error: PodError }

interface Column {
  readonly key: string
  readonly expression: ExprNode
  readonly heavy: boolean
  readonly read?: (value: unknown) => unknown
}

const valueIn = (found: ReadonlyMap<string, Read>, key: string): unknown => {
  const read = found.get(key)
  if (read === undefined) throw new PodError('UNEXPECTED', `an aggregate was asked for that was not collected: ${key}`)
  if ('error' in read) throw read.error
  return read.value
}

const texts = new WeakMap<object, string>()

function keyOf(aggregate: Aggregate): string {
  const known = texts.get(aggregate)
  if (known !== undefined) return known
  const parts = {
    scan: (a) => [a.expression],
    bins: (a) => [a.value, a.edges],
    ranks: (a) => [a.value, a.says],
    counts: (a) => [...a.values, a.where ?? '', a.limit ?? ''],
    numbers: (a) => [a.value],
    runs: (a) => [a.value],
  } satisfies { [P in Aggregate['pass']]: (a: Extract<Aggregate, { pass: P }>) => readonly unknown[] }
  const text = `${aggregate.pass} ${(parts[aggregate.pass] as (a: Aggregate) => readonly unknown[])(aggregate).join(' | ')}`
  texts.set(aggregate, text)
  return text
}

/** Columns of one statement: its time also grows with the square of their number. */
const ACROSS = 128

/** Reads columns of aggregates; where the engine refuses, halves are tried, so that each failure stands alone. */
async function scan(data: AnyRelation, columns: readonly Column[], found: Map<string, Read>): Promise<void> {
  for (let from = 0, to = 0; from < columns.length; from = to) {
    const across = new Set<string>()
    for (let weight = 0; to < columns.length && weight < PER_SCAN && across.size < ACROSS; to++) {
      weight += columns[to].heavy ? HEAVY : 1
      for (const { column } of data.engine.sql.collectColumns(columns[to].expression)) across.add(column)
    }
    await scanTogether(data, columns.slice(from, to), found)
  }
}

async function scanTogether(data: AnyRelation, columns: readonly Column[], found: Map<string, Read>): Promise<void> {
  const { engine } = data
  const select = Object.fromEntries(columns.map(({ expression }, i) => [`a${i}`, expression]))
  try {
    const input = inputOf(
      data,
      columns.map(({ expression }) => expression),
    )
    const [row] = await engine.read(String(engine.sql.Query.from({ input }).select(select)))
    for (const [i, { key, read }] of columns.entries())
      found.set(key, { value: read ? read(row[`a${i}`]) : plain(row[`a${i}`]) })
  } catch (error) {
    if (!(error instanceof PodError && error.code === 'SQL_FAILED')) throw error
    const half = columns.length >> 1
    if (half === 0) found.set(columns[0].key, { error })
    else {
      await scanTogether(data, columns.slice(0, half), found)
      await scanTogether(data, columns.slice(half), found)
    }
  }
}

/** The input of a statement: the columns that its expressions name, and no more. */
function inputOf(data: AnyRelation, expressions: readonly ExprNode[]): AnyRelation['query'] {
  const { sql } = data.engine
  const names = new Set(expressions.flatMap((node) => sql.collectColumns(node).map(({ column }) => column)))
  let told = names.size > 0
  for (const name of names) told &&= data.columns.includes(name)
  for (const expression of expressions)
    sql.walk(expression, (node) => {
      // text of SQL may name anything
      if (node.type === 'VERBATIM' || node.type === 'FRAGMENT') told = false
    })
  return narrow(sql, told ? untyped(data).select(...names).unordered : data.query, names)
}

async function settled(work: () => Promise<unknown>): Promise<Read> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof PodError && error.code === 'SQL_FAILED') return { error }
    throw error
  }
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** Whole numbers as `number` where that is exact; everything else as the engine gives it. */
const plain = (value: unknown): unknown =>
  typeof value === 'bigint' && value <= SAFE && value >= -SAFE ? Number(value) : value

interface ListValue {
  readonly items: readonly unknown[]
}
const listOf = (value: unknown): readonly number[] => (value as ListValue).items.map(Number)

/**
 * The engine's histogram counts (a, b]; ours are [a, b) as numpy's. So the negated values are counted between the negated
 * edges, and what lies on the last edge itself, which then falls out at the lower end, is put into the last bin.
 */
function histogram({ engine: { sql } }: AnyRelation, value: ExprNode, edges: readonly number[]): ExprNode {
  const negated = sql.mul(sql.cast(value, 'DOUBLE'), sql.literal(-1))
  const top = edges[edges.length - 1]
  // the largest value of a bin's own: an infinite edge would be the engine's own name for what lies above
  const list = sql.list([...edges].reverse().map((edge) => sql.literal(-edge)))
  return new sql.FunctionNode('list_value', [
    new sql.FunctionNode('map_values', [new sql.AggregateNode('histogram', [negated, list])]),
    sql.list([
      new sql.AggregateNode('count_if', [sql.gt(value, sql.literal(top))]),
      new sql.AggregateNode('count_if', [sql.lt(value, sql.literal(edges[0]))]),
    ]),
  ])
}

const binsOf =
  (edges: readonly number[]) =>
  (value: unknown): BinCounts => {
    const [counted, [above, below]] = (value as ListValue).items.map((list) =>
      ((list as ListValue | null)?.items ?? []).map(Number),
    )
    const counts = new Float64Array(edges.length - 1)
    // reversed: [at or above the last edge, last bin, ..., first bin, (below)]
    for (let i = 1; i < edges.length; i++) counts[edges.length - 1 - i] = counted[i] ?? 0
    counts[counts.length - 1] += (counted[0] ?? 0) - above
    return { counts, below, above }
  }

/** The values at places of the sorted values: the discrete quantile at (place + 1/2) / n is the value at that place. */
function placed({ engine: { sql } }: AnyRelation, value: ExprNode, n: number, places: readonly number[]): ExprNode {
  const points = sql.list(places.map((place) => sql.literal((place + 0.5) / n)))
  return new sql.AggregateNode('quantile_disc', [value, points])
}

async function readCounts(
  data: AnyRelation,
  { values, where, limit }: Extract<Aggregate, { pass: 'counts' }>,
): Promise<readonly ValueCount[]> {
  const { engine } = data
  const { sql } = engine
  const names = values.map((_, i) => `v${i}`)
  const present = sql.not(sql.and(...values.map((value) => sql.isNull(value))))
  const query = sql.Query.from({ input: inputOf(data, where ? [...values, where] : values) })
    .select({ ...Object.fromEntries(values.map((value, i) => [names[i], value])), times: sql.count() })
    .where(where ? [present, where] : [present])
    .groupby(...values)
    .orderby(sql.desc(sql.column('times')), ...names.map((name) => sql.asc(sql.column(name))))
  const rows = await readRows<Record<string, Cell>>(engine, String(limit === undefined ? query : query.limit(limit)))
  return rows.map((row) => ({ values: names.map((name) => row[name]), count: Number(row.times) }))
}

async function readNumbers(
  data: AnyRelation,
  { value }: Extract<Aggregate, { pass: 'numbers' }>,
): Promise<Float64Array> {
  const { engine } = data
  const { sql } = engine
  const present = sql.Query.from({ input: inputOf(data, [value]) }).where(sql.not(sql.isNull(value)))
  const [found] = await readDoubles(engine, String(present.select({ v: sql.cast(value, 'DOUBLE') })), 1)
  return found
}

async function readRuns(data: AnyRelation, { value }: Extract<Aggregate, { pass: 'runs' }>): Promise<Runs> {
  const { engine } = data
  const { sql } = engine
  const number = sql.cast(value, 'DOUBLE')
  const grouped = sql.Query.from({ input: inputOf(data, [value]) })
    .select({ v: number, times: sql.cast(sql.count(), 'DOUBLE') })
    .where(sql.not(sql.isNull(value)))
    .groupby(number)
  const [found, times] = await readDoubles(engine, String(grouped), 2)
  const order = sortOrder(found)
  const values = Float64Array.from(order, (i) => found[i])
  const counts = Float64Array.from(order, (i) => times[i])
  return { values, counts, n: counts.reduce((sum, count) => sum + count, 0) }
}

/** Reads columns of doubles without NULL. */
async function readDoubles(engine: Engine, statement: string, columns: number): Promise<Float64Array[]> {
  const chunks = await ((await engine.run(statement)) as DuckDBResult).fetchAllChunks()
  const rows = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)
  return Array.from({ length: columns }, (_, i) => {
    const found = new Float64Array(rows)
    let n = 0
    for (const chunk of chunks) {
      found.set(doubles(chunk, i), n)
      n += chunk.rowCount
    }
    return found
  })
}

/** A vector of doubles without NULL, as the array that it is. */
const doubles = (chunk: DuckDBDataChunk, index: number): Float64Array =>
  (chunk.getColumnVector(index) as unknown as { readonly items: Float64Array }).items.subarray(0, chunk.rowCount)
