import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { didYouMean, PodError } from '@mlpod/contract'
import type { Relation } from '../relation.ts'
import { checkFile } from '../table.ts'
import { arrowFiles } from './arrow.ts'
import { excelFiles } from './excel.ts'
import type { Format, OpenOptions } from './format.ts'
import { parquetFiles } from './parquetFiles.ts'
import { isPattern } from './place.ts'
import { isPostgres, openPostgres } from './postgres.ts'
import { sqliteFiles } from './sqlite.ts'
import { csvFiles, jsonFiles, tsvFiles } from './textFiles.ts'

/** Every format by its name. */
export const formats = {
  parquet: parquetFiles,
  csv: csvFiles,
  tsv: tsvFiles,
  json: jsonFiles,
  arrow: arrowFiles,
  excel: excelFiles,
  sqlite: sqliteFiles,
} as const satisfies Readonly<Record<string, Format>>

/**
 * Opens a table by its place, with the types that it has or that are found in it: for looking at data that no schema describes yet.
 * A pod reads its data by `csv`, `parquet`, ... with a schema. `postgres://...` is a table of PostgreSQL. Throws `FORMAT_UNKNOWN`, `FILE_MISSING`, `FILE_EMPTY`, and what the format
 * throws: `CSV_MALFORMED`, `ENCODING_NOT_UTF8`, `COLUMN_TWICE`, `JSON_INVALID`, `FILE_INVALID`, `TABLE_UNKNOWN`, `OPTION_INVALID` where several
 * tables are there and none is named.
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<Relation> {
  if (isPostgres(path)) return openPostgres(path, options)
  const name = options.format ?? (await formatOf(path))
  const format: Format | undefined = (formats as Readonly<Record<string, Format>>)[name]
  if (format === undefined)
    throw new PodError('FORMAT_UNKNOWN', `tables are not read from ${name}${didYouMean(name, Object.keys(formats))}`, {
      hint: `there are ${Object.keys(formats).join(', ')}`,
    })
  if (!isPattern(path) && !(await isFolder(path))) await checkFile(path, path)
  return format.open(path, path, options)
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function formatOf(path: string): Promise<string> {
  // what is partitioned is Parquet
  if (await isFolder(path)) return 'parquet'
  const ending = extname(path.replace(/\/+$/, '')).toLowerCase()
  const found = Object.entries<Format>(formats).find(([, { extensions }]) => extensions.includes(ending))
  if (found) return found[0]
  throw new PodError('FORMAT_UNKNOWN', `the ending of ${path} tells no format of tables`, {
    hint: `name one: ${Object.keys(formats).join(', ')}`,
  })
}
