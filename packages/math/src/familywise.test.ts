import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closedETest, fixedSequence, graphicalTest } from './familywise.ts'
import { holm } from './multiplicity.ts'

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 })

test('the full graph is the test of Holm, and a path is a fixed sequence', () => {
  fc.assert(
    fc.property(pValues, (p) => {
      const m = p.length
      const equal = {
        weights: p.map(() => 1 / m),
        transitions: p.map((_, i) => p.map((_, j) => (i === j ? 0 : 1 / (m - 1)))),
      }
      const byHolm = holm(p).flatMap((q, i) => (q <= 0.3 ? [i] : []))
      // shares of 1 / (m - 1) round: only decisions away from the edge are compared
      if (m > 1 && !holm(p).some((q) => Math.abs(q - 0.3) < 1e-9)) expect(graphicalTest(equal)(p, 0.3)).toEqual(byHolm)
      const path = {
        weights: p.map((_, i) => Number(i === 0)),
        transitions: p.map((_, i) => p.map((_, j) => Number(j === i + 1))),
      }
      expect(graphicalTest(path)(p, 0.3)).toEqual(fixedSequence()(p, 0.3))
    }),
    { seed: 1 },
  )
})

test('the closed test of e-values rejects what every set of hypotheses allows', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 7 }), (e) => {
      const byAllSets = e.flatMap((_, i) => {
        for (let set = 0; set < 1 << e.length; set++) {
          if (!(set & (1 << i))) continue
          const members = e.filter((_, j) => set & (1 << j))
          if (members.reduce((sum, x) => sum + x, 0) / members.length < 20) return []
        }
        return [i]
      })
      expect(closedETest(e, 0.05)).toEqual(byAllSets)
    }),
    { seed: 2 },
  )
})

test('a fixed sequence stops at the first that is not rejected, and starts are cut to the hypotheses', () => {
  expect(fixedSequence()([0.01, 0.2, 0.01], 0.1)).toEqual([0])
  expect(fixedSequence({ order: [2, 0, 1] })([0.01, 0.2, 0.01], 0.1)).toEqual([0, 2])
  expect(fixedSequence({ starts: 9 })([0.01, 0.2, 0.01], 0.1)).toEqual([0, 2])
})

test('what is no family is refused', () => {
  expect(() => fixedSequence()([], 0.1)).toThrow(/no hypothesis/)
  expect(() => fixedSequence()([0.1], 0)).toThrow(/the error 0/)
  expect(() => fixedSequence()([0.1], 1.1)).toThrow(/the error 1.1/)
  expect(() => fixedSequence()([Number.NaN], 0.1)).toThrow(/NaN is no p-value/)
  expect(() => fixedSequence({ starts: 0 })).toThrow(/0 is no number of starts/)
  expect(() =>
    graphicalTest({
      weights: [0.9, 0.2],
      transitions: [
        [0, 1],
        [1, 0],
      ],
    }),
  ).toThrow(/shares of the error/)
  expect(() =>
    graphicalTest({
      weights: [0.5, 0.5],
      transitions: [
        [0.5, 0.5],
        [1, 0],
      ],
    }),
  ).toThrow(/transitions/)
  expect(() => closedETest([-1], 0.1)).toThrow(/-1 is no e-value/)
})
