import { setImmediate } from 'node:timers/promises'
import { didYouMean, PodError } from '@mlpod/contract'
import { type ColumnData, isoText, readColumns } from '../columns.ts'
import { identifier } from '../engine.ts'
import { assertUnchanged, unknownColumn, untyped } from '../query.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import { type AlertThresholds, alertDefaults, alertsOf } from './alerts.ts'
import { type AssociationMethod, associate, associationMethods, type Member } from './associations.ts'
import { describeDates } from './dateColumn.ts'
import { missingPattern } from './missingPattern.ts'
import { describeNumbers, type NumbersFound, uniformityOf } from './numberColumn.ts'
import { timeProfile } from './series.ts'
import { type CategoriesFound, describeCategories } from './textColumn.ts'
import type { ColumnCounts, ColumnProfile, Profile, ProfileRole, TableStatistics } from './types.ts'
import { withoutValues } from './withoutValues.ts'

/** Settings of `profile`. */
export interface ProfileOptions {
  /** By default all. */
  readonly columns?: readonly string[]
  /** Leaves out what costs most: associations, interactions, duplicates, missing pattern, what texts are made of. */
  readonly minimal?: boolean
  /** No value of a cell is in the profile: no frequent values, no least and greatest, no words, no first rows. */
  readonly sensitive?: boolean
  /** Bins of histograms, at most 250; 0 is 250. */
  readonly bins?: number
  /** Frequent values, words, characters, shapes that are listed. */
  readonly top?: number
  readonly alerts?: AlertThresholds
  readonly associations?: readonly AssociationMethod[]
  /** Rows that associations (other than Pearson's) keep in memory; of more rows every k-th is read. */
  readonly maxRows?: number
  /** Distinct texts, the most frequent ones, whose characters, words and shapes are looked at. */
  readonly maxTexts?: number
  /** Pairs of numbers, the most strongly associated ones, that are drawn. */
  readonly interactions?: number
  /** A column of times: gaps between them, and whether numbers in their order are stationary or repeat themselves. */
  readonly time?: string
  /** Lags of autocorrelations that are told. */
  readonly lags?: number
  /** Numbers with at most so many distinct values are categories. */
  readonly categoricalUpTo?: number
}

const DEFAULT_ASSOCIATIONS: readonly AssociationMethod[] = ['auto', 'pearson', 'spearman', 'cramers']

/** Numbers that are read in one statement. */
const AT_ONCE = 4_000_000
const COLUMNS_AT_ONCE = 200

/** Texts of at most so many distinct values, that repeat, are categories. Source: ydata-profiling. */
const CATEGORY_LEVELS = 50
/** Levels of a category that associations look at. Source: ydata-profiling. */
const ASSOCIATED_LEVELS = 100

/**
 * Describes a table: every column is read once (numbers a few columns a statement, texts in one GROUP BY each), then the table for what
 * goes across columns. Everything is exact, but associations of tables of more than `maxRows` rows and what texts of more than `maxTexts` values
 * are made of, where the profile says how much was looked at. NaN counts as missing; infinite numbers are counted, and left out of
 * the other statistics. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID` before anything is read.
 * Source of definitions: ydata-profiling 4.18.
 */
