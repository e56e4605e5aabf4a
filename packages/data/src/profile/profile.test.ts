import { expect, test } from 'vitest'
import { openEngine, traceStatements } from '../engine.ts'
import { expectations } from '../expectations/run.ts'
import { relationOf } from '../ingest.ts'
import { relation } from '../query.ts'
import { bool, date, float, rowSchema, string, timestamp } from '../schema.ts'
import { alertExpectations, profile } from './index.ts'

/** A relation of a SELECT. */
async function select(text: string, columns: readonly string[]) {
  const engine = await openEngine()
  const { sql } = engine
  const query = sql.Query.from({ input: sql.verbatim(`(${text})`) as never }).select(...columns)
  return relation({ engine, query, columns, tokens: [] })
}

const mixed = () =>
  select(
    `SELECT i % 7 AS n, i * 1.5 AS x, 'k' || (i % 3) AS k, CASE WHEN i % 10 > 0 THEN 'text ' || i END AS t, i % 2 = 0 AS b,
     DATE '1970-01-01' + i::INTEGER AS d FROM range(200) r(i)`,
    ['n', 'x', 'k', 't', 'b', 'd'],
  )

test('a minimal profile takes one statement for the table, one for all numbers and moments, one a column of texts', async () => {
  const data = await mixed()
  const { statements } = await traceStatements(() => profile(data, { minimal: true }))
  expect(statements).toHaveLength(2 + 3)
})

test('a full profile takes four more: associations, duplicates, missing values, first rows', async () => {
  const data = await mixed()
  const { statements, result } = await traceStatements(() => profile(data))
  expect(statements).toHaveLength(2 + 3 + 4)
  expect(result.columns.map(({ role }) => role)).toEqual(['number', 'number', 'category', 'text', 'bool', 'date'])
  expect(JSON.parse(JSON.stringify(result))).toEqual(result)
})

test('numbers of many columns are read together, however many', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `c${i}`)
  const data = await (
    await select(`SELECT ${names.map((n, i) => `i * ${i + 1} AS ${n}`).join(', ')} FROM range(50) r(i)`, names)
  ).materialize()
  const { statements, result } = await traceStatements(() => profile(data, { minimal: true }))
  expect(statements).toHaveLength(1 + 5)
  expect(result.columns).toHaveLength(1000)
  expect(result.columns[999].number!.max).toBe(49_000)
})

test('Pearson over all rows is one scan, where the rest is of fewer', async () => {
  const data = await select('SELECT i AS a, i * i AS b, sin(i) AS c FROM range(3000) r(i)', ['a', 'b', 'c'])
  const { statements, result } = await traceStatements(() =>
    profile(data, { maxRows: 100, associations: ['pearson', 'auto'] }),
  )
  expect(statements.filter((s) => s.includes('corr('))).toHaveLength(1)
  expect(result.associations).toMatchObject({ rows: 100, allRows: false })
  expect(result.associations!.methods.pearson!.values[0][1]).toBeCloseTo(0.9682, 3)
})

test('an empty table has a profile, and an alert', async () => {
  const data = await relationOf([], { schema: rowSchema({ x: float(), s: string(), d: date(), b: bool() }) })
  const found = await profile(data)
  expect(found.alerts.map(({ code }) => code)).toEqual(['empty'])
  expect(found.table).toMatchObject({ rows: 0, columns: 4, cellsMissingShare: 0, duplicates: 0 })
  expect(found.columns[0]).toMatchObject({
    count: 0,
    distinct: 0,
    number: { mean: null, min: null, histogram: null, sum: 0 },
  })
  expect(found.columns[1].text).toMatchObject({ minLength: null, meanLength: null })
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
})

test('columns without a value, of every type', async () => {
  const schema = rowSchema({
    x: float({ nullable: true }),
    s: string({ nullable: true }),
    t: timestamp({ nullable: true }),
    b: bool({ nullable: true }),
  })
  const none = { x: null, s: null, t: null, b: null }
  const found = await profile(await relationOf([none, none, { ...none, x: Number.NaN }], { schema }))
  expect(found.columns.map(({ missing }) => missing)).toEqual([3, 3, 3, 3])
  expect(found.table).toMatchObject({ columnsAllMissing: 4, cellsMissingShare: 1 })
  expect(found.missing!.correlation.flat().every((r) => r === null)).toBe(true)
})

