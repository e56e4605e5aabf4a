import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical } from './canonical.ts'
import { asHash, hashBytes, hashValue, isHash } from './hash.ts'

test('the encoding is that of RFC 8785: its own example of numbers, text and order', () => {
  const example = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '€$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  }
  expect(canonical(example)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  expect(canonical({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 })).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  )
})

test('numbers without JSON form are words, bigints decimal text, typed arrays lists, undefined members nothing', () => {
  expect(canonical([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2n ** 70n])).toBe(
    '["NaN","Infinity","-Infinity",0,"1180591620717411303424"]',
  )
  expect(canonical({ a: Float32Array.of(0.5, 1), b: undefined })).toBe('{"a":[0.5,1]}')
})

test('member order never matters, and reading the text back and encoding it again changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonical(value)
      expect(canonical(JSON.parse(text))).toBe(text)
      const shuffled = (v: unknown): unknown =>
        Array.isArray(v)
          ? v.map(shuffled)
          : typeof v === 'object' && v !== null
            ? Object.fromEntries(
                Object.entries(v)
                  .reverse()
                  .map(([k, x]) => [k, shuffled(x)]),
              )
            : v
      expect(canonical(shuffled(value))).toBe(text)
    }),
    { seed: 1 },
  )
})

test('what has no encoding is refused with its place', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  expect(() => canonical(cycle)).toThrow(/cycle at \$\.self/)
  expect(() => canonical({ a: [1, () => 1] })).toThrow(/function at \$\.a\[1\]/)
  expect(() => canonical({ when: new Date(0) })).toThrow(/Date at \$\.when/)
  expect(() => canonical('\ud800')).toThrow(/lone surrogate/)
  expect(canonical([{ a: 1 }, { a: 1 }])).toBe('[{"a":1},{"a":1}]')
})

test('hashes are SHA-256 in lowercase hexadecimal', () => {
  expect(hashBytes('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(hashValue({ b: 1, a: 2 })).toBe(hashBytes('{"a":2,"b":1}'))
  expect(isHash('BA78')).toBe(false)
  expect(() => asHash('xyz')).toThrow(/64 lowercase/)
})