export async function profile(data: AnyRelation, options: ProfileOptions = {}): Promise<Profile> {
  const { minimal = false, sensitive = false, bins = 50, top = 10, maxRows = 1_000_000, maxTexts = 100_000 } = options
  const { associations = DEFAULT_ASSOCIATIONS, interactions = 6, categoricalUpTo = 5, lags = 100 } = options
  for (const [name, value, least] of [
    ['bins', bins, 0],
    ['top', top, 1],
    ['maxRows', maxRows, 2],
    ['maxTexts', maxTexts, 1],
    ['interactions', interactions, 0],
    ['lags', lags, 1],
    ['categoricalUpTo', categoricalUpTo, 0],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw new PodError('OPTION_INVALID', `\`${name}\` of a profile is a whole number from ${least}, not ${value}`)
  for (const method of associations)
    if (!associationMethods.includes(method))
      throw new PodError(
        'OPTION_INVALID',
        `there is no association "${method}"${didYouMean(method, associationMethods)}`,
        { hint: `there are ${associationMethods.join(', ')}` },
      )
  for (const code of Object.keys(options.alerts ?? {}))
    if (!(code in alertDefaults))
      throw new PodError(
        'OPTION_INVALID',
        `there is no alert "${code}" with a threshold${didYouMean(code, Object.keys(alertDefaults))}`,
      )
  for (const name of options.columns ?? [])
    if (!data.columns.includes(name)) throw unknownColumn(name, data.columns, 'the table')
  if (options.columns?.length === 0) throw new PodError('OPTION_INVALID', 'a profile of no column says nothing')
  const described = await data.describe()
  const clock = options.time === undefined ? undefined : timeOf(options.time, described)
  const infos = described.filter(({ name }) => options.columns?.includes(name) ?? true)
  const rowsOf = await countRows(data, infos)
  const context: Context = {
    data,
    rows: rowsOf.rows,
    bins,
    top,
    examined: minimal ? 0 : maxTexts,
    categoricalUpTo,
    present: rowsOf.present,
  }
  const found = new Map<string, ColumnProfile>()
  const levels = new Map<string, readonly string[]>()
  // the engine counts texts while numbers are looked at
  await Promise.all([readNumbers(context, infos, found, levels), readOthers(context, infos, found, levels)])
  const columns = infos.map(({ name }) => found.get(name)!)
  const cross = minimal
    ? undefined
    : await across(context, infos, columns, levels, { associations, maxRows, interactions })
  const time =
    clock &&
    (await timeProfile(data, clock, seriesOf(infos, columns, clock.name), {
      maxRows: Math.min(maxRows, SERIES_ROWS),
      lags,
      level: options.alerts?.nonStationary ?? alertDefaults.nonStationary!,
    }))
  await assertUnchanged(data)
  const table = tableOf(rowsOf.rows, columns, cross?.duplicates)
  const associated = cross?.associated?.associations ?? null
  const whole: Profile = {
    v: 1,
    table,
    columns,
    alerts: alertsOf(table, columns, associated, { ...alertDefaults, ...options.alerts }, time?.series ?? []),
    missing: cross?.missing ?? null,
    associations: associated,
    interactions: cross?.associated?.interactions ?? [],
    time: time ?? null,
    first: cross?.first ?? [],
    minimal,
    sensitive,
  }
  return sensitive ? withoutValues(whole) : whole
}

/** Rows of a series, the latest ones: its tests look at all pairs of lags. */
const SERIES_ROWS = 100_000

function timeOf(name: string, infos: readonly ColumnInfo[]) {
  const info = infos.find((column) => column.name === name)
  if (info === undefined)
    throw unknownColumn(
      name,
      infos.map((column) => column.name),
      'the table',
    )
  const { type, sqlType } = info
  if (type !== 'date' && type !== 'timestamp' && type !== 'int')
    throw new PodError('COLUMN_TYPE', `the column "${name}" is ${sqlType} and tells no time`, {
      hint: 'days, timestamps and whole numbers do',
    })
  return { name, sql: numberSql(info), kind: type === 'int' ? ('number' as const) : type }
}

const seriesOf = (infos: readonly ColumnInfo[], columns: readonly ColumnProfile[], time: string) =>
  infos.flatMap((info, i) =>
    columns[i].role === 'number' && info.name !== time ? [{ name: info.name, sql: numberSql(info) }] : [],
  )

interface Context {
  readonly data: AnyRelation
  readonly rows: number
  readonly bins: number
  readonly top: number
  readonly examined: number
  readonly categoricalUpTo: number
  /** Rows with a value (for columns that are not looked into), or with an infinite moment. */
  readonly present: ReadonlyMap<string, number>
}

/** The query of these columns alone: a statement costs the columns that it names. */
const columnsSql = (data: AnyRelation, columns: readonly { readonly name: string }[]): string =>
  untyped(data)
    .select(...columns.map(({ name }) => name))
    .toSQL()

const isNumber = ({ type }: ColumnInfo): boolean => type === 'int' || type === 'float'
const isDate = ({ type }: ColumnInfo): boolean => type === 'date' || type === 'timestamp'
/** Types that are looked at as the texts that they are written as. */
const isText = ({ type, sqlType }: ColumnInfo): boolean =>
  type === 'string' || /^(UUID|TIME|INTERVAL|BIT)\b/.test(sqlType)

/** The only scan of the whole table: rows, and what columns that are read in no other way hold. */
async function countRows(data: AnyRelation, infos: readonly ColumnInfo[]) {
  const parts = infos.flatMap((info, i) => {
    const column = identifier(info.name)
    if (isDate(info)) return [`count_if(NOT isfinite(${column})) AS c${i}`]
    return isNumber(info) || isText(info) || info.type === 'bool' ? [] : [`count(${column}) AS c${i}`]
  })
  const [row] = await data.engine.read(`SELECT ${['count(*) AS n', ...parts].join(', ')} FROM (${data.toSQL()})`)
  return {
    rows: Number(row.n),
    present: new Map(infos.map(({ name }, i) => [name, Number(row[`c${i}`] ?? 0)])),
  }
}

/** SQL of the numbers of a column; moments as milliseconds since 1970, infinite ones missing. */
function numberSql({ name, type, sqlType }: ColumnInfo): string {
  const column = identifier(name)
  if (type === 'int' || type === 'float') return `CAST(${column} AS DOUBLE)`
  const moment = sqlType.includes('TIME ZONE') ? column : `CAST(${column} AS TIMESTAMP)`
  return `CASE WHEN isfinite(${column}) THEN epoch_us(${moment}) / 1000.0 END`
}

async function readNumbers(
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

async function readOthers(
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

const share = (count: number, of: number): number => (of === 0 ? 0 : count / of)

function countsOf(
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

function tableOf(
  rows: number,
  columns: readonly ColumnProfile[],
  duplicates: { readonly groups: number; readonly repeated: number } | undefined,
): TableStatistics {
  const cellsMissing = columns.reduce((sum, { missing }) => sum + missing, 0)
  const roles: Partial<Record<ProfileRole, number>> = {}
  for (const { role } of columns) roles[role] = (roles[role] ?? 0) + 1
  return {
    rows,
    columns: columns.length,
    cellsMissing,
    cellsMissingShare: share(cellsMissing, rows * columns.length),
    columnsWithMissing: columns.filter(({ missing }) => missing > 0).length,
    columnsAllMissing: rows === 0 ? 0 : columns.filter(({ missing }) => missing === rows).length,
    duplicates: duplicates?.groups ?? null,
    duplicatesShare: duplicates ? share(duplicates.groups, rows) : null,
    repeatedRows: duplicates?.repeated ?? null,
    roles,
  }
}

/** What goes across columns. */
async function across(
  { data, rows }: Context,
  infos: readonly ColumnInfo[],
  columns: readonly ColumnProfile[],
  levels: ReadonlyMap<string, readonly string[]>,
  options: {
    readonly associations: readonly AssociationMethod[]
    readonly maxRows: number
    readonly interactions: number
  },
) {
  const members = columns.flatMap(({ name, role, distinct }, i): Member[] => {
    if (distinct === null || distinct < 2) return []
    const number = isNumber(infos[i]) ? finiteSql(infos[i], numberSql(infos[i])) : undefined
    const known = levels.get(name)
    const category = (role === 'category' || role === 'bool') && known !== undefined
    return category || role === 'number' ? [{ name, number, category, levels: known ?? [] }] : []
  })
  const { associations: methods, maxRows, interactions } = options
  const associated =
    rows > 1 && members.length > 1
      ? await associate(data, members, { methods, rows, maxRows, interactions })
      : undefined
  return {
    associated,
    duplicates: rows === 0 ? { groups: 0, repeated: 0 } : await countDuplicates(data, infos),
    missing: await missingPattern(data, infos, columns, rows),
    first: await firstRows(data, infos),
  }
}

const finiteSql = ({ type }: ColumnInfo, expression: string): string =>
  type === 'float' ? `CASE WHEN isfinite(${expression}) THEN ${expression} END` : expression

/** Distinct rows that occur more than once: candidates by a hash of the row, then by the rows themselves. */
async function countDuplicates(data: AnyRelation, infos: readonly ColumnInfo[]) {
  const names = infos.map(({ name }) => identifier(name)).join(', ')
  const from = `(${columnsSql(data, infos)})`
  const [row] = await data.engine.read(`
    WITH twice AS MATERIALIZED (SELECT h FROM (SELECT hash(${names}) AS h FROM ${from}) GROUP BY h HAVING count(*) > 1)
    SELECT count(*) AS groups, coalesce(sum(c - 1), 0)::DOUBLE AS repeated FROM (
      SELECT count(*) AS c FROM (SELECT * FROM ${from} WHERE (SELECT count(*) FROM twice) > 0 AND hash(${names}) IN (SELECT h FROM twice))
      GROUP BY ${names} HAVING count(*) > 1)`)
  return { groups: Number(row.groups), repeated: Number(row.repeated) }
}

const FIRST = 5
/** Characters of a value that are shown of the first rows. */
const SHOWN = 200

async function firstRows(data: AnyRelation, infos: readonly ColumnInfo[]): Promise<Readonly<Record<string, Cell>>[]> {
  const list = infos.map(({ name, sqlType }, i) => `${isoText(identifier(name), sqlType)} AS c${i}`)
  const rows = await data.engine.read(`SELECT ${list.join(', ')} FROM (${columnsSql(data, infos)}) LIMIT ${FIRST}`)
  return rows.map((row) =>
    Object.fromEntries(
      infos.map(({ name }, i) => {
        const value = row[`c${i}`]
        return [name, value === null || value === undefined ? null : String(value).slice(0, SHOWN)]
      }),
    ),
  )
}
