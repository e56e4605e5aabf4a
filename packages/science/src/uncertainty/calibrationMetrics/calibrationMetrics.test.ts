import { readFileSync } from 'node:fs'
import { binomialCdf, brownianRangeTail, brownianSupremumTail, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrationKolmogorovSmirnov, calibrationKuiper, spiegelhalterTest } from './cumulativeTests.ts'
import { expectedCalibrationError } from './expectedCalibrationError.ts'
import { reliability } from './reliability.ts'
import {
  brierParts,
  classBrier,
  classLogLoss,
  coverageWidthCriterion,
  crpsOfNormal,
  crpsOfSamples,
  intervalScore,
  pinballLoss,
} from './scores.ts'
import { smoothCalibrationError } from './smoothError.ts'

// made by conformance/science/uncertainty/make_calibration_metrics.py from MAPIE 1.6.0 and scikit-learn 1.9.1
const peer = JSON.parse(
  readFileSync(
    new URL('../../../../../conformance/science/uncertainty/calibration_metrics.json', import.meta.url),
    'utf8',
  ),
)
const { scores, labels, probabilities, classes } = peer

/** Scores that are right as often as they say, on average over many rows. */
function calibrated(n: number, seed: number, grid = 1e9): { s: Float64Array; y: Float64Array } {
  const { uniform } = random({ seed, path: 'calibrated' })
  const s = Float64Array.from({ length: n }, (_, i) => Math.ceil(uniform(2 * i) * grid) / grid)
  return { s, y: s.map((p, i) => Number(uniform(2 * i + 1) < p)) }
}

test('the expected calibration error has the edges of MAPIE on request', () => {
  for (const [edges, values] of Object.entries<Record<string, number>>(peer.ece)) {
    const options = { bins: 20, edges: edges as 'mapieUniform' }
    for (const kind of ['confidence', 'classwise', 'topLabel'] as const)
      expect(expectedCalibrationError(probabilities, classes, { ...options, kind }).value).toBeCloseTo(values[kind], 12)
    expect(expectedCalibrationError(scores, labels, { ...options, kind: 'binary' }).value).toBeCloseTo(
      values.binary,
      12,
    )
  }
})

test('by default it has fifteen bins of equal width, closed on the right', () => {
  const found = expectedCalibrationError(probabilities, classes)
  expect(found.value).toBeCloseTo(peer.guo.confidence, 12)
  expect(found).toMatchObject({ kind: 'confidence', bins: 15, edges: 'equalWidth', norm: 1, n: 400 })
  expect(expectedCalibrationError(scores, labels, { kind: 'binary' }).value).toBeCloseTo(peer.guo.binary, 12)
  // 0.2 is the end of the third bin, not the start of the fourth
  expect(expectedCalibrationError([0.2, 0.15], [1, 0], { kind: 'binary' }).value).toBeCloseTo(0.5 - 0.175, 12)
})

test('bins, norms and weights are what they say', () => {
  const s = [0.1, 0.1, 0.6, 0.6]
  const y = [0, 1, 1, 1]
  const error = (options: object): number => expectedCalibrationError(s, y, { kind: 'binary', ...options }).value
  expect(error({})).toBeCloseTo(0.4, 12)
  expect(error({ norm: 'max' })).toBeCloseTo(0.4, 12)
  expect(error({ norm: 2 })).toBeCloseTo(0.4, 12)
  expect(error({ norm: 2, debiased: true })).toBeCloseTo(Math.sqrt((0.16 - 0.25 + 0.16) / 2), 12)
  expect(error({ bins: 2, edges: 'equalMass' })).toBeCloseTo(0.4, 12)
  expect(error({ bins: 1 })).toBeCloseTo(0.4, 12)
  expect(expectedCalibrationError([0.1, 0.6, 0.6], [0, 1, 1], { kind: 'binary', weigh: 'bins' }).value).toBeCloseTo(
    0.25,
    12,
  )
})

test('the sweep keeps frequencies ascending', () => {
  const { s, y } = calibrated(2000, 1)
  const swept = expectedCalibrationError(s, y, { kind: 'binary', edges: 'sweep' }).value
  expect(swept).toBeLessThan(expectedCalibrationError(s, y, { kind: 'binary', edges: 'equalMass', bins: 200 }).value)
})

