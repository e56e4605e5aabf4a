import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSlowly } from './slowJson.ts'
import { parseStrict } from './strictJson.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('what JSON.parse reads without doubt is read the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, pretty) => {
      const text = JSON.stringify(value, null, pretty ? 2 : 0)
      expect(plain(parseStrict(text))).toEqual(JSON.parse(text))
      expect(plain(parseSlowly(text))).toEqual(JSON.parse(text))
    }),
    { seed: 2, numRuns: 500 },
  )
})

test('any text is either refused with JSON_INVALID or read as JSON.parse reads it, quickly or slowly; nothing else happens', () => {
  const read = (parse: typeof parseStrict, text: string): unknown => {
    try {
      return { value: plain(parse(text)) }
    } catch (error) {
      if ((error as { code?: string }).code !== 'JSON_INVALID') throw error
      return (error as Error).message
    }
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[\]{}",:0-9.eE+\-truefalsn\\ ]{0,40}$/)), (text) => {
      const outcome = read(parseStrict, text)
      expect(read(parseSlowly, text)).toEqual(outcome)
      let expected: unknown
      try {
        expected = { value: plain(JSON.parse(text)) }
      } catch {
        expected = undefined
      }
      // stricter only about keys given twice
      if (typeof outcome !== 'string') expect(outcome).toEqual(expected)
      else if (expected !== undefined) expect(outcome).toContain('occurs twice')
    }),
    { seed: 3, numRuns: 2000 },
  )
})

test('keys given twice are found at every level, however they are written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.nat(3), (value, key, level) => {
      const name = JSON.stringify(key)
      const escaped = `"${[...key].map((c) => [...Array(c.length).keys()].map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')).join('')}"`
      const twice = `{${name}:${JSON.stringify(value)},${escaped}:1}`
      const text = '[{"a":'.repeat(level) + twice + '}]'.repeat(level)
      JSON.parse(text)
      expect(() => parseStrict(text)).toThrow(/occurs twice/)
    }),
    { seed: 6 },
  )
})

test('duplicate keys, NaN, comments, trailing commas, depth and prototypes are no way in', () => {
  for (const [text, message] of [
    ['{"a":1,"a":2}', /key "a" occurs twice/],
    ['{"__proto__":1,"__proto__":2}', /occurs twice/],
    ['[NaN]', /no valid value/],
    ['[1,]', /no valid value/],
    ['{"a":1,}', /no valid text/],
    ['// x', /no valid value/],
    ['[1] x', /more text/],
    ['', /no valid value/],
    ['"\u0001"', /no valid text/],
    ['['.repeat(1000), /32 levels/],
    ['{"a":'.repeat(1000), /32 levels/],
    [`{${Array.from({ length: 1001 }, (_, i) => `"${i}":0`)}}`, /1000 keys/],
    ['"\\u12"', /no valid text/],
    ['"\\', /no valid text/],
  ] as const)
    expect(() => parseStrict(text), text).toThrow(message)
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  expect(Object.keys(parseStrict('{"__proto__":{"polluted":1}}') as object)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(parseStrict('{"__proto__":{"polluted":1}}'))).toBe(Object.prototype)
  expect(parseStrict('1e400')).toBe(Number.POSITIVE_INFINITY)
})

test('ten megabytes are read in linear time: one text, one number, escapes, blanks, a list', () => {
  const size = 10 * 1024 * 1024
  for (const text of [
    `"${'x'.repeat(size)}"`,
    `"${'\\n'.repeat(size / 2)}"`,
    '9'.repeat(size),
    `${' '.repeat(size)}1`,
    `[${'1,'.repeat(size / 2)}1]`,
    `"${'x'.repeat(size)}`,
  ]) {
    const start = performance.now()
    try {
      parseStrict(text)
    } catch (error) {
      expect(error).toMatchObject({ code: 'JSON_INVALID' })
    }
    expect(performance.now() - start, text.slice(0, 5)).toBeLessThan(5000)
  }
})
