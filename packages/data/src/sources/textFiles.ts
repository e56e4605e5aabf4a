import { open } from 'node:fs/promises'
import { PodError } from '@mlpod/contract'
import { checkEncoding, readHeader } from '../csvHeader.ts'
import { type Engine, newTable, openEngine, quoted, quotedPath } from '../engine.ts'
import { fromTable } from '../query.ts'
import type { Relation } from '../relation.ts'
import type { Format, OpenOptions } from './format.ts'

/** Delimiters that are tried, and the one taken where none occurs. */
const DELIMITERS = [',', ';', '\t', '|']

/** CSV with a header, its types found over the whole file. Copied into the engine, so that it is parsed once. */
export const csvFiles: Format = {
  about: 'CSV with a header in its first line',
  extensions: ['.csv', '.txt'],
  open: (path, name, options) => openCsv([path], name, options),
  openAll: (paths, name, options) => openCsv(paths, name, options),
}

async function openCsv(
  paths: readonly string[],
  name: string,
  { delimiter, nullValues = [''] }: OpenOptions,
): Promise<Relation> {
  const mark = delimiter ?? (await delimiterOf(paths[0]))
  for (const path of paths) await readHeader(path, { delimiter: mark, name: paths.length > 1 ? path : name })
  const nulls = nullValues.map(quoted).join(', ')
  const from = `read_csv(${listed(paths)}, header = true, sample_size = -1, strict_mode = true, delim = ${quoted(mark)}, quote = '"', escape = '"', nullstr = [${nulls}])`
  return load(from, (error) => csvError(error, paths[0], name))
}

/** One file, or several that may lack columns that others have, and stand in folders named key=value. */
const listed = (paths: readonly string[]): string =>
  paths.length === 1
    ? quotedPath(paths[0])
    : `[${paths.map(quotedPath).join(', ')}], union_by_name = true, hive_partitioning = true`

/** Fields separated by tabs. */
export const tsvFiles: Format = {
  about: 'fields separated by tabs, with a header',
  extensions: ['.tsv', '.tab'],
  open: (path, name, options) => openCsv([path], name, { ...options, delimiter: '\t' }),
  openAll: (paths, name, options) => openCsv(paths, name, { ...options, delimiter: '\t' }),
}

/** JSON: an array of objects, or one object a line. */
export const jsonFiles: Format = {
  about: 'JSON: an array of objects, or one object a line',
  extensions: ['.json', '.jsonl', '.ndjson'],
  open: (path, name) => openJson([path], name),
  openAll: openJson,
}

function openJson(paths: readonly string[], name: string): Promise<Relation> {
  const from = `read_json(${listed(paths)}, format = 'auto', sample_size = -1, maximum_object_size = 134217728)`
  return load(
    from,
    (error) =>
      new PodError('JSON_INVALID', `${name} holds no rows in JSON: ${firstLine(error)}`, {
        at: paths[0],
        hint: 'write an array of objects, or one object a line',
        cause: error,
      }),
  )
}

async function delimiterOf(path: string): Promise<string> {
  const handle = await open(path, 'r')
  const buffer = Buffer.alloc(1 << 16)
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0).finally(() => handle.close())
  const [line] = buffer.toString('latin1', 0, bytesRead).split(/\r?\n/, 1)
  const bare = line.replaceAll(/"(?:[^"]|"")*"/g, '')
  const count = (mark: string): number => bare.split(mark).length
  return DELIMITERS.reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}

async function load(from: string, explain: (error: Error) => PodError | Promise<PodError>): Promise<Relation> {
  const engine: Engine = await openEngine()
  const token = newTable()
  try {
    await engine.run(`CREATE TABLE "${token.table}" AS SELECT * FROM ${from}`)
  } catch (error) {
    throw await explain(error as Error)
  }
  const found = await engine.read(`DESCRIBE "${token.table}"`)
  return fromTable(
    engine,
    token,
    found.map((row) => String(row.column_name)),
  )
}

const firstLine = (error: Error): string => {
  const cause = error.cause instanceof Error ? error.cause : error
  return cause.message.split('\n')[0]
}

function csvError(error: Error, path: string, name: string): PodError | Promise<PodError> {
  const message = error.cause instanceof Error ? error.cause.message : error.message
  if (/not utf-8|Invalid unicode/i.test(message)) return checkEncoding(path, name)
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1]
  return new PodError('CSV_MALFORMED', `${name} cannot be read as CSV: ${firstLine(error)}`, {
    at: line === undefined ? path : `${path}:${line}`,
    hint: 'a field that contains the delimiter is enclosed in quotes, and a quote within is written twice',
    cause: error,
  })
}
