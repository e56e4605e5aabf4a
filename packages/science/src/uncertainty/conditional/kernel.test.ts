import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateConditional, conditionalCutoffs } from './conditionalConformal.ts'
import { calibrateKernelConditional, kernelCutoffs } from './kernelConformal.ts'

const fails = (code: string) => expect.objectContaining({ code })
const kernel = { name: 'gaussian', gamma: 1 } as const

/** Scores whose size depends on the place by a wave. */
function rows(seed: number, n: number) {
  const { normal, uniform } = random({ seed, path: 'kernel' })
  const places = Float64Array.from({ length: n }, (_, i) => 6 * uniform(i))
  return { places, scores: places.map((x, i) => Math.abs(normal(1e6 + i)) * (1.2 + Math.sin(x))) }
}

test('the surface is optimal: duals balance, and rows lie on the side that their dual says', () => {
  for (const lambda of [0.3, 3, 30]) {
    const { places, scores } = rows(1, 120)
    const features = Float64Array.from({ length: 240 }, (_, at) => (at % 2 ? places[at >> 1] : 1))
    const { state, level } = calibrateKernelConditional(scores, { places, features, kernel, lambda, level: 0.8 })
    const balance = [0, 0]
    let on = 0
    for (let i = 0; i < 120; i++) {
      let fitted = state.coefficients[0] + state.coefficients[1] * places[i]
      for (let j = 0; j < 120; j++) fitted += (Math.exp(-((places[i] - places[j]) ** 2)) * state.duals[j]) / lambda
      const residual = scores[i] - fitted
      balance[0] += state.duals[i]
      balance[1] += state.duals[i] * places[i]
      if (residual > 1e-7) expect(state.duals[i]).toBeCloseTo(level, 12)
      else if (residual < -1e-7) expect(state.duals[i]).toBeCloseTo(level - 1, 12)
      else on++
      expect(state.duals[i]).toBeLessThan(level + 1e-9)
      expect(state.duals[i]).toBeGreaterThan(level - 1 - 1e-9)
    }
    expect(balance[0]).toBeCloseTo(0, 8)
    expect(balance[1]).toBeCloseTo(0, 7)
    expect(on).toBeGreaterThanOrEqual(2)
  }
})

test('where bending costs everything the cutoffs are those of the features alone', () => {
  const { places, scores } = rows(2, 70)
  const wide = (x: Float64Array) => Float64Array.from({ length: 2 * x.length }, (_, at) => (at % 2 ? x[at >> 1] : 1))
  const fresh = rows(3, 15).places
  const linear = conditionalCutoffs(calibrateConditional(scores, { features: wide(places), level: 0.8 }), wide(fresh))
  const conformal = calibrateKernelConditional(scores, {
    places,
    features: wide(places),
    kernel,
    lambda: 1e9,
    level: 0.8,
  })
  const bent = kernelCutoffs(conformal, { places: fresh, features: wide(fresh) })
  bent.cutoffs.forEach((cutoff, i) => {
    expect(cutoff).toBeCloseTo(linear.cutoffs[i], 5)
  })
})

test('the cutoff is the last score whose dual is below its bound in the regression of all rows', () => {
  const { places, scores } = rows(4, 60)
  const options = { kernel, lambda: 1, level: 0.8 }
  const conformal = calibrateKernelConditional(scores, { places, ...options })
  const fresh = rows(5, 8).places
  const { cutoffs } = kernelCutoffs(conformal, { places: fresh })
  cutoffs.forEach((cutoff, i) => {
    const dualAt = (score: number): number =>
      calibrateKernelConditional([...scores, score], { places: [...places, fresh[i]], ...options }).state.duals[60]
    expect(dualAt(cutoff - 1e-4)).toBeLessThan(0.8 - 1e-7)
    expect(dualAt(cutoff + 1e-4)).toBeCloseTo(0.8, 9)
  })
})

test('randomised cutoffs cover exactly, and follow where scores are large', () => {
  const [n, m, repeats, level] = [80, 10, 60, 0.8]
  let [hits, safe, high, low, highs, lows] = [0, 0, 0, 0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const { places, scores } = rows(100 + r, n + m)
    const conformal = calibrateKernelConditional(scores.subarray(0, n), {
      places: places.subarray(0, n),
      kernel,
      lambda: 2,
      level,
    })
    const fresh = places.subarray(n)
    const drawn = kernelCutoffs(conformal, { places: fresh }, { randomize: { seed: r } })
    const plain = kernelCutoffs(conformal, { places: fresh })
    expect(plain.capped).toBe(0)
    for (let i = 0; i < m; i++) {
      hits += Number(scores[n + i] <= drawn.cutoffs[i])
      safe += Number(scores[n + i] <= plain.cutoffs[i])
      if (Math.sin(fresh[i]) > 0.5) {
        high += plain.cutoffs[i]
        highs++
      } else if (Math.sin(fresh[i]) < -0.5) {
        low += plain.cutoffs[i]
        lows++
      }
    }
  }
  const band = 4 * Math.sqrt((level * (1 - level)) / (m * repeats))
  expect(Math.abs(hits / (m * repeats) - level)).toBeLessThan(band)
  expect(safe / (m * repeats)).toBeGreaterThan(level - band)
  expect(high / highs).toBeGreaterThan((2 * low) / lows)
})

test('what has no surface is refused', () => {
  const ok = { places: [1, 2, 3], kernel, lambda: 1, level: 0.5 }
  expect(() => calibrateKernelConditional([], ok)).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateKernelConditional([1, 2], ok)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateKernelConditional([1, 2, 3], { ...ok, lambda: 0 })).toThrow(fails('OPTION_INVALID'))
  expect(() => calibrateKernelConditional([1, 2, 3], { ...ok, kernel: { ...kernel, gamma: -1 } })).toThrow(
    fails('OPTION_INVALID'),
  )
  expect(() => calibrateKernelConditional([1, 2, 3], { ...ok, level: [0.5, 0.6] })).toThrow(fails('LEVEL_INVALID'))
  expect(() => calibrateKernelConditional([1, 2, 3], { ...ok, features: [1, 1, 1, 1, 1, 1] })).toThrow(
    fails('FEATURES_INVALID'),
  )
  expect(() => calibrateKernelConditional([Number.NaN, Number.NaN, Number.NaN], ok)).toThrow(fails('SCORES_NAN'))
  expect(() => calibrateKernelConditional([1, 2, 3], { ...ok, places: [1, 2, Number.NaN] })).toThrow(
    fails('FEATURES_INVALID'),
  )
  const one = calibrateKernelConditional([1, 2, 3], ok)
  expect(() => kernelCutoffs(one, { places: [1], features: [1, 1] })).toThrow(fails('LENGTH_MISMATCH'))
  expect(kernelCutoffs(one, { places: [1] }, { cap: 0 })).toMatchObject({ capped: 1 })
  expect([
    ...kernelCutoffs(calibrateKernelConditional([1, 2, 3], { ...ok, level: 0.9 }), { places: [2] }).cutoffs,
  ]).toEqual([Infinity])
})