test('the smooth error is small for calibrated scores, about the bias for shifted ones, and moves little', () => {
  const { s, y } = calibrated(20_000, 2)
  expect(smoothCalibrationError(s, y)).toBeLessThan(0.015)
  const shifted = s.map((p) => Math.min(1, p * 0.8))
  const error = smoothCalibrationError(shifted, y)
  expect(error).toBeGreaterThan(0.06)
  expect(error).toBeLessThan(0.12)
  const nudged = shifted.map((p, i) => Math.min(1, p + (i % 2 ? 1e-4 : 0)))
  expect(Math.abs(smoothCalibrationError(nudged, y) - error)).toBeLessThan(1e-3)
  // the classic trap of bins: scores of 0.5 +- nothing
  const near = Float64Array.from({ length: 1000 }, (_, i) => 0.5 + (i % 2 ? 1e-9 : -1e-9))
  const alternate = near.map((_, i) => i % 2)
  expect(expectedCalibrationError(near, alternate, { kind: 'binary', bins: 2 }).value).toBeGreaterThan(0.49)
  expect(smoothCalibrationError(near, alternate)).toBeLessThan(0.01)
})

test('the tests of calibration have the statistics of MAPIE and its p-values', () => {
  const { ks, kuiper, spiegelhalter } = peer.tests
  // the peer moves scores by 1e-8 of themselves
  expect(calibrationKolmogorovSmirnov(scores, labels).statistic).toBeCloseTo(ks[0], 5)
  expect(calibrationKolmogorovSmirnov(scores, labels).pValue).toBeCloseTo(ks[1], 5)
  expect(calibrationKuiper(scores, labels).statistic).toBeCloseTo(kuiper[0], 5)
  expect(calibrationKuiper(scores, labels).pValue).toBeCloseTo(kuiper[1], 5)
  expect(spiegelhalterTest(scores, labels).statistic).toBeCloseTo(spiegelhalter[0], 10)
  expect(spiegelhalterTest(scores, labels).greater).toBeCloseTo(spiegelhalter[1], 10)
  for (const [i, x] of peer.cdf.x.entries()) {
    expect(1 - brownianSupremumTail(x)).toBeCloseTo(peer.cdf.ks[i], 12)
    expect(1 - brownianRangeTail(x)).toBeCloseTo(peer.cdf.kuiper[i], 12)
  }
})

test('calibrated scores are rejected no more often than the level says, ties or not, in any order', () => {
  const repeats = 300
  const rejected = { ks: 0, kuiper: 0, spiegelhalter: 0 }
  for (let r = 0; r < repeats; r++) {
    const { s, y } = calibrated(400, 100 + r, 20)
    rejected.ks += Number(calibrationKolmogorovSmirnov(s, y, { includeStart: true }).pValue <= 0.1)
    rejected.kuiper += Number(calibrationKuiper(s, y, { includeStart: true }).pValue <= 0.1)
    rejected.spiegelhalter += Number(spiegelhalterTest(s, y).pValue <= 0.1)
  }
  for (const times of Object.values(rejected)) expect(binomialCdf(times - 1, repeats, 0.1)).toBeLessThan(0.999)
  const { s, y } = calibrated(400, 1, 20)
  const turned = calibrationKuiper(s.toReversed(), y.toReversed())
  expect(turned.statistic).toBeCloseTo(calibrationKuiper(s, y).statistic, 10)
})

test('scores that are wrong are rejected', () => {
  const { s, y } = calibrated(2000, 3)
  const sharp = s.map((p) => p ** 2 / (p ** 2 + (1 - p) ** 2))
  for (const found of [
    calibrationKolmogorovSmirnov(sharp, y),
    calibrationKuiper(sharp, y),
    spiegelhalterTest(sharp, y),
  ])
    expect(found.pValue).toBeLessThan(1e-6)
  expect(calibrationKuiper([0, 1], [0, 1])).toMatchObject({ statistic: 0, pValue: 1 })
  expect(calibrationKolmogorovSmirnov([0, 1], [1, 1]).pValue).toBe(0)
})

