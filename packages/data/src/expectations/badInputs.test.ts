import { afterAll, expect, test } from 'vitest'
import { openEngine } from '../engine.ts'
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
  timestamp,
} from '../index.ts'
import { relation } from '../query.ts'

afterAll(closeEngine)

const one = async (data: unknown, expectation: Expectation) => (await expectations(data as Relation, [expectation]))[0]
/** A table of what SQL makes. */
async function made(select: string, columns: readonly string[]): Promise<Relation> {
  const engine = await openEngine()
  const query = engine.sql.Query.from({ made: engine.sql.verbatim(`(${select})`) as never }).select(
    ...columns.map((name) => engine.sql.column(name)),
  )
  return relation({ engine, query, columns, tokens: [] })
}

test('a column that is not there is the error of its expectation, with the nearest name', async () => {
  const data = await relationOf([{ price: 1 }], { schema: rowSchema({ price: float() }) })
  expect(await one(data, { type: 'notNull', column: 'prise' })).toMatchObject({
    status: 'error',
    message: expect.stringMatching(/did you mean "price"/),
  })
  expect(await one(data, { type: 'columnExists', column: 'prise' })).toMatchObject({ status: 'fail' })
})

test('an empty table: rows pass for there are none, numbers fail but counts and sums', async () => {
  const none = await relationOf([], { schema: rowSchema({ x: float(), s: string() }) })
  const results = await expectations(none as unknown as Relation, [
    { type: 'unique', column: 'x' },
    { type: 'increasing', column: 'x' },
    { type: 'zScoreLess', column: 'x', threshold: 1, doubleSided: true },
    { type: 'notOutliers', column: 'x' },
    { type: 'jsonParseable', column: 's' },
    { type: 'distinctInSet', column: 's', values: ['a'] },
    { type: 'sumBetween', column: 'x', max: 0 },
    { type: 'uniqueCountBetween', column: 'x', max: 0 },
    { type: 'distinctEqualSet', column: 's', values: ['a'] },
    { type: 'distinctContainSet', column: 's', values: ['a'] },
    { type: 'mostCommonInSet', column: 's', values: ['a'] },
    { type: 'quantilesBetween', column: 'x', quantiles: [0.5], ranges: [[null, null]] },
    { type: 'stdevBetween', column: 'x' },
    { type: 'klDivergenceLess', column: 's', partition: { values: ['a'], weights: [1] }, threshold: 1 },
    { type: 'chiSquareAbove', column: 's', partition: { values: ['a'], weights: [1] } },
  ])
  expect(results.map(({ status }) => status)).toEqual([...Array(8).fill('pass'), ...Array(7).fill('fail')])
  expect(results[0]).toMatchObject({ vacuous: true, unexpectedShare: null })
})

test('a column of missing values, and one of a single row', async () => {
  const data = await relationOf([{ x: null, y: 1 }], {
    schema: rowSchema({ x: float({ nullable: true }), y: float() }),
  })
  const results = await expectations(data as unknown as Relation, [
    { type: 'between', column: 'x', min: 0 },
    { type: 'compoundUnique', columns: ['x', 'x'] },
    { type: 'stdevBetween', column: 'y' },
    { type: 'zScoreLess', column: 'y', threshold: 1, doubleSided: true },
    { type: 'notOutliers', column: 'y', method: 'std' },
    { type: 'medianBetween', column: 'y', min: 1, max: 1 },
  ])
  expect(results.map(({ status }) => status)).toEqual(['pass', 'pass', 'fail', 'pass', 'pass', 'pass'])
  expect(results[2].observed).toBe(null)
})

