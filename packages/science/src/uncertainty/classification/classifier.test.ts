import { readFileSync } from 'node:fs'
import { chiSquareTail, gammaln, random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitTemperature } from '../temperature.ts'
import { calibrateClassifier } from './classifier.ts'
import { classifierSets } from './sets.ts'

interface Case {
  readonly level: number
  readonly classes: number
  readonly labels: readonly number[]
  readonly logits: readonly number[]
  readonly probabilities: readonly number[]
  readonly test: readonly number[]
  readonly sets: readonly number[]
  readonly temperature: number
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] }

test('split conformal sets equal those of MAPIE 1.6.0 (LAC)', () => {
  for (const { level, labels, probabilities, test: rows, sets } of cases)
    expect([...classifierSets(calibrateClassifier(probabilities, labels, { level }), rows)[0]]).toEqual(sets)
})

test('the temperature is the minimum that scipy 1.17 finds', () => {
  for (const { logits, labels, temperature } of cases)
    expect(fitTemperature(logits, labels)).toBeCloseTo(temperature, 5)
})

const drawRows = (seed: number, n: number) => {
  const { uniform } = random({ seed, path: 'rows' })
  const probabilities = new Float64Array(2 * n)
  const labels = new Int32Array(n)
  const groups: string[] = []
  for (let i = 0; i < n; i++) {
    const p = uniform(3 * i)
    probabilities.set([1 - p, p], 2 * i)
    // one group is predicted worse than it looks: its labels are noisier
    groups.push(uniform(3 * i + 1) < 0.3 ? 'b' : 'a')
    const truth = groups[i] === 'b' ? 0.25 + 0.5 * p : p
    labels[i] = uniform(3 * i + 2) < truth ? 1 : 0
  }
  return { probabilities, labels, groups }
}

test('coverage follows the Beta-binomial law at small n, just below and above the rank boundaries, and in each group', () => {
  for (const n of [18, 19, 20, 60]) {
    const [repeats, m] = [1500, 20]
    let [covered, coveredB, rowsB] = [0, 0, 0]
    for (let r = 0; r < repeats; r++) {
      const { probabilities, labels, groups } = drawRows(1000 * n + r, n + m)
      const conformal = calibrateClassifier(probabilities.slice(0, 2 * n), labels.slice(0, n), {
        level: 0.95,
        groups: groups.slice(0, n),
      })
      const [pooled] = classifierSets(conformal, probabilities.slice(2 * n))
      const [grouped] = classifierSets(conformal, probabilities.slice(2 * n), { groups: groups.slice(n) })
      for (let i = 0; i < m; i++) {
        covered += pooled[2 * i + labels[n + i]]
        if (groups[n + i] === 'b') {
          rowsB++
          coveredB += grouped[2 * i + labels[n + i]]
        }
      }
    }
    // mean coverage is exactly k / (n + 1) for continuous scores; three standard errors of the repeats
    const k = Math.ceil((n + 1) * 0.95 - 1e-9)
    const expected = k > n ? 1 : k / (n + 1)
    const spread = Math.sqrt((expected * (1 - expected)) / (repeats * m)) * Math.sqrt(1 + m / (n + 2))
    expect(Math.abs(covered / (repeats * m) - expected)).toBeLessThanOrEqual(3.5 * spread + 1e-12)
    expect(coveredB / rowsB).toBeGreaterThanOrEqual(0.95 - 3.5 * Math.sqrt((0.95 * 0.05 * (1 + m / 5)) / rowsB))
  }
})

