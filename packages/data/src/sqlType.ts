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

// LIKE is ten times faster than a regular expression or a trim; a CASE tries its second side only where the first fails
const isLike = (text: string, pattern: string): string =>
  `(${text} LIKE '${pattern}' OR trim(${text}) LIKE '${pattern}')`

/**
 * SQL of a text as a value of each type, NULL where it is none. Days and moments are ISO 8601 alone: DuckDB would drop the
 * time of a day and the zone of a moment without a word, and takes `infinity` for one.
 */
export const PARSED: { readonly [T in ColumnType]: (text: string) => string } = {
  int: (text) => `TRY_CAST(${text} AS BIGINT)`,
  float: (text) => `TRY_CAST(${text} AS DOUBLE)`,
  bool: (text) => `TRY_CAST(${text} AS BOOLEAN)`,
  string: (text) => text,
  date: (text) => `CASE WHEN ${isLike(text, '____-__-__')} THEN TRY_CAST(${text} AS DATE) END`,
  timestamp: (text) =>
    `CASE WHEN ${isLike(text, '____-__-__%')} THEN CASE WHEN contains(${text}, '+') OR ${text} LIKE '%:%-%' THEN TRY_CAST(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST(${text} AS TIMESTAMP) END END`,
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
