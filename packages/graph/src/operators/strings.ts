import { apply, applyOne } from '../apply.ts'
import { flag, int, text } from '../attribute.ts'
import { lift, type Operand } from '../leaf.ts'
import type { Attribute, Value } from '../value.ts'

/** Returns strings put one after the other, broadcast. */
export const stringConcat = (a: Operand, b: Operand): Value =>
  applyOne('StringConcat', [lift(a, 'string'), lift(b, 'string')])

/** Returns strings (a list, or one row) in one case, without the stop words. */
export function stringNormalizer(
  x: Value,
  {
    change = 'NONE',
    caseSensitive = false,
    locale,
    stopwords = [],
  }: {
    change?: 'NONE' | 'LOWER' | 'UPPER'
    caseSensitive?: boolean
    locale?: string
    stopwords?: readonly string[]
  } = {},
): Value {
  const attributes: Record<string, Attribute> = {
    case_change_action: text(change),
    is_case_sensitive: flag(caseSensitive),
  }
  if (locale !== undefined) attributes.locale = text(locale)
  if (stopwords.length > 0) attributes.stopwords = { kind: 'strings', value: stopwords }
  return applyOne('StringNormalizer', [x], attributes)
}

/** Returns the parts of strings between delimiters (default white space) on a new last axis, and how many there are (int64). */
export function stringSplit(
  x: Value,
  { delimiter, most }: { delimiter?: string; most?: number } = {},
): { readonly parts: Value; readonly counts: Value } {
  const attributes: Record<string, Attribute> = {}
  if (delimiter !== undefined) attributes.delimiter = text(delimiter)
  if (most !== undefined) attributes.maxsplit = int(most)
  const [parts, counts] = apply('StringSplit', [x], attributes, { outputs: 2 })
  return { parts, counts }
}

/** Returns where a pattern (RE2) matches the whole string. */
export const regexFullMatch = (x: Value, pattern: string): Value =>
  applyOne('RegexFullMatch', [x], { pattern: text(pattern) })