test('infinite numbers are numbers, NaN is missing', async () => {
  const data = await made("SELECT unnest(['inf'::DOUBLE, '-inf'::DOUBLE, 'nan'::DOUBLE, NULL, 1.0]) AS x", ['x'])
  expect(await one(data, { type: 'between', column: 'x', min: 0, max: 9 })).toMatchObject({
    elements: 5,
    missing: 2,
    unexpected: 2,
  })
  expect(await one(data, { type: 'notNull', column: 'x' })).toMatchObject({ unexpected: 2, details: { nan: 1 } })
  expect(await one(data, { type: 'maxBetween', column: 'x' })).toMatchObject({ observed: Infinity, status: 'pass' })
  expect(await one(data, { type: 'zScoreLess', column: 'x', threshold: 1, doubleSided: true })).toMatchObject({
    unexpected: 0,
  })
  expect(await one(data, { type: 'inSet', column: 'x', values: [Infinity, 1] })).toMatchObject({ unexpected: 1 })
  const sums = await made("SELECT unnest(['inf'::DOUBLE, 1.0]) AS x", ['x'])
  expect(await one(sums, { type: 'sumBetween', column: 'x' })).toMatchObject({ observed: Infinity })
  expect(await one(sums, { type: 'meanBetween', column: 'x' })).toMatchObject({ observed: Infinity })
})

test('sums that overflow say so', async () => {
  const data = await relationOf([{ x: 1e308 }, { x: 1e308 }], { schema: rowSchema({ x: float() }) })
  expect(await one(data, { type: 'sumBetween', column: 'x', max: 1e300 })).toMatchObject({
    status: 'fail',
    observed: Infinity,
  })
})

test('whole numbers beyond 2^53 and decimals are exact', async () => {
  const big = await made(
    'SELECT unnest([9007199254740993, 9007199254740992]) AS n, unnest([0.10, 0.20])::DECIMAL(4,2) AS d',
    ['n', 'd'],
  )
  expect(await one(big, { type: 'maxBetween', column: 'n' })).toMatchObject({ observed: '9007199254740993' })
  expect(await one(big, { type: 'unique', column: 'n' })).toMatchObject({ status: 'pass' })
  expect(await one(big, { type: 'between', column: 'n', max: 5 })).toMatchObject({
    sample: ['9007199254740993', '9007199254740992'],
  })
  expect(await one(big, { type: 'inSet', column: 'd', values: [0.1, 0.2] })).toMatchObject({ status: 'pass' })
  expect(await one(big, { type: 'sumBetween', column: 'd', min: 0.3, max: 0.3 })).toMatchObject({ status: 'pass' })
  expect(await one(big, { type: 'distinctInSet', column: 'n', values: [1] })).toMatchObject({
    status: 'fail',
    observed: ['9007199254740992', '9007199254740993'],
  })
  expect(await one(big, { type: 'mostCommonInSet', column: 'n', values: [1] })).toMatchObject({ status: 'fail' })
})

test('names of columns are names, whatever is written in them', async () => {
  const names = ['a"b', "c'd", 'e.f', 'g h', 'ключ', '"; DROP TABLE x; --', 'place']
  const schema = rowSchema(Object.fromEntries(names.map((name) => [name, int()])))
  const data = await relationOf(
    [Object.fromEntries(names.map((name) => [name, 1])), Object.fromEntries(names.map((name) => [name, 1]))],
    { schema },
  )
  const all = names.flatMap((column): Expectation[] => [
    { type: 'between', column, min: 2 },
    { type: 'unique', column },
    { type: 'increasing', column, strictly: true },
    { type: 'mostCommonInSet', column, values: [1] },
    { type: 'quantilesBetween', column, quantiles: [0.5], ranges: [[1, 1]] },
  ])
  const results = await expectations(data as unknown as Relation, all)
  expect(results.map(({ status, message }) => message ?? status)).toEqual(
    names.flatMap(() => ['fail', 'fail', 'fail', 'pass', 'pass']),
  )
  expect(results[2]).toMatchObject({ sample: [1], rows: [1] })
})

