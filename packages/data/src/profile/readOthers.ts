import type { ColumnInfo } from '../relation.ts'
import { countsOf, share } from './columnCounts.ts'
import { columnsSql, isDate, isNumber, isText } from './columnSql.ts'
import { ASSOCIATED_LEVELS, type Context } from './context.ts'
import { describeCategories } from './textColumn.ts'
import type { ColumnProfile } from './types.ts'

/** Texts of at most so many distinct values, that repeat, are categories. Source: ydata-profiling. */
const CATEGORY_LEVELS = 50

/** Reads and describes texts and truth values, a statement each, and counts what is of other types. */
export async function readOthers(
  context: Context,
  infos: readonly ColumnInfo[],
  found: Map<string, ColumnProfile>,
  levels: Map<string, readonly string[]>,
): Promise<void> {
  for (const info of infos) if (!isNumber(info) && !isDate(info)) await readOther(context, info, found, levels)
}

async function readOther(
  { data, rows, top, examined, present }: Context,
  info: ColumnInfo,
  found: Map<string, ColumnProfile>,
  levels: Map<string, readonly string[]>,
): Promise<void> {
  const { name, sqlType } = info
  if (!isText(info) && info.type !== 'bool') {
    const count = present.get(name) ?? 0
    found.set(name, { ...unsupported(name, sqlType, rows, count) })
    return
  }
  const kind = info.type === 'bool' ? 'bool' : 'text'
  const { text, ...counted } = await describeCategories(data.engine, columnsSql(data, [info]), {
    name,
    kind,
    rows,
    top,
    examined: Math.max(examined, ASSOCIATED_LEVELS),
    content: examined > 0,
  })
  const repeats = counted.distinct <= CATEGORY_LEVELS && counted.distinct < rows / 2 && counted.distinct > 0
  const role = kind === 'bool' ? 'bool' : repeats ? 'category' : 'text'
  if (counted.distinct <= ASSOCIATED_LEVELS) levels.set(name, counted.levels)
  const counts = countsOf(counted, info, rows, role)
  found.set(name, text ? { ...counts, text } : counts)
}

const unsupported = (name: string, sqlType: string, rows: number, count: number): ColumnProfile => ({
  name,
  sqlType,
  role: 'unsupported',
  rows,
  count,
  missing: rows - count,
  missingShare: share(rows - count, rows),
  nan: 0,
  distinct: null,
  distinctShare: null,
  unique: null,
  uniqueShare: null,
  isUnique: false,
  top: [],
  others: count,
  imbalance: null,
  uniformity: null,
  sketch: null,
})
