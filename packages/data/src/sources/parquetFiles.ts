import { stat } from 'node:fs/promises'
import { PodError } from '@mlpod/contract'
import { identifier, openEngine, quoted, quotedPath, type SourceFile } from '../engine.ts'
import { relation } from '../query.ts'
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
    const engine = await openEngine()
    const { sql } = engine
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    const many = isFolder || isPattern(path)
    const where = many ? quoted(isFolder ? `${path.replace(/\/+$/, '')}/**/*.parquet` : path) : quotedPath(path)
    // a file may lack columns that others have
    const from = `read_parquet(${where}, hive_partitioning = ${many}, union_by_name = ${many})`
    const found = await engine.read(`DESCRIBE SELECT * FROM ${from}`).catch((error) => {
      const none = /No files found/i.test(String(error.message))
      throw new PodError(
        none ? 'FILE_MISSING' : 'FILE_INVALID',
        none ? `there is no Parquet file at ${name}` : `${name} is no Parquet file`,
        {
          at: path,
          cause: error,
        },
      )
    })
    const columns = found.map((row) => String(row.column_name))
    // only what is asked for is named: the engine would bind every column of a wide file in each statement
    const narrow = (names: readonly string[]) =>
      sql.Query.from({
        file: sql.verbatim(`(SELECT ${names.map(identifier).join(', ')} FROM ${from})`) as never,
      }).select(...names.map((column) => sql.column(column)))
    const files = many
      ? (await engine.read(`SELECT file FROM glob(${where}) ORDER BY file`)).map((row) => String(row.file))
      : [path]
    return relation({ engine, query: narrow(columns), columns, narrow, tokens: await Promise.all(files.map(stamp)) })
  },
}

async function stamp(file: string): Promise<SourceFile> {
  const { size, mtimeMs } = await stat(file)
  return { file, size, changed: mtimeMs }
}
