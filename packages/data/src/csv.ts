import { PodError } from '@mlpod/contract'
import { assertSchema, checkSchema } from './checkSchema.ts'
import { checkEncoding, readHeader } from './csvHeader.ts'
import { type Engine, identifier, newTable, openEngine, quoted } from './engine.ts'
import { fromTable, unknownColumn } from './query.ts'
import type { Relation } from './relation.ts'
import type { Column, ColumnType } from './schema.ts'
import { SQL_TYPE } from './sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from './standardSchema.ts'
import { checkFile, checkNames, type SourceOptions, type TableDataset } from './table.ts'
import { writeTable } from './write.ts'

/** Settings of a CSV source. */
export interface CsvOptions<S> extends SourceOptions<S> {
  /** Texts that mean missing in every column; the empty field by default. */
  readonly nullValues?: readonly string[]
  /** Values that mean missing in one column: `{ income: [666] }`. */
  readonly missing?: { readonly [K in keyof RowOf<S> & string]?: readonly (number | string)[] }
  readonly delimiter?: string
}

/**
 * Returns the handle of a CSV file (UTF-8, one header line, RFC 4180 quotes) that the pod reads; it is parsed once and
 * checked against the schema. Throws when read: `FILE_MISSING`, `FILE_EMPTY`, `ENCODING_NOT_UTF8`, `CSV_MALFORMED`,
 * `COLUMN_MISSING`, `COLUMN_UNKNOWN`, `COLUMN_TWICE`, `VALUE_TYPE` with column, value and line, `SCHEMA_VIOLATED`.
 */
export function csv<S extends SchemaLike>(
  file: string,
  { schema, check = 'all', extraColumns = 'refuse', nullValues = [''], missing = {}, delimiter = ',' }: CsvOptions<S>,
): TableDataset<RowOf<S>> {
  const { columns } = asRowSchema(schema)
  const coded = missing as Readonly<Record<string, readonly (number | string)[]>>
  for (const name of Object.keys(coded))
    if (!(name in columns)) throw unknownColumn(name, Object.keys(columns), `the schema of ${file}`)
  return {
    kind: 'csv',
    file,
    extension: '.csv',
    describe: { columns, check, extraColumns, nullValues, missing: coded, delimiter } as never,
    async read(path) {
      await checkFile(path, file)
      const header = await readHeader(path, { delimiter, name: file })
      checkNames(header, Object.keys(columns), { extraColumns, name: file, at: path })
      const source = { path, file, header, nullValues, delimiter }
      const read = await parse<RowOf<S>>(source, columns, coded)
      assertSchema(await checkSchema(read, check === 'all' ? schema : { columns: typesOnly(columns) }), file, path)
      return read
    },
    write: (value, path) => writeTable(value, path, { schema, format: 'csv', name: file }),
  }
}

/** What the row type promises whatever the values: not missing, finite. */
const typesOnly = (columns: Readonly<Record<string, Column>>): Record<string, Column> =>
  Object.fromEntries(Object.entries(columns).map(([name, { type, nullable }]) => [name, { type, nullable }]))

interface Source {
  readonly path: string
  readonly file: string
  readonly header: readonly string[]
  readonly nullValues: readonly string[]
  readonly delimiter: string
}

const isFraction = (column: string): string =>
  // DuckDB rounds "1.5" to a whole number without a word
  `(regexp_matches(${column}, '[.eE]') AND TRY_CAST(${column} AS DOUBLE) IS DISTINCT FROM TRY_CAST(TRY_CAST(${column} AS BIGINT) AS DOUBLE))`

/** Tells in SQL whether a text (not missing) is no value of the type. */
const isNot = (type: ColumnType, column: string): string => {
  const cast = `TRY_CAST(${column} AS ${SQL_TYPE[type]}) IS NULL`
  return type === 'int' ? `(${cast} OR ${isFraction(column)})` : cast
}

