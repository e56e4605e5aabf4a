import { random, rankThreshold } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atLevels, calibrateScores, thresholdsOf } from './calibrate.ts'
import { levelsOf } from './levels.ts'
import { groupEdges, groupsOfNumbers } from './numberGroups.ts'
import { shiftWeights } from './shiftWeights.ts'
import { addScores, mergeSketches, scoreSketch, sketchThresholds } from './sketch.ts'

const fails = (code: string) => expect.objectContaining({ code })

test('equal weights are no weights, one group is no group, and a level may be asked for later', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 120 }),
      fc.constantFrom(0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      (scores, level, weight) => {
        const plain = calibrateScores(scores, { level })
        const weights = new Float64Array(scores.length).fill(1)
        expect(calibrateScores(scores, { level, weights }).groups[0].thresholds).toEqual(plain.groups[0].thresholds)
        const scaled = calibrateScores(scores, { level, weights: weights.fill(weight) })
        expect(thresholdsOf(scaled, 1, { weights: [weight] })[0]).toBe(plain.groups[0].thresholds[0])
        const grouped = calibrateScores(scores, { level, groups: scores.map(() => 'all') })
        expect(grouped.groups[1].thresholds).toEqual(plain.groups[0].thresholds)
        expect(atLevels(calibrateScores(scores, { level: 0.42 }), { level })).toEqual(plain)
        expect(plain.groups[0].thresholds[0]).toBe(rankThreshold(scores, level).threshold)
      },
    ),
    { numRuns: 300, seed: 2 },
  )
})

test('weights by the likelihood ratio restore coverage where the new rows are drawn elsewhere', () => {
  // scores depend on x; calibration draws x uniform, new rows with density 2 x
  const [n, m, repeats, level] = [100, 20, 300, 0.8]
  let [weighted, unweighted] = [0, 0]
  for (let r = 0; r < repeats; r++) {
    const { uniform, normal } = random({ seed: r, path: 'shift' })
    const x = Float64Array.from({ length: n }, (_, i) => uniform(i))
    const scores = x.map((v, i) => Math.abs(v * v * normal(1000 + i)))
    const newX = Float64Array.from({ length: m }, (_, i) => Math.sqrt(uniform(5000 + i)))
    const newScores = newX.map((v, i) => Math.abs(v * v * normal(9000 + i)))
    const shifted = calibrateScores(scores, { level, weights: x.map((v) => 2 * v) })
    const at = thresholdsOf(shifted, m, { weights: newX.map((v) => 2 * v) })
    const plain = calibrateScores(scores, { level }).groups[0].thresholds[0]
    for (let i = 0; i < m; i++) {
      weighted += Number(newScores[i] <= at[i])
      unweighted += Number(newScores[i] <= plain)
    }
  }
  expect(weighted / (repeats * m)).toBeGreaterThan(level - 0.01)
  expect(weighted / (repeats * m)).toBeLessThan(level + 0.03)
  expect(unweighted / (repeats * m)).toBeLessThan(level - 0.05)
})

test('groups get their own thresholds, unseen ones that of the pool or none, and a heavy new row an infinite one', () => {
  const scores = Array.from({ length: 40 }, (_, i) => i)
  const groups = scores.map((s) => (s < 20 ? 'low' : 'high'))
  const pooled = calibrateScores(scores, { level: 0.9, groups })
  expect(pooled.groups.map(({ group }) => group)).toEqual([null, 'high', 'low'])
  expect([...thresholdsOf(pooled, 3, { groups: ['low', 'high', 'new'] })]).toEqual([18, 38, 36])
  const strict = calibrateScores(scores, { level: 0.9, groups, unseenGroup: 'infinite' })
  expect([...thresholdsOf(strict, 2, { groups: ['low', 'new'] })]).toEqual([18, Infinity])
  const weighted = calibrateScores(scores, { level: [0.5, 0.9], weights: scores.map(() => 1) })
  expect([...thresholdsOf(weighted, 2, { weights: [0, 1e9] })]).toEqual([19, 35, Infinity, Infinity])
})

test('what is no level, weight or group is refused', () => {
  for (const level of [0, 1, -0.1, 1.1, Number.NaN, '0.1' as unknown as number])
    expect(() => calibrateScores([1, 2], { level })).toThrow(fails('LEVEL_INVALID'))
  expect(() => calibrateScores([1, 2], {})).toThrow(/there is no level/)
  expect(() => calibrateScores([1, 2], { level: [] })).toThrow(fails('LEVEL_INVALID'))
  expect(levelsOf({ alpha: [0.05, 0.9, 0.3] })).toEqual([0.95, 0.1, 0.7])
  expect(() => calibrateScores([], { level: 0.9 })).toThrow(fails('CALIBRATION_EMPTY'))
  for (const weights of [
    [1, -1],
    [1, Number.NaN],
    [0, 0],
    [1, Infinity],
  ])
    expect(() => calibrateScores([1, 2], { level: 0.9, weights })).toThrow(fails('WEIGHT_INVALID'))
  expect(() => calibrateScores([1, 2], { level: 0.9, groups: ['a'] })).toThrow(fails('LENGTH_MISMATCH'))
  const plain = calibrateScores([1, 2], { level: 0.5 })
  expect(() => thresholdsOf(plain, 1, { groups: ['a'] })).toThrow(fails('GROUP_INVALID'))
  expect(calibrateScores([Number.NaN, 2, Infinity], { level: 0.5 })).toMatchObject({ dropped: 1 })
})

