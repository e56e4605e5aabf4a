import { readFileSync } from 'node:fs'
import { auc, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { accuracyRejectionArea, excessRisk } from './conditional.ts'
import {
  coverageByGroup,
  coverageBySize,
  coverageByStratum,
  coverageGap,
  intervalCover,
  largestViolation,
  leastCoverage,
  macroCoverage,
  meanCover,
  setCover,
  setSizes,
  unionCover,
  violatedGroups,
} from './cover.ts'
import { hsic } from './hsic.ts'
import { labelRanks, setSummary } from './sets.ts'
import { worstSlab } from './worstSlab.ts'

interface Reference {
  readonly intervals: readonly {
    readonly y: readonly number[]
    readonly lower: readonly number[]
    readonly upper: readonly number[]
    readonly groups: readonly number[]
    readonly x: readonly number[]
    readonly directions: readonly number[]
    readonly coverage: number
    readonly width: number
    readonly ssc: readonly number[]
    readonly hsic: readonly number[]
    readonly gap: readonly number[]
    readonly slab: readonly number[]
    readonly auroc: number
    readonly auarc: number
  }[]
  readonly sets: readonly {
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly sets: readonly number[]
    readonly strata: readonly (readonly [number, number])[]
    readonly coverage: number
    readonly size: number
    readonly ssc: readonly (number | null)[]
    readonly covGap: number
    readonly macro: number
    readonly vioClasses: number
    readonly sscv: number
    readonly diffViolation: number
    readonly singletonHits: number
  }[]
}

const reference = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/metrics.json', import.meta.url), 'utf8'),
) as Reference

test('metrics of intervals are those of MAPIE 1.6.0 and covmetrics 0.1.2', () => {
  for (const c of reference.intervals) {
    const covered = intervalCover(c.y, c)
    const widths = Float64Array.from(c.upper, (u, i) => u - c.lower[i])
    expect(meanCover(covered)).toBeCloseTo(c.coverage, 12)
    expect(widths.reduce((a, b) => a + b) / widths.length).toBeCloseTo(c.width, 12)
    expect(coverageBySize(covered, widths, { bins: 4 }).map(({ coverage }) => coverage)).toEqual(c.ssc)
    expect(hsic(covered, widths)).toBeCloseTo(c.hsic[0], 10)
    expect(hsic(covered, widths, { kernelSizes: [0.05, 2] })).toBeCloseTo(c.hsic[1], 10)
    const groups = coverageByGroup(covered, widths, c.groups)
    expect(coverageGap(groups, 0.8)).toBeCloseTo(c.gap[0], 12)
    expect(coverageGap(groups, 0.8, { weighted: true })).toBeCloseTo(c.gap[1], 12)
    for (const [i, delta] of [0.1, 0.25].entries())
      expect(worstSlab(c.x, covered, { delta, directions: c.directions }).coverage).toBeCloseTo(c.slab[i], 12)
    const confidence = widths.map((w) => -w)
    expect(auc(confidence, covered).auc).toBeCloseTo(c.auroc, 12)
    expect(accuracyRejectionArea(covered, confidence)).toBeCloseTo(c.auarc, 12)
  }
})

test('metrics of sets are those of MAPIE 1.6.0 and TorchCP 1.2.1', () => {
  for (const c of reference.sets) {
    const classes = c.sets.length / c.labels.length
    const covered = setCover(c.sets, c.labels)
    const sizes = setSizes(c.sets, classes)
    const summary = setSummary(c.sets, c.labels)
    expect(summary.coverage).toBeCloseTo(c.coverage, 12)
    expect(summary.meanSize).toBeCloseTo(c.size, 12)
    expect(summary.singletonHits).toBeCloseTo(c.singletonHits, 7)
    const bySize = coverageByStratum(
      covered,
      sizes,
      Array.from({ length: classes + 1 }, (_, k) => [k, k] as const),
    )
    expect(bySize.map(({ coverage }) => (Number.isNaN(coverage) ? null : coverage))).toEqual(c.ssc)
    const byClass = coverageByGroup(covered, sizes, c.labels)
    // TorchCP computes in single precision
    expect(100 * coverageGap(byClass, 0.9)).toBeCloseTo(c.covGap, 4)
    if (byClass.size === classes) expect(macroCoverage(byClass)).toBeCloseTo(c.macro, 6)
    expect(violatedGroups(byClass, 0.9)).toBe(c.vioClasses)
    expect(largestViolation(coverageByStratum(covered, sizes, c.strata), 0.9)).toBeCloseTo(c.sscv, 6)
    const ranks = labelRanks(c.probabilities, c.labels)
    expect(largestViolation(coverageByStratum(covered, sizes, c.strata, { by: ranks }), 0.9)).toBeCloseTo(
      c.diffViolation,
      6,
    )
  }
})

