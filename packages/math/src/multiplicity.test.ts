import { expect, test } from 'vitest'
import { eBenjaminiHochberg } from './index.ts'

test('the e-values rejected at a level are the k largest of at least m / (k level)', () => {
  const e = [40, 0.5, 25, 1, 100]
  const adjusted = eBenjaminiHochberg(e)
  for (const level of [0.01, 0.04, 0.05, 0.07, 0.1, 0.5]) {
    const sorted = [...e].sort((a, b) => b - a)
    let k = 0
    sorted.forEach((value, i) => {
      if (value >= e.length / ((i + 1) * level)) k = i + 1
    })
    expect(adjusted.filter((a) => a <= level)).toHaveLength(k)
  }
  expect(() => eBenjaminiHochberg([-1])).toThrow(/-1/)
})
