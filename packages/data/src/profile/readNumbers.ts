import { setImmediate } from 'node:timers/promises'
import { type ColumnData, readColumns } from '../columns.ts'
import { identifier } from '../engine.ts'
import type { ColumnInfo } from '../relation.ts'
import { countsOf } from './columnCounts.ts'
import { columnsSql, isDate, isNumber, numberSql } from './columnSql.ts'
import { ASSOCIATED_LEVELS, type Context } from './context.ts'
import { describeDates } from './dateColumn.ts'
import { describeNumbers, type NumbersFound, uniformityOf } from './numberColumn.ts'
import { describeCategories } from './textColumn.ts'
import type { ColumnProfile } from './types.ts'

/** Numbers that are read in one statement. */
const AT_ONCE = 4_000_000
const COLUMNS_AT_ONCE = 200

/** Reads and describes the columns of numbers and of moments, some in one statement. */
export async function readNumbers(
  context: Context,
  infos: readonly ColumnInfo[],
  found: Map<string, ColumnProfile>,
  levels: Map<string, readonly string[]>,
): Promise<void> {
  const { data, rows } = context
  const wanted = infos.filter((info) => isNumber(info) || isDate(info))
  const size = Math.max(1, Math.min(COLUMNS_AT_ONCE, Math.floor(AT_ONCE / Math.max(1, rows))))
  const groups = Array.from({ length: Math.ceil(wanted.length / size) }, (_, g) =>
    wanted.slice(g * size, (g + 1) * size),
  )
  const read = (group: readonly ColumnInfo[]): Promise<Record<string, ColumnData>> =>
    readColumns(
      data.engine,
      `SELECT ${group.map((info, i) => `${numberSql(info)} AS c${i}`).join(', ')} FROM (${columnsSql(data, group)})`,
      group.map((_, i) => `c${i}`),
    )
  // the engine reads the next columns while these are looked at
  let next = groups.length > 0 ? read(groups[0]) : undefined
  for (const [g, group] of groups.entries()) {
    const columns = await next!
    next = g + 1 < groups.length ? read(groups[g + 1]) : undefined
    next?.catch(() => {})
    for (const [i, info] of group.entries()) {
      const column = columns[`c${i}`] as Extract<ColumnData, { kind: 'number' }>
      found.set(info.name, await numberColumn(context, info, column, levels))
      // the engine's answers come in between
      await setImmediate()
    }
  }
}

const SAFE = Number.MAX_SAFE_INTEGER

async function numberColumn(
  context: Context,
  info: ColumnInfo,
  { data: read, missing }: Extract<ColumnData, { kind: 'number' }>,
  levels: Map<string, readonly string[]>,
): Promise<ColumnProfile> {
  const { rows, bins, top, categoricalUpTo } = context
  const nulls = missing ? missing.reduce((sum, m) => sum + m, 0) : 0
  const present = missing === undefined && info.type !== 'float' ? read : withoutNaN(read)
  const infinite = isDate(info) ? (context.present.get(info.name) ?? 0) : 0
  const nan = read.length - present.length - nulls
  const numbers = describeNumbers(present, { rows: rows - infinite, nan, top, bins, whole: info.type === 'int' })
  if (isDate(info)) {
    const { date, top: shown, sketch } = describeDates(numbers, info, infinite)
    const counts = countsOf({ ...numbers, top: shown, sketch: { ...sketch, rows } }, info, rows, 'date', infinite)
    return { ...counts, date }
  }
  const { min, max } = numbers.statistics
  const beyond = info.type === 'int' && (Number(max) > SAFE || Number(min) < -SAFE)
  const told = beyond ? await exactIntegers(context, info, numbers) : numbers
  const role = told.distinct > 0 && told.distinct <= categoricalUpTo ? 'category' : 'number'
  if (told.distinct <= ASSOCIATED_LEVELS)
    levels.set(info.name, beyond ? told.top.map(({ value }) => String(value)) : Array.from(numbers.runs.values, String))
  const counts = countsOf(told, info, rows, role)
  // categories are even or not by their values, numbers by bins
  const uniformity = role === 'category' ? uniformityOf(told.runs.counts) : counts.uniformity
  return { ...counts, uniformity, number: told.statistics }
}

/** Whole numbers that doubles cannot tell apart: the engine counts them, and they are shown as text. */
async function exactIntegers(
  { data, rows, top }: Context,
  { name }: ColumnInfo,
  numbers: NumbersFound,
): Promise<NumbersFound> {
  const { engine } = data
  const counted = await describeCategories(engine, columnsSql(data, [{ name }]), {
    name,
    kind: 'bool',
    rows,
    top,
    examined: 0,
    cell: String,
  })
  const column = identifier(name)
  const [row] = await engine.read(
    `SELECT min(${column})::VARCHAR AS low, max(${column})::VARCHAR AS high FROM (${columnsSql(data, [{ name }])})`,
  )
  const { distinct, unique, others, imbalance, sketch } = counted
  const monotonic = Math.sign(numbers.statistics.monotonic) * (unique === rows - counted.missing ? 2 : 1)
  return {
    ...numbers,
    distinct,
    unique,
    top: counted.top,
    others,
    imbalance,
    statistics: { ...numbers.statistics, min: String(row.low), max: String(row.high), monotonic },
    sketch: { ...numbers.sketch, kind: 'bigint', distinct, registers: sketch.registers, top: sketch.top },
  }
}

function withoutNaN(values: Float64Array): Float64Array {
  let n = 0
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) n++
  if (n === values.length) return values
  const kept = new Float64Array(n)
  n = 0
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) kept[n++] = values[i]
  return kept
}
