import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderedNumbers } from './orderedNumbers.ts'
import { random } from './random.ts'

test('counts and places are those of sorting', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }),
      fc.integer({ min: -6, max: 6 }),
      (values, x) => {
        const ordered = orderedNumbers()
        for (const value of values) ordered.insert(value)
        const sorted = values.toSorted((a, b) => a - b)
        expect(ordered.size).toBe(values.length)
        expect(ordered.countBelow(x)).toBe(values.filter((value) => value < x).length)
        expect(ordered.countUpTo(x)).toBe(values.filter((value) => value <= x).length)
        expect(Array.from({ length: values.length + 2 }, (_, k) => ordered.at(k))).toEqual([
          undefined,
          ...sorted,
          undefined,
        ])
      },
    ),
  )
})

test('thousands of numbers in any order are kept in order', () => {
  const { uniform } = random({ seed: 1, path: 'ordered' })
  const values = Array.from({ length: 5000 }, (_, i) => Math.floor(1000 * uniform(i)))
  const ordered = orderedNumbers()
  for (const [i, value] of values.entries()) {
    ordered.insert(value)
    if (i % 500 === 0)
      expect(ordered.countUpTo(500)).toBe(values.slice(0, i + 1).filter((known) => known <= 500).length)
  }
  const sorted = values.toSorted((a, b) => a - b)
  expect(values.map((_, k) => ordered.at(k + 1))).toEqual(sorted)
})
