import { afterAll, expect, test } from 'vitest'
import {
  bool,
  checkSchema,
  closeEngine,
  date,
  float,
  int,
  parseRows,
  relationOf,
  rowSchema,
  string,
  timestamp,
  traceStatements,
  validateTable,
} from '../index.ts'

afterAll(closeEngine)
const refuses = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) })

const Schema = rowSchema(
  { id: int({ unique: true }), day: date({ nullable: true }), n: int({ min: 0 }), k: string({ values: ['a', 'b'] }) },
  { unique: [['day', 'k']] },
)
const Texts = rowSchema({
  id: int(),
  k: string(),
  n: string({ nullable: true }),
  day: string({ nullable: true }),
  more: int(),
})
const rows = [
  { id: 1, day: '2024-01-01', n: '5', k: 'a', more: 0 },
  { id: 2, day: '2024-01-02', n: '-1', k: 'c', more: 0 },
  { id: 3, day: '2024-01-02T00:00:00Z', n: ' 7.0 ', k: 'a', more: 0 },
  { id: 3, day: 'yesterday', n: '1.5', k: 'b', more: 0 },
  { id: 4, day: null, n: null, k: 'a', more: 0 },
  { id: 5, day: '2024-01-01', n: '9', k: 'a', more: 0 },
  { id: 6, day: '2024-01-09', n: '9', k: 'a', more: 0 },
]

test('a table is parted into the rows that fulfil the schema and a line for each failure of the others', async () => {
  const data = await relationOf(rows, { schema: Texts })
  const { result, statements } = await traceStatements(() => validateTable(data, Schema, { coerce: true }))
  expect(statements.length).toBe(2)
  expect(await result.valid.rows()).toEqual([{ id: 6, day: '2024-01-09', n: 9, k: 'a' }])
  expect(await result.failures.orderBy('row', 'column').rows()).toEqual([
    { column: 'day, k', check: 'unique', row: 0, value: '2024-01-01, a' },
    { column: 'k', check: 'values', row: 1, value: 'c' },
    { column: 'n', check: 'min', row: 1, value: '-1' },
    { column: 'id', check: 'unique', row: 2, value: '3' },
    { column: 'day', check: 'type', row: 3, value: 'yesterday' },
    { column: 'id', check: 'unique', row: 3, value: '3' },
    { column: 'n', check: 'type', row: 3, value: '1.5' },
    { column: 'n', check: 'nullable', row: 4, value: null },
    { column: 'day, k', check: 'unique', row: 5, value: '2024-01-01, a' },
  ])
  expect(result.ok).toBe(false)
  expect(result.violations.find(({ rule }) => rule === 'nullable')).toMatchObject({
    count: 1,
    first: [{ row: 4, value: null }],
  })
  expect(result.violations.find(({ column }) => column === 'day, k')).toMatchObject({
    count: 2,
    first: [
      { row: 0, value: '["2024-01-01","a"]' },
      { row: 5, value: '["2024-01-01","a"]' },
    ],
  })
})

test('a table that fulfils its schema stays whole and has no failures', async () => {
  const schema = rowSchema({ a: int(), b: string() }, { extra: 'allow' })
  const data = await relationOf([{ b: 'x', a: 1, c: 2 }], { schema: rowSchema({ b: string(), a: int(), c: int() }) })
  const { ok, valid, failures, violations } = await validateTable(data, schema)
  expect([ok, violations]).toEqual([true, []])
  expect(await valid.rows()).toEqual([{ a: 1, b: 'x', c: 2 }])
  expect(valid.columns).toEqual(['a', 'b', 'c'])
  expect(await failures.rows()).toEqual([])
})

test('what a whole column breaks is refused before anything is read', async () => {
  const data = await relationOf([{ b: 'x', a: 1, c: 2 }], { schema: rowSchema({ b: string(), a: int(), c: int() }) })
  const columns = { a: int(), b: string() }
  await expect(validateTable(data, rowSchema({ a: string() }), { coerce: true })).rejects.toThrow(
    refuses('SCHEMA_VIOLATED', /"a"/),
  )
  await expect(validateTable(data, rowSchema({ b: int() }))).rejects.toThrow(refuses('SCHEMA_VIOLATED', /"b"/))
  await expect(validateTable(data, rowSchema({ d: int() }))).rejects.toThrow(refuses('COLUMN_MISSING', /"d"/))
  await expect(validateTable(data, rowSchema(columns, { extra: 'forbid' }))).rejects.toThrow(
    refuses('SCHEMA_VIOLATED', /"c"/),
  )
  await expect(validateTable(data, rowSchema(columns, { ordered: true }))).rejects.toThrow(
    refuses('SCHEMA_VIOLATED', /"a"/),
  )
  await expect(validateTable(data, rowSchema({ b: string({ pattern: '(?!x)' }) }))).rejects.toThrow(
    refuses('PATTERN_UNSUPPORTED'),
  )
  expect(() => rowSchema(columns, { unique: [['a', 'B']] })).toThrow(refuses('SCHEMA_INVALID', /"B".*"b"/))
})

