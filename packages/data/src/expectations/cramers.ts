import type { ExprNode } from '@uwdata/mosaic-sql'
import { scalar, valueCounts } from '../aggregates/index.ts'
import type { Of } from './expectation.ts'
import { real } from './outliers.ts'
import { all, type Context, type Entry, type Plan, type ValueOfColumn } from './plan.ts'

type Cramer = Of<'cramersPhiLess'>

/** The value, or the number of its bin (edge, next edge]; beyond the edges it is missing. */
function binOf(context: Context, { value }: ValueOfColumn, edges: readonly number[] | undefined): ExprNode {
  if (edges === undefined) return value
  const { sql } = context
  let bin: ExprNode = sql.literal(null)
  for (let i = edges.length - 2; i >= 0; i--)
    bin = sql.cond(
      sql.and(sql.gt(value, real(context, edges[i])), sql.lte(value, real(context, edges[i + 1]))),
      sql.literal(i),
      bin,
    ) as ExprNode
  return bin
}

/** Equal bins over the values, the first a thousandth wider so that it holds the least. Source: pandas `cut`. */
function equalEdges(low: number, high: number, count: number): number[] {
  const [first, last] =
    high > low ? [low, high] : [low - 0.001 * (Math.abs(low) || 1), high + 0.001 * (Math.abs(high) || 1)]
  const edges = Array.from({ length: count + 1 }, (_, i) => first + (i * (last - first)) / count)
  edges[0] -= (last - first) * 0.001
  edges[count] = last
  return edges
}

/** The expectation that two columns tell little of each other. */
export const cramersEntries = {
  cramersPhiLess: {
    fits: 'any',
    columns: all,
    sentence: ({ columns: [a, b], threshold = 0.1 }: Cramer) =>
      `${a} and ${b} are associated by at most ${threshold} (Cramer's phi)`,
    refuse: ({ columns, threshold = 0.1 }) =>
      columns.length !== 2
        ? `it names ${columns.length} columns and not two`
        : threshold >= 0
          ? undefined
          : `its threshold ${threshold} is below 0`,
    plan(context, e): Plan {
      const { sql, columns, condition } = context
      const edges = [e.binsA, e.binsB]
      const counts = [e.countA, e.countB]
      const asked = columns.map(({ value }, i) =>
        edges[i] === undefined && counts[i] !== undefined
          ? [scalar<number>(sql.min(sql.cast(value, 'DOUBLE'))), scalar<number>(sql.max(sql.cast(value, 'DOUBLE')))]
          : [],
      )
      return {
        needs: asked.flat(),
        finish(read) {
          const used = columns.map(
            (_, i) =>
              edges[i] ??
              (asked[i].length > 0 ? equalEdges(read(asked[i][0]), read(asked[i][1]), counts[i]!) : undefined),
          )
          const values = columns.map((c, i) => binOf(context, c, used[i]))
          const there = sql.not(sql.or(...columns.map((c) => c.missing), ...values.map((value) => sql.isNull(value))))
          const wish = valueCounts(values, { where: condition ? sql.and(condition, there) : there })
          return {
            needs: [wish],
            finish: (then) => {
              const table = then(wish)
              const { value, statistic, n } = phiOf(table)
              return {
                by: 'whole',
                elements: n,
                holds: value !== null && value <= (e.threshold ?? 0.1),
                observed: value,
                details: { statistic, cells: table.length },
              }
            },
          }
        },
      }
    },
  } satisfies Entry<Cramer>,
} as const

/**
 * Returns Cramer's phi of counted pairs, with the continuity correction for two by two; null where a side has one value alone.
 * Source: Great Expectations 0.18 with scipy `chi2_contingency`.
 */
function phiOf(table: readonly { readonly values: readonly unknown[]; readonly count: number }[]) {
  const rows = new Map<unknown, number>()
  const columns = new Map<unknown, number>()
  const cells = new Map<unknown, Map<unknown, number>>()
  let n = 0
  for (const {
    values: [a, b],
    count,
  } of table) {
    rows.set(a, (rows.get(a) ?? 0) + count)
    columns.set(b, (columns.get(b) ?? 0) + count)
    const row = cells.get(a) ?? new Map<unknown, number>()
    cells.set(a, row.set(b, count))
    n += count
  }
  const least = Math.min(rows.size, columns.size)
  if (least < 2) return { value: null, statistic: null, n }
  const corrected = rows.size === 2 && columns.size === 2
  let statistic = 0
  for (const [a, row] of rows)
    for (const [b, column] of columns) {
      const expected = (row * column) / n
      const difference = Math.abs((cells.get(a)?.get(b) ?? 0) - expected)
      statistic += (corrected ? Math.max(0, difference - 0.5) : difference) ** 2 / expected
    }
  return { value: Math.min(1, Math.sqrt(statistic / n / (least - 1))), statistic, n }
}