async function parse<Row>(
  source: Source,
  columns: Readonly<Record<string, Column>>,
  missing: Readonly<Record<string, readonly (number | string)[]>>,
): Promise<Relation<Row>> {
  const engine = await openEngine()
  const token = newTable()
  const list = Object.entries(columns).map(([name, { type }]) => {
    const column = identifier(name)
    const codes = missing[name]
    const cast =
      type === 'string'
        ? column
        : `CASE WHEN ${column} IS NULL THEN NULL WHEN ${isNot(type, column)} THEN error('value') ELSE TRY_CAST(${column} AS ${SQL_TYPE[type]}) END`
    if (!codes?.length) return `${cast} AS ${column}`
    const listed = codes.map((code) => (typeof code === 'number' ? String(code) : quoted(code))).join(', ')
    return `CASE WHEN (${cast}) IN (${listed}) THEN NULL ELSE (${cast}) END AS ${column}`
  })
  try {
    await engine.run(`CREATE TABLE "${token.table}" AS SELECT ${list.join(', ')} FROM ${reader(source)}`)
  } catch (error) {
    throw await explain(engine, source, columns, error as PodError)
  }
  return fromTable<Row>(engine, token, Object.keys(columns))
}

/** The file as a table of texts. */
const reader = ({ path, header, nullValues, delimiter }: Source): string => {
  const names = header.map((name) => `${quoted(name)}: 'VARCHAR'`).join(', ')
  const nulls = nullValues.map(quoted).join(', ')
  return `read_csv(${quoted(path)}, auto_detect = false, header = true, strict_mode = true, delim = ${quoted(delimiter)}, quote = '"', escape = '"', nullstr = [${nulls}], columns = {${names}})`
}

/** Turns the engine's error into one that says which column, which value, which line. */
async function explain(
  engine: Engine,
  source: Source,
  columns: Readonly<Record<string, Column>>,
  error: PodError,
): Promise<PodError> {
  const { file, path, header } = source
  const message = error.cause instanceof Error ? error.cause.message : error.message
  const line = Number(/CSV Error on Line: (\d+)/.exec(message)?.[1])
  const at = `${path}:${line || 1}`
  if (/not utf-8|Invalid unicode/i.test(message)) return checkEncoding(path, file)
  if (/unterminated quote/.test(message))
    return new PodError('CSV_MALFORMED', `a quote in line ${line} of ${file} is not closed, or text follows it`, {
      at,
      hint: 'quotes enclose a whole field, and a quote within is written twice',
      cause: error,
    })
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? []
  if (found !== undefined)
    return new PodError(
      'CSV_MALFORMED',
      `line ${line} of ${file} has ${found} fields, but the header has ${expected}`,
      {
        at,
        hint: 'a field that contains the delimiter is enclosed in quotes',
        cause: error,
      },
    )
  const breaks = header.map(
    (name) => `coalesce(length(${identifier(name)}) - length(replace(${identifier(name)}, chr(10), '')), 0)`,
  )
  const bad = Object.entries(columns)
    .filter(([, { type }]) => type !== 'string')
    .map(
      ([name, { type }]) =>
        `WHEN ${identifier(name)} IS NOT NULL AND ${isNot(type, identifier(name))} THEN ${quoted(name)}`,
    )
  if (bad.length > 0) {
    const [row] = await engine
      .read(
        `SELECT * FROM (SELECT *, row_number() OVER () + sum(${breaks.join(' + ')}) OVER (ROWS UNBOUNDED PRECEDING) - (${breaks.join(' + ')}) AS "line of file", CASE ${bad.join(' ')} END AS "bad column" FROM ${reader(source)}) WHERE "bad column" IS NOT NULL ORDER BY "line of file" LIMIT 1`,
      )
      .catch(() => [])
    if (row) {
      const name = String(row['bad column'])
      const where = Number(row['line of file']) + 1
      return new PodError(
        'VALUE_TYPE',
        `the column "${name}" of ${file} is ${JSON.stringify(row[name])} in line ${where} and no ${columns[name].type}`,
        { at: `${path}:${where}`, hint: 'correct the value, add it to `nullValues`, or change the type in the schema' },
      )
    }
  }
  return new PodError('CSV_MALFORMED', `${file} cannot be read as CSV: ${message.split('\n')[0]}`, { at, cause: error })
}
