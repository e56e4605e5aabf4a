import { random, rankThreshold } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calibrateScores, thresholdsOf } from '../calibrate/calibrate.ts'
import { calibrateRegression, regressionIntervals } from '../regression/index.ts'
import {
  calibrateConditional,
  conditionalCutoffByBisection,
  conditionalCutoffs,
  groupFeatures,
} from './conditionalConformal.ts'
import { calibrateConditionalIntervals, conditionalIntervals } from './conditionalIntervals.ts'

const fails = (code: string) => expect.objectContaining({ code })
const ones = (n: number): Float64Array => new Float64Array(n).fill(1)

test('ones alone give split conformal exactly, ties and too few rows included', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 3 })), {
        minLength: 1,
        maxLength: 80,
      }),
      fc.constantFrom(0.1, 0.5, 0.7, 0.8, 0.9, 0.95),
      (scores, level) => {
        const conformal = calibrateConditional(scores, { features: ones(scores.length), level })
        expect(conditionalCutoffs(conformal, [1]).cutoffs[0]).toBe(rankThreshold(scores, level).threshold)
      },
    ),
    { numRuns: 400, seed: 3 },
  )
})

test('indicators of disjoint groups give Mondrian exactly', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ noNaN: true, min: -100, max: 100 }), fc.constantFrom('a', 'b', 'c')), {
        minLength: 3,
        maxLength: 90,
      }),
      fc.constantFrom(0.5, 0.8, 0.9),
      (rows, level) => {
        const scores = rows.map(([score]) => score)
        const groups = rows.map(([, group]) => group)
        const names = [...new Set(groups)].sort()
        const features = groupFeatures(
          groups.map((group) => [group]),
          names,
        )
        const conformal = calibrateConditional(scores, { features, level })
        const { cutoffs } = conditionalCutoffs(
          conformal,
          groupFeatures(
            names.map((group) => [group]),
            names,
          ),
        )
        const mondrian = thresholdsOf(calibrateScores(scores, { level, groups }), names.length, { groups: names })
        expect([...cutoffs]).toEqual([...mondrian])
      },
    ),
    { numRuns: 300, seed: 4 },
  )
})

const rowsOf = (seed: number, n: number, width: number) => {
  const { normal, uniform } = random({ seed, path: 'conditional test' })
  const features = Float64Array.from({ length: n * width }, (_, at) => (at % width === 0 ? 1 : normal(at)))
  const scores = Float64Array.from(
    { length: n },
    (_, i) => (1 + Math.abs(features[i * width + 1])) * uniform(1_000_000 + i),
  )
  return { features, scores }
}

test('the exact cutoff is where bisection over the augmented regression ends', () => {
  for (const [seed, n, width] of [
    [1, 60, 2],
    [2, 100, 3],
    [3, 40, 4],
  ]) {
    const { features, scores } = rowsOf(seed, n, width)
    const conformal = calibrateConditional(scores, { features, level: 0.9 })
    const fresh = rowsOf(seed + 100, 12, width).features
    const { cutoffs } = conditionalCutoffs(conformal, fresh)
    for (let i = 0; i < 12; i++) {
      const row = fresh.slice(i * width, (i + 1) * width)
      const bisected = conditionalCutoffByBisection(conformal, row, { level: 0.9, tolerance: 1e-7 })
      if (cutoffs[i] > 2 * Math.max(...scores)) expect(bisected).toBe(Infinity)
      else expect(bisected).toBeCloseTo(cutoffs[i], 6)
    }
  }
})

test('columns that depend on each other change nothing', () => {
  const { features, scores } = rowsOf(5, 80, 3)
  const wide = (x: Float64Array) =>
    Float64Array.from({ length: (x.length / 3) * 5 }, (_, at) => {
      const [i, a] = [Math.floor(at / 5), at % 5]
      return a < 3 ? x[i * 3 + a] : a === 3 ? x[i * 3] - x[i * 3 + 1] : 2 * x[i * 3 + 2]
    })
  const fresh = rowsOf(6, 20, 3).features
  const narrow = conditionalCutoffs(calibrateConditional(scores, { features, level: 0.8 }), fresh)
  const broad = conditionalCutoffs(calibrateConditional(scores, { features: wide(features), level: 0.8 }), wide(fresh))
  broad.cutoffs.forEach((cutoff, i) => {
    expect(cutoff).toBeCloseTo(narrow.cutoffs[i], 8)
  })
})

