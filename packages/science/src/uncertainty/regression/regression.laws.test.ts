import { random, rankThreshold } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bootstrapIntervals, calibrateBootstrap } from './bootstrap.ts'
import { calibrateCross, crossIntervals, crossPoint, pinballWeights } from './cross.ts'
import { difficulty, ensembleDifficulty, fitDifficulty } from './difficulty.ts'
import { calibrateGrid, calibrateHistogram, gridUnions, histogramIntervals, inUnion, unionLength } from './histogram.ts'
import { fitLeverage, leverageSigma, leverages } from './leverage.ts'
import {
  predictiveCrps,
  predictiveDistribution,
  predictiveIntervals,
  predictivePValues,
  predictiveSystem,
} from './predictiveSystem.ts'
import { quickSelect, sampleSelect, selectionOf } from './selection.ts'
import { calibrateRegression, regressionIntervals } from './splitRegression.ts'

const fails = (code: string) => expect.objectContaining({ code })

test('the place of a rank in shifted sorted lists is that of sorting everything, with and without weights, with ties', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 90 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 0, max: 1e6 }),
      (raw, rank, seed) => {
        const { uniform } = random({ seed, path: 'lists' })
        const offset = raw.map((_, k) => Math.floor(10 * uniform(k)))
        const scale = raw.map((_, k) => 1 + Math.floor(3 * uniform(100 + k)))
        const lists = raw.map((values) => ({ scores: values.slice().sort((a, b) => a - b) }))
        const all = lists.flatMap(({ scores }, k) => scores.map((s) => offset[k] + scale[k] * s)).sort((a, b) => a - b)
        const place = selectionOf(lists)(offset, scale, rank)
        const value = place && offset[place.list] + scale[place.list] * lists[place.list].scores[place.index]
        expect(value).toBe(all[rank - 1])
        if (rank <= all.length) expect(quickSelect(Float64Array.from(all).reverse(), rank)).toBe(all[rank - 1])
        // with weights 1 and 2, a score of weight 2 stands twice
        const doubled = lists.map(({ scores }) => {
          let sum = 0
          return { scores, cumulative: scores.map((s) => (sum += 1 + (Math.abs(s) % 2))) }
        })
        const twice = lists
          .flatMap(({ scores }, k) =>
            scores.flatMap((s) => Array<number>(1 + (Math.abs(s) % 2)).fill(offset[k] + scale[k] * s)),
          )
          .sort((a, b) => a - b)
        const weighted = selectionOf(doubled)(offset, scale, rank)
        const found =
          weighted && offset[weighted.list] + scale[weighted.list] * lists[weighted.list].scores[weighted.index]
        expect(found).toBe(twice[rank - 1])
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

/** A line fitted to all rows but those of one fold, in closed form. */
function line(x: Float64Array, y: Float64Array, keep: (i: number) => boolean) {
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    if (!keep(i)) continue
    n++
    sx += x[i]
    sy += y[i]
    sxx += x[i] * x[i]
    sxy += x[i] * y[i]
  }
  const slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
  return (v: number): number => (sy - slope * sx) / n + slope * v
}

function crossCase(seed: number, n: number, m: number, folds: number) {
  const { normal, uniform } = random({ seed, path: 'cross' })
  const x = Float64Array.from({ length: n + m }, (_, i) => uniform(i))
  const y = x.map((v, i) => 2 * v + (1 + v) * normal(1000 + i))
  const [trainX, trainY] = [x.subarray(0, n), y.subarray(0, n)]
  const models = Array.from({ length: folds }, (_, k) => line(trainX, trainY, (i) => i % folds !== k))
  const full = line(trainX, trainY, () => true)
  return {
    y: trainY,
    folds: Array.from({ length: n }, (_, i) => i % folds),
    prediction: Float64Array.from(trainX, (v, i) => models[i % folds](v)),
    newY: y.subarray(n),
    byFold: Float64Array.from({ length: m * folds }, (_, i) => models[i % folds](x[n + Math.floor(i / folds)])),
    full: Float64Array.from(x.subarray(n), full),
  }
}

