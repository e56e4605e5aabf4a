import { afterAll, beforeAll, expect, test } from 'vitest'
import reference from '../../../conformance/data/expectations.json' with { type: 'json' }
import {
  closeEngine,
  date,
  type Expectation,
  expectations,
  float,
  int,
  type Relation,
  relationOf,
  rowSchema,
  string,
  traceStatements,
} from './index.ts'

const Sales = rowSchema({
  id: int(),
  price: float({ nullable: true }),
  cost: float({ nullable: true }),
  code: string({ nullable: true }),
  country: string(),
})
let sales: Relation<{ id: number; price: number | null; cost: number | null; code: string | null; country: string }>
beforeAll(async () => {
  sales = await relationOf(reference.rows, { schema: Sales })
})
afterAll(closeEngine)

test('counts and observed values equal Great Expectations', async () => {
  for (const { ours, theirs } of reference.cases as unknown as readonly {
    ours: Expectation<'price'>
    theirs: {
      success: boolean
      element_count?: number
      missing_count?: number
      unexpected_count?: number
      observed_value?: number
    }
  }[]) {
    const [found] = await expectations(sales, [ours])
    const what = `${found.sentence}: ${JSON.stringify(found)}`
    expect(found.status, what).toBe(theirs.success ? 'pass' : 'fail')
    if (theirs.unexpected_count !== undefined) expect(found.unexpected, what).toBe(theirs.unexpected_count)
    if (theirs.missing_count !== undefined) expect(found.missing, what).toBe(theirs.missing_count)
    if (theirs.element_count !== undefined) expect(found.elements, what).toBe(theirs.element_count)
    if (typeof theirs.observed_value === 'number' && found.observed !== null)
      expect(found.observed, what).toBeCloseTo(theirs.observed_value, 10)
  }
})

const passing: Expectation<'id' | 'price' | 'cost' | 'code' | 'country'>[] = [
  { type: 'between', column: 'price', min: 0, max: 1000 },
  { type: 'between', column: 'cost', min: 0, max: 1000 },
  { type: 'notNull', column: 'id' },
  { type: 'unique', column: 'id' },
  { type: 'notNull', column: 'country' },
  { type: 'inSet', column: 'country', values: ['DE', 'IN', 'US'] },
  { type: 'notInSet', column: 'country', values: ['XX'] },
  { type: 'lengthBetween', column: 'country', min: 2, max: 2 },
  { type: 'matchRegex', column: 'country', pattern: '^[A-Z]{2}$' },
  { type: 'notMatchRegex', column: 'country', pattern: '[a-z]' },
  { type: 'matchLike', column: 'country', pattern: '__' },
  { type: 'meanBetween', column: 'price', min: 0 },
  { type: 'minBetween', column: 'price', min: 0 },
  { type: 'maxBetween', column: 'price', max: 1000 },
  { type: 'medianBetween', column: 'price', min: 0 },
  { type: 'stdevBetween', column: 'price', min: 0 },
  { type: 'sumBetween', column: 'price', min: 0 },
  { type: 'rowCountBetween', min: 1 },
  { type: 'proportionNonNullBetween', column: 'price', min: 0.1 },
  { type: 'uniqueCountBetween', column: 'country', min: 1, max: 3 },
]

test('twenty expectations take one scan', async () => {
  const { result, statements } = await traceStatements(() => expectations(sales, passing))
  expect(result.map(({ status, message }) => message ?? status)).toEqual(passing.map(() => 'pass'))
  expect(statements.length).toBe(1)
})

test('only failed expectations fetch the first values that were not expected', async () => {
  const { result, statements } = await traceStatements(() =>
    expectations(sales, [
      ...passing,
      { type: 'between', column: 'id', min: 3 },
      { type: 'unique', column: 'country' },
      { type: 'columnPairGreater', columns: ['price', 'cost'] },
    ]),
  )
  const failed = result.filter(({ status }) => status === 'fail')
  expect(failed.map(({ sample }) => sample.length > 0)).toEqual([true, true, true])
  expect(failed[0].sample).toEqual([1, 2])
  expect(Object.keys(failed[2].sample[0] as object)).toEqual(['price', 'cost'])
  // all in one scan, the repeated rows counted, and the samples of both tables
  expect(statements.length).toBe(1 + 1 + 2)
})

