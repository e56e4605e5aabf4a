import type { Json } from '@mlpod/contract'

/** What is known of an issue beside its code: the limit that was not kept, the reason. */
export type IssueContext = Readonly<Record<string, Json>>

/**
 * Every reason why a value is refused: the text for people, and what Zod calls it. Codes and texts are pydantic's, but
 * for `int_unsafe`: Python's integers have no end.
 * Source: pydantic 2.14.3, errors; Zod 4.6.7, issues.
 */
const codes = {
  int_type: ['invalid_type', 'Input should be a valid integer'],
  int_parsing: ['invalid_type', 'Input should be a valid integer, unable to parse string as an integer'],
  int_from_float: ['invalid_type', 'Input should be a valid integer, got a number with a fractional part'],
  int_unsafe: ['too_big', 'Input should be an integer that a number holds exactly, which ends at 2^53'],
  float_type: ['invalid_type', 'Input should be a valid number'],
  float_parsing: ['invalid_type', 'Input should be a valid number, unable to parse string as a number'],
  finite_number: ['invalid_type', 'Input should be a finite number'],
  bool_type: ['invalid_type', 'Input should be a valid boolean'],
  bool_parsing: ['invalid_type', 'Input should be a valid boolean, unable to interpret input'],
  string_type: ['invalid_type', 'Input should be a valid string'],
  string_too_short: ['too_small', 'String should have at least {min_length} character{s}'],
  string_too_long: ['too_big', 'String should have at most {max_length} character{s}'],
  string_pattern_mismatch: ['invalid_format', "String should match pattern '{pattern}'"],
  greater_than: ['too_small', 'Input should be greater than {gt}'],
  greater_than_equal: ['too_small', 'Input should be greater than or equal to {ge}'],
  less_than: ['too_big', 'Input should be less than {lt}'],
  less_than_equal: ['too_big', 'Input should be less than or equal to {le}'],
  multiple_of: ['not_multiple_of', 'Input should be a multiple of {multiple_of}'],
  literal_error: ['invalid_value', 'Input should be {expected}'],
  date_type: ['invalid_type', 'Input should be a valid date'],
  date_parsing: ['invalid_format', 'Input should be a valid date in the format YYYY-MM-DD, {error}'],
  date_from_datetime_parsing: ['invalid_format', 'Input should be a valid date or datetime, {error}'],
  date_from_datetime_inexact: [
    'invalid_format',
    'Datetimes provided to dates should have zero time - e.g. be exact dates',
  ],
  datetime_type: ['invalid_type', 'Input should be a valid datetime'],
  datetime_parsing: ['invalid_format', 'Input should be a valid datetime, {error}'],
  datetime_from_date_parsing: ['invalid_format', 'Input should be a valid datetime or date, {error}'],
  list_type: ['invalid_type', 'Input should be a valid array'],
  too_short: ['too_small', 'List should have at least {min_length} item{s} after validation, not {actual_length}'],
  too_long: ['too_big', 'List should have at most {max_length} item{s} after validation, not {actual_length}'],
  model_type: ['invalid_type', 'Input should be an object'],
  missing: ['invalid_type', 'Field required'],
  extra_forbidden: ['unrecognized_keys', 'Extra inputs are not permitted'],
  json_invalid: ['invalid_format', 'Invalid JSON: {error}'],
  custom: ['custom', '{error}'],
} as const satisfies Readonly<Record<string, readonly [zod: string, text: string]>>

/** The code of an issue: pydantic's name of the error. */
export type IssueCode = keyof typeof codes

/** One reason why a value was refused, and where in it. */
export interface RowIssue {
  /** Names of members and places in lists, from the outside in; within a union also the option that was tried. */
  readonly path: readonly (string | number)[]
  readonly code: IssueCode
  /** Zod's code for the same; `invalid_union` for what an option of a union says. */
  readonly zod: string
  readonly message: string
  /** The value that was refused; for a missing member the object that lacks it. */
  readonly input: unknown
  readonly ctx?: IssueContext
}

/** Returns the issue of a value, at no path yet. */
export function issueOf(code: IssueCode, input: unknown, ctx?: IssueContext): RowIssue {
  const [zod, text] = codes[code]
  const message = ctx === undefined ? text : text.replace(/\{(\w+)\}/g, (_, word: string) => said(word, ctx))
  return ctx === undefined ? { path: [], code, zod, message, input } : { path: [], code, zod, message, input, ctx }
}

const said = (word: string, ctx: IssueContext): string =>
  word === 's' ? ((ctx.min_length ?? ctx.max_length) === 1 ? '' : 's') : String(ctx[word])
