import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { coverageLaw, coveredProbability, planCalibration, testCoverage } from './coverageLaw.ts'
import { verifyCoverage } from './verifyCoverage.ts'

test('the law of coverage sums to one, has mean k / (n + 1), and is the certainty where rows are too few', () => {
  for (const [n, level] of [
    [10, 0.5],
    [99, 0.9],
    [37, 0.83],
  ]) {
    const law = coverageLaw(n, level)
    const m = 40
    const p = Array.from({ length: m + 1 }, (_, c) => coveredProbability(law, c, m))
    expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 10)
    expect(p.reduce((sum, q, c) => sum + (q * c) / m, 0)).toBeCloseTo(law.mean, 10)
  }
  expect(coverageLaw(8, 0.9)).toMatchObject({ mean: 1, beta: null })
  expect(testCoverage(coverageLaw(8, 0.9), 5, 5).pValue).toBe(1)
  expect(testCoverage(coverageLaw(100, 0.9), 60, 100).pFew).toBeLessThan(1e-4)
  expect(() => testCoverage(coverageLaw(8, 0.9), 6, 5)).toThrow(/6 of 5/)
  expect(() => coverageLaw(0, 0.9)).toThrow(/0 is no number/)
})

test('calibration sets of the planned size keep coverage within epsilon, and smaller ones do not', () => {
  // nothing is above 1, and P(coverage < 0.8) = 0.8^n while the largest score is the threshold: 0.8^11 < 0.1 < 0.8^10
  expect(planCalibration({ level: 0.9, epsilon: 0.1 }).n).toBe(11)
  // by scipy's beta distribution: at 2,429 rows 0.09995 of the calibration sets are outside, at 2,427 0.1001
  expect(planCalibration({ level: 0.9, epsilon: 0.01 }).n).toBe(2429)
  expect(planCalibration({ level: 0.9, epsilon: 0.05 }).n).toBe(90)
  const { lower, upper } = planCalibration({ level: 0.9, epsilon: 0.01 })
  expect(lower).toBeGreaterThan(0.889)
  expect(upper).toBeLessThan(0.911)
})

test('re-splits of continuous scores follow the law, and scores whose order is wrong for new rows are found', () => {
  const { normal } = random({ seed: 1, path: 'scores' })
  const scores = Float64Array.from({ length: 40_000 }, (_, i) => Math.abs(normal(i)))
  const proof = verifyCoverage(scores, { level: 0.9 })
  expect(proof.splits).toBe(400)
  expect(proof.pValue).toBeGreaterThan(1e-3)
  expect(Math.abs(proof.coverage - proof.law.mean)).toBeLessThan(0.01)
  const tied = verifyCoverage(
    scores.map((s) => Math.round(s)),
    { level: 0.9 },
  )
  expect(tied.tied).toBeGreaterThan(39_000)
  expect(tied.coverage).toBeGreaterThan(proof.coverage)
  expect(tied.pValue).toBeLessThan(1e-3)
  expect(verifyCoverage(scores, { level: 0.9, seed: 0 })).toEqual(proof)
  expect(() => verifyCoverage([1, 2], { level: 0.9 })).toThrow(/cannot be taken of 2/)
  expect(() => verifyCoverage([Number.NaN], { level: 0.9 })).toThrow(/no score/)
})
