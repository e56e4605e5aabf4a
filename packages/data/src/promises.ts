import { type Claim, type Dataset, PodError } from '@mlpod/contract'
import { collect, scalar } from './aggregates/index.ts'
import { repeated } from './expectations/sample.ts'
import { unknownColumn } from './query.ts'
import type { AnyRelation, Cell, Relation } from './relation.ts'

type Table<Row> = Dataset<Relation<Row>, never>

const known = (data: AnyRelation, columns: readonly string[]): void => {
  for (const name of columns) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
}

/** Claims that no two rows have the same values in these columns; rows in which all of them are missing do not count. */
export function unique<Row>(data: Table<Row>, ...columns: readonly (keyof Row & string)[]): Claim {
  return {
    statement: `${columns.join(', ')} ${columns.length > 1 ? 'together are' : 'is'} unique`,
    quantity: 'rows whose values occur more than once',
    operator: '=',
    threshold: 0,
    data: { data: data as Dataset },
    async measure({ data: read }) {
      const table = read as AnyRelation
      known(table, columns)
      const { sql } = table.engine
      const missing = sql.and(...columns.map((name) => sql.isNull(sql.column(name))))
      const { count, sample } = await repeated(table, sql.not(missing), columns, 5)
      const n = await (read as Relation<Row>).count()
      return {
        whole: { kind: 'exact', value: count, n },
        dropped: 0,
        method: 'count of repeated rows',
        detail: { first: sample as never },
      }
    },
  }
}

/** Claims that at least a share of the values of each column is there: NULL and NaN are missing. */
export function complete<Row>(
  data: Table<Row>,
  { columns, atLeast = 1 }: { readonly columns: readonly (keyof Row & string)[]; readonly atLeast?: number },
): Claim {
  if (!(atLeast >= 0 && atLeast <= 1))
    throw new PodError('OPTION_INVALID', `a share of ${atLeast} of the values is not between 0 and 1`)
  return {
    statement: `${columns.join(', ')} ${columns.length > 1 ? 'are' : 'is'} complete in ${100 * atLeast} % of the rows`,
    quantity: 'share of values that are not missing',
    operator: '>=',
    threshold: atLeast,
    data: { data: data as Dataset },
    async measure({ data: read }) {
      const table = read as AnyRelation
      known(table, columns)
      const { sql } = table.engine
      const types = new Map((await table.describe()).map(({ name, type }) => [name, type]))
      const present = columns.map((name) => {
        const value = sql.column(name)
        return scalar<number>(
          sql.count(types.get(name) === 'float' ? sql.cond(sql.not(sql.isNaN(value)), value) : value),
        )
      })
      const rows = scalar<number>(sql.count())
      const found = await collect(table, [rows, ...present])
      const n = found(rows)
      return {
        // counted on the rows themselves: a share of these rows has no sampling error
        parts: columns.map((name, i) => ({
          name,
          measurement: { kind: 'exact', value: n === 0 ? 0 : found(present[i]) / n, n } as const,
        })),
        n,
        dropped: 0,
        method: 'count of missing values',
      }
    },
  }
}

const UNITS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const

/**
 * Claims that the newest moment in a column of dates or timestamps is at most so old when it is measured. What is fresh
 * today is not tomorrow: the claim is volatile, and measured again only on request.
 */
export function fresh<Row>(
  data: Table<Row>,
  {
    column,
    within,
    now = Date.now,
  }: {
    readonly column: keyof Row & string
    readonly within: Readonly<Partial<Record<keyof typeof UNITS, number>>>
    readonly now?: () => number
  },
): Claim {
  const limit = Object.entries(within).reduce((sum, [unit, n]) => sum + n * UNITS[unit as keyof typeof UNITS], 0)
  if (!(limit > 0))
    throw new PodError('OPTION_INVALID', `the age allowed of "${column}" is ${limit} milliseconds`, {
      hint: 'say it in days, hours or minutes: within: { days: 1 }',
    })
  return {
    statement: `the newest ${column} is at most ${Object.entries(within)
      .map(([unit, n]) => `${n} ${unit}`)
      .join(' ')} old`,
    quantity: 'age in hours',
    operator: '<=',
    threshold: limit / UNITS.hours,
    data: { data: data as Dataset },
    volatile: true,
    async measure({ data: read }) {
      const table = read as Relation
      known(table, [column])
      const info = (await table.describe()).find(({ name }) => name === column)
      if (info?.type !== 'date' && info?.type !== 'timestamp')
        throw new PodError('COLUMN_TYPE', `the column "${column}" is ${info?.sqlType} and tells no time`)
      const [{ newest, n }] = (await table
        .groupBy([], { newest: ({ max }) => max(column), n: ({ count }) => count(column) })
        .rows()) as { newest: Cell; n: Cell }[]
      const age = newest === null ? Infinity : (now() - Date.parse(String(newest))) / UNITS.hours
      return { whole: { kind: 'exact', value: age, n: Number(n) }, dropped: 0, method: 'age of the newest value' }
    },
  }
}
