import { afterAll, expect, test } from 'vitest'
import reference from '../../../conformance/data/expectations.json' with { type: 'json' }
import {
  bool,
  closeEngine,
  date,
  float,
  int,
  relationOf,
  rowSchema,
  string,
  summarize,
  traceStatements,
} from './index.ts'

afterAll(closeEngine)

test('a summary equals pandas and takes two scans whatever the columns', async () => {
  const schema = rowSchema({
    id: int(),
    price: float({ nullable: true }),
    cost: float({ nullable: true }),
    code: string({ nullable: true }),
    country: string(),
  })
  const data = await relationOf(reference.rows, { schema })
  const { result, statements } = await traceStatements(() => summarize(data))
  expect(statements.length).toBe(2)
  const price = result.find(({ name }) => name === 'price')!
  const expected = reference.summary
  expect(price).toMatchObject({
    rows: expected.rows,
    missing: expected.missing,
    distinct: expected.distinct,
    min: expected.min,
    max: expected.max,
  })
  expect(price.mean).toBeCloseTo(expected.mean, 12)
  expect(price.sd).toBeCloseTo(expected.sd, 12)
  price.quantiles!.forEach((q, i) => void expect(q).toBeCloseTo(expected.quantiles[i], 12))
  const country = result.find(({ name }) => name === 'country')!
  expect(Object.fromEntries(country.top!.map(({ value, count }) => [value, count]))).toEqual(expected.top)
})

test('truth values, dates, NaN, constant and empty columns have summaries too', async () => {
  const data = await relationOf(
    [
      { ok: true, day: '2024-01-02', none: null, same: 3 },
      { ok: false, day: '2023-01-02', none: null, same: 3 },
    ],
    { schema: rowSchema({ ok: bool(), day: date(), none: float({ nullable: true }), same: int() }) },
  )
  const [ok, day, none, same] = await summarize(data)
  expect(ok).toMatchObject({
    top: [
      { value: false, count: 1 },
      { value: true, count: 1 },
    ],
    mean: null,
  })
  expect(day).toMatchObject({ min: '2023-01-02', max: '2024-01-02' })
  expect(none).toMatchObject({ missing: 2, distinct: 0, mean: null, sd: null, quantiles: null, top: [] })
  expect(same).toMatchObject({ mean: 3, sd: 0, top: [{ value: 3, count: 2 }] })
})

test('a huge number overflows no summary', async () => {
  const schema = rowSchema({ a: float(), b: float() })
  const data = await relationOf(
    [1e300, -1e300].map((b, i) => ({ a: i, b })),
    { schema },
  )
  const [a, b] = await summarize(data)
  expect(a.sd).toBeCloseTo(Math.SQRT1_2, 12)
  expect(b).toMatchObject({ min: -1e300, max: 1e300 })
  expect((b.sd as number) / 1e300).toBeCloseTo(Math.SQRT2, 12)
})
