import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceStatements } from '../engine.ts'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string } from '../schema.ts'
import { binCounts, collect, distinctNumbers, numbers, orderStatistics, scalar, valueCounts } from './index.ts'

const table = (x: readonly (number | null)[], s: readonly (string | null)[] = x.map(() => 'a')) =>
  relationOf({ x, s }, { schema: rowSchema({ x: float({ nullable: true }), s: string({ nullable: true }) }) })

test('scalars and bins of any number are one scan, and equal ones are read once', async () => {
  const data = await table([1, 2, null, 4])
  const { sql } = data.engine
  const x = sql.column('x')
  const wanted = [scalar<number>(sql.count(x)), scalar<number>(sql.count(sql.column('x'))), scalar<number>(sql.max(x))]
  const bins = binCounts(x, [1, 2, 4])
  const { result, statements } = await traceStatements(() => collect(data, [...wanted, bins]))
  expect(wanted.map((a) => result(a))).toEqual([3, 3, 4])
  expect(result(bins)).toEqual({ counts: Float64Array.of(1, 2), below: 0, above: 0 })
  expect(statements).toHaveLength(1)
  expect(statements[0].match(/count\("x"\)/gi)).toHaveLength(1)
})

test('bins contain their lower edge, and the last one both', async () => {
  const step = fc.integer({ min: -4, max: 4 }).map((k) => k / 2)
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.uniqueArray(step, { minLength: 2, maxLength: 6 }),
      async (values, edges) => {
        edges.sort((a, b) => a - b)
        const data = await table(values)
        const wish = binCounts(data.engine.sql.column('x'), edges)
        const last = edges.length - 1
        const expected = edges
          .slice(1)
          .map((end, i) => values.filter((v) => v >= edges[i] && (v < end || (i + 1 === last && v === end))).length)
        expect((await collect(data, [wish]))(wish)).toEqual({
          counts: Float64Array.from(expected),
          below: values.filter((v) => v < edges[0]).length,
          above: values.filter((v) => v > edges[last]).length,
        })
      },
    ),
    { numRuns: 40 },
  )
})

test('order statistics are the values at places of the sorted values, in one more scan', async () => {
  const data = await table([5, 1, null, 3, 2, 4])
  const x = data.engine.sql.column('x')
  const ends = orderStatistics(x, (n) => [0, n - 1], 'ends')
  const middle = orderStatistics(x, (n) => [Math.floor(n / 2)], 'middle')
  const { result, statements } = await traceStatements(() => collect(data, [ends, middle]))
  expect([result(ends), result(middle)]).toEqual([[1, 5], [3]])
  expect(statements).toHaveLength(2)
  const none = await table([null, null])
  const wish = orderStatistics(none.engine.sql.column('x'), (n) => [n - 1], 'last')
  expect((await collect(none, [wish]))(wish)).toEqual([])
})

test('every place of a long column is found exactly', async () => {
  const n = 1000
  const data = await table(Array.from({ length: n }, (_, i) => (i * 7919) % n))
  const all = orderStatistics(data.engine.sql.column('x'), () => Array.from({ length: n }, (_, i) => i), 'all')
  expect((await collect(data, [all]))(all)).toEqual(Array.from({ length: n }, (_, i) => i))
})

test('values are counted by frequency, then by value, without the missing', async () => {
  const data = await table([1, 1, 2, 3], ['b', 'a', 'b', null])
  const { sql } = data.engine
  const counts = valueCounts([sql.column('s')])
  const pairs = valueCounts([sql.column('x'), sql.column('s')], {
    limit: 2,
    where: sql.gt(sql.column('x'), sql.literal(1)),
  })
  const found = await collect(data, [counts, pairs])
  expect(found(counts)).toEqual([
    { values: ['b'], count: 2 },
    { values: ['a'], count: 1 },
  ])
  expect(found(pairs)).toEqual([
    { values: [2, 'b'], count: 1 },
    { values: [3, null], count: 1 },
  ])
})

test('numbers are read as they stand, without the missing', async () => {
  const data = await table(Array.from({ length: 40_000 }, (_, i) => (i % 5 === 0 ? null : i)))
  const wish = numbers(data.engine.sql.column('x'))
  expect((await collect(data, [wish]))(wish)).toEqual(
    Float64Array.from({ length: 40_000 }, (_, i) => i).filter((i) => i % 5 !== 0),
  )
})

test('distinct numbers come in order, with their counts', async () => {
  const data = await table([3, 1, null, 3, 2, 3])
  const wish = distinctNumbers(data.engine.sql.column('x'))
  expect((await collect(data, [wish]))(wish)).toEqual({
    values: Float64Array.of(1, 2, 3),
    counts: Float64Array.of(1, 1, 3),
    n: 5,
  })
})

test('what SQL cannot compute fails alone, when it is asked for', async () => {
  const data = await table([1e308, -1e308, 1e308])
  const { sql } = data.engine
  const bad = scalar<number>(sql.stddev(sql.column('x')))
  const good = scalar<number>(sql.count())
  const found = await collect(data, [good, bad])
  expect(found(good)).toBe(3)
  expect(() => found(bad)).toThrow(expect.objectContaining({ code: 'SQL_FAILED' }))
})
