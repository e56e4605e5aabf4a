import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { controlRisk } from '../risk/index.ts'
import { boxAreas, boxesHold, boxIou, boxMetrics } from './box.ts'
import { type BoxScore, calibrateBoxes, conformalBoxes } from './conformalBoxes.ts'
import { type DetectedImage, detectionLosses, detectionRisks } from './detections.ts'
import { assignment, matchBoxes } from './matching.ts'
import { controlSequentially } from './sequential.ts'

const fails = (code: string) => expect.objectContaining({ code })

/** Boxes and predictions that are off by a bias (to the lower right) and noise. */
function pairs(seed: number, n: number, bias: number): { truth: Float64Array; predicted: Float64Array } {
  const { uniform, normal } = random({ seed, path: 'boxes' })
  const truth = new Float64Array(4 * n)
  for (let i = 0; i < n; i++) {
    const [x, y] = [500 * uniform(4 * i), 500 * uniform(4 * i + 1)]
    truth.set([x, y, x + 40 + 60 * uniform(4 * i + 2), y + 40 + 60 * uniform(4 * i + 3)], 4 * i)
  }
  return { truth, predicted: truth.map((c, at) => c + bias + 2 * normal(1e6 + at)) }
}

test('outer boxes hold the truth and inner ones are held, whatever way the detector is off', () => {
  const [n, m, repeats, level] = [99, 20, 100, 0.8]
  for (const bias of [-4, 0, 4])
    for (const side of ['outer', 'inner'] as const)
      for (const score of ['additive', 'multiplicative'] as BoxScore[])
        for (const method of ['maxScore', 'bonferroni', 'maxRank'] as const) {
          let hits = 0
          for (let r = 0; r < repeats; r++) {
            const { truth, predicted } = pairs(r, n + m, bias)
            const conformal = calibrateBoxes(truth.subarray(0, 4 * n), predicted.subarray(0, 4 * n), {
              score,
              side,
              method,
              level,
            })
            const { boxes } = conformalBoxes(conformal, predicted.subarray(4 * n))
            const fresh = truth.subarray(4 * n)
            hits += (side === 'outer' ? boxesHold(boxes, fresh) : boxesHold(fresh, boxes)).reduce((a, b) => a + b)
          }
          const coverage = hits / (m * repeats)
          expect(coverage, `${bias} ${side} ${score} ${method}`).toBeGreaterThan(level - 0.05)
          if (method === 'maxScore') expect(coverage).toBeLessThan(level + 0.04)
        }
})

test('the largest of four scores makes smaller boxes than shares of the error', () => {
  const { truth, predicted } = pairs(1, 400, 0)
  const of = (method: 'maxScore' | 'bonferroni') => {
    const { boxes } = conformalBoxes(calibrateBoxes(truth, predicted, { method, level: 0.8 }), predicted)
    return boxMetrics(boxes, { truth, predicted })
  }
  expect(of('maxScore').area).toBeLessThan(of('bonferroni').area)
  expect(of('maxScore').coverage).toBeGreaterThanOrEqual(0.8)
  expect(of('maxScore').stretch).toBeGreaterThan(1)
})

test('an inner box may hold nothing, and is then held by all', () => {
  const conformal = calibrateBoxes([0, 0, 10, 10], [5, 5, 20, 20], { side: 'inner', level: 0.5 })
  const { boxes, empty } = conformalBoxes(conformal, [0, 0, 4, 4])
  expect(empty).toBe(1)
  expect([...boxesHold([100, 100, 101, 101], boxes)]).toEqual([1])
  expect([...boxAreas(boxes)]).toEqual([0])
})

