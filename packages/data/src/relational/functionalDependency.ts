import { PodError } from '@mlpod/contract'
import { unknownColumn, untyped } from '../query.ts'
import type { AnyRelation, Cell, Relation } from '../relation.ts'

/** Whether columns determine another one, and how nearly. */
export interface DependencyCheck {
  readonly holds: boolean
  readonly rows: number
  /** The least share of rows without which it would hold (g3). */
  readonly g3: number
  /** Values of `from` that go with several values. */
  readonly groups: number
  /** Those of them with most rows too many. */
  readonly first: readonly { readonly from: readonly Cell[]; readonly values: number; readonly surplus: number }[]
}

/**
 * Tells whether rows that agree in the columns `from` agree in the column `to`; missing values are a value. One scan.
 * Source: Kivinen and Mannila 1995 (the measure g3); Huhtala et al. 1999.
 */
export async function functionalDependency(
  data: AnyRelation,
  from: readonly string[],
  to: string,
  { samples = 5 }: { readonly samples?: number } = {},
): Promise<DependencyCheck> {
  for (const name of [...from, to]) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  if (from.length === 0 || from.includes(to))
    throw new PodError('OPTION_INVALID', `a dependency leads from other columns to "${to}"`)
  const names = from.map((_, i) => `f${i}`)
  const pairs = untyped(data)
    .derive({
      ...Object.fromEntries(
        from.map((name, i) => [`f${i}`, ({ column }: { column: (name: string) => never }) => column(name)]),
      ),
      t: ({ column }) => column(to),
    })
    .select(...names, 't')
    .groupBy([...names, 't'], { times: ({ count }) => count() }) as unknown as Relation
  const groups = pairs.groupBy(names, {
    total: (s) => s.cast(s.sum('times'), 'BIGINT'),
    most: ({ max }) => max('times'),
    different: ({ count }) => count(),
  }) as unknown as Relation
  const kept = await groups.materialize()
  const [whole] = await kept
    .groupBy([], {
      rows: (s) => s.cast(s.sum('total'), 'BIGINT'),
      good: (s) => s.cast(s.sum('most'), 'BIGINT'),
      groups: (s) =>
        s.cast(s.sum(s.cond(s.gt(s.column('different'), s.literal(1)), s.literal(1), s.literal(0))), 'BIGINT'),
    })
    .rows()
  const rows = Number(whole.rows ?? 0)
  const broken = Number(whole.groups ?? 0)
  const first =
    broken === 0
      ? []
      : await kept
          .where(({ gt, column, literal }) => gt(column('different'), literal(1)))
          .derive({ surplus: ({ sub, column }) => sub(column('total'), column('most')) })
          .orderBy({ column: 'surplus', descending: true }, ...names)
          .limit(samples)
          .rows()
  return {
    holds: broken === 0,
    rows,
    g3: rows === 0 ? 0 : (rows - Number(whole.good)) / rows,
    groups: broken,
    first: first.map((row) => ({
      from: names.map((name) => row[name] as Cell),
      values: Number(row.different),
      surplus: Number(row.surplus),
    })),
  }
}
