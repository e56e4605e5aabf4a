import fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from './random.ts'
import { sortNumbers } from './sort.ts'

test('numbers are sorted as comparing sorts them, whatever they are', () => {
  const r = random({ seed: 3 })
  const special = [0, -0, 1, -1, Infinity, -Infinity, 5e-324, -5e-324, 1e308, -1e308]
  const makers: ((i: number) => number)[] = [
    (i) => r.normal(i),
    (i) => r.uniform(i),
    (i) => -r.uniform(i),
    (i) => Math.floor(50 * r.uniform(i)) - 25,
    (i) => (i % 3 === 0 ? special[i % special.length] : r.normal(i) * 10 ** (600 * r.uniform(i) - 300)),
    () => 7,
    // values that differ in the lower half of their bits alone
    (i) => 1 + r.uniform(i) * 1e-9,
    (i) => (r.uniform(i) - 0.5) * 1e-310,
  ]
  for (const make of makers) {
    const values = Float64Array.from({ length: 10_000 }, (_, i) => make(i))
    expect(sortNumbers(values.slice())).toEqual(values.slice().sort())
  }
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 0, maxLength: 50 }), (list) => {
      const repeated = Float64Array.from({ length: list.length * 200 }, (_, i) => list[i % list.length])
      expect(sortNumbers(repeated.slice())).toEqual(repeated.slice().sort())
    }),
  )
})

test('a part of an array is sorted where it lies', () => {
  const whole = Float64Array.from({ length: 9000 }, (_, i) => (i * 7919) % 9000)
  const part = whole.subarray(1000, 8000)
  const [before, after] = [whole.slice(0, 1000), whole.slice(8000)]
  expect(sortNumbers(part)).toBe(part)
  expect([whole.slice(0, 1000), whole.slice(8000)]).toEqual([before, after])
  for (let i = 1; i < part.length; i++) expect(part[i - 1] <= part[i]).toBe(true)
})
