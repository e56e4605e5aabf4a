import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atPlace, countBelow, medianDistance, quantilesOf, tally } from './tally.ts'

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === high ? low : low + (high - low) / 2
}

/** Values of many kinds: spread, crowded, tied, of all sizes; few, and enough to be sorted by buckets. */
const samples = (n: number): Readonly<Record<string, (i: number) => number>> => {
  const noise = (i: number): number => {
    const x = Math.sin(i * 12.9898 + 78.233) * 43758.5453
    return x - Math.floor(x)
  }
  return {
    even: (i) => noise(i),
    normal: (i) => noise(i) + noise(i + n) + noise(i + 2 * n) - 1.5,
    heavy: (i) => 1 / (noise(i) + 1e-9),
    crowded: (i) => (i % 1000 === 0 ? 1e12 * noise(i) : noise(i) * 1e-3),
    tied: (i) => Math.floor(noise(i) * 60_000),
    all: (i) => (noise(i) - 0.5) * 10 ** (600 * noise(i + 7) - 300),
  }
}

test.each(Object.keys(samples(1)))('a tally holds every value in order, as often as it occurs: %s', (name) => {
  const n = 120_000
  const values = Float64Array.from({ length: n }, (_, i) => samples(n)[name](i))
  const before = values.slice()
  const found = tally(values)
  expect(values).toEqual(before)
  const sorted = values.slice().sort()
  let at = 0
  for (let i = 0; i < found.values.length; i++) {
    let count = 0
    while (at < n && sorted[at] === found.values[i]) {
      at++
      count++
    }
    if (count !== found.counts[i] || at !== found.ends[i])
      expect([i, found.counts[i], found.ends[i]]).toEqual([i, count, at])
  }
  expect(at).toBe(n)
  expect(quantilesOf(found, [0, 0.5, 1])).toEqual([sorted[0], median([...values]), sorted[n - 1]])
})

test('places, counts and the median distance are those of the sorted values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 })), {
        minLength: 1,
      }),
      fc.integer({ min: -5, max: 5 }),
      (list, value) => {
        const numbers = list.map((x) => x + 0)
        const found = tally(Float64Array.from(numbers))
        const sorted = [...numbers].sort((a, b) => a - b)
        for (const [i, x] of sorted.entries()) expect(atPlace(found, i)).toBe(x)
        expect(countBelow(found, value)).toBe(numbers.filter((x) => x < value).length)
        expect(countBelow(found, value, true)).toBe(numbers.filter((x) => x <= value).length)
        const [centre] = quantilesOf(found, [0.5])
        expect(medianDistance(found, centre)).toBe(median(numbers.map((x) => Math.abs(x - centre))))
      },
    ),
  )
})
