import { PodError } from '@mlpod/contract'

/** A JSON value as it is parsed: numbers are doubles. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

const DEPTH = 64

/**
 * Returns the value of a JSON text, stricter than `JSON.parse`: duplicate keys and nesting beyond 64 levels are refused, because
 * they are mistakes or attacks. Throws `JSON_INVALID` with the position.
 */
export function parseStrict(text: string): JsonValue {
  let at = 0
  const refuse = (what: string): PodError => new PodError('JSON_INVALID', `${what} at position ${at}`)
  const blanks = (): void => {
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  }
  const expect = (character: string): void => {
    if (text[at] !== character)
      throw refuse(`expected "${character}"${at < text.length ? `, found "${text[at]}"` : ', found the end'}`)
    at++
  }
  const matched = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match) throw refuse(`no ${what}`)
    at += match[0].length
    return match[0]
  }
  const string = (): string => {
    const literal = matched(STRING, 'valid text')
    return JSON.parse(literal) as string
  }
  const value = (depth: number): JsonValue => {
    if (depth > DEPTH) throw refuse(`more than ${DEPTH} levels of nesting`)
    blanks()
    switch (text[at]) {
      case '{':
        return object(depth)
      case '[':
        return list(depth)
      case '"':
        return string()
      case 't':
      case 'f':
      case 'n':
        return CONSTANTS[matched(WORD, 'valid value')]
      default:
        return Number(matched(NUMBER, 'valid value'))
    }
  }
  const object = (depth: number): JsonValue => {
    at++
    const result: { [key: string]: JsonValue } = Object.create(null)
    blanks()
    if (text[at] === '}') {
      at++
      return result
    }
    for (;;) {
      blanks()
      const key = string()
      if (key in result) throw refuse(`key "${key}" occurs twice`)
      blanks()
      expect(':')
      result[key] = value(depth + 1)
      blanks()
      if (text[at] === '}') break
      expect(',')
    }
    at++
    return result
  }
  const list = (depth: number): JsonValue => {
    at++
    const result: JsonValue[] = []
    blanks()
    if (text[at] === ']') {
      at++
      return result
    }
    for (;;) {
      result.push(value(depth + 1))
      blanks()
      if (text[at] === ']') break
      expect(',')
    }
    at++
    return result
  }
  const result = value(0)
  blanks()
  if (at < text.length) throw refuse('more text after the value')
  return result
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON text refuses raw control characters (RFC 8259)
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const CONSTANTS: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null }
