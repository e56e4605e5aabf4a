import fc from 'fast-check'
import { expect, test } from 'vitest'
import { measureAuc } from './quality.ts'

test('an area between the extremes is a mean with its error', () => {
  const { auc, measurement } = measureAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
  expect(auc).toBe(0.75)
  expect(measurement).toMatchObject({ kind: 'mean', estimate: 0.75, n: 4 })
})

test('where no error is known, disjoint pairs are counted: few of them prove little', () => {
  const separated = measureAuc([0.1, 0.2, 0.3, 0.7, 0.8], [0, 0, 0, 1, 1])
  expect(separated).toMatchObject({ auc: 1, measurement: { kind: 'proportion', successes: 2, n: 2 } })
  expect(measureAuc([0.9, 0.1, 0.2], [1, 0, 0]).measurement).toEqual({ kind: 'proportion', successes: 1, n: 1 })
  expect(measureAuc([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0])).toMatchObject({
    auc: 0.5,
    measurement: { kind: 'proportion', successes: 1, n: 2 },
  })
})

test('a measured area can always be judged: its error is a positive number, or it is a count', () => {
  const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 3 }), outcome: fc.constantFrom(0, 1) }), {
    minLength: 2,
  })
  fc.assert(
    fc.property(rows, (list) => {
      const outcomes = list.map(({ outcome }) => outcome)
      fc.pre(new Set(outcomes).size === 2)
      const { measurement } = measureAuc(
        list.map(({ score }) => score),
        outcomes,
      )
      if (measurement.kind === 'mean') expect(measurement.standardError).toBeGreaterThan(0)
      else expect(measurement).toMatchObject({ kind: 'proportion' })
    }),
    { seed: 1 },
  )
})
