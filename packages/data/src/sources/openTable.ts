import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { didYouMean, PodError } from '@mlpod/contract'
import { isKeyPattern, isS3, s3Files, s3Place } from '@mlpod/store'
import { openEngine, quoted } from '../engine.ts'
import type { Relation } from '../relation.ts'
import { checkFile } from '../table.ts'
import { arrowFiles } from './arrow.ts'
import { excelFiles } from './excel.ts'
import type { Format, OpenOptions } from './format.ts'
import { parquetFiles } from './parquetFiles.ts'
import { partitionsWanted } from './partitions.ts'
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
 * A pod reads its data by `csv`, `parquet`, ... with a schema. Files of CSV, JSON and Parquet may be many: a pattern, or a folder, whose folders `key=value` are columns.
 * `s3://bucket/key` is on S3, and what is fetched of it is kept on this machine; `postgres://...` is a table of PostgreSQL. Throws `FORMAT_UNKNOWN`,
 * `FILE_MISSING`, `FILE_EMPTY`, `PARTITION_UNKNOWN`, `PARTITION_MISSING`, what the format throws: `CSV_MALFORMED`, `ENCODING_NOT_UTF8`, `COLUMN_TWICE`,
 * `JSON_INVALID`, `FILE_INVALID`, `TABLE_UNKNOWN`, `OPTION_INVALID` where several tables are there and none is named, and what S3 throws: `BUCKET_MISSING`,
 * `KEY_MISSING`, `CREDENTIALS_MISSING`, `CREDENTIALS_REFUSED`, `ENDPOINT_UNREACHABLE`, `PACKAGE_MISSING`.
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<Relation> {
  if (isPostgres(path)) return openPostgres(path, options)
  if (isS3(path)) return openS3Table(path, options)
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => undefined,
  )
  // what is partitioned is Parquet, if nothing else is said
  const format = formatNamed(options.format ?? (isFolder ? 'parquet' : endingOf(path)))
  // a file may be called like a pattern
  const many = isFolder ?? isPattern(path)
  if (!many) {
    await checkFile(path, path)
    return format.open(path, path, options)
  }
  if (format === parquetFiles && options.partitions === undefined) return format.open(path, path, options)
  return openMany(format, await filesAt(path, format, isFolder === true), path, options)
}

async function openS3Table(place: string, options: OpenOptions): Promise<Relation> {
  const { key } = s3Place(place)
  const told = options.format ?? formatOfEnding(key)
  const asked = told === undefined ? undefined : formatNamed(told)
  const { single, files } = await s3Files(place, options.s3, (objects) =>
    partitionsWanted(
      asked === undefined || isKeyPattern(key) ? objects : objects.filter((object) => hasEnding(asked, object.key)),
      (object) => object.key,
      options.partitions,
      place,
    ),
  )
  const paths = files.map((file) => file.path)
  if (!single) return openMany(asked ?? parquetFiles, paths, place, options)
  return (asked ?? formatNamed(endingOf(place))).open(paths[0], place, options)
}

function openMany(format: Format, paths: readonly string[], name: string, options: OpenOptions): Promise<Relation> {
  if (paths.length === 0) throw new PodError('FILE_MISSING', `there is no file at ${name}`)
  const left = partitionsWanted(paths, (path) => path, options.partitions, name)
  if (format.openAll) return format.openAll(left, name, options)
  throw new PodError('OPTION_INVALID', `${name} names ${left.length} files, and only one is read of ${format.about}`, {
    hint: 'name one file',
  })
}

/** The files of a pattern or a folder in the order of their names. */
async function filesAt(path: string, format: Format, isFolder: boolean): Promise<readonly string[]> {
  const engine = await openEngine()
  const where = isFolder ? `${path.replace(/\/+$/, '')}/**/*` : path
  const files = (await engine.read(`SELECT file FROM glob(${quoted(where)}) ORDER BY file`)).map(({ file }) =>
    String(file),
  )
  return isFolder ? files.filter((file) => hasEnding(format, file)) : files
}

const hasEnding = ({ extensions }: Format, path: string): boolean => extensions.includes(extname(path).toLowerCase())

function formatNamed(name: string): Format {
  const format: Format | undefined = (formats as Readonly<Record<string, Format>>)[name]
  if (format !== undefined) return format
  throw new PodError('FORMAT_UNKNOWN', `tables are not read from ${name}${didYouMean(name, Object.keys(formats))}`, {
    hint: `there are ${Object.keys(formats).join(', ')}`,
  })
}

/** Returns the name of the format of a path by its ending, if that tells it. */
export const formatOfEnding = (path: string): keyof typeof formats | undefined => {
  const ending = extname(path.replace(/\/+$/, '')).toLowerCase()
  const names = Object.keys(formats) as (keyof typeof formats)[]
  return names.find((name) => (formats[name] as Format).extensions.includes(ending))
}

function endingOf(path: string): string {
  const name = formatOfEnding(path)
  if (name !== undefined) return name
  throw new PodError('FORMAT_UNKNOWN', `the ending of ${path} tells no format of tables`, {
    hint: `name one: ${Object.keys(formats).join(', ')}`,
  })
}
