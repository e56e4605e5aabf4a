import { afterAll, expect, test } from 'vitest'
import {
  checkSchema,
  closeEngine,
  type Expectation,
  expectations,
  float,
  hashSplit,
  placeOf,
  relationOf,
  rowSchema,
  summarize,
  untyped,
} from './index.ts'

afterAll(closeEngine)

const names = Array.from({ length: 400 }, (_, i) => `c${i}`)
const schema = rowSchema(Object.fromEntries(names.map((name) => [name, float({ min: 0 })])))
// Negative in the first five columns alone.
const third = (i: number): number => (i < 5 ? -1 - i : i + 0.5)
const wide = () => relationOf(Object.fromEntries(names.map((name, i) => [name, [i, 1, third(i)]])) as never, { schema })

test('a table of hundreds of columns is checked, summarized and split like any other', async () => {
  const data = await wide()
  const { rows, violations } = await checkSchema(data, schema)
  expect(rows).toBe(3)
  expect(violations).toHaveLength(5)
  const summary = await summarize(data)
  expect(summary.map(({ name }) => name)).toEqual(names)
  expect(summary[399]).toMatchObject({ min: 1, max: 399.5, distinct: 3 })
  const parts = await hashSplit(data, { seed: 1, shares: { a: 0.5, b: 0.5 }, key: names })
  const places = [(i: number) => i, () => 1, third].map((value) =>
    placeOf(
      1,
      names.map((_, i) => value(i).toFixed(1)),
    ),
  )
  expect(await parts.a.count()).toBe(places.filter((at) => at < 0.5).length)
})

test('a suite of two thousand expectations takes one scan and gives each its result', async () => {
  const list = Array.from({ length: 2000 }, (_, i): Expectation => ({ type: 'between', column: 'c1', max: i }))
  const results = await expectations(untyped(await wide()), list)
  expect(results.filter(({ status }) => status === 'pass')).toHaveLength(1999)
  expect(results[0]).toMatchObject({ elements: 3, unexpected: 2, sample: [1, 1] })
})