test('the assignment is the cheapest of all, and its prices prove it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 9999 }),
      (n, m, seed) => {
        const { uniform } = random({ seed, path: 'cost' })
        const cost = Float64Array.from({ length: n * m }, (_, at) => Math.floor(9 * uniform(at)) / 2)
        const { columns, rowPrices, columnPrices } = assignment(cost, n, m)
        const total = columns.reduce((sum, j, i) => sum + (j < 0 ? 0 : cost[i * m + j]), 0)
        const best = (i: number, taken: readonly number[], skips: number): number => {
          if (i === n) return 0
          const options = Array.from({ length: m }, (_, j) => j)
            .filter((j) => !taken.includes(j))
            .map((j) => cost[i * m + j] + best(i + 1, [...taken, j], skips))
          if (skips > 0) options.push(best(i + 1, taken, skips - 1))
          return Math.min(...options)
        }
        expect(total).toBeCloseTo(best(0, [], Math.max(0, n - m)), 9)
        cost.forEach((c, at) => {
          expect(c).toBeGreaterThanOrEqual(rowPrices[Math.floor(at / m)] + columnPrices[at % m] - 1e-9)
        })
        expect(new Set(columns.filter((j) => j >= 0)).size).toBe(Math.min(n, m))
      },
    ),
    { numRuns: 200, seed: 1 },
  )
})

test('boxes are paired by what they share most, and what is missed is told', () => {
  const truth = [0, 0, 10, 10, 20, 20, 30, 30, 50, 50, 60, 60]
  const predicted = [21, 21, 31, 31, 1, 1, 10, 10, 90, 90, 95, 95]
  expect(matchBoxes(predicted, truth)).toEqual({
    pairs: [
      [1, 0],
      [0, 1],
    ],
    missed: [2],
    spare: [2],
  })
  expect(matchBoxes([], truth)).toEqual({ pairs: [], missed: [0, 1, 2], spare: [] })
  expect(boxIou([0, 0, 1, 1], [1, 1, 2, 2], { pixels: true })[0]).toBeCloseTo(1 / 7, 12)
  expect(boxIou([0, 0, 1, 1], [1, 1, 2, 2])[0]).toBe(0)
  expect(boxIou([1, 1, 1, 1], [1, 1, 1, 1])[0]).toBe(0)
})

/** Images whose detector is less sure of what it sees badly. */
function imagesOf(seed: number, n: number): DetectedImage[] {
  return Array.from({ length: n }, (_, image) => {
    const { uniform, normal } = random({ seed, path: `image ${image}` })
    const count = Math.floor(4 * uniform(0))
    const truth: number[] = []
    const predicted: number[] = []
    const confidence: number[] = []
    const probabilities: number[] = []
    const labels: number[] = []
    for (let i = 0; i < count; i++) {
      const box = [200 * i, 10, 200 * i + 80, 90]
      const quality = uniform(10 + i)
      truth.push(...box)
      labels.push(i % 2)
      predicted.push(...box.map((c, a) => c + 6 * (1.2 - quality) * normal(100 + 4 * i + a)))
      confidence.push(Math.min(1, Math.max(0, quality + 0.1 * normal(200 + i))))
      const p = Math.min(1, Math.max(0, 0.75 + 0.2 * normal(300 + i)))
      probabilities.push(i % 2 ? 1 - p : p, i % 2 ? p : 1 - p)
    }
    return { truth, predicted, confidence, probabilities, labels }
  })
}

test('the recall of images is controlled by the confidence threshold', () => {
  const thresholds = Array.from({ length: 50 }, (_, l) => l / 50)
  let missed = 0
  const [repeats, m] = [60, 20]
  for (let r = 0; r < repeats; r++) {
    const images = imagesOf(r, 100 + m)
    const control = controlRisk(detectionRisks(images.slice(0, 100), thresholds), {
      method: 'crc',
      targets: { recall: 0.8 },
    })
    const fresh = detectionRisks(images.slice(100), thresholds).curve('recall')
    missed += fresh.sum[control.best ?? 0] / m
  }
  expect(missed / repeats).toBeLessThan(0.2 + 0.02)
  expect(missed / repeats).toBeGreaterThan(0.1)
})

