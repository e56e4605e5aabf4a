import type { ExprNode } from '@uwdata/mosaic-sql'
import { quoted, type Sql } from './engine.ts'
import { textLiteral } from './expectations/members.ts'
import type { Column, ColumnType } from './schema.ts'
import { PARSED } from './sqlType.ts'

/** One rule that a schema can state of a column: when it applies, which values break it, and how that is said. */
export interface Rule {
  readonly applies: (column: Column) => boolean
  /** True for values that break the rule; missing values do not, except for `nullable`. */
  readonly broken: (sql: Sql, value: ExprNode, column: Column) => ExprNode
  readonly sentence: (column: Column) => string
}

/** Returns a value as SQL in the type of a column: texts become days or moments where the column holds those. */
export const literalOf = (sql: Sql, type: ColumnType, value: number | string | boolean): ExprNode =>
  type === 'date' || type === 'timestamp'
    ? sql.verbatim(`(${PARSED[type](quoted(String(value)))})`)
    : typeof value === 'string'
      ? textLiteral(sql, value)
      : sql.literal(value)

/** NaN is within no limits; the engine holds it for the largest number. */
const orNaN = (sql: Sql, value: ExprNode, { type, finite = true }: Column, broken: ExprNode): ExprNode =>
  type === 'float' && !finite ? sql.or(broken, sql.isNaN(value)) : broken

const codePoints = (sql: Sql, value: ExprNode): ExprNode => new sql.FunctionNode('length', [value])

/** RE2, which DuckDB uses, has neither look-around nor back references. */
export const isBeyondRe2 = (pattern: string): boolean => /\(\?<?[=!]|\\[1-9]|\\k</.test(pattern)

/** Every rule of a schema but `unique` (which no single row breaks) and patterns beyond RE2 (checked on distinct values). */
export const rules = {
  nullable: {
    applies: ({ nullable }) => !nullable,
    broken: (sql, value) => sql.isNull(value),
    sentence: () => 'missing',
  },
  finite: {
    applies: ({ type, finite = true }) => finite && (type === 'float' || type === 'date' || type === 'timestamp'),
    broken: (sql, value) => sql.not(new sql.FunctionNode('isfinite', [value])),
    sentence: () => 'NaN or infinite',
  },
  min: {
    applies: ({ min }) => min !== undefined,
    broken: (sql, value, column) => orNaN(sql, value, column, sql.lt(value, literalOf(sql, column.type, column.min!))),
    sentence: ({ min }) => `below ${min}`,
  },
  max: {
    applies: ({ max }) => max !== undefined,
    broken: (sql, value, column) => sql.gt(value, literalOf(sql, column.type, column.max!)),
    sentence: ({ max }) => `above ${max}`,
  },
  above: {
    applies: ({ above }) => above !== undefined,
    broken: (sql, value, column) => orNaN(sql, value, column, sql.lte(value, sql.literal(column.above))),
    sentence: ({ above }) => `not above ${above}`,
  },
  below: {
    applies: ({ below }) => below !== undefined,
    broken: (sql, value, column) => sql.gte(value, sql.literal(column.below)),
    sentence: ({ below }) => `not below ${below}`,
  },
  multipleOf: {
    applies: ({ multipleOf }) => multipleOf !== undefined,
    broken: (sql, value, { type, multipleOf }) => {
      const unit = sql.literal(multipleOf)
      if (type === 'int' && Number.isInteger(multipleOf))
        return sql.neq(new sql.FunctionNode('mod', [value, unit]), sql.literal(0))
      // a rest of 0 or of nearly the unit, up to a part in 10^9 of the value, is none
      const number = sql.cast(value, 'DOUBLE')
      const rest = sql.abs(new sql.FunctionNode('fmod', [number, unit]))
      const slack = sql.div(sql.abs(number), sql.literal(1e9))
      return sql.and(sql.gt(rest, slack), sql.gt(sql.abs(sql.sub(rest, unit)), slack))
    },
    sentence: ({ multipleOf }) => `no multiple of ${multipleOf}`,
  },
  values: {
    applies: ({ values }) => values !== undefined,
    broken: (sql, value, { type, values }) =>
      sql.not(
        sql.isIn(
          value,
          values!.map((v) => literalOf(sql, type, v)),
        ),
      ),
    sentence: ({ values }) => `outside { ${values!.join(', ')} }`,
  },
  length: {
    applies: ({ minLength, maxLength }) => minLength !== undefined || maxLength !== undefined,
    broken: (sql, value, { minLength = 0, maxLength = Number.MAX_SAFE_INTEGER }) =>
      sql.isNotBetween(codePoints(sql, value), [sql.literal(minLength), sql.literal(maxLength)]),
    sentence: ({ minLength = 0, maxLength }) =>
      maxLength === undefined
        ? `shorter than ${minLength} characters`
        : `not ${minLength} to ${maxLength} characters long`,
  },
  pattern: {
    applies: ({ pattern }) => pattern !== undefined && !isBeyondRe2(pattern),
    broken: (sql, value, { pattern }) =>
      sql.not(new sql.FunctionNode('regexp_matches', [value, textLiteral(sql, pattern!)])),
    sentence: ({ pattern }) => `not matching ${quoted(pattern!)}`,
  },
} as const satisfies Readonly<Record<string, Rule>>

/** The name of a rule, as it stands in the schema; `extra` and `ordered` are of the table. */
export type RuleName = keyof typeof rules | 'unique' | 'type' | 'extra' | 'ordered'

/** A rule of a column as SQL: true for the rows that break it. */
export interface Broken {
  readonly column: string
  readonly rule: RuleName
  readonly sentence: string
  readonly predicate: ExprNode
}

/** Returns the rules that a row can break by itself. */
export const brokenOf = (sql: Sql, columns: readonly (readonly [string, Column])[]): Broken[] =>
  columns.flatMap(([name, column]) =>
    (Object.entries(rules) as [keyof typeof rules, Rule][])
      .filter(([, { applies }]) => applies(column))
      .map(([rule, { broken, sentence }]) => ({
        column: name,
        rule,
        sentence: sentence(column),
        predicate: broken(sql, sql.column(name), column),
      })),
  )
