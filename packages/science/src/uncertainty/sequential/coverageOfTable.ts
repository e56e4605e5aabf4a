import { type AnyRelation, untyped } from '@mlpod/data'
import { type CoverageMonitor, updateCoverageMonitor } from './coverageMonitor.ts'

/** Where a table says which rows were covered. */
export interface CoveredColumns {
  /** True or false, 1 or 0; rows where it is missing are left out. */
  readonly covered: string
  /** The column of each row's group; missing is the group "". */
  readonly groupBy?: string
  /** The column of the order in which rows came; the order in which they are stored by default. */
  readonly orderBy?: string
}

/**
 * Returns the monitor after the rows of a table, read some thousands at a time. A table of all days gives the bits that one day
 * after another gives. Throws `COLUMN_UNKNOWN`, `COVERED_INVALID`.
 */
export async function updateCoverageOfTable(
  monitor: CoverageMonitor,
  table: AnyRelation,
  { covered, groupBy, orderBy }: CoveredColumns,
): Promise<CoverageMonitor> {
  const { sql } = table.engine
  const rows = untyped(table)
    .where(({ isNotNull, column }) => isNotNull(column(covered)))
    .derive({
      hit: () => sql.cast(sql.column(covered), 'DOUBLE'),
      side: () =>
        groupBy === undefined
          ? sql.literal('')
          : sql.coalesce(sql.cast(sql.column(groupBy), 'VARCHAR'), sql.literal('')),
    })
    .select('hit', 'side', ...(orderBy === undefined ? [] : [orderBy]))
  // last of all: a query over an ordered one has no order
  const ordered = orderBy === undefined ? rows : rows.orderBy(orderBy)
  let state = monitor
  for await (const { hit, side } of ordered.batches())
    state = updateCoverageMonitor(state, hit.data as Float64Array, {
      ...(groupBy === undefined ? {} : { groups: side.data as readonly string[] }),
    })
  return state
}
