import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  closeEngine,
  type Expectation,
  float,
  fromGreatExpectations,
  int,
  parameter,
  type Relation,
  relationOf,
  rowSchema,
  string,
  suite,
  toGreatExpectations,
  toGreatExpectationsResult,
  traceStatements,
} from '../index.ts'

const n = 200
let data: Relation
beforeAll(async () => {
  const rows = Array.from({ length: n }, (_, i) => ({
    id: i,
    price: i % 10 === 3 ? null : (i * 7) % 100,
    code: i % 25 === 0 ? 'bad code' : `A${i % 7}`,
    country: ['DE', 'IN', 'US'][i % 3],
  }))
  data = (await relationOf(rows, {
    schema: rowSchema({ id: int(), price: float({ nullable: true }), code: string(), country: string() }),
  })) as unknown as Relation
})
afterAll(closeEngine)

const twenty: Expectation[] = [
  { type: 'between', column: 'price', min: 0, max: 100 },
  { type: 'between', column: 'id', min: 0, where: 'country == "DE"' },
  { type: 'notNull', column: 'id' },
  { type: 'notNull', column: 'price', mostly: 0.8 },
  { type: 'unique', column: 'id' },
  { type: 'inSet', column: 'country', values: ['DE', 'IN', 'US'] },
  { type: 'notInSet', column: 'country', values: ['XX'] },
  { type: 'lengthBetween', column: 'country', min: 2, max: 2 },
  { type: 'lengthEqual', column: 'country', length: 2 },
  { type: 'matchRegex', column: 'country', pattern: '^[A-Z]{2}$' },
  { type: 'matchLike', column: 'country', pattern: '__' },
  { type: 'columnPairGreater', columns: ['id', 'price'], mostly: 0 },
  { type: 'meanBetween', column: 'price', min: 0 },
  { type: 'maxBetween', column: 'price', max: 100 },
  { type: 'stdevBetween', column: 'price', min: 0 },
  { type: 'sumBetween', column: 'price', min: 0 },
  { type: 'uniqueCountBetween', column: 'country', min: 3, max: 3 },
  { type: 'distinctEqualSet', column: 'country', values: ['US', 'DE', 'IN'] },
  { type: 'multicolumnSumEqual', columns: ['id', 'price'], total: 0, mostly: 0 },
  { type: 'rowCountBetween', min: 1 },
]

test('twenty checks take one scan', async () => {
  const orders = suite('orders', twenty)
  const { result, statements } = await traceStatements(() => orders.run(data, { format: 'boolean' }))
  expect(result.results.map(({ status, message }) => message ?? status)).toEqual(twenty.map(() => 'pass'))
  expect(statements).toHaveLength(1)
  const told = await orders.explain(data)
  expect(told.scans).toBe(1)
  expect(told.statements[0].serves).toHaveLength(20)
  expect(told.shared.some(({ serves }) => serves.length > 5)).toBe(true)
})

test('the explanation says which checks need more than the scan, and runs nothing', async () => {
  const { result, statements } = await traceStatements(() =>
    suite('more', [
      ...twenty,
      { type: 'quantilesBetween', column: 'price', quantiles: [0.5], ranges: [[0, 100]] },
      {
        type: 'quantilesBetween',
        column: 'id',
        quantiles: [0.1, 0.9],
        ranges: [
          [0, 100],
          [0, null],
        ],
      },
      { type: 'mostCommonInSet', column: 'country', values: ['DE'] },
      { type: 'zScoreLess', column: 'price', threshold: 3, doubleSided: true },
      { type: 'columnCountEqual', value: 4 },
      { type: 'notNull', column: 'prise' },
    ]).explain(data),
  )
  expect(statements).toHaveLength(0)
  expect(result.statements.map(({ kind }) => kind)).toEqual(['scan', 'order', 'counts'])
  expect(result.later).toEqual([4, 23])
  expect(result.free).toEqual([24])
  expect(result.unfit).toEqual([{ place: 25, message: expect.stringMatching(/did you mean "price"/) }])
})