test('a rank found by a sample is that of sorting, also where values are tied or infinite', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9000 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom('random', 'tied', 'sorted', 'infinite'),
      (n, seed, kind) => {
        const { uniform } = random({ seed, path: 'select' })
        const values = Float64Array.from({ length: n }, (_, i) =>
          kind === 'tied' ? Math.floor(3 * uniform(i)) : kind === 'infinite' && i % 3 === 0 ? Infinity : uniform(i),
        )
        if (kind === 'sorted') values.sort()
        const sorted = values.slice().sort()
        const kept = values.slice()
        for (const rank of [1, Math.ceil(n / 2), Math.ceil(0.95 * n), n])
          expect(sampleSelect(values, rank, new Float64Array(n))).toBe(sorted[rank - 1])
        expect(values).toEqual(kept)
      },
    ),
    { numRuns: 100, seed: 2 },
  )
})

test('CV+, jackknife+ and minmax cover: plus about its level, minmax at least', () => {
  for (const [method, folds, least] of [
    ['plus', 5, 0.87],
    ['plus', 40, 0.87],
    ['minmax', 5, 0.9],
    ['base', 5, 0.85],
  ] as const) {
    let [covered, total] = [0, 0]
    for (let r = 0; r < 100; r++) {
      const c = crossCase(r, 40, 20, folds)
      const conformal = calibrateCross(c.y, c, { folds: c.folds, method, level: 0.9 })
      const { lower, upper } = crossIntervals(conformal, {
        folds: { prediction: c.byFold },
        full: { prediction: c.full },
      })
      c.newY.forEach((y, i) => {
        covered += Number(lower[i] <= y && y <= upper[i])
        total++
      })
    }
    expect(covered / total, method).toBeGreaterThan(least)
  }
})

test('folds weigh by the inverse of their pinball loss, and weights make the point prediction', () => {
  const weights = pinballWeights([0, 0, 10, 10], [1, -1, 10.5, 9.5], { folds: [0, 0, 2, 2], quantile: 0.25 })
  // mean losses (0.75 + 0.25) / 2 and half of it; fold 1 has no row
  expect(weights[0]).toBeCloseTo(1 / 3, 6)
  expect(weights[1]).toBe(0)
  expect(weights[2]).toBeCloseTo(2 / 3, 6)
  expect(crossPoint([3, 100, 6], 3, weights)[0]).toBeCloseTo(5, 6)
  expect([...crossPoint([3, 100, 6], 3, 'median')]).toEqual([6])
  expect(() => crossPoint([1, 2], 2, [1])).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => pinballWeights([1], [1], { folds: [-1] })).toThrow(fails('FOLD_INVALID'))
})

test('n folds are the jackknife+, one group is no group, equal weights are none', () => {
  const c = crossCase(3, 30, 5, 30)
  const at = (options: Partial<Parameters<typeof calibrateCross>[2]>, rows = {}) =>
    crossIntervals(
      calibrateCross(c.y, c, { folds: c.folds, level: 0.8, ...options }),
      { folds: { prediction: c.byFold } },
      rows,
    )
  const plain = at({})
  // by the definition: the k-th smallest of prediction + residual over all rows
  const residuals = c.y.map((y, i) => Math.abs(y - c.prediction[i]))
  const upper = Float64Array.from(
    { length: 5 },
    (_, j) =>
      rankThreshold(
        residuals.map((r, i) => c.byFold[j * 30 + i] + r),
        0.8,
      ).threshold,
  )
  expect(plain.upper).toEqual(upper)
  expect(at({ groups: Array(30).fill('a') }, { groups: Array(5).fill('a') })).toEqual(plain)
  const weighted = at({ weights: new Float64Array(30).fill(2) }, { weights: new Float64Array(5).fill(2) })
  expect(weighted.upper).toEqual(plain.upper)
  expect(at({ groups: Array(30).fill('a'), unseenGroup: 'infinite' }, { groups: Array(5).fill('b') }).upper[0]).toBe(
    Infinity,
  )
  expect(() => at({}, { groups: Array(5).fill('a') })).toThrow(fails('GROUP_INVALID'))
  expect(() => calibrateCross(c.y, c, { folds: c.folds.map((k) => k - 1), level: 0.8 })).toThrow(fails('FOLD_INVALID'))
  expect(() => crossIntervals(calibrateCross(c.y, c, { folds: c.folds, level: 0.8 }), {})).toThrow(
    fails('PART_MISSING'),
  )
})

