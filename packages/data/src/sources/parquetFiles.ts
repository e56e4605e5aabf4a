import { PodError } from '@mlpod/contract'
import { openEngine, quoted, quotedPath } from '../engine.ts'
import { relation } from '../query.ts'
import type { Format } from './format.ts'

const isPattern = (path: string): boolean => /[*?[]/.test(path)

/** Parquet files: one, several by a pattern (`*`, `?`, `[...]`), or a folder of `key=value` folders. Read when asked, never copied. */
export const parquetFiles: Format = {
  about: 'Parquet: a file, a pattern of files, or a folder partitioned as key=value',
  extensions: ['.parquet', '.pq'],
  async open(path, name) {
    const engine = await openEngine()
    const { sql } = engine
    const where = isPattern(path) ? quoted(path) : quotedPath(path)
    // partitions give columns only where they stand in the path, and a file may lack columns that others have
    const from = `read_parquet(${where}, hive_partitioning = ${/=/.test(path)}, union_by_name = ${isPattern(path)})`
    const found = await engine.read(`DESCRIBE SELECT * FROM ${from}`).catch((error) => {
      throw new PodError('FILE_INVALID', `${name} is no Parquet file`, { at: path, cause: error })
    })
    const columns = found.map((row) => String(row.column_name))
    const query = sql.Query.from({ file: sql.verbatim(`(SELECT * FROM ${from})`) as never }).select(
      ...columns.map((column) => sql.column(column)),
    )
    return relation({ engine, query, columns, tokens: [] })
  },
}