test('all failed checks show their rows by one more statement', async () => {
  const failing = ['id', 'price'].flatMap((column): Expectation[] =>
    Array.from({ length: 20 }, (_, i) => ({ type: 'between', column, max: i })),
  )
  const { result, statements } = await traceStatements(() => suite('failing', failing).run(data))
  expect(result.statistics).toMatchObject({ evaluated: 40, unsuccessful: 40, successPercent: 0 })
  expect(result.results[0]).toMatchObject({ unexpected: n - 1, rows: Array.from({ length: 20 }, (_, i) => i + 1) })
  expect(statements).toHaveLength(2)
})

test('severity decides whether a failure matters', async () => {
  const failing: Expectation = { type: 'notNull', column: 'price', severity: 'warning' }
  expect(await suite('s', [failing]).run(data)).toMatchObject({ ok: true, statistics: { unsuccessful: 1 } })
  expect(await suite('s', [{ ...failing, severity: 'critical' }]).run(data)).toMatchObject({ ok: false })
})

test('rows are told by their places in the table and by keys, also under a condition', async () => {
  const codes = suite('codes', [{ type: 'matchRegex', column: 'code', pattern: '^A', where: 'id >= 100' }])
  const run = await codes.run(data, { format: 'summary', samples: 3, keys: ['id', 'country'], wholeRows: true })
  expect(run.results[0]).toMatchObject({
    unexpected: 4,
    sample: ['bad code', 'bad code', 'bad code'],
    rows: [100, 125, 150],
    keys: [
      { id: 100, country: 'IN' },
      { id: 125, country: 'US' },
      { id: 150, country: 'DE' },
    ],
    counts: [{ value: 'bad code', count: 4 }],
  })
  expect(run.results[0].wholeRows?.[0]).toEqual({ id: 100, price: 0, code: 'bad code', country: 'IN' })
  const { results } = toGreatExpectationsResult(run) as unknown as { results: { result: object }[] }
  expect(results[0].result).toMatchObject({
    unexpected_index_column_names: ['id', 'country'],
    partial_unexpected_index_list: [{ code: 'bad code', id: 100, country: 'IN' }, {}, {}],
  })
  await expect(codes.run(data, { keys: ['nope'] })).rejects.toThrow(/nope/)
})

