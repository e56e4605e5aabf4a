import fc from 'fast-check'
import { expect, test } from 'vitest'
import { conformalRank, countBelow, midranks, rankThreshold } from './rank.ts'

test('the rank is exact where floating point is one off', () => {
  expect(conformalRank(9, 0.9)).toBe(9)
  expect(conformalRank(59, 0.95)).toBe(57)
  expect(conformalRank(99, 0.07)).toBe(7)
  expect(conformalRank(9, 0.1 + 0.2)).toBe(3)
  expect(conformalRank(10, 1e-7)).toBe(1)
  expect(conformalRank(10, 0)).toBe(0)
  expect(conformalRank(10, 1)).toBe(11)
})

test('for every level k / (n + 1) the rank is k, whatever its decimals', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), (n, seed) => {
      const k = seed % (n + 2)
      return conformalRank(n, k / (n + 1)) === k
    }),
  )
})

test('too few scores give Infinity, level 0 gives -Infinity, NaN are dropped and counted', () => {
  expect(rankThreshold([1, 2, 3], 0.9)).toEqual({ threshold: Infinity, rank: 4, n: 3, dropped: 0 })
  expect(rankThreshold([1], 0).threshold).toBe(-Infinity)
  expect(rankThreshold([Number.NaN, 5, -Infinity, 1], 0.5)).toEqual({ threshold: 1, rank: 2, n: 3, dropped: 1 })
  expect(rankThreshold([], 0.9).threshold).toBe(Infinity)
  expect(rankThreshold([3, 1, 2], [0.25, 0.75]).map((t) => t.threshold)).toEqual([1, 3])
})

test('all NaN and levels outside [0, 1] are refused', () => {
  expect(() => rankThreshold([Number.NaN], 0.9)).toThrow(expect.objectContaining({ code: 'SCORES_NAN' }))
  for (const level of [-0.1, 1.1, Number.NaN])
    expect(() => rankThreshold([1], level)).toThrow(expect.objectContaining({ code: 'LEVEL_INVALID' }))
})

test('at least the rank of the scores is at or below the threshold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
      fc.integer({ min: 1, max: 99 }),
      (scores, percent) => {
        const { threshold, rank } = rankThreshold(scores, percent / 100)
        return scores.filter((s) => s <= threshold).length >= Math.min(rank, scores.length)
      },
    ),
  )
})

test('midranks sum to n (n + 1) / 2 and refuse NaN', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (values) => {
      const sum = midranks(values).reduce((a, b) => a + b, 0)
      return sum === (values.length * (values.length + 1)) / 2
    }),
  )
  expect(() => midranks([1, Number.NaN])).toThrow(expect.objectContaining({ code: 'VALUE_NAN' }))
})

test('what is below a number, or at most it, is counted as by looking at all', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: -1, max: 10 }), (values, x) => {
      const sorted = values.toSorted((a, b) => a - b)
      expect(countBelow(sorted, x)).toBe(values.filter((value) => value < x).length)
      expect(countBelow(sorted, x, { orEqual: true })).toBe(values.filter((value) => value <= x).length)
    }),
  )
  expect(countBelow([-Infinity, 0, Infinity], Infinity)).toBe(2)
})
