import { PodError } from '@mlpod/contract'
import { identifier } from '../engine.ts'
import { assertUnchanged, unknownColumn } from '../query.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'
import { across } from './acrossColumns.ts'
import { alertsOf } from './alerts.ts'
import { share } from './columnCounts.ts'
import { isDate, isNumber, isText, numberSql } from './columnSql.ts'
import type { Context } from './context.ts'
import { filesAt } from './files.ts'
import { memoryOf } from './memory.ts'
import { type ProfileOptions, settingsOf } from './profileOptions.ts'
import { readNumbers } from './readNumbers.ts'
import { readOthers } from './readOthers.ts'
import { timeProfile } from './series.ts'
import type { ColumnProfile, Profile, ProfileRole, TableStatistics } from './types.ts'
import { withoutValues } from './withoutValues.ts'

/**
 * Describes a table: every column is read once (numbers a few columns a statement, texts in one GROUP BY each), then the table for what
 * goes across columns. Everything is exact, but associations of tables of more than `maxRows` rows and what texts of more than `maxTexts` values
 * are made of, where the profile says how much was looked at. NaN counts as missing; infinite numbers are counted, and left out of
 * the other statistics. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID` before anything is read.
 * Source of definitions: ydata-profiling 4.18.
 */
export async function profile(data: AnyRelation, options: ProfileOptions = {}): Promise<Profile> {
  const settings = settingsOf(data, options)
  const {
    minimal,
    sensitive,
    bins,
    top,
    maxRows,
    maxTexts,
    associations,
    interactions,
    categoricalUpTo,
    lags,
    alerts,
  } = settings
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
  const measured = infos
    .map(({ name }) => found.get(name)!)
    .map((column) => ({ ...column, memoryBytes: memoryOf(column) }))
  const columns = options.files
    ? await Promise.all(measured.map((column) => withFiles(column, levels.get(column.name))))
    : measured
  const cross = minimal
    ? undefined
    : await across(context, infos, columns, levels, { associations, maxRows, interactions })
  const time =
    clock &&
    (await timeProfile(data, clock, seriesOf(infos, columns, clock.name), {
      maxRows: Math.min(maxRows, SERIES_ROWS),
      lags,
      level: alerts.nonStationary!,
    }))
  await assertUnchanged(data)
  const table = tableOf(rowsOf.rows, columns, cross?.duplicates)
  const associated = cross?.associated?.associations ?? null
  const whole: Profile = {
    v: 1,
    table,
    columns,
    alerts: alertsOf(table, columns, associated, alerts, time?.series ?? []),
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

/** A column of paths with what stands there. */
async function withFiles(column: ColumnProfile, paths: readonly string[] = []): Promise<ColumnProfile> {
  const { text } = column
  const meaning = text?.content?.meaning
  if (!text?.content || meaning?.kind !== 'path') return column
  const content = { ...text.content, meaning: { ...meaning, files: await filesAt(paths) } }
  return { ...column, text: { ...text, content } }
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
    memoryBytes: columns.reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0),
    columnsWithMissing: columns.filter(({ missing }) => missing > 0).length,
    columnsAllMissing: rows === 0 ? 0 : columns.filter(({ missing }) => missing === rows).length,
    duplicates: duplicates?.groups ?? null,
    duplicatesShare: duplicates ? share(duplicates.groups, rows) : null,
    repeatedRows: duplicates?.repeated ?? null,
    roles,
  }
}