test('sums of Gaussians by boxes are those of all pairs, for narrow and wide kernels', () => {
  const { normal, uniform } = random({ seed: 1, path: 'hsic' })
  for (const [n, spread] of [
    [300, 1],
    [500, 40],
    [200, 0.01],
  ]) {
    const widths = Float64Array.from({ length: n }, (_, i) => spread * Math.abs(normal(i)))
    const covered = Uint8Array.from(widths, (w, i) => (uniform(1e5 + i) < 0.5 + 0.4 * Math.tanh(w) ? 1 : 0))
    const mean = meanCover(covered)
    let sum = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        sum += (covered[i] - mean) * (covered[j] - mean) * Math.exp(-((widths[i] - widths[j]) ** 2))
    const expected = Math.sqrt(2 * (1 - Math.exp(-1)) * sum) / (n - 1)
    expect(Math.abs(hsic(covered, widths) - expected)).toBeLessThan(1e-7 * expected)
  }
})

test('the worst slab is found where coverage is bad, and an honest estimate does not exaggerate', () => {
  const n = 4000
  const { normal, uniform } = random({ seed: 2, path: 'slab' })
  const x = Float64Array.from({ length: 2 * n }, (_, i) => normal(i))
  const bad = Uint8Array.from({ length: n }, (_, i) => (uniform(1e6 + i) < (x[2 * i] > 1 ? 0.5 : 0.95) ? 1 : 0))
  const found = worstSlab(x, bad, { directions: 100, seed: 1 })
  expect(found.coverage).toBeLessThan(0.6)
  expect(Math.abs(found.direction[0])).toBeGreaterThan(0.8)
  expect(found.n).toBeGreaterThanOrEqual(400)
  const good = Uint8Array.from({ length: n }, (_, i) => (uniform(2e6 + i) < 0.9 ? 1 : 0))
  const [rough, honest] = [undefined, 0.25].map((choose) =>
    worstSlab(x, good, { directions: 100, seed: 1, ...(choose ? { choose } : {}) }),
  )
  expect(rough.coverage).toBeLessThan(0.88)
  expect(honest.coverage).toBeGreaterThan(rough.coverage)
  expect(Math.abs(honest.coverage - 0.9)).toBeLessThan(4 * Math.sqrt(0.09 / honest.n))
})

test('excess risk is about the mean distance from the level, and about 0 where coverage is even', () => {
  const n = 2000
  const { uniform } = random({ seed: 4, path: 'ert' })
  const x = Float64Array.from({ length: n }, (_, i) => uniform(i))
  const uneven = Uint8Array.from(x, (v, i) => (uniform(1e5 + i) < (v < 0.5 ? 0.7 : 0.98) ? 1 : 0))
  const even = Uint8Array.from(x, (_, i) => (uniform(2e5 + i) < 0.84 ? 1 : 0))
  expect(excessRisk(x, uneven, { level: 0.84 })).toBeGreaterThan(0.11)
  expect(excessRisk(x, uneven, { level: 0.84 })).toBeLessThan(0.17)
  expect(excessRisk(x, uneven, { level: 0.84, loss: 'brier' })).toBeGreaterThan(0.01)
  expect(excessRisk(x, uneven, { level: 0.84, side: 'under' })).toBeLessThan(excessRisk(x, uneven, { level: 0.84 }))
  expect(Math.abs(excessRisk(x, even, { level: 0.84 }))).toBeLessThan(0.03)
})

test('empty groups are left out, and what does not fit is refused', () => {
  const fails = (code: string) => expect.objectContaining({ code })
  expect(
    unionCover(
      [1, 5],
      [
        [[0, 2]],
        [
          [0, 2],
          [6, 7],
        ],
      ],
    ),
  ).toEqual(Uint8Array.of(1, 0))
  expect(
    leastCoverage(
      coverageByStratum(
        [1, 0],
        [1, 1],
        [
          [0, 0],
          [1, 1],
        ],
      ),
    ),
  ).toBe(0.5)
  expect(() => setCover([1, 0], [2])).toThrow(fails('LABEL_UNKNOWN'))
  expect(() => setCover([1, 0, 1], [0, 0])).toThrow(fails('LENGTH_MISMATCH'))
  for (const bins of [0, -1, 1.5, 3])
    expect(() => coverageBySize([1, 1], [1, 2], { bins })).toThrow(fails('BINS_INVALID'))
  expect(() => hsic([1, 0], [1, Infinity])).toThrow(fails('WIDTH_INVALID'))
  expect(() => hsic([1, 0], [1, 2], { kernelSizes: [0, 1] })).toThrow(fails('KERNEL_INVALID'))
  expect(() => worstSlab([1, 2], [1, 0], { delta: 1 })).toThrow(fails('SHARE_INVALID'))
  expect(() => worstSlab([1, 2], [1, 0], { directions: 0 })).toThrow(fails('DIRECTIONS_INVALID'))
  expect(() => excessRisk([1, 2], [1, 0], { level: 0.9, folds: 3 })).toThrow(fails('FOLDS_INVALID'))
})
