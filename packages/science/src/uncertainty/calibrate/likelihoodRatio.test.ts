import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { fitLikelihoodRatio, likelihoodRatios } from './likelihoodRatio.ts'

const { normal } = random({ seed: 3, path: 'shift' })

test('the ratio of two normal distributions is found, whatever the sizes of the samples', () => {
  const source = Float64Array.from({ length: 2 * 6000 }, (_, i) => normal(i))
  const target = Float64Array.from({ length: 2 * 2000 }, (_, i) => normal(1e6 + i) + (i % 2 === 0 ? 1 : 0))
  const ratio = fitLikelihoodRatio(source, target, { features: 2 })
  const found = likelihoodRatios(ratio, [0, 0, 1, 0, 0.5, 3, -1, 1])
  // density of N(1, 1) over that of N(0, 1): exp(x - 1/2)
  for (const [i, x] of [0, 1, 0.5, -1].entries()) expect(Math.log(found[i])).toBeCloseTo(x - 0.5, 0)
  expect(likelihoodRatios(ratio, source).reduce((a, b) => a + b, 0) / 6000).toBeCloseTo(1, 1)
})

test('rows that a line separates, and what are no rows, are refused', () => {
  const refused = (code: string) => expect.objectContaining({ code })
  expect(() => fitLikelihoodRatio([1, 2, 3], [7, 8, 9], { features: 1 })).toThrow(refused('SHIFT_SEPARATED'))
  expect(() => fitLikelihoodRatio([], [1], { features: 1 })).toThrow(refused('FIT_EMPTY'))
  expect(() => fitLikelihoodRatio([1, 2, 3], [1], { features: 2 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => fitLikelihoodRatio([1, Number.NaN], [1, 2], { features: 1 })).toThrow(refused('FEATURE_NOT_FINITE'))
  // a feature that never varies tells nothing
  expect(likelihoodRatios(fitLikelihoodRatio([1, 1], [1, 1], { features: 1 }), [1])[0]).toBeCloseTo(1, 9)
})
