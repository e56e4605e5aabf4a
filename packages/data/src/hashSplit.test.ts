import { chiSquareTail } from '@mlpod/math'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { closeEngine, float, hashSplit, int, placeOf, relationOf, rowSchema, string } from './index.ts'

afterAll(closeEngine)
const Row = rowSchema({ id: int(), x: float({ nullable: true }), s: string({ nullable: true }) })
type Row = { id: number; x: number | null; s: string | null }
const shares = { train: 0.5, test: 0.3, rest: 0.2 }
const rows = (n: number): Row[] =>
  Array.from({ length: n }, (_, i) => ({ id: i, x: i % 7 ? i / 3 : null, s: i % 5 ? `ä${i % 11}` : null }))
const split = async (data: Row[], options: object = {}) => {
  const parts = await hashSplit(await relationOf(data, { schema: Row }), { seed: 1, shares, ...options })
  return Object.fromEntries(
    await Promise.all(Object.entries(parts).map(async ([name, part]) => [name, await part.rows()])),
  ) as Record<keyof typeof shares, Row[]>
}
const text = (row: Row) => JSON.stringify(row)

test('the parts are disjoint, make up the whole, and have about their shares', async () => {
  const data = rows(2000)
  const parts = await split(data)
  const all = Object.values(parts).flat()
  expect(all.map(text).sort()).toEqual(data.map(text).sort())
  expect(parts.train.length / 2000).toBeCloseTo(0.5, 1)
  expect(parts.test.length / 2000).toBeCloseTo(0.3, 1)
})

test("a row's part does not depend on the other rows or on their order", async () => {
  const few = await split(rows(300).toReversed())
  const many = await split(rows(700))
  for (const name of ['train', 'test', 'rest'] as const) {
    const there = new Set(many[name].map(text))
    expect(few[name].every((row) => there.has(text(row)))).toBe(true)
  }
})

test('rows of one key stay together; equal rows without a key need not', async () => {
  const data = Array.from({ length: 400 }, (_, i) => ({ id: i % 40, x: i, s: null }))
  const parts = await split(data, { key: ['id'] })
  const homes = new Map<number, string>()
  for (const [name, list] of Object.entries(parts))
    for (const { id } of list) expect(homes.set(id, homes.get(id) ?? name).get(id)).toBe(name)
  const equal = await split(Array.from({ length: 100 }, () => ({ id: 1, x: 1, s: 'a' })))
  expect(equal.train.length).toBeGreaterThan(20)
  expect(equal.test.length).toBeGreaterThan(5)
})

test('another seed gives another split', async () => {
  const data = rows(100)
  expect((await split(data)).train.map(text)).not.toEqual((await split(data, { seed: 2 })).train.map(text))
})

test('SQL and TypeScript agree on the place of a key', async () => {
  const parts = await split(rows(200), { key: ['id', 's'], seed: 9 })
  for (const { id, s } of parts.train) expect(placeOf(9, [String(id), s])).toBeLessThan(0.5)
  for (const { id, s } of parts.rest) expect(placeOf(9, [String(id), s])).toBeGreaterThanOrEqual(0.8)
})

test('keys whose texts run together are different keys', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.string()), { minLength: 2, maxLength: 2 }),
      fc.array(fc.option(fc.string()), { minLength: 2, maxLength: 2 }),
      (a, b) => {
        return JSON.stringify(a) === JSON.stringify(b) || placeOf(0, a) !== placeOf(0, b)
      },
    ),
  )
})

test('shares that do not sum to one, unknown keys and fractional seeds are refused', async () => {
  const data = await relationOf(rows(3), { schema: Row })
  const refused = (code: string) => expect.objectContaining({ code })
  await expect(hashSplit(data, { seed: 1, shares: { a: 0.5, b: 0.4 } })).rejects.toThrow(refused('SHARES_INVALID'))
  await expect(hashSplit(data, { seed: 1, shares: { a: 1.5, b: -0.5 } })).rejects.toThrow(refused('SHARES_INVALID'))
  await expect(hashSplit(data, { seed: 1, shares, key: ['idd' as 'id'] })).rejects.toThrow(refused('COLUMN_UNKNOWN'))
  await expect(hashSplit(data, { seed: 0.5, shares })).rejects.toThrow(refused('SEED_INVALID'))
})

test('places are spread evenly: the chi-square of twenty parts is what chance gives', async () => {
  const n = 40_000
  const data = await relationOf({ id: Array.from({ length: n }, (_, i) => i) }, { schema: rowSchema({ id: int() }) })
  const parts = Array.from({ length: 20 }, (_, i) => `p${i}`)
  for (const seed of [0, 1, 2]) {
    const split = await hashSplit(data, {
      seed,
      shares: Object.fromEntries(parts.map((name) => [name, 0.05])),
      key: ['id'],
    })
    const counts = await Promise.all(Object.values(split).map((part) => part.count()))
    expect(counts.reduce((a, b) => a + b)).toBe(n)
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0)
    expect(chiSquareTail(chiSquare, 19)).toBeGreaterThan(1e-3)
  }
})

test('a split by no column is refused, and a part of share 0 is empty', async () => {
  const data = await relationOf(rows(20), { schema: Row })
  await expect(hashSplit(data, { seed: 1, shares, key: [] })).rejects.toMatchObject({ code: 'KEY_EMPTY' })
  const { none, all } = await hashSplit(data, { seed: 1, shares: { none: 0, all: 1 } })
  expect([await none.count(), await all.count()]).toEqual([0, 20])
})
