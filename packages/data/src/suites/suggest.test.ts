import { afterAll, expect, test } from 'vitest'
import {
  closeEngine,
  explainFailures,
  float,
  int,
  mutationTest,
  type Relation,
  relationOf,
  rowSchema,
  string,
  suggest,
  suite,
  timestamp,
  traceStatements,
} from '../index.ts'
import { patternOfShape } from './suggest.ts'

afterAll(closeEngine)

const Day = rowSchema({
  day: string(),
  id: int(),
  price: float({ nullable: true }),
  code: string(),
  country: string(),
  at: timestamp(),
})
/** A part of a history: the same laws every day. */
const dayOf = (d: number, n = 60) =>
  Array.from({ length: n }, (_, i) => ({
    day: `2026-01-${String(d + 1).padStart(2, '0')}`,
    id: d * 1000 + i,
    price: (i + d) % 12 === 0 ? null : 10 + ((i * 37 + d * 11) % 90),
    code: `AB-${100 + ((i * 7 + d * 13) % 900)}`,
    country: ['DE', 'IN', 'US'][i % 3],
    at: `2026-01-${String(d + 1).padStart(2, '0')}T0${i % 10}:00:00Z`,
  }))
const table = async (days: number, tweak = (row: ReturnType<typeof dayOf>[number]) => row) =>
  (await relationOf(
    Array.from({ length: days }, (_, d) => dayOf(d))
      .flat()
      .map(tweak),
    { schema: Day },
  )) as unknown as Relation

test('a history suggests what has always held, and drops what would have been wrong', async () => {
  const data = await table(20)
  const { suite: found, suggestions } = await suggest({ data, by: 'day' })
  const kept = suggestions.filter(({ kept }) => kept).map(({ sentence }) => sentence)
  expect(kept).toEqual(
    expect.arrayContaining([
      'country is one of { DE, IN, US }',
      'id is not missing',
      'id holds no value twice',
      'code matches any of { ^[A-Z]{2}\\-[0-9]{3}$ }',
      'price is at least 1.1 and at most 107.9',
      'the number of rows is at least 54 and at most 66',
    ]),
  )
  // the range of an id that counts upwards is no law, though it would not have been wrong about any past day
  const range = suggestions.find(
    ({ expectation: { type }, sentence }) => type === 'meanBetween' && sentence.includes('id'),
  )
  expect(range).toMatchObject({ kept: false, trend: true })
  for (const { alarmRate, falseAlarms, parts, alarmRateAtMost } of suggestions) {
    expect(alarmRate).toBeCloseTo((falseAlarms + 1) / (parts + 1), 12)
    expect(alarmRateAtMost).toBeGreaterThan(falseAlarms / parts)
  }
  const next = (await relationOf(dayOf(8), { schema: Day })) as unknown as Relation
  const run = await found.run(next.omit('day') as unknown as Relation)
  expect(run.results.filter(({ status }) => status !== 'pass').map(({ sentence }) => sentence)).toEqual([])
})

test('what depends on the day is not suggested', async () => {
  // a new code of country every fourth day
  const data = await table(20, (row) => {
    const d = Math.floor(row.id / 1000)
    return d % 4 === 3 && row.id % 10 === 0 ? { ...row, country: `X${d}` } : row
  })
  const { suggestions } = await suggest({ data, by: 'day' })
  const set = suggestions.find(({ expectation }) => expectation.type === 'inSet' && expectation.column === 'country')
  expect(set).toMatchObject({ kept: false, falseAlarms: 5 })
})

test('short histories and impossible rates are refused', async () => {
  const data = await table(2)
  await expect(suggest({ data, by: 'day' })).rejects.toThrow(expect.objectContaining({ code: 'HISTORY_SHORT' }))
  await expect(suggest([data, data, data], { falseAlarms: 1 })).rejects.toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})

test('a shape is a regular expression of its classes', () => {
  expect(patternOfShape('AAa-99.9')).toBe('^[A-Z]{2}[a-z]\\-[0-9]{2}\\.[0-9]$')
  expect(patternOfShape('')).toBe('^$')
})

test('mutation tells which checks are missing', async () => {
  const data = (await table(2)) as Relation
  const weak = suite('weak', [{ type: 'notNull', column: 'id' }])
  const strong = suite('strong', [
    { type: 'notNull', column: 'id' },
    { type: 'unique', column: 'id' },
    { type: 'rowCountEqual', value: 120 },
    { type: 'between', column: 'id', min: 0, max: 1100 },
    { type: 'between', column: 'price', min: 10, max: 100 },
    { type: 'inSet', column: 'country', values: ['DE', 'IN', 'US'] },
    { type: 'matchRegex', column: 'code', pattern: '^AB-\\d{3}$' },
    { type: 'lengthEqual', column: 'day', length: 10 },
  ])
  const [first, second] = [await mutationTest(weak, data), await mutationTest(strong, data)]
  expect(first.mutants).toBe(second.mutants)
  expect(first.killRate).toBeLessThan(0.1)
  expect(second.killRate).toBeGreaterThan(0.5)
  expect(
    second.noticed.find(({ mutation, columns }) => mutation === 'unit' && columns[0] === 'price')?.killedBy,
  ).toEqual(['price is at least 10 and at most 100'])
  expect(second.survived.some(({ mutation, columns }) => mutation === 'zone' && columns[0] === 'at')).toBe(true)
})

test('the condition that explains most failures is found in one statement, pairs only where they tell more', async () => {
  const data = await table(6, (row) => (row.country === 'IN' && row.id % 1000 < 30 ? { ...row, price: -1 } : row))
  const wide = data.derive({
    half: ({ cond, lt, mod, literal, column }) =>
      cond(lt(mod(column('id'), literal(1000)), literal(30)), literal('first'), literal('second')) as never,
  }) as unknown as Relation
  const { result, statements } = await traceStatements(() =>
    explainFailures(wide, { type: 'between', column: 'price', min: 0 }, { columns: ['country', 'half', 'day'] }),
  )
  expect(result[0]).toMatchObject({
    where: {
      and: expect.arrayContaining([
        { column: 'country', operator: '==', value: 'IN' },
        { column: 'half', operator: '==', value: 'first' },
      ]),
    },
    explains: 1,
    precision: 1,
    failures: 60,
  })
  expect(statements.filter((text) => text.includes('GROUPING SETS'))).toHaveLength(1)
  const [single] = await explainFailures(wide, { type: 'notInSet', column: 'country', values: ['IN'] })
  expect(single).toMatchObject({ where: { column: 'country', operator: '==', value: 'IN' }, explains: 1, precision: 1 })
  expect(await explainFailures(wide, { type: 'notNull', column: 'id' })).toEqual([])
  const [repeated] = await explainFailures(
    wide,
    { type: 'unique', column: 'country', where: 'half == "first"' },
    { pairs: false },
  )
  expect(repeated).toMatchObject({
    where: { column: 'half', operator: '==', value: 'first' },
    explains: 1,
    precision: 1,
  })
})