test('days before 1970, moments of several zones and days beside moments compare in time', async () => {
  const data = await relationOf(
    [
      { day: '1931-05-01', at: '2020-01-01T00:30:00+01:00' },
      { day: '2020-01-01', at: '2019-12-31T23:30:00Z' },
    ],
    { schema: rowSchema({ day: date(), at: timestamp() }) },
  )
  const results = await expectations(data as unknown as Relation, [
    { type: 'between', column: 'day', min: '1931-05-01', max: '2020-01-01' },
    { type: 'between', column: 'at', min: '2019-12-31', max: '2020-01-01' },
    { type: 'between', column: 'day', max: '2019-12-31T12:00:00Z' },
    { type: 'minBetween', column: 'day', min: '1931-05-01', max: '1931-05-01' },
    { type: 'maxBetween', column: 'at', min: '2020-01-01T00:30:00+01:00' },
    { type: 'columnPairGreater', columns: ['day', 'at'] },
    { type: 'between', column: 'at', max: 'yesterday' },
  ])
  expect(results.map(({ status }) => status)).toEqual(['pass', 'pass', 'fail', 'pass', 'pass', 'fail', 'error'])
  // both moments are the same one
  expect(results[4].observed).toBe('2019-12-31T23:30:00Z')
})

test('texts: code points, NUL, escapes and patterns with quotes', async () => {
  const data = await relationOf([{ s: 'a\u0000b' }, { s: '😀😀' }, { s: '100%' }, { s: "it's" }], {
    schema: rowSchema({ s: string() }),
  })
  expect(await one(data, { type: 'lengthBetween', column: 's', min: 2, max: 4 })).toMatchObject({ status: 'pass' })
  expect(await one(data, { type: 'lengthEqual', column: 's', length: 2 })).toMatchObject({ unexpected: 3 })
  expect(await one(data, { type: 'matchLike', column: 's', pattern: '%!%', escape: '!' })).toMatchObject({
    unexpected: 3,
  })
  expect(
    await one(data, { type: 'matchLikeList', column: 's', patterns: ['%!%', "it''s", "it's"], escape: '!' }),
  ).toMatchObject({ unexpected: 2 })
  expect(await one(data, { type: 'notMatchLikeList', column: 's', patterns: ['%', 'x'] })).toMatchObject({
    unexpected: 4,
  })
  expect(await one(data, { type: 'matchRegex', column: 's', pattern: "'" })).toMatchObject({ unexpected: 3 })
  expect(await one(data, { type: 'inSet', column: 's', values: ['a\u0000b', "it's"] })).toMatchObject({ unexpected: 2 })
})

test('\\w and \\d are letters and digits of every script, and look-around is judged too', async () => {
  const data = await relationOf([{ s: 'Äpfel' }, { s: '٣' }, { s: 'a-b' }], { schema: rowSchema({ s: string() }) })
  expect(await one(data, { type: 'matchRegex', column: 's', pattern: '^\\w+$' })).toMatchObject({ sample: ['a-b'] })
  expect(await one(data, { type: 'matchRegex', column: 's', pattern: '^[\\d-]+$' })).toMatchObject({ unexpected: 2 })
  expect(await one(data, { type: 'matchRegex', column: 's', pattern: '^[^\\W]+$' })).toMatchObject({ sample: ['a-b'] })
  expect(await one(data, { type: 'notMatchRegexList', column: 's', patterns: ['a(?=-)', 'z'] })).toMatchObject({
    sample: ['a-b'],
    rows: [2],
  })
  expect(await one(data, { type: 'matchRegex', column: 's', pattern: '(?i)^A', mostly: 0.3 })).toMatchObject({
    unexpected: 2,
  })
})

test('a set of mixed kinds holds what can be equal; one of another kind altogether is an error', async () => {
  const data = await relationOf([{ n: 3 }, { n: 4 }], { schema: rowSchema({ n: int() }) })
  expect(await one(data, { type: 'inSet', column: 'n', values: [3.0, '4'] })).toMatchObject({
    status: 'fail',
    sample: [4],
  })
  expect(await one(data, { type: 'inSet', column: 'n', values: ['3', '4'] })).toMatchObject({ status: 'error' })
  expect(await one(data, { type: 'inSet', column: 'n', values: [] })).toMatchObject({ unexpected: 2 })
  expect(await one(data, { type: 'notInSet', column: 'n', values: [] })).toMatchObject({ unexpected: 0 })
  expect(await one(data, { type: 'inSet', column: 'n', values: null })).toMatchObject({ status: 'pass' })
})

