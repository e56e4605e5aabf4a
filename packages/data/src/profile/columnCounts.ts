import type { ColumnInfo } from '../relation.ts'
import type { NumbersFound } from './numberColumn.ts'
import type { CategoriesFound } from './textColumn.ts'
import type { ColumnCounts, ProfileRole } from './types.ts'

/** Returns a share; 0 of nothing. */
export const share = (count: number, of: number): number => (of === 0 ? 0 : count / of)

/** Returns what all columns tell. */
export function countsOf(
  found: Pick<
    NumbersFound | CategoriesFound,
    'distinct' | 'unique' | 'top' | 'others' | 'imbalance' | 'uniformity' | 'sketch'
  >,
  { name, sqlType }: ColumnInfo,
  rows: number,
  role: ProfileRole,
  infinite = 0,
): ColumnCounts {
  const { distinct, unique, top, others, imbalance, uniformity, sketch } = found
  const missing = sketch.missing
  const count = rows - missing
  return {
    name,
    sqlType,
    role,
    rows,
    count,
    missing,
    missingShare: share(missing, rows),
    nan: sketch.nan,
    distinct,
    distinctShare: share(distinct, count - infinite),
    unique,
    uniqueShare: share(unique, count - infinite),
    isUnique: count > 0 && unique === count,
    top,
    others,
    imbalance,
    uniformity,
    sketch,
  }
}
