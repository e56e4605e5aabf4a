import { stat } from 'node:fs/promises'
import { PodError } from '@mlpod/contract'
import { identifier, openEngine, quoted, quotedPath, type SourceFile } from '../engine.ts'
import { relation } from '../query.ts'
import type { Relation } from '../relation.ts'
import type { Format } from './format.ts'
import { isPattern } from './place.ts'

/**
 * Parquet files: one, several by a pattern (`*`, `?`, `[...]`, `**` for folders), or a folder with `key=value` folders, whose keys become columns. They
 * are read when asked, column by column, and never copied; a file that changes meanwhile is told.
 */
export const parquetFiles: Format = {
  about: 'Parquet: a file, a pattern of files, or a folder partitioned as key=value',
  extensions: ['.parquet', '.pq'],
  async open(path, name) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    const many = isFolder || isPattern(path)
    if (!many) return read(quotedPath(path), [path], { many, name })
    const where = quoted(isFolder ? `${path.replace(/\/+$/, '')}/**/*.parquet` : path)
    const engine = await openEngine()
    const files = (await engine.read(`SELECT file FROM glob(${where}) ORDER BY file`)).map((row) => String(row.file))
    if (files.length === 0) throw new PodError('FILE_MISSING', `there is no Parquet file at ${name}`, { at: path })
    return read(where, files, { many, name })
  },
  openAll: (paths, name) => read(`[${paths.map(quotedPath).join(', ')}]`, paths, { many: true, name }),
}

async function read(
  where: string,
  files: readonly string[],
  { many, name }: { readonly many: boolean; readonly name: string },
): Promise<Relation> {
  const engine = await openEngine()
  const { sql } = engine
  // a file may lack columns that others have
  const from = `read_parquet(${where}, hive_partitioning = ${many}, union_by_name = ${many})`
  const found = await engine.read(`DESCRIBE SELECT * FROM ${from}`).catch((cause) => {
    throw new PodError('FILE_INVALID', `${name} is no Parquet file`, { at: files[0], cause })
  })
  const columns = found.map((row) => String(row.column_name))
  // only what is asked for is named: the engine would bind every column of a wide file in each statement
  const narrow = (names: readonly string[]) =>
    sql.Query.from({
      file: sql.verbatim(`(SELECT ${names.map(identifier).join(', ')} FROM ${from})`) as never,
    }).select(...names.map((column) => sql.column(column)))
  return relation({ engine, query: narrow(columns), columns, narrow, tokens: await Promise.all(files.map(stamp)) })
}

async function stamp(file: string): Promise<SourceFile> {
  const { size, mtimeMs } = await stat(file)
  return { file, size, changed: mtimeMs }
}