test('NaN is missing, infinite numbers are counted and left out of the rest', async () => {
  const data = await select("SELECT unnest(['1', '2', '3', 'nan', 'inf', '-inf', NULL])::DOUBLE AS x", ['x'])
  const [x] = (await profile(data)).columns
  expect(x).toMatchObject({ missing: 2, nan: 1, count: 5, distinct: 5 })
  expect(x.number).toMatchObject({ infinite: 2, mean: 2, min: 1, max: 3, negative: 1 })
  expect(x.top.map(({ value }) => value)).toContain('Infinity')
})

test('numbers as huge as they come: statistics that overflow are null, the others hold', async () => {
  const data = await select('SELECT unnest([1e308, -1e308, 1.5e308, 0.5e308]) AS x', ['x'])
  const [{ number, sketch }] = (await profile(data)).columns
  expect(number!.mean! / 1e308).toBeCloseTo(0.5, 12)
  expect(number!.sd! / 1e308).toBeCloseTo(1.0801234, 6)
  expect(number).toMatchObject({ variance: null, range: null, min: -1e308, max: 1.5e308 })
  expect(number!.skewness).toBeCloseTo(-1.19, 1)
  expect(number!.histogram!.counts.reduce((a, b) => a + b)).toBe(4)
  expect(sketch!.moments).toBeNull()
})

test('whole numbers that doubles cannot tell apart are counted exactly and shown as text', async () => {
  const data = await select('SELECT 9007199254740992 + i AS id FROM range(100) r(i)', ['id'])
  const [id] = (await profile(data)).columns
  expect(id).toMatchObject({ distinct: 100, unique: 100, isUnique: true })
  expect(id.number).toMatchObject({ min: '9007199254740992', max: '9007199254741091' })
})

test('days and moments before 1970, with microseconds, with a zone, and infinite ones', async () => {
  const data = await select(
    `SELECT * FROM (VALUES (DATE '1912-04-15', TIMESTAMP '1969-12-31 23:59:59.000001', TIMESTAMPTZ '2020-01-01 00:00:00+02'),
      (DATE '1970-01-02', TIMESTAMP '1970-01-01 00:00:00', TIMESTAMPTZ '2021-01-01'), (DATE 'infinity', NULL, NULL)) t(d, t, z)`,
    ['d', 't', 'z'],
  )
  const [d, t, z] = (await profile(data)).columns
  expect(d).toMatchObject({
    date: { min: '1912-04-15', max: '1970-01-02', infinite: 1, monotonic: 2 },
    missing: 0,
    distinct: 2,
  })
  expect(t.date).toMatchObject({ min: '1969-12-31T23:59:59.000001Z', max: '1970-01-01T00:00:00Z' })
  expect(z.date).toMatchObject({ min: '2019-12-31T22:00:00Z' })
})

test('texts with NUL, quotes, emoji, in columns with odd names', async () => {
  const name = 'a "b".c\u{1f600}'
  const rows = [{ [name]: 'a\u0000b' }, { [name]: "it's" }, { [name]: '\u{1f469}\u{1f3fd} ok' }, { [name]: '' }]
  const found = await profile(await relationOf(rows, { schema: rowSchema({ [name]: string() }) }))
  const [column] = found.columns
  expect(column).toMatchObject({ name, distinct: 4 })
  // code points: the woman and her colour are two
  expect(column.text).toMatchObject({ minLength: 0, maxLength: 5 })
  expect(column.text!.content!.firstCharacters.map(({ value }) => value)).toEqual(['a', 'i', '\u{1f469}'])
  expect(column.text!.content!.categories).toContainEqual({ value: 'Cc', count: 1 })
})

