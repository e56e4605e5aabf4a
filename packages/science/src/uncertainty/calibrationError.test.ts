import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { bootstrapError, calibrationError, debiasedCalibrationError, reliabilityBins } from './calibrationError.ts'

test('bins hold equally many rows, and equal probabilities are never parted', () => {
  const sizes = (probabilities: readonly number[], bins: number): number[] =>
    reliabilityBins(probabilities, new Uint8Array(probabilities.length), { bins }).map(({ n }) => n)
  const ascending = Array.from({ length: 12 }, (_, i) => i / 12)
  expect(sizes(ascending, 4)).toEqual([3, 3, 3, 3])
  expect(sizes(ascending, 5)).toEqual([2, 3, 2, 3, 2])
  expect(sizes(ascending, 100)).toEqual(Array(12).fill(1))
  expect(sizes([0.2, 0.2, 0.2, 0.2, 0.7, 0.9], 3)).toEqual([4, 2])
  expect(sizes(Array(7).fill(0.5), 3)).toEqual([7])
})

test('both errors are what their definitions say, computed by hand', () => {
  // Two bins of four: mean 0.15 against 1/4, mean 0.75 against 3/4.
  const probabilities = [0.1, 0.1, 0.2, 0.2, 0.6, 0.7, 0.8, 0.9]
  const outcomes = [0, 1, 0, 0, 1, 0, 1, 1]
  expect(calibrationError(probabilities, outcomes, { bins: 2 })).toBeCloseTo((0.1 + 0) / 2, 12)
  const square = (4 * (0.1 ** 2 - 0.1875 / 3) + 4 * (0 - 0.1875 / 3)) / 8
  expect(square).toBeLessThan(0)
  expect(debiasedCalibrationError(probabilities, outcomes, { bins: 2 })).toBe(0)
  const wrong = outcomes.map((y) => 1 - y)
  const gaps = [0.15 - 0.75, 0.75 - 0.25]
  const debiased = Math.sqrt((gaps[0] ** 2 + gaps[1] ** 2) / 2 - 0.1875 / 3)
  expect(debiasedCalibrationError(probabilities, wrong, { bins: 2 })).toBeCloseTo(debiased, 12)
})

test('a calibrated predictor has a biased error far from 0, and a debiased squared error of 0 in the mean', () => {
  const { uniform } = random({ seed: 2, path: 'calibrated' })
  const [n, repeats, bins] = [300, 400, 10]
  let [biased, square] = [0, 0]
  for (let r = 0; r < repeats; r++) {
    const p = Float64Array.from({ length: n }, (_, i) => uniform(2 * (r * n + i)))
    const y = Uint8Array.from({ length: n }, (_, i) => (uniform(2 * (r * n + i) + 1) < p[i] ? 1 : 0))
    biased += calibrationError(p, y, { bins }) / repeats
    const cells = reliabilityBins(p, y, { bins })
    square +=
      cells.reduce(
        (sum, c) => sum + c.n * ((c.mean - c.frequency) ** 2 - (c.frequency * (1 - c.frequency)) / (c.n - 1)),
        0,
      ) /
      n /
      repeats
  }
  expect(biased).toBeGreaterThan(0.04)
  expect(Math.abs(square)).toBeLessThan(3e-4)
})

test('the bootstrap of a mean has the error of a mean', () => {
  const { normal } = random({ seed: 3, path: 'values' })
  const values = Float64Array.from({ length: 200 }, (_, i) => normal(i))
  const mean = (rows: Uint32Array): number => rows.reduce((sum, row) => sum + values[row], 0) / rows.length
  const center = values.reduce((sum, x) => sum + x, 0) / 200
  const exact = Math.sqrt(values.reduce((sum, x) => sum + (x - center) ** 2, 0)) / 200
  expect(bootstrapError(200, mean, { seed: 1 }) / exact).toBeCloseTo(1, 1)
  expect(bootstrapError(200, mean, { seed: 1 })).toBe(bootstrapError(200, mean, { seed: 1 }))
})

test('rows that are no probabilities and outcomes are refused', () => {
  const code = (name: string) => expect.objectContaining({ code: name })
  expect(() => calibrationError([], [])).toThrow(code('CALIBRATION_EMPTY'))
  expect(() => calibrationError([0.5], [1, 0])).toThrow(code('LENGTH_MISMATCH'))
  expect(() => debiasedCalibrationError([Number.NaN, 0.5], [1, 0])).toThrow(code('PROBABILITY_INVALID'))
  expect(() => calibrationError([2], [1])).toThrow(code('PROBABILITY_INVALID'))
  expect(() => calibrationError([0.5], [3])).toThrow(code('LABEL_UNKNOWN'))
  expect(() => calibrationError([0.5], [1], { bins: 0 })).toThrow(code('BINS_INVALID'))
})
