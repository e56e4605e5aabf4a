import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, scalar, valueCounts } from '../aggregates/index.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, Cell, ColumnInfo, Relation } from '../relation.ts'

/** What is known of a column in one part of the history. */
export interface ColumnHistory {
  readonly info: ColumnInfo
  readonly present: number
  readonly distinct: number
  readonly min: number | string | null
  readonly max: number | string | null
  readonly median: number | null
  readonly mean: number | null
  readonly shortest: number | null
  readonly longest: number | null
  /** The values, where they are few. */
  readonly values: readonly Cell[] | undefined
  /** The shapes of texts (`A` a capital, `a` a letter, `9` a digit), where they are few. */
  readonly shapes: readonly string[] | undefined
}

/** What is known of one part of the history. */
export interface PartHistory {
  readonly rows: number
  readonly columns: ReadonlyMap<string, ColumnHistory>
}

/** Distinct values up to which a column is a set, and shapes up to which texts are of a kind. */
const FEW_VALUES = 50
const FEW_SHAPES = 5

/** Reads what is to be known of one part: its numbers in one scan, then the values of those columns that have few. */
export async function readPart(data: AnyRelation): Promise<PartHistory> {
  const { sql } = data.engine
  const infos = await data.describe()
  const rows = scalar<number>(sql.count())
  const call = (name: string, ...given: ExprNode[]): ExprNode => new sql.AggregateNode(name, given)
  const wishes = infos.map((info) => {
    const column = sql.column(info.name)
    const value =
      info.sqlType === 'DOUBLE' || info.sqlType === 'FLOAT'
        ? (sql.cond(sql.not(sql.isNaN(column)), column) as ExprNode)
        : column
    const isNumber = info.type === 'int' || info.type === 'float'
    const ordered = isNumber || info.type === 'date' || info.type === 'timestamp'
    const none: Aggregate<null> = scalar<null>(sql.literal(null))
    const double = sql.cast(value, 'DOUBLE')
    const text = (name: string) =>
      isNumber ? scalar<number>(call(name, double)) : scalar<string>(sql.cast(call(name, value), 'VARCHAR'))
    const length = (name: string) =>
      info.type === 'string' ? scalar<number>(call(name, new sql.FunctionNode('length', [value]))) : none
    return {
      info,
      value,
      present: scalar<number>(sql.count(value)),
      distinct: scalar<number>(sql.count(value).distinct(), { heavy: true }),
      min: ordered ? text('min') : none,
      max: ordered ? text('max') : none,
      median: isNumber ? scalar<number>(call('median', double), { heavy: true }) : none,
      mean: isNumber ? scalar<number>(call('favg', double)) : none,
      shortest: length('min'),
      longest: length('max'),
    }
  })
  const read = await collect(data, [
    rows,
    ...wishes.flatMap(({ info: _, value: __, ...each }) => Object.values(each) as Aggregate[]),
  ])
  const few = wishes.map(({ info, value, distinct, present }) => {
    const isSet = info.type === 'string' || info.type === 'int' || info.type === 'bool'
    return {
      values:
        isSet && read(distinct) <= FEW_VALUES && read(present) >= 2 * read(distinct) ? valueCounts([value]) : undefined,
      shapes: info.type === 'string' ? valueCounts([shapeOf(sql, value)], { limit: FEW_SHAPES + 1 }) : undefined,
    }
  })
  const then = await collect(
    data,
    few.flatMap(({ values, shapes }) => [values, shapes].filter((wish) => wish !== undefined)) as Aggregate[],
  )
  const columns = new Map(
    wishes.map((wish, i): [string, ColumnHistory] => {
      const { values, shapes } = few[i]
      const shape = shapes && then(shapes).map(({ values: [value] }) => String(value))
      return [
        wish.info.name,
        {
          info: wish.info,
          present: Number(read(wish.present)),
          distinct: Number(read(wish.distinct)),
          min: read(wish.min as Aggregate<number | string | null>),
          max: read(wish.max as Aggregate<number | string | null>),
          median: read(wish.median as Aggregate<number | null>),
          mean: read(wish.mean as Aggregate<number | null>),
          shortest: read(wish.shortest as Aggregate<number | null>),
          longest: read(wish.longest as Aggregate<number | null>),
          values: values && then(values).map(({ values: [value] }) => value),
          shapes: shape && shape.length <= FEW_SHAPES ? shape : undefined,
        },
      ]
    }),
  )
  return { rows: Number(read(rows)), columns }
}

type Sql = AnyRelation['engine']['sql']
const shapeOf = (sql: Sql, value: ExprNode): ExprNode =>
  [
    ['[A-Z]', 'A'],
    ['[a-z]', 'a'],
    ['[0-9]', '9'],
  ].reduce<ExprNode>(
    (text, [pattern, by]) =>
      new sql.FunctionNode('regexp_replace', [text, sql.literal(pattern), sql.literal(by), sql.literal('g')]),
    value,
  )

/** Returns the parts of a table by the values of a column, in their order. Throws `HISTORY_SHORT` for more than `most` parts. */
export async function partsBy(data: AnyRelation, by: string, most = 1000): Promise<Relation[]> {
  const table = untyped(data)
  const values = await table
    .groupBy([by], { rows: ({ count }) => count() })
    .limit(most + 1)
    .rows()
  if (values.length > most)
    throw new PodError(
      'HISTORY_SHORT',
      `the column "${by}" has more than ${most} values and makes no parts of a history`,
      {
        hint: 'derive a day or a month from it',
      },
    )
  const { sql } = data.engine
  const info = (await data.describe()).find(({ name }) => name === by)
  return values
    .filter((row) => row[by] !== null)
    .map((row) => {
      const literal = sql.cast(
        sql.literal(typeof row[by] === 'number' ? row[by] : String(row[by])),
        info?.sqlType ?? 'VARCHAR',
      )
      return table.where(sql.eq(sql.column(by), literal)).omit(by) as unknown as Relation
    })
}
