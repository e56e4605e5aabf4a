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

const TYPE_OF: Readonly<Record<string, ColumnType>> = {
  ...Object.fromEntries(
    ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'].map(
      (name) => [name, 'int' as const],
    ),
  ),
  FLOAT: 'float',
  DOUBLE: 'float',
  BOOLEAN: 'bool',
  VARCHAR: 'string',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
}

/** Returns our word for a type of DuckDB, if there is one. */
export const typeOf = (sqlType: string): ColumnType | undefined =>
  sqlType.startsWith('DECIMAL') ? 'float' : sqlType.startsWith('ENUM') ? 'string' : TYPE_OF[sqlType]