test('confidence, localisation and classes are controlled one after the other', () => {
  const settings = {
    confidence: Array.from({ length: 21 }, (_, k) => 1 - k / 20),
    margins: Array.from({ length: 25 }, (_, l) => l),
    probabilities: Array.from({ length: 21 }, (_, l) => 1 - l / 20),
    minIou: 0.3,
  }
  const [repeats, n, m, alpha] = [40, 100, 20, 0.15]
  let [confidence, localisation, classification] = [0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const images = imagesOf(1000 + r, n + m)
    const losses = detectionLosses(images.slice(0, n), settings)
    const { first, bold, given } = controlSequentially({
      first: { table: losses.confidence, alpha: 0.05 },
      given: {
        localisation: { table: losses.localisation, alpha },
        classification: { table: losses.classification, alpha },
      },
    })
    expect(bold).toBeLessThanOrEqual(first.place)
    expect(given.localisation.controlled && given.classification.controlled).toBe(true)
    const fresh = detectionLosses(images.slice(n), settings)
    const mean = (
      { losses: table, settings: list }: { losses: Float64Array; settings: readonly number[] },
      place: number,
    ) => {
      let sum = 0
      for (let i = 0; i < m; i++) sum += table[i * list.length + place]
      return sum / m
    }
    confidence += mean(fresh.confidence, first.place) / repeats
    localisation += mean(fresh.localisation(first.place), given.localisation.place) / repeats
    classification += mean(fresh.classification(first.place), given.classification.place) / repeats
  }
  expect(confidence).toBeLessThan(0.05 + 0.015)
  expect(localisation).toBeLessThan(alpha + 0.015)
  expect(classification).toBeLessThan(alpha + 0.015)
})

test('what is no box is refused', () => {
  const box = [0, 0, 1, 1]
  for (const wrong of [
    [2, 0, 1, 1],
    [0, 2, 1, 1],
    [Number.NaN, 0, 1, 1],
    [0, 0, Infinity, 1],
  ]) {
    expect(() => calibrateBoxes(wrong, box, { level: 0.9 })).toThrow(fails('BOX_INVALID'))
    expect(() => matchBoxes(wrong, box)).toThrow(fails('BOX_INVALID'))
  }
  expect(() => calibrateBoxes([0, 0, 1], box, { level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateBoxes([...box, ...box], box, { level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateBoxes([], [], { level: 0.9 })).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateBoxes(box, [1, 1, 1, 3], { level: 0.9, score: 'multiplicative' })).toThrow(fails('BOX_FLAT'))
  expect(() => calibrateBoxes(box, [1, 1, 1, 1], { level: 0.9 })).not.toThrow()
  expect(() => detectionRisks([{ predicted: box, confidence: [2], truth: box }], [0.5])).toThrow(
    fails('PROBABILITY_INVALID'),
  )
  expect(() => detectionRisks([{ predicted: box, confidence: [], truth: box }], [0.5])).toThrow(
    fails('LENGTH_MISMATCH'),
  )
  const table = { settings: [1], losses: Float64Array.of(2) }
  expect(() => controlSequentially({ first: { table, alpha: 0.1 }, given: {} })).toThrow(fails('LOSS_INVALID'))
  expect(() => controlSequentially({ first: { table, alpha: 1 }, given: {} })).toThrow(fails('LEVEL_INVALID'))
  const none = { settings: [], losses: new Float64Array(0) }
  expect(() => controlSequentially({ first: { table: none, alpha: 0.1 }, given: {} })).toThrow(fails('LAMBDAS_INVALID'))
  expect(() =>
    detectionLosses([{ predicted: box, confidence: [1], truth: box }], {
      confidence: [0.5],
      margins: [0],
      probabilities: [0.5],
    }).classification(0),
  ).toThrow(fails('PART_MISSING'))
})