test('the four formats tell more and more; values may be kept out', async () => {
  const one = suite('one', [{ type: 'between', column: 'id', max: 100 }])
  const members = async (options: object) => {
    const { results } = toGreatExpectationsResult(await one.run(data, options)) as unknown as {
      results: { result: Record<string, unknown> }[]
    }
    return results[0].result
  }
  expect(await members({ format: 'boolean' })).toEqual({})
  expect(Object.keys(await members({ format: 'basic' }))).not.toContain('partial_unexpected_counts')
  expect(Object.keys(await members({ format: 'summary' }))).toContain('partial_unexpected_index_list')
  const complete = await members({ format: 'complete' })
  expect(complete.unexpected_list).toHaveLength(99)
  // the rows themselves can be asked for again
  expect(await data.engine.read(`SELECT count(*) AS n FROM (${complete.unexpected_index_query})`)).toEqual([{ n: 99n }])
  const hidden = await members({ format: 'complete', withoutValues: true })
  expect(hidden.unexpected_index_list).toHaveLength(99)
  expect(Object.keys(hidden)).not.toContain('unexpected_list')
  await expect(one.run(data, { format: 'BASIC' as never })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})

const file = {
  name: 'orders',
  id: '7f1',
  expectations: [
    {
      type: 'expect_column_values_to_be_between',
      kwargs: {
        column: 'price',
        min_value: 0,
        max_value: { $PARAMETER: 'top * 2' },
        mostly: 0.5,
        strict_min: null,
        windows: null,
      },
      meta: { owner: 'me' },
      id: 'a1',
      notes: ['why'],
      severity: 'warning',
      rendered_content: [{ name: 'x' }],
    },
    {
      type: 'expect_column_values_to_not_be_null',
      kwargs: {
        column: 'price',
        row_condition: {
          type: 'or',
          conditions: [
            { type: 'comparison', column: { name: 'country' }, operator: 'IN', parameter: ['DE'] },
            { type: 'nullity', column: { name: 'code' }, is_null: false },
          ],
        },
        result_format: 'BASIC',
      },
      meta: {},
    },
    {
      type: 'expect_column_values_to_be_unique',
      kwargs: { column: 'id', row_condition: 'col("id") > 5', condition_parser: 'great_expectations' },
      meta: {},
      description: 'ids differ',
    },
    {
      type: 'expect_column_pair_values_to_be_equal',
      kwargs: { column_A: 'id', column_B: 'price', ignore_row_if: 'neither' },
      meta: {},
    },
    {
      type: 'expect_compound_columns_to_be_unique',
      kwargs: { column_list: ['id', 'code'], ignore_row_if: 'never' },
      meta: {},
    },
    {
      type: 'expect_column_quantile_values_to_be_between',
      kwargs: {
        column: 'price',
        quantile_ranges: { quantiles: [0.5], value_ranges: [[null, 3]] },
        allow_relative_error: false,
      },
      meta: {},
    },
    {
      type: 'expect_column_kl_divergence_to_be_less_than',
      kwargs: {
        column: 'price',
        partition_object: { bins: [0, 50, 100], weights: [0.4, 0.4], tail_weights: [0.1, 0.1] },
        threshold: 1,
      },
      meta: {},
    },
    { type: 'expect_column_values_to_be_in_type_list', kwargs: { column: 'id', type_list: null }, meta: {} },
    {
      type: 'unexpected_rows_expectation',
      kwargs: { unexpected_rows_query: 'SELECT * FROM {batch} WHERE id < 0' },
      meta: {},
    },
  ],
  suite_parameters: { top: 40 },
  meta: { great_expectations_version: '1.24.1' },
  notes: null,
  extra: { kept: true },
}

test('a suite of Great Expectations is read and written without loss', async () => {
  const read = fromGreatExpectations(JSON.stringify(file))
  expect(toGreatExpectations(read)).toEqual(file)
  const { results, parameters } = await read.run(data, { parameters: { top: 50 } })
  expect(parameters).toEqual({ top: 50 })
  expect(results[0]).toMatchObject({ id: 'a1', meta: { owner: 'me' }, severity: 'warning', expectation: { max: 100 } })
  expect(results.map(({ status }) => status)).not.toContain('error')
})

test('our suites are read back from the form of Great Expectations as they were', () => {
  const ours = suite('ours', [
    ...twenty,
    { type: 'between', column: 'id', min: parameter('low + 1') },
    {
      type: 'notNull',
      column: 'id',
      where: {
        and: [
          { column: 'id', operator: '>', value: 1 },
          { column: 'code', operator: 'notNull' },
        ],
      },
    },
  ])
  expect(fromGreatExpectations(toGreatExpectations(ours) as never).items.map(({ expectation }) => expectation)).toEqual(
    ours.items.map(({ expectation }) => expectation),
  )
})

test('files that say what is not known are refused with the nearest name', () => {
  const one =
    (type: string, kwargs: object = { column: 'x' }) =>
    () =>
      fromGreatExpectations({ name: 's', expectations: [{ type, kwargs }] } as never)
  expect(one('expect_column_values_to_be_betwen')).toThrow(/did you mean "expect_column_values_to_be_between"/)
  expect(one('expect_column_values_to_be_between', { column: 'x', min_valu: 1 })).toThrow(/did you mean "min_value"/)
  expect(one('expect_column_max_to_be_between', { column: 'x', mostly: 1 })).toThrow(/no parameter "mostly"/)
  expect(one('expect_column_values_to_be_between', { column: 'x', mostly: 2 })).toThrow(
    expect.objectContaining({ code: 'EXPECTATION_INVALID' }),
  )
  expect(() => fromGreatExpectations('{')).toThrow(/no JSON/)
  expect(() => fromGreatExpectations({ expectation_suite_name: 'x', expectations: [] })).toThrow(/no name/)
  expect(() =>
    toGreatExpectations(suite('t', [{ type: 'notNull', column: 'x', where: ({ literal }) => literal(true) }])),
  ).toThrow(/tree of SQL/)
})

test('parameters without a value stop a run before anything is read', async () => {
  const one = suite('one', [{ type: 'between', column: 'id', max: parameter('top') }])
  const { result, statements } = await traceStatements(() => one.run(data).catch((error) => error))
  expect(result).toMatchObject({ code: 'PARAMETER_UNKNOWN' })
  expect(statements).toHaveLength(0)
  expect(await one.run(data, { parameters: { top: 1000 } })).toMatchObject({ ok: true })
  await expect(one.run(data, { parameters: { top: 'high' } })).resolves.toMatchObject({
    results: [{ status: 'error' }],
  })
})

test('queries read the table alone, and the rows that they find are unexpected', async () => {
  const query = (text: string): Expectation => ({ type: 'unexpectedRows', query: text })
  const run = await suite('q', [
    query('SELECT id, price FROM {batch} WHERE price > 90'),
    query('WITH c AS (SELECT country, count(*) AS n FROM {batch} GROUP BY 1) SELECT * FROM c WHERE n < 10'),
    { ...query('SELECT * FROM {batch} AS b WHERE b.id < 5'), where: 'id >= 5' } as Expectation,
    {
      type: 'queryMatches',
      query: 'SELECT country, count(*) FROM {batch} GROUP BY 1',
      source: 'old',
      comparison: 'SELECT country, count(*) FROM {batch} GROUP BY 1',
      mostly: 0.5,
    },
    { type: 'rowCountEqualOther', table: 'old' },
    { type: 'rowCountEqualOther', table: 'odl' },
    query('SELECT missing FROM {batch}'),
  ]).run(data, { tables: { old: data.limit(198) } })
  expect(run.results.map(({ status }) => status)).toEqual(['fail', 'pass', 'pass', 'fail', 'fail', 'error', 'error'])
  expect(run.results[0].sample[0]).toEqual({ id: 14, price: 98 })
  expect(run.results[3].details).toMatchObject({ missing_rows: expect.anything() })
  expect(run.results[4].observed).toEqual({ self: 200, other: 198 })
  for (const text of [
    'DROP TABLE x',
    'SELECT 1 FROM {batch}; SELECT 2',
    'SELECT * FROM other',
    'SELECT * FROM {batch}, information_schema.tables',
    "SELECT * FROM {batch} WHERE id IN (SELECT 1 FROM read_csv('x'))",
    "SELECT * FROM {batch} UNION ALL SELECT * FROM 'file.parquet'",
    "COPY (SELECT * FROM {batch}) TO 'x'",
    'SELECT 1',
  ])
    await expect(suite('bad', [query(text)]).run(data), text).rejects.toThrow(
      expect.objectContaining({ code: 'EXPECTATION_INVALID' }),
    )
})

test('sets of many values are looked up', async () => {
  const values = Array.from({ length: 5000 }, (_, i) => i * 2)
  const { results } = await suite('sets', [
    { type: 'inSet', column: 'id', values },
    { type: 'notInSet', column: 'price', values: values.map((v) => v + 0.5) },
  ]).run(data)
  expect(results).toMatchObject([{ unexpected: 100, sample: expect.arrayContaining([1, 3]) }, { unexpected: 0 }])
})

test('three thousand checks of many rows, and a table of two thousand columns', async () => {
  const many = (await relationOf(
    { a: Array.from({ length: 200_000 }, (_, i) => i), b: Array.from({ length: 200_000 }, (_, i) => i % 97) } as never,
    { schema: rowSchema({ a: int(), b: int() }) },
  )) as unknown as Relation
  const checks = Array.from(
    { length: 3000 },
    (_, i): Expectation =>
      i % 2
        ? { type: 'between', column: 'a', max: 100 * i }
        : { type: 'inSet', column: 'b', values: [1, 2, i], mostly: 0 },
  )
  const { result, statements } = await traceStatements(() => suite('many', checks).run(many))
  expect(result.statistics).toMatchObject({ evaluated: 3000, unsuccessful: 1000, errors: 0 })
  expect(statements.length).toBeLessThan(30)
  const names = Array.from({ length: 2000 }, (_, i) => `c${i}`)
  const wide = (await relationOf(Object.fromEntries(names.map((name, i) => [name, [i, 1, 2]])) as never, {
    schema: rowSchema(Object.fromEntries(names.map((name) => [name, float()]))),
  })) as unknown as Relation
  const run = await suite(
    'wide',
    names.map((column): Expectation => ({ type: 'between', column, max: 1000 })),
  ).run(wide)
  expect(run.statistics).toMatchObject({ successful: 1001, errors: 0 })
  expect(run.results[1500]).toMatchObject({ sample: [1500], rows: [0] })
}, 60_000)