test('the check tells columns beyond the schema, a wrong order, and repeated rows of several columns', async () => {
  const data = await relationOf(
    [
      { b: 'x', a: 1, c: 2 },
      { b: 'x', a: 1, c: 3 },
      { b: null, a: 1, c: 3 },
      { b: null, a: null, c: 3 },
      { b: null, a: null, c: 3 },
    ],
    { schema: rowSchema({ b: string({ nullable: true }), a: int({ nullable: true }), c: int() }) },
  )
  const schema = rowSchema(
    { a: int({ nullable: true }), b: string({ nullable: true }) },
    { extra: 'forbid', ordered: true, unique: [['a', 'b']] },
  )
  expect((await checkSchema(data, schema)).violations).toEqual([
    { column: 'c', rule: 'extra', sentence: 'no column of the schema', count: 1, first: [] },
    { column: 'a', rule: 'ordered', sentence: 'not at place 0 among the columns of the schema', count: 1, first: [] },
    {
      column: 'a, b',
      rule: 'unique',
      sentence: 'repeated',
      count: 1,
      first: [
        { row: 0, value: '[1,"x"]' },
        { row: 1, value: '[1,"x"]' },
      ],
    },
  ])
})

test('columns with quotes, dots, spaces, and names that SQL or we use ourselves', async () => {
  const columns = {
    'a "b"': int(),
    'c.d': int({ max: 1 }),
    ' ': string(),
    place: int({ unique: true }),
    failure: int(),
    row: int({ max: 0 }),
    before: int(),
  }
  const schema = rowSchema(columns)
  const row = { 'a "b"': 1, 'c.d': 2, ' ': "'; DROP TABLE x", place: 1, failure: 1, row: 2, before: 3 }
  const data = await relationOf([row, { ...row, 'c.d': 0, row: 0, place: 2 }], { schema })
  const { valid, failures } = await validateTable(data, schema)
  expect(await failures.rows()).toEqual([
    { column: 'c.d', check: 'max', row: 0, value: '2' },
    { column: 'row', check: 'max', row: 0, value: '2' },
  ])
  expect(await valid.rows()).toEqual([{ ...row, 'c.d': 0, row: 0, place: 2 }])
  expect((await checkSchema(data, schema)).violations.map(({ column }) => column)).toEqual(['c.d', 'row'])
})

const texts =
  `1|1.0| 1 |+1|-1|1.5|1_000|1__0|x||007|1e3|.5|5.|inf|-inf|+Infinity|NaN|true|TRUE|yes|off|Y|0|2024-02-29|2023-02-29|2024-02-29T00:00:00|2024-02-29 00:00
2024-02-29T00:00:00+02:00|2024-02-29T12:30:45.5+02:00|2024-02-29t12:30:45z|2024-02-29_12:30|2024-02-29T12:30:45,25|2024-02-29T12:30:45.123456789Z|2024-02-29T24:00:00|2024-02-29T12:30:45+0530
0001-01-01|1969-12-31T23:59:59Z|infinity|epoch| 2024-02-29|2024-02-29 |now`.split(/[|\n]/)

test.each([
  ['int', int({ nullable: true })],
  ['float', float({ nullable: true })],
  ['float with NaN', float({ nullable: true, finite: false, min: 0 })],
  ['bool', bool({ nullable: true })],
  ['date', date({ nullable: true, min: '2000-01-01' })],
  ['timestamp', timestamp({ nullable: true, max: '2024-02-29T12:30:45.25Z' })],
] as const)('texts are read as %s alike by rows and by SQL', async (_, column) => {
  const schema = rowSchema({ a: column })
  // seconds since 1970 are no texts for SQL
  const isTime = column.type === 'date' || column.type === 'timestamp'
  const rows = texts.filter((text) => !isTime || !/^[+-]?\d+(\.\d+)?$/.test(text)).map((a) => ({ a }))
  const data = await relationOf(rows, { schema: rowSchema({ a: string() }) })
  const table = await validateTable(data, schema, { coerce: true })
  const parsed = parseRows(schema, rows)
  const failed = new Set((await table.failures.rows()).map(({ row }) => row))
  expect([...failed].map((row) => rows[row].a)).toEqual(parsed.failures.map(({ row }) => rows[row].a))
  const plain = (row: { a: unknown }) => (typeof row.a === 'boolean' ? { a: row.a } : row)
  expect(await table.valid.rows()).toEqual(parsed.rows.map((row) => plain(row as { a: unknown })))
})
