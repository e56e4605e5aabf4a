import type { ColumnType } from './schema.ts'

/** DuckDB's type for each of ours. */
export const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
}
