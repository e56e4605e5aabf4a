import { normalCdf, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { thresholdsOf } from '../calibrate/calibrate.ts'
import { equalizedCoverage } from './equalized.ts'
import { maskConditionalThresholds } from './maskConditional.ts'
import { noisyLabelThresholds } from './noisyLabels.ts'
import { calibrateSmoothed, smoothedSets } from './smoothedScores.ts'

const fails = (code: string) => expect.objectContaining({ code })

test('smoothed sets cover under the worst perturbation of their size, and plain ones do not', () => {
  // label 1 where x > 0, mostly; the score of label y is 1 - the probability that a steep model gives it
  const [n, m, repeats, level, epsilon, sigma, draws] = [150, 20, 20, 0.8, 0.5, 1, 300]
  const p = (x: number): number => normalCdf(4 * x)
  let [robust, plain, size] = [0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const { uniform, normal } = random({ seed: r, path: 'smooth' })
    let counter = 0
    const smoothed = (x: number, label: number): number => {
      let sum = 0
      for (let d = 0; d < draws; d++) {
        const probability = p(x + sigma * normal(1e6 + counter++))
        sum += label === 1 ? 1 - probability : probability
      }
      return sum / draws
    }
    const x = Float64Array.from({ length: n + m }, (_, i) => normal(i))
    const label = Array.from(x, (v, i) => Number(uniform(5000 + i) < p(v)))
    const conformal = calibrateSmoothed(
      label.slice(0, n).map((y, i) => smoothed(x[i], y)),
      { level, draws },
    )
    for (let i = n; i < n + m; i++) {
      // the adversary moves the input towards the other label
      const moved = x[i] + (label[i] === 1 ? -epsilon : epsilon)
      const means = [smoothed(moved, 0), smoothed(moved, 1)]
      const sets = smoothedSets(conformal, means, { epsilon, sigma })
      robust += sets[label[i]]
      size += sets[0] + sets[1]
      plain += Number(means[label[i]] <= conformal.calibration.groups[0].thresholds[0])
    }
  }
  expect(robust / (m * repeats)).toBeGreaterThan(level)
  expect(plain / (m * repeats)).toBeLessThan(level - 0.08)
  expect(size / (m * repeats)).toBeLessThan(1.9)
})

test('thresholds from noisy labels cover clean ones as asked for, and are smaller than uncorrected ones', () => {
  const [n, m, K, level, repeats] = [2000, 500, 4, 0.9, 12]
  for (const noise of [0.2, [0.8, 0, 0, 0.1, 0.2, 0.9, 0, 0, 0, 0.1, 1, 0, 0, 0, 0, 0.9]]) {
    let [corrected, uncorrected] = [0, 0]
    for (let r = 0; r < repeats; r++) {
      const { uniform } = random({ seed: r, path: 'noise' })
      const scores = new Float64Array((n + m) * K)
      const clean = new Uint8Array(n + m)
      const seen = new Uint8Array(n)
      for (let i = 0; i < n + m; i++) {
        const raw = Array.from({ length: K }, (_, k) => uniform(i * 10 + k) ** 6 + 1e-3)
        const total = raw.reduce((a, b) => a + b)
        const pick = (shares: readonly number[], u: number): number => {
          let [k, sum] = [0, shares[0]]
          while (k < shares.length - 1 && u > sum) sum += shares[++k]
          return k
        }
        clean[i] = pick(
          raw.map((v) => v / total),
          uniform(i * 10 + 5),
        )
        for (let k = 0; k < K; k++) scores[i * K + k] = 1 - raw[k] / total
        if (i < n) {
          const column = Array.from({ length: K }, (_, k) =>
            typeof noise === 'number' ? (k === clean[i] ? 1 - noise : 0) + noise / K : noise[k * K + clean[i]],
          )
          seen[i] = pick(column, uniform(i * 10 + 6))
        }
      }
      const found = noisyLabelThresholds(scores.subarray(0, n * K), seen, { classes: K, noise, level })
      for (let i = n; i < n + m; i++) {
        corrected += Number(scores[i * K + clean[i]] <= found.thresholds[0])
        uncorrected += Number(scores[i * K + clean[i]] <= found.uncorrected[0])
      }
    }
    expect(Math.abs(corrected / (m * repeats) - level)).toBeLessThan(0.015)
    expect(uncorrected / (m * repeats)).toBeGreaterThan(level + 0.02)
  }
})

test('without noise the thresholds of noisy labels are those of the rank rule', () => {
  const found = noisyLabelThresholds([0.1, 0.9, 0.8, 0.2, 0.3, 0.7, 0.6, 0.4], [0, 1, 0, 1], {
    classes: 2,
    noise: 0,
    level: [0.6, 0.9],
  })
  expect(found.thresholds).toEqual([0.3, Infinity])
  expect(found.uncorrected).toEqual(found.thresholds)
})

test('every group is covered at once, in as many calibrations as promised', () => {
  const [level, confidence, repeats] = [0.8, 0.9, 600]
  const sizes = { a: 60, b: 120, c: 300 }
  let failed = 0
  for (let r = 0; r < repeats; r++) {
    const { uniform } = random({ seed: r, path: 'equal' })
    const groups = Object.entries(sizes).flatMap(([group, n]) => new Array<string>(n).fill(group))
    const scores = groups.map((_, i) => uniform(i))
    const found = equalizedCoverage(scores, groups, { level, confidence })
    // of uniform scores, the threshold is the coverage
    failed += Number(found.groups.some(({ threshold }) => threshold < level))
    if (r > 0) continue
    expect([...thresholdsOf(found.calibration, 2, { groups: ['b', 'new'] })]).toEqual([
      found.groups[1].threshold,
      Infinity,
    ])
  }
  expect(failed / repeats).toBeLessThan(0.1 + 3 * Math.sqrt((0.1 * 0.9) / repeats))
  expect(failed / repeats).toBeGreaterThan(0.03)
  expect(equalizedCoverage([1, 2, 3], ['a', 'a', 'a'], { level: 0.9 }).groups[0]).toMatchObject({
    rank: 4,
    threshold: Infinity,
  })
})

test('coverage holds given every pattern of missing features', () => {
  const [n, m, repeats, level, d] = [120, 40, 60, 0.8, 2]
  const weights = [1, 3]
  const hits: Record<string, [number, number]> = {}
  for (let r = 0; r < repeats; r++) {
    const { uniform, normal } = random({ seed: r, path: 'mask' })
    const x = Float64Array.from({ length: (n + m) * d }, (_, at) => normal(at))
    const missing = Uint8Array.from(x, (_, at) => Number(uniform(1e5 + at) < 0.35))
    const y = Float64Array.from(
      { length: n + m },
      (_, i) => weights[0] * x[i * d] + weights[1] * x[i * d + 1] + 0.5 * normal(2e5 + i),
    )
    // a hidden feature is imputed by its mean, 0
    const score = (i: number, hidden: (a: number) => boolean): number =>
      Math.abs(y[i] - weights.reduce((sum, w, a) => sum + (hidden(a) ? 0 : w * x[i * d + a]), 0))
    const { thresholds } = maskConditionalThresholds(missing.subarray(0, n * d), missing.subarray(n * d), {
      features: d,
      level,
      scoresOf: (mask, rows) => Float64Array.from(rows, (i) => score(i, (a) => mask[a] === 1)),
    })
    for (let j = 0; j < m; j++) {
      const i = n + j
      const name = `${missing[i * d]}${missing[i * d + 1]}`
      hits[name] ??= [0, 0]
      hits[name][0] += Number(score(i, (a) => missing[i * d + a] === 1) <= thresholds[j])
      hits[name][1]++
    }
  }
  for (const [covered, rows] of Object.values(hits)) {
    const band = 5 * Math.sqrt((level * (1 - level)) / rows)
    expect(covered / rows).toBeGreaterThan(level - band)
    expect(covered / rows).toBeLessThan(level + band + 0.03)
  }
  const none = maskConditionalThresholds([1], [0], { features: 1, level: 0.5, scoresOf: () => [] })
  expect(none).toMatchObject({ byMask: { 0: null } })
  expect([...none.thresholds]).toEqual([Infinity])
})

test('what no guarantee can be made of is refused', () => {
  expect(() => calibrateSmoothed([2], { level: 0.9, draws: 10 })).toThrow(fails('SCORES_INVALID'))
  expect(() => calibrateSmoothed([0.5], { level: 0.9, draws: 0 })).toThrow(fails('OPTION_INVALID'))
  expect(() => calibrateSmoothed([0.5], { level: 0.9, draws: 10, error: 0.06 })).toThrow(fails('OPTION_INVALID'))
  const smoothed = calibrateSmoothed([0.5, 0.6], { level: 0.5, draws: 10 })
  expect(() => smoothedSets(smoothed, [0.5], { epsilon: -1, sigma: 1 })).toThrow(fails('OPTION_INVALID'))
  expect(() => smoothedSets(smoothed, [1.5], { epsilon: 1, sigma: 1 })).toThrow(fails('SCORES_INVALID'))
  const noisy = { classes: 2, noise: 0.1, level: 0.9 }
  expect(() => noisyLabelThresholds([], [], noisy)).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => noisyLabelThresholds([1], [0], noisy)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => noisyLabelThresholds([1, 2], [2], noisy)).toThrow(fails('LABEL_UNKNOWN'))
  expect(() => noisyLabelThresholds([1, 2], [0], { ...noisy, noise: 1 })).toThrow(fails('NOISE_INVALID'))
  expect(() => noisyLabelThresholds([1, 2], [0], { ...noisy, noise: [0.5, 0.5, 0.5, 0.5] })).toThrow(
    fails('NOISE_INVALID'),
  )
  expect(() => noisyLabelThresholds([1, 2], [0], { ...noisy, noise: [0.9, 0, 0, 1] })).toThrow(fails('NOISE_INVALID'))
  expect(() => equalizedCoverage([1], ['a'], { level: 0.9, confidence: 1 })).toThrow(fails('CONFIDENCE_INVALID'))
  expect(() => equalizedCoverage([1], [], { level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  const mask = { features: 2, level: 0.9, scoresOf: () => [1, 2, 3] }
  expect(() => maskConditionalThresholds([0, 0, 0], [0, 0], mask)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => maskConditionalThresholds([0, 0], [0, 0], mask)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => maskConditionalThresholds([], [0, 0], mask)).toThrow(fails('CALIBRATION_EMPTY'))
})
