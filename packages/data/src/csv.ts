import { PodError } from '@mlpod/contract'
import { assertSchema, checkSchema } from './checkSchema.ts'
import { checkEncoding, readHeader } from './csvHeader.ts'
import { type Engine, identifier, newTable, openEngine, quoted, quotedPath } from './engine.ts'
import { fromTable, unknownColumn } from './query.ts'
import type { Relation } from './relation.ts'
import type { Column, ColumnType } from './schema.ts'
import { PARSED } from './sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from './standardSchema.ts'
import { checkFile, checkNames, type SourceOptions, type TableDataset } from './table.ts'
import { writeTable } from './write.ts'

/** Settings of a CSV source. */
export interface CsvOptions<S> extends SourceOptions<S> {
  /** Texts that mean missing in every column; the empty field by default. */
  readonly nullValues?: readonly string[]
  /** Values that mean missing in one column: numbers as they are read, texts as they are written: `{ income: [666, 'n/a'] }`. */
  readonly missing?: { readonly [K in keyof RowOf<S> & string]?: readonly (number | string)[] }
  readonly delimiter?: string
}

/**
 * Returns the handle of a CSV file (UTF-8, one header line, RFC 4180 quotes) that the pod reads; it is parsed once and
 * checked against the schema. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID`, and when read: `FILE_MISSING`, `FILE_EMPTY`, `ENCODING_NOT_UTF8`, `CSV_MALFORMED`,
 * `COLUMN_MISSING`, `COLUMN_UNKNOWN`, `COLUMN_TWICE`, `VALUE_TYPE` with column, value and line, `SCHEMA_VIOLATED`.
 */
export function csv<S extends SchemaLike>(
  file: string,
  { schema, check = 'all', extraColumns = 'refuse', nullValues = [''], missing = {}, delimiter = ',' }: CsvOptions<S>,
): TableDataset<RowOf<S>> {
  const { columns } = asRowSchema(schema)
  const coded = missing as Readonly<Record<string, readonly (number | string)[]>>
  for (const [name, codes] of Object.entries(coded)) {
    if (!(name in columns)) throw unknownColumn(name, Object.keys(columns), `the schema of ${file}`)
    const wrong = codes.find((code) => typeof code === 'number' && !Number.isFinite(code))
    if (wrong !== undefined) throw invalid(`${wrong} of column "${name}" of ${file} is no code for missing`)
  }
  if ([...delimiter].length !== 1 || '"\n\r'.includes(delimiter))
    throw invalid(`the delimiter ${JSON.stringify(delimiter)} of ${file} is not one character between fields`)
  const clash = nullValues.find((text) => text.includes(delimiter) || /["\n\r]/.test(text))
  if (clash !== undefined) throw invalid(`no field of ${file} can be ${JSON.stringify(clash)}, which means missing`)
  return {
    kind: 'csv',
    file,
    extension: '.csv',
    describe: { columns, check, extraColumns, nullValues, missing: coded, delimiter } as never,
    async read(path) {
      await checkFile(path, file)
      const header = await readHeader(path, { delimiter, name: file })
      checkNames(header, Object.keys(columns), { extraColumns, name: file, at: path })
      const source = { path, file, header, nullValues, delimiter, missing: coded }
      const read = await parse<RowOf<S>>(source, columns)
      assertSchema(await checkSchema(read, check === 'all' ? schema : { columns: typesOnly(columns) }), file, path)
      return read
    },
    write: (value, path) => writeTable(value, path, { schema, format: 'csv', name: file }),
  }
}

const invalid = (what: string): PodError => new PodError('OPTION_INVALID', what)

/** What the row type promises whatever the values: not missing, finite. */
export const typesOnly = (columns: Readonly<Record<string, Column>>): Record<string, Column> =>
  Object.fromEntries(Object.entries(columns).map(([name, { type, nullable }]) => [name, { type, nullable }]))

interface Source {
  readonly path: string
  readonly file: string
  readonly header: readonly string[]
  readonly nullValues: readonly string[]
  readonly delimiter: string
  readonly missing: Readonly<Record<string, Codes>>
}

const isFraction = (column: string): string =>
  // DuckDB rounds "1.5" to a whole number without a word
  `(regexp_matches(${column}, '[.eE]') AND TRY_CAST(${column} AS DOUBLE) IS DISTINCT FROM TRY_CAST(TRY_CAST(${column} AS BIGINT) AS DOUBLE))`

/** Tells in SQL whether a text (not missing) is no value of the type. */
const isNot = (type: ColumnType, column: string): string => {
  const none = `(${PARSED[type](column)}) IS NULL`
  return type === 'int' ? `(${none} OR ${isFraction(column)})` : none
}

/** SQL of a text (not missing) as a value of the type; an error where it is none. */
const orError = (type: ColumnType, column: string): string => {
  if (type === 'string') return column
  const value = `coalesce(${PARSED[type](column)}, error('value'))`
  return type === 'int' ? `CASE WHEN ${isFraction(column)} THEN error('value') ELSE ${value} END` : value
}

/** Tells in SQL whether a text means missing: by itself, or as one of the column's codes. */
const isMissing = (name: string, type: ColumnType, codes: Codes = []): string => {
  const texts = codes
    .filter((code) => typeof code === 'string' || !NUMERIC.has(type))
    .map((code) => quoted(String(code)))
  const column = identifier(name)
  return texts.length === 0 ? `${column} IS NULL` : `(${column} IS NULL OR ${column} IN (${texts.join(', ')}))`
}

type Codes = readonly (number | string)[]
const NUMERIC: ReadonlySet<ColumnType> = new Set(['int', 'float'])

/** SQL of a column's value. */
function valueOf(name: string, type: ColumnType, codes: Codes = []): string {
  const value = `CASE WHEN ${isMissing(name, type, codes)} THEN NULL ELSE ${orError(type, identifier(name))} END`
  const numbers = NUMERIC.has(type) ? codes.filter((code) => typeof code === 'number') : []
  return numbers.length === 0 ? value : `CASE WHEN (${value}) IN (${numbers.join(', ')}) THEN NULL ELSE (${value}) END`
}

async function parse<Row>(source: Source, columns: Readonly<Record<string, Column>>): Promise<Relation<Row>> {
  const engine = await openEngine()
  const token = newTable()
  const list = Object.entries(columns).map(
    ([name, { type }]) => `${valueOf(name, type, source.missing[name])} AS ${identifier(name)}`,
  )
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
  return `read_csv(${quotedPath(path)}, auto_detect = false, header = true, strict_mode = true, delim = ${quoted(delimiter)}, quote = '"', escape = '"', nullstr = [${nulls}], columns = {${names}})`
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
        `WHEN NOT ${isMissing(name, type, source.missing[name])} AND ${isNot(type, identifier(name))} THEN ${quoted(name)}`,
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