test('the mean of the models without a row is the same by tables of partial sums as one by one', () => {
  const [n, resamples, m] = [25, 19, 3]
  const { uniform, normal } = random({ seed: 2, path: 'bags' })
  const inBag = Uint8Array.from({ length: n * resamples }, (_, i) => (uniform(i) < 0.6 ? 1 : 0))
  // one row is in every bag
  for (let b = 0; b < resamples; b++) inBag[b * n] = 1
  const y = Float64Array.from({ length: n }, (_, i) => normal(5000 + i))
  const answers = Float64Array.from({ length: n * resamples }, (_, i) => normal(9000 + i))
  const rows = Float64Array.from({ length: m * resamples }, (_, i) => normal(20000 + i))
  const conformal = calibrateBootstrap(y, answers, { inBag, level: 0.8 })
  expect(conformal.everywhere).toBe(1)
  const { upper } = bootstrapIntervals(conformal, rows)
  for (let j = 0; j < m; j++) {
    const values = Float64Array.from({ length: n - 1 }, (_, at) => {
      const i = at + 1
      const without = Array.from({ length: resamples }, (_, b) => b).filter((b) => inBag[b * n + i] === 0)
      const mean = (of: (b: number) => number) => without.reduce((sum, b) => sum + of(b), 0) / without.length
      return mean((b) => rows[b * m + j]) + Math.abs(y[i] - mean((b) => answers[b * n + i]))
    })
    expect(upper[j]).toBeCloseTo(rankThreshold(values, 0.8).threshold, 10)
  }
  expect(() => calibrateBootstrap(y, answers.slice(1), { inBag, level: 0.8 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateBootstrap(y, answers, { inBag: inBag.map(() => 1), level: 0.8 })).toThrow(fails('SCORES_NAN'))
})

test('p-values of predictive systems are uniform, their intervals cover, and the score of the distribution is its integral', () => {
  const [n, m, repeats] = [39, 10, 300]
  const counts = new Array<number>(10).fill(0)
  let covered = 0
  for (let r = 0; r < repeats; r++) {
    const { normal, uniform } = random({ seed: r, path: 'system' })
    const sigma = Float64Array.from({ length: n + m }, (_, i) => 0.5 + uniform(i))
    const residuals = sigma.map((s, i) => Math.round(8 * s * normal(100 + i)) / 8)
    const system = predictiveSystem(residuals.slice(0, n), { sigma: sigma.slice(0, n) })
    const rows = { prediction: new Float64Array(m), sigma: sigma.slice(n) }
    const p = predictivePValues(system, rows, residuals.slice(n), { smooth: { seed: r } })
    for (const value of p) counts[Math.min(9, Math.floor(10 * value))]++
    const { lower, upper } = predictiveIntervals(system, rows, { level: 0.8 })
    for (let i = 0; i < m; i++) covered += Number(lower[i] <= residuals[n + i] && residuals[n + i] <= upper[i])
  }
  const chi = counts.reduce((sum, c) => sum + (c - 300) ** 2 / 300, 0)
  expect(chi).toBeLessThan(32)
  expect(covered / (repeats * m)).toBeGreaterThan(0.8 - 0.03)
  const system = predictiveSystem([-1, 0.5, 2, 2.5], { sigma: [1, 1, 1, 1] })
  const rows = { prediction: [1], sigma: [2] }
  const values = predictiveDistribution(system, rows, 0)
  const y = 2.3
  let integral = 0
  for (let t = -20; t < 20; t += 1e-4) {
    const f = values.filter((v) => v <= t + 5e-5).length / 4
    integral += (f - Number(y <= t + 5e-5)) ** 2 * 1e-4
  }
  expect(predictiveCrps(system, rows, [y])[0]).toBeCloseTo(integral, 3)
  expect(() => predictiveSystem([1, 2], { sigma: [1, 0] })).toThrow(fails('SIGMA_INVALID'))
  expect(() => predictivePValues(system, { prediction: [1] }, [1])).toThrow(fails('PART_MISSING'))
})

test('unions of grids are merged, hold what scores say, and cover', () => {
  const midpoints = [0, 1, 2, 3, 4]
  const two = [0.375, 0.05, 0.02, 0.05, 0.505]
  const conformal = { midpoints, calibration: calibrateGrid(two, [0], midpoints, { level: 0.4 }).calibration }
  const [[union]] = gridUnions(conformal, [0.25, 0.5, 0.5, 0, 0.375])
  expect(union).toEqual([
    [0.5, 2.25],
    [4, Infinity],
  ])
  expect(unionLength(gridUnions(conformal, [0.25, 0.5, 0.5, 0, 0.375], { beyond: 'grid' })[0][0])).toBe(1.75)
  let [covered, coveredShort] = [0, 0]
  const K = 21
  const grid = Array.from({ length: K }, (_, k) => -4 + 0.4 * k)
  const edges = Array.from({ length: K + 1 }, (_, k) => -4.2 + 0.4 * k)
  for (let r = 0; r < 150; r++) {
    const { normal, uniform } = random({ seed: r, path: 'grid' })
    const centre = Float64Array.from({ length: 60 }, (_, i) => 2 * uniform(i) - 1)
    const y = centre.map((c, i) => c + (uniform(500 + i) < 0.5 ? -1 : 1) + 0.3 * normal(1000 + i))
    const p = new Float64Array(60 * K)
    for (let i = 0; i < 60; i++) {
      let total = 0
      for (let k = 0; k < K; k++) {
        const d = grid[k] - centre[i]
        total += p[i * K + k] = Math.exp(-((Math.abs(d) - 1) ** 2) / 0.3) + 0.01
      }
      for (let k = 0; k < K; k++) p[i * K + k] /= total
    }
    const options = { level: 0.8 }
    const at = calibrateGrid(p.subarray(0, 39 * K), y.subarray(0, 39), grid, options)
    gridUnions(at, p.subarray(39 * K)).forEach(([set], i) => {
      covered += Number(inUnion(set, y[39 + i]))
    })
    const nested = calibrateHistogram(p.subarray(0, 39 * K), y.subarray(0, 39), edges, options)
    const { lower, upper } = histogramIntervals(nested, p.subarray(39 * K))
    lower.forEach((low, i) => {
      coveredShort += Number(low <= y[39 + i] && y[39 + i] <= upper[i])
    })
  }
  expect(covered / (150 * 21)).toBeGreaterThan(0.77)
  expect(covered / (150 * 21)).toBeLessThan(0.83)
  expect(coveredShort / (150 * 21)).toBeGreaterThan(0.77)
  expect(() => calibrateGrid([1, 1], [0], [1, 1], { level: 0.5 })).toThrow(fails('GRID_INVALID'))
})

test('leverage is the diagonal of the hat matrix, and intervals weighted by it cover', () => {
  const x = [1, 0, 1, 1, 1, 2, 1, 5]
  const fitted = fitLeverage(x, 2)
  const h = leverages(fitted, x)
  // trace of the hat matrix = features
  expect(h.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(2, 12)
  expect(h[3]).toBeGreaterThan(h[1])
  const sigma = leverageSigma(fitted, x)
  const conformal = calibrateRegression(
    [0, 1, 2, 6],
    { prediction: [0, 1.2, 2.1, 5], sigma },
    { score: 'normalised', level: 0.5 },
  )
  const { upper, lower } = regressionIntervals(conformal, {
    prediction: [0, 0],
    sigma: leverageSigma(fitted, [1, 1, 1, 9]),
  })
  expect(upper[1] - lower[1]).toBeGreaterThan(upper[0] - lower[0])
})

test('difficulty of the training rows leaves each out, and what cannot be is refused', () => {
  const x = [0, 1, 2, 10]
  const fitted = fitDifficulty(x, 1, { k: 1, beta: 0, scaleFeatures: false })
  expect([...difficulty(fitted)]).toEqual([1, 1, 1, 8])
  expect([...difficulty(fitted, x)]).toEqual([0, 0, 0, 0])
  expect([...ensembleDifficulty([1, 2, 3, 2], 2, { beta: 0 })]).toEqual([1, 0])
  expect(() => fitDifficulty(x, 1, { k: 5 })).toThrow(fails('NEIGHBOURS_INVALID'))
  expect(() => fitDifficulty(x, 3)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => fitDifficulty([1, Number.NaN], 1, { k: 1 })).toThrow(fails('VALUE_NAN'))
})