test('a sketch never covers less than the exact threshold, in any order and however it is merged, and little more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom(2, 8, 64),
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom('sorted', 'reversed', 'random', 'tied'),
      (n, capacity, seed, order) => {
        const { uniform } = random({ seed, path: 'sketch' })
        const values = Float64Array.from({ length: n }, (_, i) =>
          order === 'tied' ? Math.floor(7 * uniform(i)) : uniform(i),
        )
        if (order === 'sorted' || order === 'reversed') values.sort()
        if (order === 'reversed') values.reverse()
        const cut = Math.floor(n / 3)
        const parts = [values.slice(0, cut), values.slice(cut)].map((part) =>
          addScores(scoreSketch({ capacity }), part),
        )
        const levels = [0.1, 0.5, 0.9]
        for (const sketch of [mergeSketches(parts[0], parts[1]), addScores(scoreSketch({ capacity }), values)]) {
          const exact = rankThreshold(values, levels)
          const sorted = values.slice().sort()
          sketchThresholds(sketch, levels).forEach(({ threshold, rank, excess }, l) => {
            expect(threshold).toBeGreaterThanOrEqual(exact[l].threshold)
            // at most `excess` more scores lie below it
            const below = threshold === Infinity ? n : sorted.findIndex((v) => v >= threshold)
            expect(below).toBeLessThan(rank + excess + 1)
          })
        }
      },
    ),
    { numRuns: 150, seed: 6 },
  )
  const { uniform } = random({ seed: 1, path: 'large' })
  const sketch = addScores(
    scoreSketch(),
    Float64Array.from({ length: 1_000_000 }, (_, i) => uniform(i)),
  )
  expect(sketch.excess / sketch.n).toBeLessThan(5e-4)
  const { n, capacity, excess, levels } = sketch
  expect(excess).toBeLessThanOrEqual((n * (Math.log2(n / capacity) + 1)) / capacity)
  expect(levels.reduce((sum, kept) => sum + kept.length, 0)).toBeLessThanOrEqual(
    capacity * (Math.log2(n / capacity) + 1),
  )
  expect(() => scoreSketch({ capacity: 3 })).toThrow(fails('CAPACITY_INVALID'))
  expect(() => sketchThresholds(scoreSketch(), [0.5])).toThrow(fails('CALIBRATION_EMPTY'))
})

test('numbers are cut into groups of equally many rows, ties together, and each group is covered', () => {
  const { normal, uniform } = random({ seed: 3, path: 'groups' })
  const x = Float64Array.from({ length: 2000 }, (_, i) => uniform(i))
  const edges = groupEdges(x, { groups: 4 })
  const groups = groupsOfNumbers(x, edges)
  const counts = ['0', '1', '2', '3'].map((name) => groups.filter((group) => group === name).length)
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThanOrEqual(1)
  const scores = x.map((v, i) => Math.abs(v * normal(5000 + i)))
  const conformal = calibrateScores(scores, { level: 0.9, groups })
  const thresholds = conformal.groups.slice(1).map(({ thresholds: [q] }) => q)
  expect([...thresholds].sort((a, b) => a - b)).toEqual(thresholds)
  expect(groupEdges([1, 1, 1, 2], { groups: 4 })).toEqual([-Infinity, 1, Infinity])
  expect(groupEdges(x, { leastRows: 600 })).toHaveLength(4)
  expect(groupsOfNumbers([0, 1, 1.5, Number.NaN], [-Infinity, 1, Infinity])).toEqual(['0', '0', '1', ''])
  expect(() => groupEdges([], {})).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => groupEdges([1], { groups: 0 })).toThrow(fails('BINS_INVALID'))
  expect(() => groupsOfNumbers([1], [1, 1])).toThrow(fails('BINS_INVALID'))
})

test('weights told by a classifier restore most of the coverage that a shift takes', () => {
  const [n, level] = [1000, 0.8]
  const { uniform, normal } = random({ seed: 5, path: 'told' })
  const x = Float64Array.from({ length: n }, (_, i) => uniform(i))
  const newX = Float64Array.from({ length: n }, (_, i) => Math.sqrt(uniform(5000 + i)))
  const scores = x.map((v, i) => Math.abs(v * v * normal(10_000 + i)))
  const newScores = newX.map((v, i) => Math.abs(v * v * normal(20_000 + i)))
  const { calibration, test: newWeights, effectiveRows, auc } = shiftWeights([x], [newX])
  const weighted = calibrateScores(scores, { level, weights: calibration })
  const at = thresholdsOf(weighted, n, { weights: newWeights })
  const plain = calibrateScores(scores, { level }).groups[0].thresholds[0]
  const share = (covered: (i: number) => boolean) => newScores.filter((_, i) => covered(i)).length / n
  expect(share((i) => newScores[i] <= at[i])).toBeGreaterThan(0.76)
  expect(share((i) => newScores[i] <= plain)).toBeLessThan(0.72)
  expect(effectiveRows).toBeGreaterThan(300)
  expect(effectiveRows).toBeLessThan(950)
  expect(auc).toBeGreaterThan(0.6)
  expect(() => shiftWeights([x], [])).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => shiftWeights([x], [newX, newX])).toThrow(fails('LENGTH_MISMATCH'))
})
