import { DEPTH, MOST_KEYS, parseSlowly } from './slowJson.ts'

/** A JSON value as it is parsed: numbers are doubles. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

/**
 * Returns the value of a JSON text, stricter than `JSON.parse`: keys given twice, nesting beyond 32 levels and objects of more
 * than 1 000 keys are refused, because they are mistakes or attacks. The time is linear in the text.
 * Throws `JSON_INVALID` with the position.
 */
export function parseStrict(text: string): JsonValue {
  const { depth, pairs } = outline(text)
  if (depth > DEPTH) return parseSlowly(text)
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    return parseSlowly(text)
  }
  // a key given twice is a pair in the text, but none in the value
  return countKeys(value) === pairs ? value : parseSlowly(text)
}

/** The deepest nesting of a JSON text, and how many keys it gives, both right for every text that is JSON. */
function outline(text: string): { depth: number; pairs: number } {
  let [level, depth, pairs] = [0, 0, 0]
  for (let at = 0; at < text.length; at++)
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
        break
      case 0x5b: // [
      case 0x7b: // {
        depth = Math.max(depth, ++level)
        break
      case 0x5d: // ]
      case 0x7d: // }
        level--
        break
      case 0x3a: // :
        pairs++
    }
  return { depth, pairs }
}

/** Returns the number of keys in a value; -1 when an object has more than are read. */
function countKeys(value: JsonValue): number {
  let count = 0
  const walk = (part: JsonValue): void => {
    if (typeof part !== 'object' || part === null) return
    if (Array.isArray(part)) {
      for (const item of part) walk(item)
      return
    }
    const keys = Object.keys(part)
    count += keys.length <= MOST_KEYS ? keys.length : Number.NEGATIVE_INFINITY
    for (const key of keys) walk(part[key])
  }
  walk(value)
  return count
}