test('lists and structs have values that are counted and shown as text', async () => {
  const data = await made("SELECT unnest([[1, 2], [1, 2], [3]]) AS l, unnest([{'a': 1}, {'a': 2}, {'a': 2}]) AS s", [
    'l',
    's',
  ])
  expect(await one(data, { type: 'unique', column: 'l' })).toMatchObject({
    unexpected: 2,
    sample: ['[1, 2]', '[1, 2]'],
  })
  expect(await one(data, { type: 'ofType', column: 'l', dataType: 'ArrayType' })).toMatchObject({ status: 'pass' })
  expect(await one(data, { type: 'uniqueCountBetween', column: 's', max: 2 })).toMatchObject({
    status: 'pass',
    observed: 2,
  })
  expect(await one(data, { type: 'between', column: 'l', min: 0 })).toMatchObject({ status: 'error' })
})

test('types have the names of pandas, SQL, Arrow and Spark', async () => {
  const data = await made(
    "SELECT 1::INTEGER AS i, 1::BIGINT AS b, 1.5::DOUBLE AS d, 'x' AS s, DATE '2020-01-01' AS day, TIMESTAMP '2020-01-01' AS t, true AS f, 1.0::DECIMAL(9,2) AS m",
    ['i', 'b', 'd', 's', 'day', 't', 'f', 'm'],
  )
  const names: Record<string, readonly string[]> = {
    i: ['int', 'int32', 'INTEGER', 'IntegerType', 'np.int32', 'Int32'],
    b: ['int', 'int64', 'BIGINT', 'LongType', 'bigint'],
    d: ['float', 'float64', 'DOUBLE', 'DoubleType', 'double'],
    s: ['str', 'object', 'VARCHAR', 'VARCHAR(20)', 'StringType', 'utf8', 'TEXT'],
    day: ['date', 'DATE', 'DateType', 'date32'],
    t: ['datetime64[ns]', 'TIMESTAMP', 'TimestampType', 'datetime'],
    f: ['bool', 'BOOLEAN', 'BooleanType'],
    m: ['DECIMAL', 'Decimal', 'NUMERIC(10,2)', 'DecimalType'],
  }
  const list = Object.entries(names).flatMap(([column, types]) =>
    types.map((dataType): Expectation => ({ type: 'ofType', column, dataType })),
  )
  expect(
    (await expectations(data as Relation, list))
      .filter(({ status }) => status !== 'pass')
      .map(({ sentence }) => sentence),
  ).toEqual([])
  const wrong: Expectation[] = [
    { type: 'ofType', column: 'i', dataType: 'int64' },
    { type: 'ofType', column: 'd', dataType: 'int' },
    { type: 'inTypeList', column: 's', dataTypes: ['int', 'float'] },
    { type: 'columnType', column: 't', dataType: 'date' },
    { type: 'ofType', column: 's', dataType: 'nonsense' },
  ]
  const failed = await expectations(data as Relation, [...wrong, { type: 'ofType', column: 'b', dataType: 'Int46' }])
  expect(failed.map(({ status }) => status)).toEqual([...wrong, 1].map(() => 'fail'))
  expect(failed[5].details).toEqual({ hint: expect.stringMatching(/no type is called "Int46"/) })
})