test('mostly forgives a share, and a row condition looks at some rows alone', async () => {
  const n = reference.rows.filter(({ country }) => country === 'DE').length
  const [all, few, german] = await expectations(sales, [
    { type: 'between', column: 'id', min: 2 },
    { type: 'between', column: 'id', min: 2, mostly: 0.9 },
    { type: 'notNull', column: 'country', where: ({ eq, literal }) => eq('country', literal('DE')) },
  ])
  expect(all).toMatchObject({ status: 'fail', unexpected: 1 })
  expect(few).toMatchObject({ status: 'pass', unexpected: 1 })
  expect(german).toMatchObject({ status: 'pass', elements: n })
})

test('an empty table passes statements about rows, and says that there was nothing to see', async () => {
  const none = await relationOf([], { schema: Sales })
  const [map, mean, sum, rows] = await expectations(none, [
    { type: 'between', column: 'price', min: 0 },
    { type: 'meanBetween', column: 'price' },
    { type: 'sumBetween', column: 'price', min: 0, max: 0 },
    { type: 'rowCountBetween', min: 1 },
  ])
  expect(map).toMatchObject({ status: 'pass', vacuous: true, unexpectedShare: null })
  expect(mean).toMatchObject({ status: 'fail', observed: null })
  expect(sum).toMatchObject({ status: 'pass', observed: 0 })
  expect(rows).toMatchObject({ status: 'fail', observed: 0 })
})

test('what cannot be tried has the status error and does not stop the others', async () => {
  const results = await expectations(sales, [
    { type: 'between', column: 'prise' as 'price', min: 0 },
    { type: 'between', column: 'country', min: 0 },
    { type: 'lengthBetween', column: 'price', min: 0 },
    { type: 'inSet', column: 'price', values: ['1'] },
    { type: 'notNull', column: 'id' },
  ])
  expect(results.map(({ status }) => status)).toEqual(['error', 'error', 'error', 'error', 'pass'])
  expect(results[0].message).toMatch(/did you mean "price"/)
})

test('nor do types that do not compare, days that are none, and numbers that overflow', async () => {
  const schema = rowSchema({ x: float(), day: date(), name: string() })
  const data = await relationOf(
    [1e300, -1e300, 3].map((x) => ({ x, day: '2020-01-01', name: 'a' })),
    { schema },
  )
  const results = await expectations(data, [
    { type: 'columnPairGreater', columns: ['x', 'name'] },
    { type: 'between', column: 'day', min: 'yesterday' },
    { type: 'inSet', column: 'day', values: ['2020-01-01', 'never'] },
    { type: 'stdevBetween', column: 'x', min: 0 },
    { type: 'between', column: 'day', min: '2019-12-31', max: '2020-01-01' },
    { type: 'maxBetween', column: 'x', min: 0 },
  ])
  expect(results.map(({ status }) => status)).toEqual(['error', 'error', 'error', 'error', 'pass', 'pass'])
  expect(results[0].message).toBe('the column "name" is VARCHAR and cannot be compared with "x", which is DOUBLE')
  expect(results[3].message).toMatch(/out of range/i)
})

test('parameters that make no sense are refused before anything is read', async () => {
  const refused = expect.objectContaining({ code: 'EXPECTATION_INVALID' })
  const given = (e: Expectation<'price'>) => expectations(sales, [e])
  await expect(given({ type: 'between', column: 'price', min: 2, max: 1 })).rejects.toThrow(refused)
  await expect(given({ type: 'between', column: 'price', mostly: 2 })).rejects.toThrow(refused)
  await expect(given({ type: 'matchRegex', column: 'price', pattern: '(' })).rejects.toThrow(refused)
  await expect(given({ type: 'matchRegexList', column: 'price', patterns: [] })).rejects.toThrow(refused)
  await expect(given({ type: 'distinctInSet', column: 'price', values: [] })).rejects.toThrow(refused)
  await expect(given({ type: 'quantileBetween', column: 'price', quantile: 2 })).rejects.toThrow(refused)
  await expect(given({ type: 'betwen' } as never)).rejects.toThrow(refused)
  await expect(given({ type: 'between', column: 'price', min: Number.NaN })).rejects.toThrow(refused)
  await expect(given({ type: 'compoundUnique', columns: [] })).rejects.toThrow(refused)
  await expect(given({ type: 'multicolumnSumEqual', columns: [], total: 1 })).rejects.toThrow(refused)
})

test('NaN counts as missing', async () => {
  const data = await relationOf([{ x: 1 }, { x: 2 }], { schema: rowSchema({ x: float() }) })
  const nan = data.derive({
    x: ({ div, sub, column, literal }) => div(sub(column('x'), literal(1)), sub(column('x'), literal(1))),
  })
  const [found] = await expectations(nan as unknown as Relation<{ x: number }>, [{ type: 'notNull', column: 'x' }])
  expect(found).toMatchObject({ unexpected: 1 })
})
