import { PodError } from '@mlpod/contract'
import type { JsonValue } from './strictJson.ts'

/** Levels of nesting, and keys of one object, that are read. */
export const [DEPTH, MOST_KEYS] = [32, 1000]
const [QUOTE, BACKSLASH, BLANK] = [0x22, 0x5c, 0x20]

/**
 * Reads a text character by character by the rules of `parseStrict`: ten times slower, but it knows where and what is wrong, and
 * tells it without showing the text. Throws `JSON_INVALID` with the position.
 */
export function parseSlowly(text: string): JsonValue {
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
  const matched = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match) throw refuse('no valid value')
    at += match[0].length
    return match[0]
  }
  const string = (): string => {
    if (text[at] !== '"') throw refuse('no valid text')
    let end = at + 1
    let plain = true
    for (; ; end++) {
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      if (!(code >= BLANK)) throw refuse('no valid text')
      if (code === BACKSLASH) {
        plain = false
        end++
      }
    }
    const literal = text.slice(at, end + 1)
    try {
      const value = plain ? literal.slice(1, -1) : (JSON.parse(literal) as string)
      at = end + 1
      return value
    } catch {
      throw refuse('no valid text')
    }
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
        return CONSTANTS[matched(WORD)]
      default:
        return Number(matched(NUMBER))
    }
  }
  const object = (depth: number): JsonValue => {
    at++
    const result: { [key: string]: JsonValue } = Object.create(null)
    let keys = 0
    blanks()
    if (text[at] === '}') {
      at++
      return result
    }
    for (;;) {
      blanks()
      const key = string()
      if (key in result) throw refuse(`key "${key.slice(0, 40).toWellFormed()}" occurs twice`)
      if (++keys > MOST_KEYS) throw refuse(`an object of more than ${MOST_KEYS} keys`)
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

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const CONSTANTS: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null }