test('parameters that no table could fulfil are refused before anything is read', async () => {
  const data = await relationOf([{ x: 1, s: 'a' }], { schema: rowSchema({ x: float(), s: string() }) })
  const bad: readonly object[] = [
    { type: 'betwen', column: 'x' },
    { type: 'constructor', column: 'x' },
    { type: 'between', column: 'x', min: 2, max: 1 },
    { type: 'between', column: 'x', min: 1, max: 'a' },
    { type: 'between', column: 'x', mostly: -0.1 },
    { type: 'lengthEqual', column: 's', length: -1 },
    { type: 'matchRegex', column: 's', pattern: '[' },
    { type: 'matchLike', column: 's', pattern: 'a', escape: 'ab' },
    { type: 'matchStrftime', column: 's', format: '%Q' },
    { type: 'matchStrftime', column: 's', format: 'never' },
    { type: 'matchJsonSchema', column: 's', schema: { type: 'text' } },
    { type: 'matchJsonSchema', column: 's', schema: { $ref: '#/nowhere' } },
    { type: 'zScoreLess', column: 'x', threshold: 0, doubleSided: true },
    { type: 'notOutliers', column: 'x', method: 'mad' },
    { type: 'quantilesBetween', column: 'x', quantiles: [0.5], ranges: [] },
    { type: 'quantilesBetween', column: 'x', quantiles: [0.5], ranges: [[2, 1]] },
    { type: 'distinctEqualSet', column: 'x', values: [] },
    { type: 'klDivergenceLess', column: 's', partition: { values: ['a'], weights: [0.5] } },
    { type: 'klDivergenceLess', column: 's', partition: { values: ['a'], weights: [1] }, internalHoldout: 0.1 },
    { type: 'klDivergenceLess', column: 'x', partition: { bins: [0, 1], weights: [0.5, 0.5] } },
    { type: 'klDivergenceLess', column: 'x', partition: { bins: [1, 0], weights: [1] } },
    { type: 'klDivergenceLess', column: 'x', threshold: -1 },
    { type: 'distributionKsAbove', column: 'x', distribution: 'cauchy' },
    { type: 'distributionKsAbove', column: 'x', distribution: 'norm', parameters: [0, 0] },
    { type: 'columnPairEqual', columns: ['x'] },
    { type: 'uniqueWithinRecord', columns: ['x'] },
    { type: 'compoundUnique', columns: [] },
    { type: 'compoundUnique', columns: undefined },
    { type: 'columnPairInSet', columns: ['x', 's'], pairs: [[1]] },
    { type: 'rowCountEqual', value: 1.5 },
    { type: 'columnPairEqual', columns: ['x', 's'], ignoreRowIf: 'neither' },
    { type: 'matchRegexList', column: 's', patterns: ['a'], matchOn: 'some' },
    { type: 'notNull', column: 's', severity: 'bad' },
    { type: 'unexpectedRows', query: 'SELECT 1' },
  ]
  for (const expectation of bad)
    await expect(
      expectations(data as unknown as Relation, [expectation as Expectation]),
      JSON.stringify(expectation),
    ).rejects.toThrow(expect.objectContaining({ code: 'EXPECTATION_INVALID' }))
})

test('JSON: what cannot be read is unexpected, and never stops a check', async () => {
  const data = await relationOf([{ s: '{"a": 1}' }, { s: '{' }, { s: '{"a": NaN}' }, { s: '"NaN' }], {
    schema: rowSchema({ s: string() }),
  })
  expect(await one(data, { type: 'jsonParseable', column: 's' })).toMatchObject({ sample: ['{', '"NaN'] })
  expect(await one(data, { type: 'matchJsonSchema', column: 's', schema: { required: ['a'] } })).toMatchObject({
    unexpected: 2,
  })
})

test('order is that of the rows as the relation gives them', async () => {
  const n = 5000
  const data = await relationOf(
    Array.from({ length: n }, (_, i) => ({ x: (i * 7919) % n })),
    { schema: rowSchema({ x: int() }) },
  )
  const sorted = data.orderBy('x')
  expect(await one(data, { type: 'increasing', column: 'x' })).toMatchObject({ status: 'fail' })
  expect(await one(sorted, { type: 'increasing', column: 'x', strictly: true })).toMatchObject({ status: 'pass' })
  expect(await one(sorted, { type: 'decreasing', column: 'x' })).toMatchObject({
    unexpected: n - 1,
    rows: Array.from({ length: 20 }, (_, i) => i + 1),
  })
  expect(await one(sorted, { type: 'between', column: 'x', max: 4989 })).toMatchObject({
    rows: Array.from({ length: 10 }, (_, i) => 4990 + i),
  })
})
