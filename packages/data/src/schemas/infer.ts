import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, orderStatistics, scalar, valueCounts } from '../aggregates/index.ts'
import { isoText } from '../columns.ts'
import { countIf } from '../engine.ts'
import { freeName } from '../expectations/order.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import { type Column, type ColumnType, type StandardRowSchema, schemaOf } from '../schema.ts'
import { coercion } from './coerce.ts'

/** What was seen in a column, and what was concluded of it. */
export interface InferredColumn {
  readonly column: string
  readonly sqlType: string
  readonly rows: number
  /** Share of the rows in which the value is there: neither NULL nor NaN. */
  readonly presence: number
  /** Distinct values, missing ones aside. */
  readonly distinct: number
  readonly min: Cell
  readonly max: Cell
  /** Whether moments or days never decrease from row to row. */
  readonly monotone: boolean
  /** A type as which all texts of the first rows can be read. */
  readonly readableAs?: ColumnType
  /** Why the schema says what it says of the column, a sentence each. */
  readonly because: readonly string[]
}

/** How a schema is inferred. */
export interface InferOptions {
  /** Texts with at most so many distinct values, there in at least `domainPresence` of the rows, may hold those alone. */
  readonly maxDomain?: number
  readonly domainPresence?: number
  /** Numbers lie between the outer quantiles, by this share of their distance farther out, and nowhere short of what was seen. */
  readonly margin?: number
  readonly quantile?: number
  /** Rows from which on distinct values are taken for unique ones. */
  readonly uniqueFrom?: number
  /** First rows in which texts are tried as other types. */
  readonly tried?: number
}

/**
 * Infers a schema that the table fulfils, with what led to it. Columns of types that no schema has a word for are left out,
 * and told. Two scans, and one for each column of few texts.
 * Source: TensorFlow Data Validation 1.16.1, infer_schema (domains of texts, presence); ranges from quantiles are our own.
 */
export async function inferSchema(
  data: AnyRelation,
  {
    maxDomain = 100,
    domainPresence = 0.5,
    margin = 0.1,
    quantile = 0.01,
    uniqueFrom = 20,
    tried = 10_000,
  }: InferOptions = {},
): Promise<{
  readonly schema: StandardRowSchema<Record<string, unknown>>
  readonly columns: readonly InferredColumn[]
}> {
  const { sql } = data.engine
  const infos = await data.describe()
  const all = scalar<number>(sql.count())
  const seen = infos.map((info) => wishesOf(data, info, quantile))
  const steps = await decreasing(data, infos)
  const texts = await readable(data, infos, tried)
  const read = await collect(data, [all, ...seen.flatMap((wishes) => Object.values(wishes))])
  const rows = Number(read(all))
  const facts = infos.map((info, i) => {
    const { present, distinct, min, max, odd, outer } = seen[i]
    return {
      info,
      present: Number(read(present)),
      distinct: Number(read(distinct)),
      min: plain(read(min)),
      max: plain(read(max)),
      odd: Number(read(odd)),
      outer: read(outer),
    }
  })
  const hasDomain = ({ info, present, distinct }: (typeof facts)[number]): boolean =>
    info.type === 'string' &&
    distinct > 0 &&
    distinct <= maxDomain &&
    present > domainPresence * rows &&
    distinct < present
  const domains = new Map(
    facts.filter(hasDomain).map(({ info }) => [info.name, valueCounts([sql.column(info.name)])] as const),
  )
  const values = await collect(data, [...domains.values()])

  const columns: Record<string, Column> = {}
  const told = facts.map((fact): InferredColumn => {
    const { info, present, distinct, min, max, odd, outer } = fact
    const because: string[] = []
    const monotone = steps.get(info.name) === 0 && present > 1
    const draft: { -readonly [K in keyof Column]?: Column[K] } = { type: info.type, nullable: present < rows }
    if (info.type === undefined) because.push(`no column of a schema holds ${info.sqlType}: left out`)
    else {
      if (present < rows) because.push(`${rows - present} of ${rows} values are missing`)
      if (odd > 0) {
        because.push(`${odd} values are NaN or infinite`)
        draft.finite = false
      }
      const domain = domains.get(info.name)
      if (domain) {
        draft.values = values(domain)
          .map(({ values: [value] }) => String(value))
          .sort()
        because.push(`${distinct} distinct texts in ${present} rows`)
      }
      const isNumber = info.type === 'int' || info.type === 'float'
      if (isNumber && odd === 0 && typeof min === 'number' && typeof max === 'number' && outer.length > 0) {
        const range = rangeOf({
          min,
          max,
          low: outer[0],
          high: outer[outer.length - 1],
          margin,
          whole: info.type === 'int',
        })
        if (range) {
          Object.assign(draft, range)
          because.push(
            `between ${min} and ${max}, nearly all of them between ${outer[0]} and ${outer[outer.length - 1]}`,
          )
        } else if (min === max) because.push(`always ${min}`)
      }
      if ((info.type === 'int' || info.type === 'string') && distinct === rows && rows >= uniqueFrom) {
        draft.unique = true
        because.push('no value occurs twice')
      }
      if (monotone) because.push('never decreases from row to row')
      if (texts.has(info.name))
        because.push(`the first ${Math.min(tried, rows)} texts can be read as ${texts.get(info.name)}`)
      columns[info.name] = draft as Column
    }
    return {
      column: info.name,
      sqlType: info.sqlType,
      rows,
      presence: rows === 0 ? 0 : present / rows,
      distinct,
      min,
      max,
      monotone,
      ...(texts.has(info.name) && { readableAs: texts.get(info.name) }),
      because,
    }
  })
  const first = told.find(({ column, monotone }) => monotone && columns[column] !== undefined)
  if (first) columns[first.column] = { ...columns[first.column], role: 'time' }
  return { schema: schemaOf(columns), columns: told }
}

