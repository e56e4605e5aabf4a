import { identifier, quoted } from '../engine.ts'
import { timeOfLimit } from '../rows/times.ts'
import type { Column, ColumnType, RowSchema } from '../schema.ts'

/** The dialects in which a table can be declared. */
export type SqlDialect = 'duckdb' | 'postgres' | 'sqlite'

/** How a dialect says types and rules; undefined where it cannot. */
export interface Dialect {
  readonly types: Readonly<Record<ColumnType, string>>
  readonly matches: (column: string, pattern: string) => string | undefined
  readonly finite: (column: string, type: ColumnType) => string | undefined
  readonly fmod: (column: string, unit: number) => string
  /** What makes values be of their type, where the type of the column does not. */
  readonly typed?: (column: string, type: ColumnType) => string | undefined
  /** A day or a moment as it is compared: a literal, and the column. */
  readonly time: (text: string, type: ColumnType) => string
  readonly timeOf?: (column: string) => string
  readonly boolean?: (value: boolean) => string
  /** Behind the list of columns. */
  readonly suffix?: string
}
const literal = (text: string, type: ColumnType): string => `${type.toUpperCase()} ${quoted(text)}`

/** JavaScript's borders of words are written otherwise in PostgreSQL, whose `\b` is a backspace. */
const inPostgres = (pattern: string): string =>
  pattern.replace(/\\([\s\S])/g, (all, sign: string) => ({ b: '\\y', B: '\\Y' })[sign] ?? all)

const TYPES = { int: 'BIGINT', bool: 'BOOLEAN', date: 'DATE', timestamp: 'TIMESTAMP' } as const
/** The words of each dialect. */
export const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  duckdb: {
    types: { ...TYPES, float: 'DOUBLE', string: 'VARCHAR' },
    matches: (column, pattern) => `regexp_matches(${column}, ${quoted(pattern)})`,
    finite: (column) => `isfinite(${column})`,
    fmod: (column, unit) => `fmod(${column}, ${unit})`,
    time: literal,
  },
  postgres: {
    types: { ...TYPES, float: 'DOUBLE PRECISION', string: 'TEXT' },
    // properties of Unicode, code points and names of groups are not known to it
    matches: (column, pattern) =>
      /\\[pPuk]|\(\?<[^=!]/.test(pattern) ? undefined : `${column} ~ ${quoted(inPostgres(pattern))}`,
    finite: (column, type) =>
      type === 'float' ? `${column} NOT IN ('NaN', 'Infinity', '-Infinity')` : `isfinite(${column})`,
    fmod: (column, unit) => `mod(CAST(${column} AS NUMERIC), ${unit})`,
    time: literal,
  },
  sqlite: {
    types: { int: 'INTEGER', bool: 'INTEGER', float: 'REAL', string: 'TEXT', date: 'TEXT', timestamp: 'TEXT' },
    // neither regular expressions nor NaN are known to it
    matches: () => undefined,
    finite: (column, type) => (type === 'float' ? `abs(${column}) < 9e999` : undefined),
    fmod: (column, unit) => `mod(${column}, ${unit})`,
    typed: (column, type) => STORED[type]?.(column),
    // texts without the Z, for "." is before it
    time: (text) => quoted(text),
    timeOf: (column) => `rtrim(${column}, 'Z')`,
    boolean: (value) => String(Number(value)),
    // else any column takes any value
    suffix: ' STRICT',
  },
}

/** What SQLite has no type for, and of which numbers and texts it is. */
const STORED: { readonly [T in ColumnType]?: (column: string) => string } = {
  bool: (column) => `${column} IN (0, 1)`,
  date: (column) => `date(${column}) IS ${column}`,
  timestamp: (column) => `strftime('%Y-%m-%dT%H:%M:%S', ${column}) IS substr(${column}, 1, 19)`,
}

/**
 * Returns the statement that declares a table of the schema, its rules as CHECK. Rules that the dialect has no word for (patterns
 * in SQLite) are left out, and named in a comment behind the column.
 */
export function schemaDdl(
  { columns, unique = [] }: RowSchema,
  { table, dialect = 'duckdb' }: { readonly table: string; readonly dialect?: SqlDialect },
): string {
  const words = DIALECTS[dialect]
  const lines = Object.entries(columns).map(([name, column]) => {
    const { holds, unsaid } = checksOf(identifier(name), column, words)
    const parts = [
      identifier(name),
      words.types[column.type],
      ...(column.nullable ? [] : ['NOT NULL']),
      ...(column.unique ? ['UNIQUE'] : []),
      ...[words.typed?.(identifier(name), column.type) ?? [], holds].flat().map((check) => `CHECK (${check})`),
    ]
    return { text: parts.join(' '), note: unsaid.length > 0 ? ` -- not checked: ${unsaid.join(', ')}` : '' }
  })
  const sets = unique.map((names) => ({ text: `UNIQUE (${names.map(identifier).join(', ')})`, note: '' }))
  const all = [...lines, ...sets].map(({ text, note }, i, { length }) => `  ${text}${i < length - 1 ? ',' : ''}${note}`)
  return `CREATE TABLE ${identifier(table)} (\n${all.join('\n')}\n)${words.suffix ?? ''}`
}

/** Returns the rules of a column as conditions, and the names of those that the dialect has no word for. */
export function checksOf(value: string, column: Column, words: Dialect): { holds: string[]; unsaid: string[] } {
  const { type, min, max, above, below, multipleOf, finite = true, values, minLength, maxLength, pattern } = column
  const isTime = type === 'date' || type === 'timestamp'
  const compared = isTime ? (words.timeOf?.(value) ?? value) : value
  const limit = (bound: number | string): string => {
    if (typeof bound === 'number') return String(bound)
    const { moment } = timeOfLimit(bound)!
    return words.time(type === 'date' ? moment.slice(0, 10) : moment.slice(0, -1), type)
  }
  const one = (v: string | number | boolean): string =>
    typeof v === 'string' ? quoted(v) : typeof v === 'boolean' && words.boolean ? words.boolean(v) : String(v)
  const rest = multipleOf === undefined ? '' : words.fmod(value, multipleOf)
  const checks: readonly (readonly [rule: string, check: string | undefined, stated: boolean])[] = [
    ['finite', words.finite(value, type), finite && (type === 'float' || isTime)],
    ['min', `${compared} >= ${limit(min ?? 0)}`, min !== undefined],
    ['max', `${compared} <= ${limit(max ?? 0)}`, max !== undefined],
    ['above', `${value} > ${above}`, above !== undefined],
    ['below', `${value} < ${below}`, below !== undefined],
    [
      'multipleOf',
      type === 'int'
        ? `${value} % ${multipleOf} = 0`
        : `abs(${rest}) <= abs(${value}) / 1e9 OR abs(abs(${rest}) - ${multipleOf}) <= abs(${value}) / 1e9`,
      multipleOf !== undefined,
    ],
    ['values', `${value} IN (${values?.map(one).join(', ')})`, values !== undefined],
    ['minLength', `length(${value}) >= ${minLength}`, minLength !== undefined],
    ['maxLength', `length(${value}) <= ${maxLength}`, maxLength !== undefined],
    ['pattern', pattern === undefined ? undefined : words.matches(value, pattern), pattern !== undefined],
  ]
  const stated = checks.filter(([, , isStated]) => isStated)
  return {
    holds: stated.flatMap(([, check]) => (check === undefined ? [] : [check])),
    unsaid: stated.filter(([, check]) => check === undefined).map(([rule]) => rule),
  }
}
