import { hashSplit, int, placeOf, relationOf, rowSchema } from '@mlpod/data'
import { expect, test } from 'vitest'
import { calibrateCross } from './regression/index.ts'
import { hashFolds, rowsWithoutFold, splitRows, timeFolds } from './splitting.ts'

const fails = (code: string) => expect.objectContaining({ code })
const shares = { train: 0.6, calibrate: 0.2, test: 0.2 }
const keys = (n: number): string[] => Array.from({ length: n }, (_, i) => `row ${i}`)

test('parts are disjoint, make up the whole, have about their shares, and stay when rows are added', () => {
  const few = splitRows(keys(1000), { seed: 1, shares })
  const many = splitRows(keys(3000), { seed: 1, shares })
  expect([...few.train, ...few.calibrate, ...few.test].sort((a, b) => a - b)).toEqual(keys(1000).map((_, i) => i))
  for (const part of ['train', 'calibrate', 'test'] as const) {
    expect(few[part].length / 1000).toBeCloseTo(shares[part], 1)
    expect([...many[part]].filter((i) => i < 1000)).toEqual([...few[part]])
  }
  expect([...splitRows(keys(1000), { seed: 2, shares }).test]).not.toEqual([...few.test])
})

test('a table split by the same key falls apart in the same way', async () => {
  const ids = Array.from({ length: 200 }, (_, id) => ({ id }))
  const table = await hashSplit(await relationOf(ids, { schema: rowSchema({ id: int() }) }), {
    seed: 5,
    shares,
    key: ['id'],
  })
  const rows = splitRows(
    ids.map(({ id }) => id),
    { seed: 5, shares },
  )
  for (const part of ['train', 'calibrate', 'test'] as const)
    expect((await table[part].rows()).map(({ id }) => id).sort((a, b) => a - b)).toEqual([...rows[part]])
})

test('folds keep groups whole, are what cross calibration takes, and move by no added row', () => {
  const groups = Array.from({ length: 300 }, (_, i) => i % 40)
  const folds = hashFolds(groups, { folds: 5, seed: 3 })
  groups.forEach((group, i) => {
    expect(folds[i]).toBe(folds[group])
    expect(folds[i]).toBe(Math.floor(placeOf(3, [String(group)]) * 5))
  })
  expect([...hashFolds([...groups, 99, 100], { folds: 5, seed: 3 }).subarray(0, 300)]).toEqual([...folds])
  const y = Float64Array.from(groups, (_, i) => i)
  expect(calibrateCross(y, { prediction: y }, { folds, level: 0.9 }).folds).toBeLessThanOrEqual(5)
  expect([...hashFolds([null, ['a', 1]], { folds: 2, seed: 0 })]).toHaveLength(2)
})

test('blocks of time are whole, and an embargo keeps neighbours out of training', () => {
  const times = Float64Array.from({ length: 100 }, (_, i) => i)
  const folds = timeFolds(times, { folds: 4, seed: 1, period: 10 })
  for (let i = 0; i < 100; i++) expect(folds[i]).toBe(folds[Math.floor(i / 10) * 10])
  const near = rowsWithoutFold(folds, folds[0], { times, embargo: 2 })
  for (const i of near)
    for (let j = 0; j < 100; j++) if (folds[j] === folds[0]) expect(Math.abs(i - j)).toBeGreaterThan(2)
  expect(rowsWithoutFold(folds, folds[0]).length).toBeGreaterThan(near.length)
})

test('what is no split is refused', () => {
  expect(() => splitRows(['a'], { seed: 1, shares: { a: 0.5 } })).toThrow(fails('SHARES_INVALID'))
  expect(() => splitRows(['a'], { seed: 1, shares: { a: 1.5, b: -0.5 } })).toThrow(fails('SHARES_INVALID'))
  expect(() => splitRows(['a'], { seed: 0.5, shares })).toThrow(fails('SEED_INVALID'))
  for (const folds of [1, 0, 2.5]) expect(() => hashFolds(['a'], { folds, seed: 1 })).toThrow(fails('FOLD_INVALID'))
  expect(() => timeFolds([1], { folds: 2, seed: 1, period: 0 })).toThrow(fails('TIME_INVALID'))
  expect(() => timeFolds([Number.NaN], { folds: 2, seed: 1, period: 1 })).toThrow(fails('TIME_INVALID'))
  expect(() => rowsWithoutFold([0, 1], 0, { times: [1] })).toThrow(fails('LENGTH_MISMATCH'))
})