test('overlapping groups are each covered, and exactly so when randomised', () => {
  const [n, m, repeats, level] = [120, 10, 250, 0.8]
  const names = ['a', 'b', 'c']
  const hits = new Map(names.map((name) => [name, { rows: 0, plain: 0, random: 0 }]))
  for (let r = 0; r < repeats; r++) {
    const { uniform, normal } = random({ seed: r, path: 'overlap' })
    const groups = Array.from({ length: n + m }, (_, i) =>
      names.filter((_, g) => uniform(3 * i + g) < [0.5, 0.3, 0.6][g]),
    )
    const scores = groups.map((own, i) =>
      Math.abs(normal(i) * (1 + (own.includes('a') ? 2 : 0) + (own.includes('b') ? 1 : 0))),
    )
    const features = groupFeatures(groups, names, { ones: true })
    const conformal = calibrateConditional(scores.slice(0, n), { features: features.subarray(0, 4 * n), level })
    const fresh = features.subarray(4 * n)
    const plain = conditionalCutoffs(conformal, fresh)
    const drawn = conditionalCutoffs(conformal, fresh, { randomize: { seed: r } })
    expect(plain.capped).toBe(0)
    for (let i = 0; i < m; i++)
      for (const name of groups[n + i]) {
        const hit = hits.get(name)!
        hit.rows++
        hit.plain += Number(scores[n + i] <= plain.cutoffs[i])
        hit.random += Number(scores[n + i] <= drawn.cutoffs[i])
      }
  }
  for (const { rows, plain, random: drawn } of hits.values()) {
    const band = 3.5 * Math.sqrt((level * (1 - level) * 1.5) / rows)
    expect(plain / rows).toBeGreaterThan(level - band)
    expect(Math.abs(drawn / rows - level)).toBeLessThan(band)
  }
})

test('tied scores end no search, and are not lost to rounding', () => {
  const { features } = rowsOf(21, 400, 4)
  const { normal } = random({ seed: 21, path: 'tied' })
  const scores = Float64Array.from({ length: 400 }, (_, i) => Math.floor(3 * Math.abs(normal(i))))
  const found = conditionalCutoffs(calibrateConditional(scores, { features, level: 0.9 }), rowsOf(22, 30, 4).features)
  expect(found.capped).toBe(0)
  for (const cutoff of found.cutoffs) {
    const near = Math.round(cutoff)
    if (Math.abs(cutoff - near) < 1e-9) expect(cutoff).toBeGreaterThanOrEqual(near)
  }
})

test('a row unlike all others has an infinite cutoff, and so has one whose cap is reached', () => {
  const { features, scores } = rowsOf(8, 30, 2)
  const conformal = calibrateConditional(scores, { features, level: [0.5, 0.9] })
  const { cutoffs, infinite } = conditionalCutoffs(conformal, [0, 0])
  expect([...cutoffs]).toEqual([Infinity, Infinity])
  expect(infinite).toBe(2)
  const far = conditionalCutoffs(conformal, [1, 1e9])
  expect([...far.cutoffs]).toEqual([Infinity, Infinity])
  const capped = conditionalCutoffs(conformal, [1, 0.3], { cap: 0 })
  expect(capped).toMatchObject({ capped: 2 })
  expect([...capped.cutoffs]).toEqual([Infinity, Infinity])
})

test('what cannot be calibrated is refused', () => {
  expect(() => calibrateConditional([], { features: [], level: 0.9 })).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateConditional([1, 2], { features: [1, 1, 1], level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateConditional([1, 2], { features: [1, Number.NaN], level: 0.9 })).toThrow(
    fails('FEATURES_INVALID'),
  )
  expect(() => calibrateConditional([1, 2], { features: [0, 0], level: 0.9 })).toThrow(fails('FEATURES_INVALID'))
  expect(() => calibrateConditional([Number.NaN], { features: [1], level: 0.9 })).toThrow(fails('SCORES_NAN'))
  expect(() => calibrateConditional([1], { features: [1], level: 1 })).toThrow(fails('LEVEL_INVALID'))
  expect(calibrateConditional([1, Number.NaN], { features: [1, 1], level: 0.5 })).toMatchObject({ n: 1, dropped: 1 })
  const one = calibrateConditional([1, 2, 3], { features: [1, 1, 1], level: 0.5 })
  expect(() => conditionalCutoffs(calibrateConditional([1, 2], { features: [1, 0, 0, 1], level: 0.5 }), [1])).toThrow(
    fails('LENGTH_MISMATCH'),
  )
  expect(() => conditionalCutoffs(one, [1, 1], { randomize: { seed: 1, keys: [1] } })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => groupFeatures([['z']], ['a'])).toThrow(fails('GROUP_INVALID'))
})

test('intervals given ones are the split intervals, of every score and on both sides', () => {
  const { normal } = random({ seed: 12, path: 'intervals' })
  const y = Float64Array.from({ length: 80 }, (_, i) => 5 + normal(i))
  const parts = { prediction: y.map((_, i) => 5 + 0.1 * normal(500 + i)), sigma: y.map((_, i) => 1 + (i % 3)) }
  const fresh = { prediction: [4, 5, 6], sigma: [1, 2, 3] }
  for (const score of ['absolute', 'gamma', 'normalised'] as const)
    for (const symmetric of [true, false]) {
      const options = { score, symmetric, level: [0.5, 0.9] }
      const split = regressionIntervals(calibrateRegression(y, parts, options), fresh)
      const conformal = calibrateConditionalIntervals(y, parts, { ...options, features: ones(80) })
      const found = conditionalIntervals(conformal, fresh, ones(3))
      expect(found).toEqual({ ...split, infinite: 0, capped: 0 })
    }
})
