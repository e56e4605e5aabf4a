import { extname } from 'node:path'
import { didYouMean, PodError } from '@mlpod/contract'
import type { Relation } from '../relation.ts'
import { checkFile } from '../table.ts'
import type { Format, OpenOptions } from './format.ts'
import { parquetFiles } from './parquetFiles.ts'
import { csvFiles, jsonFiles, tsvFiles } from './textFiles.ts'

/** Every format by its name. */
export const formats = {
  parquet: parquetFiles,
  csv: csvFiles,
  tsv: tsvFiles,
  json: jsonFiles,
} as const satisfies Readonly<Record<string, Format>>

/**
 * Opens a table by its place, with the types that it has or that are found in it: for looking at data that no schema describes yet.
 * A pod reads its data by `csv`, `parquet`, ... with a schema. Throws `FORMAT_UNKNOWN`, `FILE_MISSING`, `FILE_EMPTY`, and what the format
 * throws: `CSV_MALFORMED`, `ENCODING_NOT_UTF8`, `COLUMN_TWICE`, `JSON_INVALID`, `FILE_INVALID`.
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<Relation> {
  const name = options.format ?? formatOf(path)
  const format: Format | undefined = (formats as Readonly<Record<string, Format>>)[name]
  if (format === undefined)
    throw new PodError('FORMAT_UNKNOWN', `tables are not read from ${name}${didYouMean(name, Object.keys(formats))}`, {
      hint: `there are ${Object.keys(formats).join(', ')}`,
    })
  if (!/[*?[]/.test(path)) await checkFile(path, path)
  return format.open(path, path, options)
}

function formatOf(path: string): string {
  const ending = extname(path.replace(/\/+$/, '')).toLowerCase()
  const found = Object.entries<Format>(formats).find(([, { extensions }]) => extensions.includes(ending))
  if (found) return found[0]
  throw new PodError('FORMAT_UNKNOWN', `the ending of ${path} tells no format of tables`, {
    hint: `name one: ${Object.keys(formats).join(', ')}`,
  })
}
