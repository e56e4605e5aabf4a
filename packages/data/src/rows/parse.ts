import { PodError } from '@mlpod/contract'
import type { RowSchema } from '../schema.ts'
import { compile, objectReader } from './compile.ts'
import { exactJson } from './exactJson.ts'
import { type Extra, type Field, type FieldValue, isForeign } from './field.ts'
import { issueOf, type RowIssue } from './issue.ts'
import { type Notes, REFUSED, type Reader } from './reader.ts'

/** What a row may be read by: a schema of rows, a field of any shape, or a schema of another library with its own rules. */
export type RowReader<T = unknown> = RowSchema<T> | Field<T>

/** The TypeScript type of what is read by a schema. */
export type ParsedRow<S> = S extends RowSchema<infer Row> ? Row : FieldValue<S>

/** How rows are read. */
export interface ParseOptions {
  /**
   * `lax` (default) takes what is meant: "1", 1.0 and true for a whole number, seconds since 1970 for a moment. `strict`
   * takes values of the very type.
   */
  readonly mode?: 'lax' | 'strict'
  /** What becomes of members that the schema does not name; by default what the schema says, else `ignore`. */
  readonly extra?: Extra
  /** Whether whole numbers beyond 2^53 are read as bigint (from texts, bigints, and JSON); by default they are refused. */
  readonly bigints?: boolean
}

/** What reading one row showed. */
export type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly RowIssue[] }

/** What reading many rows showed. */
export interface ParsedRows<T> {
  readonly ok: boolean
  /** The rows that could be read, in their order. */
  readonly rows: readonly T[]
  /** Rows looked at, and those that were refused. */
  readonly total: number
  readonly refused: number
  /** The refused rows by their place, the first `limit` of them. */
  readonly failures: readonly { readonly row: number; readonly issues: readonly RowIssue[] }[]
}

const compiled = new WeakMap<object, Map<string, Reader>>()

function readerOf(schema: RowReader, { mode = 'lax', extra, bigints = false }: ParseOptions): Reader {
  const known = compiled.get(schema) ?? new Map<string, Reader>()
  compiled.set(schema, known)
  const key = `${mode} ${extra} ${bigints}`
  const made = known.get(key) ?? make(schema, extra, { strict: mode === 'strict', bigints })
  known.set(key, made)
  return made
}

function make(schema: RowReader, extra: Extra | undefined, options: { strict: boolean; bigints: boolean }): Reader {
  if ('columns' in schema) return objectReader(schema.columns, extra ?? schema.extra ?? 'ignore', options)
  if (!isForeign(schema) && schema.type === 'object' && extra !== undefined)
    return compile({ ...schema, extra }, options)
  return compile(schema, options)
}

const notes = (): Notes => ({ issues: [], looseness: 0, members: 0 })

/**
 * Reads one value by a schema. A row that is right as it stands is returned itself, another one as a new object; nothing is
 * ever changed in place. In `issues` stands every member that was refused, each with its first reason.
 * Source: pydantic 2.14.3 (rules, codes, order), Zod 4.6.7 (the codes under `zod`).
 */
export function safeParseRow<S extends RowReader>(
  schema: S,
  value: unknown,
  options: ParseOptions = {},
): ParseResult<ParsedRow<S>> {
  const { holds, read } = readerOf(schema, options)
  if (holds(value)) return { ok: true, value: value as ParsedRow<S> }
  const noted = notes()
  const found = read(value, noted)
  return found === REFUSED ? { ok: false, issues: noted.issues } : { ok: true, value: found as ParsedRow<S> }
}

/** Reads one value by a schema. Throws `ROW_INVALID` naming the first member that is wrong; its cause is the list of issues. */
export function parseRow<S extends RowReader>(schema: S, value: unknown, options: ParseOptions = {}): ParsedRow<S> {
  const result = safeParseRow(schema, value, options)
  if (result.ok) return result.value
  const [first, ...rest] = result.issues
  throw new PodError('ROW_INVALID', `the row is refused: ${spokenIssue(first)}`, {
    because: rest.length > 0 ? `also ${rest.map(spokenIssue).join('; ')}` : undefined,
    cause: result.issues,
  })
}

/** Returns an issue as one line: `tags.0: Input should be a valid string`. */
export const spokenIssue = ({ path, message }: RowIssue): string =>
  path.length > 0 ? `${path.join('.')}: ${message}` : message

/** Only an option of a union is chosen by how a number was written, outside of strict mode. */
function hasUnion(schema: RowReader): boolean {
  if ('columns' in schema || isForeign(schema)) return false
  if (schema.type === 'list') return hasUnion(schema.item)
  if (schema.type === 'object') return Object.values(schema.fields).some(hasUnion)
  return schema.type === 'union'
}

/**
 * Reads a row from a text of JSON, in which more can be seen than in an object: whole numbers beyond 2^53 are not rounded,
 * and in strict mode 1.0 is no whole number.
 */
export function parseRowJson<S extends RowReader>(
  schema: S,
  text: string,
  options: ParseOptions = {},
): ParseResult<ParsedRow<S>> {
  let value: unknown
  try {
    value = exactJson(text, { marked: options.mode === 'strict' || hasUnion(schema) })
  } catch (error) {
    return { ok: false, issues: [issueOf('json_invalid', text, { error: (error as Error).message })] }
  }
  return safeParseRow(schema, value, options)
}

/**
 * Reads many rows. Refused ones are left out and told, the first `limit` (all by default) with their issues; with
 * `stop` nothing after the first of them is looked at.
 */
export function parseRows<S extends RowReader>(
  schema: S,
  rows: Iterable<unknown>,
  {
    limit = Infinity,
    invalid = 'drop',
    ...options
  }: ParseOptions & { readonly limit?: number; readonly invalid?: 'drop' | 'stop' } = {},
): ParsedRows<ParsedRow<S>> {
  if (!(limit >= 0)) throw new PodError('OPTION_INVALID', `a limit of ${limit} refused rows is not possible`)
  const { holds, read } = readerOf(schema, options)
  const kept: unknown[] = []
  const failures: { row: number; issues: readonly RowIssue[] }[] = []
  let total = 0
  let refused = 0
  for (const row of rows) {
    if (holds(row)) kept.push(row)
    else {
      const noted = notes()
      const found = read(row, noted)
      if (found !== REFUSED) kept.push(found)
      else {
        if (failures.length < limit) failures.push({ row: total, issues: noted.issues })
        refused++
      }
    }
    total++
    if (refused > 0 && invalid === 'stop') break
  }
  return { ok: refused === 0, rows: kept as ParsedRow<S>[], total, refused, failures }
}

/**
 * Returns a function that reads what it is given, and what it returns, by schemas: it throws `ROW_INVALID` instead of working on
 * what it does not expect, or answering what nobody expects. Source: pandera 0.35.0, check_input and check_output.
 */
export const guardedFunction =
  <I extends RowReader, O extends RowReader>(
    work: (input: ParsedRow<I>) => ParsedRow<O>,
    { input, output, ...options }: ParseOptions & { readonly input: I; readonly output: O },
  ): ((value: unknown) => ParsedRow<O>) =>
  (value) =>
    parseRow(output, work(parseRow(input, value, options)), options)
