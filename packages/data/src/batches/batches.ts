import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { PodError } from '@mlpod/contract'
import { patternOf } from '../expectations/pythonPattern.ts'
import { plainCell } from '../expectations/sample.ts'
import { unknownColumn, untyped } from '../query.ts'
import type { AnyRelation, Cell, Relation } from '../relation.ts'
import type { OpenOptions } from '../sources/format.ts'
import { openTable } from '../sources/openTable.ts'
import type { RunOptions, Suite, SuiteResult } from '../suites/suite.ts'
import { type BatchBy, partitionKeys } from './partition.ts'

/** What tells a batch from the others: a year and a month, the value of a column, the parts of a file's name. */
export type BatchId = Readonly<Record<string, Cell>>

/** A part of a table, or a file of many. */
export interface Batch {
  readonly id: BatchId
  /** Undefined of files, which are not read yet. */
  readonly rows?: number
  readonly data: () => Promise<Relation>
}

/** How batches are listed. */
export interface BatchOptions {
  readonly descending?: boolean
  /** How many there may be; 1000 by default. */
  readonly most?: number
}

/**
 * Returns the batches of a table in their order; every row is in one of them: rows whose key is missing make a batch of their own, which is the last.
 * One scan of the columns of the key. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID`, `BATCHES_MANY`.
 */
export async function batches(
  data: AnyRelation,
  by: BatchBy,
  { descending = false, most = 1000 }: BatchOptions = {},
): Promise<Batch[]> {
  const { sql } = data.engine
  const keys = Object.entries(partitionKeys(sql, by))
  const unknown = keys
    .flatMap(([, key]) => sql.collectColumns(key))
    .find(({ column }) => !data.columns.includes(column))
  if (unknown) throw unknownColumn(unknown.column, data.columns)
  if (keys.length === 0) {
    const table = untyped(data)
    return [{ id: {}, rows: await table.count(), data: async () => table }]
  }
  const asText = keys.map(([, key]) => sql.cast(key, 'VARCHAR'))
  // by the value as it is for the order, as text to find it again without loss
  const query = sql.Query.from({ input: data.query })
    .select({
      ...Object.fromEntries(keys.map(([, key], i) => [`k${i}`, key])),
      ...Object.fromEntries(asText.map((text, i) => [`t${i}`, text])),
      times: sql.count(),
    })
    .groupby(...keys.map(([, key]) => key), ...asText)
    .orderby(...keys.map((_, i) => (descending ? sql.desc : sql.asc)(sql.column(`k${i}`), false)))
    .limit(most + 1)
  const found = await data.engine.read(String(query))
  if (found.length > most) throw tooMany(most)
  return found.map((row): Batch => {
    const id = Object.fromEntries(
      keys.map(([name], i) => {
        const value = plainCell(row[`k${i}`])
        return [name, typeof row[`k${i}`] === 'object' && row[`k${i}`] !== null ? String(row[`t${i}`]) : value]
      }),
    )
    const same = asText.map((text, i) =>
      row[`t${i}`] === null ? sql.isNull(text) : sql.eq(text, sql.literal(String(row[`t${i}`]))),
    )
    return { id, rows: Number(row.times), data: async () => untyped(data).where(sql.and(...same)) }
  })
}

const tooMany = (most: number): PodError =>
  new PodError('BATCHES_MANY', `there are more than ${most} batches`, {
    hint: 'cut by something coarser, or set `most`',
  })

/**
 * Returns the files below a folder whose path matches a regular expression from its beginning, as batches: the named groups and the `path` tell
 * them apart, and order them (numbers as numbers). A group is written `(?<year>\d{4})`, or as Python does. Nothing is opened. Throws `OPTION_INVALID`,
 * `FILE_MISSING` when none matches.
 */
export async function fileBatches(
  folder: string,
  pattern: string | RegExp,
  { descending = false, most = 1000, open = {} }: BatchOptions & { readonly open?: OpenOptions } = {},
): Promise<Batch[]> {
  const { js } = patternOf(typeof pattern === 'string' ? pattern : pattern.source)
  const from = new RegExp(js.source, `${js.flags.replaceAll(/[gy]/g, '')}y`)
  const found = await readdir(folder, { recursive: true })
  const matched = found.sort().flatMap((name) => {
    const path = relative(folder, join(folder, name)).split(sep).join('/')
    from.lastIndex = 0
    const match = from.exec(path)
    return match === null ? [] : [{ path, groups: Object.entries(match.groups ?? {}) }]
  })
  const listed: { id: BatchId; order: readonly (number | string)[]; file: string }[] = []
  for (const { path, groups } of matched) {
    const file = join(folder, path)
    if (!(await stat(file)).isFile()) continue
    const values = groups.map(([name, text]): [string, number | string] => [
      name,
      /^\d{1,15}$/.test(text) ? Number(text) : text,
    ])
    listed.push({
      id: { ...Object.fromEntries(values), path },
      order: [...values.map(([, value]) => value), path],
      file,
    })
  }
  if (listed.length === 0)
    throw new PodError('FILE_MISSING', `no file below ${folder} matches ${from.source}`, { at: folder })
  if (listed.length > most) throw tooMany(most)
  const sign = descending ? -1 : 1
  listed.sort((a, b) => {
    const at = a.order.findIndex((value, i) => value !== b.order[i])
    return at < 0 ? 0 : sign * (a.order[at] < b.order[at] ? -1 : 1)
  })
  return listed.map(({ id, file }) => ({ id, data: () => openTable(file, open) }))
}

/** Tries a suite on each batch, in their order; each result bears the id of its batch, and is history for the windows of those after it. */
export async function runBatches(
  suite: Suite,
  list: readonly Batch[],
  { history = [], ...options }: RunOptions = {},
): Promise<{ readonly ok: boolean; readonly results: readonly SuiteResult[] }> {
  const results: SuiteResult[] = []
  for (const { id, data } of list)
    results.push(await suite.run(await data(), { ...options, batch: id, history: [...history, ...results] }))
  return { ok: results.every(({ ok }) => ok), results }
}
