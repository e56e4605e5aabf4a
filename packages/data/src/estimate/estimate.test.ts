import { isotonicAt, isotonicRegression, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/estimate.json' with { type: 'json' }
import { relationOf } from '../ingest.ts'
import { float, int, rowSchema, string, timestamp } from '../schema.ts'
import { chunksOf } from './chunks.ts'
import { cbpe } from './index.ts'

const schema = rowSchema({ p: float(), y: int(), yhat: int() })
const NAMES = {
  roc_auc: 'rocAuc',
  f1: 'f1',
  precision: 'precision',
  recall: 'recall',
  specificity: 'specificity',
  accuracy: 'accuracy',
  average_precision: 'averagePrecision',
} as const

test('rising functions equal scikit-learn, with and without weights', () => {
  for (const { x, y, w, q, plain, weighted } of reference.isotonic)
    q.forEach((at, i) => {
      expect(isotonicAt(isotonicRegression(x, y), at)).toBeCloseTo(plain[i], 12)
      expect(isotonicAt(isotonicRegression(x, y, { weights: w }), at)).toBeCloseTo(weighted[i], 12)
    })
})

test('estimates of each chunk, thresholds and alerts equal NannyML', async () => {
  const before = await relationOf(reference.reference, { schema })
  const { y: _, ...unknown } = reference.current
  const now = await relationOf(unknown, { schema: rowSchema({ p: float(), yhat: int() }) })
  const metrics = Object.values(NAMES)
  const estimator = await cbpe({ score: 'p', predicted: 'yhat', target: 'y', chunk: { rows: 250 }, metrics }).fit(
    before,
  )
  expect(estimator.calibrated).toEqual({ '1': true })
  const chunks = await estimator.estimate(now)
  expect(chunks.map(({ key }) => key)).toEqual(['0:249', '250:499', '500:749', '750:999'])
  for (const [peer, ours] of Object.entries(NAMES)) {
    const { estimated, lower, upper, alert } = reference.metrics[peer as 'f1']
    chunks.forEach(({ metrics: found }, i) => {
      expect(Math.abs(found[ours].estimated - estimated[i]), `${peer} ${i}`).toBeLessThan(2e-6)
      expect(found[ours].thresholds[0]).toBeCloseTo(lower, 9)
      expect(found[ours].thresholds[1]).toBeCloseTo(upper, 9)
      expect(found[ours].alert).toBe(alert[i])
      expect(found[ours].realized).toBeNull()
    })
  }
})

test('under a shift of the inputs the estimate is near the truth, within its band', async () => {
  const before = await relationOf(reference.reference, { schema })
  const now = await relationOf(reference.current, { schema })
  const estimator = await cbpe({ score: 'p', predicted: 'yhat', target: 'y', chunk: { chunks: 2 } }).fit(before)
  for (const { metrics } of await estimator.estimate(now))
    for (const { realized, lower, upper, samplingError } of Object.values(metrics)) {
      expect(samplingError).toBeGreaterThan(0)
      expect(realized).toBeGreaterThan(lower)
      expect(realized).toBeLessThan(upper)
    }
})

test('classes beyond two are estimated each against the rest, by the calendar', async () => {
  const r = random({ seed: 1 })
  const table = (n: number, seed: string) => {
    const rows = Array.from({ length: n }, (_, i) => {
      const raw = ['a', 'b', 'c'].map((c) => Math.exp(r.at(seed).at(c).normal(i)))
      const sum = raw.reduce((x, y) => x + y, 0)
      const p = raw.map((v) => v / sum)
      const u = r.at(seed).uniform(i)
      const y = u < p[0] ? 'a' : u < p[0] + p[1] ? 'b' : 'c'
      const yhat = ['a', 'b', 'c'][p.indexOf(Math.max(...p))]
      return { a: p[0], b: p[1], c: p[2], y, yhat, at: `2024-0${1 + Math.floor((3 * i) / n)}-15T00:00:00Z` }
    })
    return relationOf(rows, {
      schema: rowSchema({ a: float(), b: float(), c: float(), y: string(), yhat: string(), at: timestamp() }),
    })
  }
  const estimator = await cbpe({
    score: { a: 'a', b: 'b', c: 'c' },
    predicted: 'yhat',
    target: 'y',
    chunk: { period: 'month', by: 'at' },
    metrics: ['accuracy', 'rocAuc'],
  }).fit(await table(1500, 'before'))
  const chunks = await estimator.estimate(await table(1500, 'now'))
  expect(chunks.map(({ key, rows }) => [key, rows])).toEqual([
    ['2024-01', 500],
    ['2024-02', 500],
    ['2024-03', 500],
  ])
  for (const { metrics } of chunks)
    for (const { estimated, realized } of Object.values(metrics))
      expect(Math.abs(estimated - realized!)).toBeLessThan(0.08)
})

test('chunks by rows keep, append or drop what is left over', () => {
  const sizes = (chunking: Parameters<typeof chunksOf>[1]) => chunksOf(25, chunking).map(({ from, to }) => to - from)
  expect(sizes({ rows: 10 })).toEqual([10, 10, 5])
  expect(sizes({ rows: 10, incomplete: 'append' })).toEqual([10, 15])
  expect(sizes({ rows: 10, incomplete: 'drop' })).toEqual([10, 10])
  expect(sizes({ chunks: 4 })).toEqual([6, 6, 6, 7])
  expect(chunksOf(2, { period: 'week', by: 't' }, ['2024-12-30', '2025-01-01']).map(({ key }) => key)).toEqual([
    '2025-W01',
  ])
})

test('what cannot be estimated is refused', async () => {
  const options = { score: 'p', predicted: 'yhat', target: 'y', chunk: { rows: 10 } } as const
  expect(() => cbpe({ ...options, metrics: ['f2' as 'f1'] })).toThrow(/"f1"/)
  expect(() => cbpe({ ...options, chunk: { rows: 0 } })).toThrow(/by 0/)
  const data = await relationOf({ p: [0.1, 0.7, 0.3], y: [0, 1, 2], yhat: [0, 1, 0] }, { schema })
  await expect(cbpe(options).fit(data)).rejects.toThrow(expect.objectContaining({ code: 'CLASS_UNKNOWN' }))
  await expect(cbpe({ ...options, score: 'q' }).fit(data)).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_UNKNOWN' }),
  )
  const few = await relationOf({ p: [0.1, 0.7], y: [0, 1], yhat: [0, 1] }, { schema })
  await expect(cbpe(options).fit(few)).rejects.toThrow(expect.objectContaining({ code: 'SAMPLE_TOO_SMALL' }))
})
