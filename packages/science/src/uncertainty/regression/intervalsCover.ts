import type { Claim, Dataset, MeasuredPart } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'

/** Where the intervals of rows and the truth stand. */
export interface IntervalsCoverOptions {
  readonly data: Dataset<unknown, never>
  readonly y: string
  /** The columns of the bounds, `lower` and `upper` by default; a missing bound is infinite. */
  readonly lower?: string
  readonly upper?: string
  readonly level: number
  readonly by?: readonly string[]
}

/**
 * Returns the claim that the intervals in a table hold the truth at least at `level` on new rows, in each group of `by` if given. Rows
 * without a truth are dropped. One scan counts everything.
 */
export function intervalsCover({
  data,
  y,
  lower = 'lower',
  upper = 'upper',
  level,
  by = [],
}: IntervalsCoverOptions): Claim {
  return {
    statement: `${lower} <= ${y} <= ${upper} in ${level} of rows${by.length > 0 ? ` by ${by.join(' and ')}` : ''}`,
    quantity: 'coverage',
    operator: '>=',
    threshold: level,
    ...(by.length > 0 ? { by } : {}),
    data: { data },
    async measure(inputs) {
      const table = untyped(inputs.data as AnyRelation)
      const { sql } = table.engine
      const [low, high, truth] = [lower, upper, y].map((name) => sql.column(name))
      const counts = await table
        .derive({
          known: () =>
            sql.cond(sql.or(sql.isNull(truth), sql.isNaN(sql.cast(truth, 'DOUBLE'))), sql.literal(0), sql.literal(1)),
          // a comparison with a bound that is missing is not false
          held: () =>
            sql.cond(
              sql.and(
                sql.coalesce(sql.lte(low, truth), sql.literal(true)),
                sql.coalesce(sql.gte(high, truth), sql.literal(true)),
              ),
              sql.literal(1),
              sql.literal(0),
            ),
        })
        .groupBy(by as never, {
          rows: () => sql.count(),
          n: () => sql.sum(sql.column('known')),
          successes: () => sql.sum(sql.mul(sql.column('known'), sql.column('held'))),
        })
        .rows()
      const cells = counts.map((row) => row as Readonly<Record<string, number | string | null>>)
      const total = (name: string): number => cells.reduce((sum, cell) => sum + Number(cell[name]), 0)
      const parts: readonly MeasuredPart[] = cells
        .filter(({ n }) => Number(n) > 0)
        .map((cell) => ({
          name: by.map((name) => `${by.length > 1 ? `${name}=` : ''}${cell[name] ?? '(missing)'}`).join(' '),
          measurement: { kind: 'proportion', successes: Number(cell.successes), n: Number(cell.n) },
        }))
      const whole = { kind: 'proportion', successes: total('successes'), n: total('n') } as const
      return {
        ...(by.length > 0 ? { parts, n: whole.n } : { whole }),
        dropped: total('rows') - whole.n,
        method: 'share of rows whose interval holds the truth, ends included',
      }
    },
  }
}