interface Wishes {
  readonly present: Aggregate<number>
  readonly distinct: Aggregate<number>
  readonly min: Aggregate<Cell>
  readonly max: Aggregate<Cell>
  /** NaN and infinite values. */
  readonly odd: Aggregate<number>
  /** The values at the outer quantiles. */
  readonly outer: Aggregate<readonly number[]>
}

function wishesOf({ engine: { sql } }: AnyRelation, { name, type, sqlType }: ColumnInfo, quantile: number): Wishes {
  const column = sql.column(name)
  const isFloat = type === 'float'
  const value = isFloat ? (sql.cond(sql.not(sql.isNaN(sql.cast(column, 'DOUBLE'))), column) as ExprNode) : column
  const isNumber = isFloat || type === 'int'
  const isTime = type === 'date' || type === 'timestamp'
  const text = (node: ExprNode): ExprNode => sql.cast(node, 'VARCHAR')
  const shown = (node: ExprNode): ExprNode =>
    isTime
      ? sql.verbatim(isoText(`(${node})`, sqlType))
      : isFloat
        ? sql.cast(node, 'DOUBLE')
        : type === undefined
          ? text(node)
          : node
  return {
    present: scalar(sql.count(value)),
    distinct: scalar(sql.count(type === undefined ? text(value) : value).distinct(), { heavy: true }),
    min: scalar(shown(sql.min(value))),
    max: scalar(shown(sql.max(value))),
    odd: scalar(
      isFloat || isTime
        ? countIf(sql, sql.not(new sql.FunctionNode('isfinite', [isFloat ? sql.cast(column, 'DOUBLE') : column])))
        : sql.sum(sql.literal(0)),
    ),
    outer: orderStatistics(
      isNumber ? sql.cast(value, 'DOUBLE') : (sql.cast(sql.literal(null), 'DOUBLE') as ExprNode),
      (n) => (isNumber && n > 0 ? [Math.floor(quantile * (n - 1)), Math.ceil((1 - quantile) * (n - 1))] : []),
      `outer ${quantile} ${name}`,
    ),
  }
}