test('the parts of the Brier score add up, and nothing is left where each probability is a bin', () => {
  const { s, y } = calibrated(3000, 4, 10)
  const whole = brierParts(s, y)
  expect(whole.within).toBeCloseTo(0, 12)
  expect(whole.reliability).toBeLessThan(0.003)
  const rough = brierParts(s, y, { bins: 3 })
  expect(rough.brier).toBe(whole.brier)
  expect(rough.reliability - rough.resolution + rough.uncertainty + rough.within).toBeCloseTo(rough.brier, 12)
  expect(brierParts(scores, labels).brier).toBeCloseTo(peer.brier, 12)
  expect(classLogLoss(probabilities, classes)).toBeCloseTo(peer.logLoss, 12)
  expect(classBrier([0.7, 0.3, 0.2, 0.8], [0, 1])).toBeCloseTo((0.18 + 0.08) / 2, 12)
})

test('scores of intervals and quantiles are those of MAPIE and scikit-learn', () => {
  const { y, lower, upper, mwi, cwc, pinball } = peer.intervals
  expect(intervalScore(y, { lower, upper }, 0.9)).toBeCloseTo(mwi, 10)
  expect(coverageWidthCriterion(y, { lower, upper }, { level: 0.9, eta: 2 })).toBeCloseTo(cwc, 10)
  expect(pinballLoss(y, lower, 0.2)).toBeCloseTo(pinball, 12)
})

test('the ranked probability score of samples nears that of their law', () => {
  expect(crpsOfSamples([3, 1], 2)).toBeCloseTo(0.5, 12)
  expect(crpsOfSamples([2], 5)).toBe(3)
  const { normal } = random({ seed: 5 })
  const samples = Float64Array.from({ length: 40_000 }, (_, i) => 1 + 2 * normal(i))
  expect(crpsOfSamples(samples, 2.5)).toBeCloseTo(crpsOfNormal({ mean: 1, sd: 2 }, 2.5), 1)
  expect(crpsOfNormal({ mean: 1, sd: 0 }, 4)).toBe(3)
})

test('the bootstrap interval of a bin holds what it would be', () => {
  const { s, y } = calibrated(3000, 6)
  const found = reliability(s, y, { bins: 5, resamples: 200, seed: 1 })
  expect(found.points).toHaveLength(5)
  for (const { n, mean, frequency, lower, upper } of found.points) {
    expect(n).toBe(600)
    expect(lower).toBeLessThan(frequency)
    expect(frequency).toBeLessThan(upper)
    expect(upper - lower).toBeCloseTo(2 * 1.96 * Math.sqrt((mean * (1 - mean)) / n), 1)
  }
  expect(found.error.lower).toBeLessThan(found.error.upper)
  expect(reliability(s, y, { bins: 5, resamples: 20, edges: 'equalWidth' }).points).toHaveLength(5)
  expect(reliability(s, y, { bins: 5, resamples: 200, seed: 1 })).toEqual(found)
})

test('bad inputs are named', () => {
  for (const bins of [0, -1, 1.5, Number.NaN])
    expect(() => expectedCalibrationError([0.5], [1], { kind: 'binary', bins })).toThrow(/is no number of bins/)
  expect(() => expectedCalibrationError([], [], { kind: 'binary' })).toThrow(/no row/)
  expect(() => expectedCalibrationError([0.5], [0.5], { kind: 'binary' })).toThrow(/neither 0 nor 1/)
  expect(() => expectedCalibrationError([1.5], [1], { kind: 'binary' })).toThrow(/no probability/)
  expect(() => expectedCalibrationError([Number.NaN, 0.1], [1])).toThrow(/no probability/)
  expect(() => expectedCalibrationError([0.5, 0.2, 0.1], [1, 0])).toThrow(/do not fall into/)
  expect(() => expectedCalibrationError([0.5, 0.5], [2])).toThrow(/label 2/)
  expect(() => expectedCalibrationError([0.5], [1], { kind: 'binary', bins: 3, edges: 'mapieArraySplit' })).toThrow(
    /cannot be split/,
  )
  expect(() => calibrationKuiper([0.5], [1, 0])).toThrow(/do not match/)
  expect(() => pinballLoss([1], [1], 1)).toThrow(/level 1/)
  expect(() => intervalScore([1], { lower: [1], upper: [] }, 0.9)).toThrow(/do not match/)
  expect(() => crpsOfSamples([], 1)).toThrow(/no sample/)
})