test('shapes, words and lengths of texts', async () => {
  const data = await select("SELECT unnest(['AB-12', 'CD-34', 'é-1', 'Hello, hello world!']) AS s", ['s'])
  const { text } = (await profile(data)).columns[0]
  expect(text!.content!.shapes.slice(0, 2)).toEqual([
    { value: 'AA-99', count: 2 },
    { value: 'A-9', count: 1 },
  ])
  expect(text!.content!.words[0]).toEqual({ value: 'hello', count: 2 })
  expect(text!.medianLength).toBe(5)
})

test('lists and structs are told as not looked into', async () => {
  const data = await select('SELECT [i, i] AS l, {a: i} AS s, i FROM range(4) r(i)', ['l', 's', 'i'])
  const found = await profile(data)
  expect(found.columns.map(({ role }) => role)).toEqual(['unsupported', 'unsupported', 'category'])
  expect(found.alerts.filter(({ code }) => code === 'unsupported').map(({ columns }) => columns[0])).toEqual(['l', 's'])
})

test('options that make no sense are refused before anything is read', async () => {
  const data = await mixed()
  const { statements } = await traceStatements(async () => {
    await expect(profile(data, { columns: ['nn'] })).rejects.toThrow(/no column "nn"/)
    await expect(profile(data, { top: 0 })).rejects.toThrow(/`top` of a profile is a whole number from 1/)
    await expect(profile(data, { associations: ['pearsn' as never] })).rejects.toThrow(/did you mean "?pearson/)
    await expect(profile(data, { alerts: { skewd: 1 } as never })).rejects.toThrow(/no alert "skewd"/)
  })
  expect(statements).toEqual([])
})

test('a sensitive profile holds no value of the table', async () => {
  const data = await select(
    "SELECT 'secret ' || i AS s, 7000.125 + i AS x, DATE '1987-06-05' + i::INTEGER AS d FROM range(30) r(i)",
    ['s', 'x', 'd'],
  )
  const text = JSON.stringify(await profile(data, { sensitive: true }))
  expect(text).not.toMatch(/secret|7000\.125|7029\.125|1987/)
  expect(JSON.parse(text).columns[1]).toMatchObject({ distinct: 30, number: { mean: 7014.625 } })
})

test('every alert is found by its threshold, and becomes a check that fails where it complains', async () => {
  const data = await (
    await select(
      `SELECT 1 AS same, CASE WHEN i % 4 > 0 THEN i END AS holes, CASE WHEN i % 3 = 0 THEN 0 ELSE i END AS zeros,
       CASE WHEN i % 5 = 0 THEN 'inf'::DOUBLE ELSE i + 0.5 END AS ends, CASE WHEN i = 0 THEN 1e9 ELSE i END AS skew,
       'v' || (i % 90) AS many, CASE WHEN i < 2 THEN 'rare' ELSE 'usual' END AS uneven, i AS id FROM range(450) r(i)`,
      ['same', 'holes', 'zeros', 'ends', 'skew', 'many', 'uneven', 'id'],
    )
  ).materialize()
  const found = await profile(data)
  const of = (code: string) => found.alerts.filter((alert) => alert.code === code).map(({ columns }) => columns[0])
  expect(of('constant')).toEqual(['same'])
  expect(of('missing')).toEqual(['holes'])
  expect(of('zeros')).toEqual(['zeros'])
  expect(of('infinite')).toEqual(['ends'])
  expect(of('skewed')).toEqual(['skew'])
  expect(of('highCardinality')).toEqual(['many'])
  expect(of('imbalance')).toEqual(['uneven'])
  expect(of('unique')).toEqual(['skew', 'id'])
  expect(of('highCorrelation')).toContain('holes')
  expect((await profile(data, { alerts: { missing: 0.5, skewed: 1e9 } })).alerts.map(({ code }) => code)).not.toContain(
    'missing',
  )
  // each says what is wrong now, but for those that say what should stay
  const checks = found.alerts.filter(({ code }) =>
    ['constant', 'missing', 'zeros', 'infinite', 'highCardinality', 'imbalance'].includes(code),
  )
  for (const result of await expectations(data, alertExpectations(checks)))
    expect([result.sentence, result.status]).toEqual([result.sentence, 'fail'])
  const kept = found.alerts.filter(({ code }) => code === 'unique')
  for (const result of await expectations(data, alertExpectations(kept))) expect(result.status).toBe('pass')
})