test('the number of covered rows has the Beta-binomial law of split conformal sets', () => {
  const [n, m, repeats, level] = [50, 50, 2000, 0.9]
  const k = Math.ceil((n + 1) * level)
  const counts = new Array<number>(m + 1).fill(0)
  for (let r = 0; r < repeats; r++) {
    const { probabilities, labels } = drawRows(7_000_000 + r, n + m)
    const conformal = calibrateClassifier(probabilities.slice(0, 2 * n), labels.slice(0, n), { level })
    const [sets] = classifierSets(conformal, probabilities.slice(2 * n))
    let covered = 0
    for (let i = 0; i < m; i++) covered += sets[2 * i + labels[n + i]]
    counts[covered]++
  }
  const logBeta = (a: number, b: number): number => gammaln(a) + gammaln(b) - gammaln(a + b)
  const expected = counts.map((_, c) => {
    const choose = gammaln(m + 1) - gammaln(c + 1) - gammaln(m - c + 1)
    return repeats * Math.exp(choose + logBeta(k + c, n + 1 - k + m - c) - logBeta(k, n + 1 - k))
  })
  // cells of fewer than five expected counts are joined with the next
  let [chiSquare, cells, seen, due] = [0, 0, 0, 0]
  for (const [c, count] of counts.entries()) {
    seen += count
    due += expected[c]
    if (due < 5 && c < m) continue
    chiSquare += (seen - due) ** 2 / due
    cells++
    ;[seen, due] = [0, 0]
  }
  expect(chiSquareTail(chiSquare, cells - 1)).toBeGreaterThan(1e-3)
})

test('a higher level never shrinks a set, one group equals no group, and permuting rows changes nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 80 }),
      fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      (seed, n, level) => {
        const { probabilities, labels } = drawRows(seed, n)
        const sets = (l: number) =>
          classifierSets(calibrateClassifier(probabilities, labels, { level: l }), probabilities)[0]
        const [low, high] = [sets(level), sets(level + 0.09)]
        expect(low.every((inside, i) => inside <= high[i])).toBe(true)
        const whole = calibrateClassifier(probabilities, labels, {
          level,
          groups: labels.length ? Array(n).fill('all') : [],
        })
        expect(whole.calibration.groups[1].thresholds).toEqual(whole.calibration.groups[0].thresholds)
        const flipped = Float64Array.from(probabilities).reverse()
        const swapped = Int32Array.from(labels)
          .reverse()
          .map((y) => 1 - y)
        expect(calibrateClassifier(flipped, swapped, { level }).calibration.groups[0].thresholds).toEqual(
          whole.calibration.groups[0].thresholds,
        )
      },
    ),
    { seed: 4, numRuns: 200 },
  )
})

test('temperature keeps the argmax and is not moved by adding a constant to the logits', () => {
  const { logits, labels, temperature } = cases[0]
  expect(
    fitTemperature(
      logits.map((z) => z + 100),
      labels,
    ),
  ).toBeCloseTo(temperature, 5)
  expect(
    fitTemperature(
      logits.map((z) => 3 * z),
      labels,
    ),
  ).toBeCloseTo(3 * temperature, 4)
})

test('bad calibration rows are refused with the row and the reason', () => {
  const good = [0.3, 0.7, 0.6, 0.4]
  expect(() => calibrateClassifier([], [], { level: 0.9 })).toThrow(/no calibration row/)
  expect(() => calibrateClassifier(good, [0, 1], { level: 1 })).toThrow(/level 1 is not a number between/)
  expect(() => calibrateClassifier([0.3, 0.9], [0], { level: 0.9 })).toThrow(/row 0 sum to 1.2/)
  expect(() => calibrateClassifier([-0.1, 1.1], [0], { level: 0.9 })).toThrow(/-0.1 of row 0/)
  expect(() => calibrateClassifier(good, [0, 2], { level: 0.9 })).toThrow(/label 2 of row 1/)
  expect(() => calibrateClassifier(good, [0, 1, 1], { level: 0.9 })).toThrow(/do not fall into 3 rows/)
  expect(() => calibrateClassifier(good, [0, 1], { level: 0.9, groups: ['a'] })).toThrow(/1 groups do not match 2 rows/)
  expect(calibrateClassifier([Number.NaN, 1, 0.4, 0.6], [0, 1], { level: 0.5 }).calibration.dropped).toBe(1)
  expect(calibrateClassifier(good, [0, 1], { level: 0.9 }).calibration.groups[0].thresholds[0]).toBe(
    Number.POSITIVE_INFINITY,
  )
  expect(() => fitTemperature([], [])).toThrow(/no calibration row/)
  expect(() => fitTemperature([1, 2, Number.NaN, 0], [0, 1])).toThrow(/row 1, class 0 is NaN/)
  expect(() => fitTemperature([3, 0, 0, 3], [0, 1])).toThrow(/classified right/)
})
