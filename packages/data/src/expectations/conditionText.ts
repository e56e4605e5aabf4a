import { PodError } from '@mlpod/contract'
import type { Comparison, RowCondition } from './condition.ts'
import type { SetValue } from './expectation.ts'

/** What a text of a condition is made of. */
type Token =
  | { readonly kind: 'word' | 'column' | 'mark'; readonly text: string }
  | { readonly kind: 'value'; readonly value: SetValue }

const TOKEN =
  /\s+|(?<column>`[^`]+`|col\(\s*(?:"[^"]*"|'[^']*')\s*\))|(?<date>date\(\s*(?:"[^"]*"|'[^']*')\s*\))|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<mark>==|!=|<>|<=|>=|&&|\|\||[<>=&|~!()[\],.+-])/uy

const WORDS: Readonly<Record<string, SetValue>> = { True: true, False: false, true: true, false: false }

/**
 * Parses a condition written as text into plain data: comparisons (also chained, `0 < x <= 5`), `and or not` (and `& | ~`),
 * `in [..]`, `not in`, `.isnull()`, `.notnull()`, `is null`; columns as `x`, `` `my x` `` or `col("x")`; days as `date("2020-01-01")`.
 * Throws `EXPECTATION_INVALID` naming the place that is not understood.
 * Source: the row conditions of Great Expectations 1.24 and those of pandas' `query`, as far as they compare columns with values.
 */
export function parseCondition(text: string): RowCondition {
  const tokens = tokensOf(text)
  let at = 0
  const fail = (): never => {
    const token = tokens[at]
    const seen = token === undefined ? 'its end' : `"${token.kind === 'value' ? token.value : token.text}"`
    throw new PodError(
      'EXPECTATION_INVALID',
      `the row condition ${JSON.stringify(text)} is not understood at ${seen}`,
      {
        hint: 'conditions compare columns with values: col("x") > 5 and y == "a", x in [1, 2], x.notnull()',
      },
    )
  }
  const is = (...texts: readonly string[]): boolean => {
    const token = tokens[at]
    return (
      token !== undefined &&
      token.kind !== 'value' &&
      token.kind !== 'column' &&
      texts.includes(token.text.toLowerCase())
    )
  }
  const take = (...texts: readonly string[]): boolean => {
    if (!is(...texts)) return false
    at++
    return true
  }
  const expect = (...texts: readonly string[]): void => {
    if (!take(...texts)) fail()
  }

  const any = (): RowCondition => joined(every, 'or', 'or', '|', '||')
  const every = (): RowCondition => joined(negated, 'and', 'and', '&', '&&')
  function joined(part: () => RowCondition, word: 'and' | 'or', ...texts: readonly string[]): RowCondition {
    const parts = [part()]
    while (take(...texts)) parts.push(part())
    return parts.length === 1 ? parts[0] : word === 'and' ? { and: parts } : { or: parts }
  }
  function negated(): RowCondition {
    if (take('not', '~', '!')) return { not: negated() }
    const start = at
    if (take('(')) {
      const inner = any()
      // `(x) > 5`: the parenthesis held an operand and no condition
      if (take(')') && !comparing()) return inner
      at = start
    }
    return comparison()
  }
  const comparing = (): boolean => is('==', '=', '!=', '<>', '<', '<=', '>', '>=', 'in', 'is', '.')

  function comparison(): RowCondition {
    const left = operand()
    if ('column' in left) {
      const { column } = left
      if (take('.')) {
        const word = tokens[at++]
        const name = word?.kind === 'word' ? word.text.toLowerCase() : ''
        const operator = METHODS[name]
        if (operator === undefined) {
          at--
          return fail()
        }
        if (name === 'isin') {
          expect('(')
          const value = list()
          expect(')')
          return { column, operator: 'in', value }
        }
        expect('(')
        expect(')')
        return { column, operator: operator as 'isNull' }
      }
      if (take('is')) {
        const not = take('not')
        expect('null')
        return { column, operator: not ? 'notNull' : 'isNull' }
      }
      if (take('in')) return { column, operator: 'in', value: list() }
      if (take('not')) {
        expect('in')
        return { column, operator: 'notIn', value: list() }
      }
      if (is('==', '!=') && tokens[at + 1]?.kind === 'mark' && (tokens[at + 1] as { text: string }).text === '[') {
        // pandas: x == [1, 2] means in
        const operator = take('==') ? 'in' : 'notIn'
        if (operator === 'notIn') at++
        return { column, operator, value: list() }
      }
    }
    const parts: RowCondition[] = []
    let first = left
    for (let operator = comparisonMark(); operator !== undefined; operator = comparisonMark()) {
      const second = operand()
      parts.push(compared(first, operator, second))
      first = second
    }
    if (parts.length === 0) fail()
    return parts.length === 1 ? parts[0] : { and: parts }
  }

  function comparisonMark(): Comparison | undefined {
    const token = tokens[at]
    const mark = token?.kind === 'mark' ? MARKS[token.text] : undefined
    if (mark !== undefined) at++
    return mark
  }

  function compared(left: Operand, operator: Comparison, right: Operand): RowCondition {
    if ('column' in left)
      return { column: left.column, operator, value: 'column' in right ? { column: right.column } : right.value }
    if (!('column' in right)) return fail()
    return { column: right.column, operator: MIRRORED[operator], value: left.value }
  }

  function operand(): Operand {
    if (take('(')) {
      const inner = operand()
      expect(')')
      return inner
    }
    const sign = take('-') ? -1 : take('+') ? 1 : undefined
    const token = tokens[at]
    if (token === undefined) return fail()
    if (token.kind === 'value') {
      if (sign !== undefined && typeof token.value !== 'number') return fail()
      at++
      return { value: sign === -1 ? -(token.value as number) : token.value }
    }
    if (sign !== undefined || token.kind === 'mark') return fail()
    if (token.kind === 'word' && RESERVED.has(token.text.toLowerCase())) return fail()
    at++
    return { column: token.text }
  }

  function list(): SetValue[] {
    const end = take('[') ? ']' : take('(') ? ')' : undefined
    if (end === undefined) return fail()
    const values: SetValue[] = []
    while (!take(end)) {
      const value = operand()
      if ('column' in value) return fail()
      values.push(value.value)
      if (!is(end)) expect(',')
    }
    return values
  }

  const condition = any()
  if (at < tokens.length) fail()
  return condition
}

type Operand = { readonly column: string } | { readonly value: SetValue }

const METHODS: Readonly<Record<string, string>> = {
  notnull: 'notNull',
  notna: 'notNull',
  isnull: 'isNull',
  isna: 'isNull',
  isin: 'in',
}
const RESERVED = new Set(['and', 'or', 'not', 'in', 'is', 'null', 'none', 'import', 'lambda'])
const MARKS: Readonly<Record<string, Comparison>> = {
  '==': '==',
  '=': '==',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
const unquoted = (text: string): string =>
  text.slice(1, -1).replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter)
const inner = (call: string): string => call.slice(call.indexOf('(') + 1, -1).trim()

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null)
      throw new PodError(
        'EXPECTATION_INVALID',
        `the row condition ${JSON.stringify(text)} is not understood at "${text.slice(at, at + 10)}"`,
      )
    at = TOKEN.lastIndex
    const { column, date, number, text: quoted, word, mark } = match.groups as Record<string, string | undefined>
    if (column !== undefined)
      tokens.push({ kind: 'column', text: column.startsWith('`') ? column.slice(1, -1) : inner(column).slice(1, -1) })
    else if (date !== undefined) tokens.push({ kind: 'value', value: unquoted(inner(date)) })
    else if (number !== undefined) tokens.push({ kind: 'value', value: Number(number) })
    else if (quoted !== undefined) tokens.push({ kind: 'value', value: unquoted(quoted) })
    else if (word !== undefined)
      tokens.push(word in WORDS ? { kind: 'value', value: WORDS[word] } : { kind: 'word', text: word })
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark })
  }
  return tokens
}