const plain = (value: unknown): Cell =>
  // beyond 2^53 as text: a number would be another one
  typeof value === 'bigint' ? String(value) : value === undefined || Number.isNaN(value) ? null : (value as Cell)

/** A range around numbers, its ends rounded outwards to two digits of its width; numbers that are never negative stay so. */
function rangeOf({
  min,
  max,
  low,
  high,
  margin,
  whole,
}: Record<'min' | 'max' | 'low' | 'high' | 'margin', number> & { readonly whole: boolean }):
  | { readonly min: number; readonly max: number }
  | undefined {
  const width = margin * (high - low)
  const ends = [Math.min(min, low - width), Math.max(max, high + width)]
  const span = ends[1] - ends[0]
  if (!(span > 0 && Number.isFinite(span))) return undefined
  const digit = Math.max(Math.floor(Math.log10(span)) - 1, whole ? 0 : -300)
  // by division where the digit is behind the point, so that 0.1 is 0.1
  const rounded = (round: (x: number) => number, x: number): number =>
    digit >= 0 ? round(x / 10 ** digit) * 10 ** digit : round(x * 10 ** -digit) / 10 ** -digit
  const lower = Math.min(min, rounded(Math.floor, ends[0]))
  return { min: min >= 0 ? Math.max(0, lower) : lower, max: Math.max(max, rounded(Math.ceil, ends[1])) }
}

/** How often days and moments decrease from one row to the next that has a value. */
async function decreasing(data: AnyRelation, infos: readonly ColumnInfo[]): Promise<ReadonlyMap<string, number>> {
  const names = infos.filter(({ type }) => type === 'date' || type === 'timestamp').map(({ name }) => name)
  if (names.length === 0) return new Map()
  const { sql } = data.engine
  const place = freeName(data.columns, 'place')
  const before = new Map(names.map((name, i) => [name, freeName(data.columns, `before_${i}`)]))
  const columns = names.map((name) => sql.column(name))
  const numbered = sql.Query.from({ input: data.query }).select(...columns, { [place]: sql.row_number() })
  // the latest up to each row: a value before it is a step back
  const latest = names.map((name) => [before.get(name)!, sql.max(sql.column(name)).orderby(sql.column(place))])
  const running = sql.Query.from({ numbered }).select(...columns, Object.fromEntries(latest))
  const select = Object.fromEntries(
    names.map((name, i) => [`n${i}`, countIf(sql, sql.lt(sql.column(name), sql.column(before.get(name)!)))]),
  )
  const [row] = await data.engine.read(String(sql.Query.from({ running }).select(select)))
  return new Map(names.map((name, i) => [name, Number(row[`n${i}`])]))
}

const CANDIDATES: readonly ColumnType[] = ['int', 'float', 'bool', 'date', 'timestamp']

/** The first type as which every text of the first rows can be read. */
async function readable(
  data: AnyRelation,
  infos: readonly ColumnInfo[],
  tried: number,
): Promise<ReadonlyMap<string, ColumnType>> {
  const names = infos.filter(({ type }) => type === 'string').map(({ name }) => name)
  if (names.length === 0 || tried === 0) return new Map()
  const { sql } = data.engine
  const head = untyped(data)
    .select(...names)
    .limit(tried)
  const present = names.map((name) => scalar<number>(sql.count(sql.column(name))))
  const counts = names.map((name) =>
    CANDIDATES.map((type) => scalar<number>(sql.count(sql.verbatim(`(${coercion(name, 'string', type)})`)))),
  )
  const read = await collect(head, [...present, ...counts.flat()])
  return new Map(
    names.flatMap((name, i) => {
      const n = Number(read(present[i]))
      const type = CANDIDATES.find((_, j) => n > 0 && Number(read(counts[i][j])) === n)
      return type === undefined ? [] : [[name, type] as const]
    }),
  )
}
