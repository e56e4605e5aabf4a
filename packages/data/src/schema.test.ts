import { afterAll, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  asRowSchema,
  bool,
  checkSchema,
  closeEngine,
  date,
  float,
  int,
  type RowOf,
  relationOf,
  rowSchema,
  string,
  timestamp,
  traceStatements,
} from './index.ts'

afterAll(closeEngine)
const refuses = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) })

test('the type of a row follows from its schema', () => {
  const schema = rowSchema({
    a: int(),
    b: float({ nullable: true }),
    c: string({ values: ['x', 'y'] }),
    d: bool(),
    e: date(),
    f: timestamp(),
  })
  expectTypeOf<RowOf<typeof schema>>().toEqualTypeOf<{
    a: number
    b: number | null
    c: 'x' | 'y'
    d: boolean
    e: string
    f: string
  }>()
})

test('both fronts give the same schema', () => {
  const ours = rowSchema({
    a: int({ min: 0, unique: true }),
    b: float({ nullable: true, above: 0, below: 1 }),
    c: string({ nullable: true, values: ['x', 'y'], description: 'kind' }),
    d: bool({ role: 'target' }),
    e: date(),
    f: timestamp({ nullable: true }),
    g: string({ pattern: '^[A-Z]', minLength: 1, maxLength: 3 }),
    h: float({ values: [1] }),
  })
  const zod = z.object({
    a: z.int().min(0).meta({ unique: true }),
    b: z.number().gt(0).lt(1).nullable(),
    c: z.enum(['x', 'y']).describe('kind').nullable(),
    d: z.boolean().meta({ role: 'target' }),
    e: z.iso.date(),
    f: z.iso.datetime().nullable(),
    g: z
      .string()
      .min(1)
      .max(3)
      .regex(/^[A-Z]/),
    h: z.literal(1),
  })
  expect(asRowSchema(zod)).toEqual(ours)
  expectTypeOf<RowOf<typeof zod>>().toEqualTypeOf<z.infer<typeof zod>>()
})

test('what no table can hold is refused by name', () => {
  expect(() => asRowSchema(z.object({ a: z.string().optional() }))).toThrow(
    refuses('SCHEMA_UNSUPPORTED', /"a" is optional/),
  )
  expect(() => asRowSchema(z.object({ a: z.array(z.string()) }))).toThrow(refuses('SCHEMA_UNSUPPORTED', /"a"/))
  expect(() => asRowSchema(z.object({ a: z.date() }))).toThrow(refuses('SCHEMA_UNSUPPORTED'))
  expect(() => asRowSchema(z.string())).toThrow(refuses('SCHEMA_UNSUPPORTED', /not one of an object/))
  expect(() => asRowSchema({ '~standard': { version: 1, vendor: 'other' } })).toThrow(
    refuses('SCHEMA_UNSUPPORTED', /other/),
  )
  expect(() => rowSchema({ Age: int(), age: int() })).toThrow(refuses('SCHEMA_INVALID', /differ only in case/))
  expect(() => rowSchema({ a: int({ min: 2, max: 1 }) })).toThrow(refuses('SCHEMA_INVALID'))
  for (const nothing of [
    int({ min: Number.NaN }),
    float({ above: 5, below: 5 }),
    float({ above: 5, max: 5 }),
    float({ min: 6, below: 5 }),
    date({ min: '2020-01-02', max: '2020-01-01' }),
    date({ min: 'yesterday' }),
    date({ max: '2020-01-01T00:00:00Z' }),
    timestamp({ min: 'now' }),
    date({ min: '2023-02-29' }),
    timestamp({ min: '2020-01-01T00:00:00Z', max: '2020-01-01T01:00:00+02' }),
  ])
    expect(() => rowSchema({ a: nothing })).toThrow(refuses('SCHEMA_INVALID', /"a"/))
  expect(() =>
    rowSchema({ a: timestamp({ min: '2020-01-01T00:00:00+02:00' }), b: float({ min: 5, max: 5 }) }),
  ).not.toThrow()
  expect(() =>
    rowSchema({ a: timestamp({ min: '2020-01-01T00:00:00.999Z', max: '2020-01-01T00:00:00.9995Z' }) }),
  ).not.toThrow()
  expect(() => rowSchema(JSON.parse('{"__proto__":{"type":"int","nullable":false}}'))).toThrow(
    refuses('SCHEMA_INVALID', /__proto__/),
  )
  expect(() => rowSchema({ a: string({ values: [] }) })).toThrow(refuses('SCHEMA_INVALID'))
  expect(() => rowSchema({ a: string({ pattern: '(' }) })).toThrow(refuses('SCHEMA_INVALID'))
  expect(() => rowSchema({})).toThrow(refuses('SCHEMA_INVALID'))
})

const Loose = rowSchema({
  a: int({ nullable: true }),
  b: float({ nullable: true }),
  c: string({ nullable: true }),
  d: date({ nullable: true }),
})
const Strict = rowSchema({
  a: int({ min: 0, max: 9, unique: true }),
  b: float({ above: 0, below: 1 }),
  c: string({ values: ['x', 'yy', 'Z'], pattern: '^[a-z]+$', maxLength: 1 }),
  d: date({ min: '2024-01-01' }),
})

test('every rule is counted in one scan, and the first rows are fetched for broken rules alone', async () => {
  const good = { a: 1, b: 0.5, c: 'x', d: '2024-06-01' }
  const bad = await relationOf(
    [
      good,
      { a: -1, b: 0, c: 'yy', d: '2023-12-31' },
      { a: 10, b: 1, c: 'w', d: null },
      { a: 1, b: Number.POSITIVE_INFINITY, c: 'Z', d: '2024-01-01' },
    ],
    { schema: Loose },
  )
  const { result, statements } = await traceStatements(() => checkSchema(bad, Strict))
  const found = Object.fromEntries(
    result.violations.map(({ column, rule, count, first }) => [`${column} ${rule}`, [count, first.map((f) => f.row)]]),
  )
  expect(found).toEqual({
    'a min': [1, [1]],
    'a max': [1, [2]],
    'b finite': [1, [3]],
    'b above': [1, [1]],
    'b below': [2, [2, 3]],
    'c values': [1, [2]],
    'c length': [1, [1]],
    'c pattern': [1, [3]],
    'd nullable': [1, [2]],
    'd min': [1, [1]],
    'a unique': [1, [0, 3]],
  })
  // one for the rules that a row breaks by itself, one for repeated values
  expect(statements.length).toBe(1 + 2)

  const fine = await relationOf([good], { schema: Loose })
  const checked = await traceStatements(() => checkSchema(fine, Strict))
  expect(checked.result).toEqual({ ok: true, rows: 1, violations: [] })
  expect(checked.statements.length).toBe(1)
})

test('a pattern with look-around, which SQL cannot run, is tried on the distinct values', async () => {
  const schema = rowSchema({ c: string({ pattern: '^(?!bad)' }) })
  const data = await relationOf(
    ['good', 'bad', 'badly', 'bad'].map((c) => ({ c })),
    { schema },
  )
  const { violations } = await checkSchema(data, schema)
  expect(violations).toMatchObject([{ column: 'c', rule: 'pattern', count: 3 }])
})

test('a wrong type and a missing column are told apart', async () => {
  const data = await relationOf([{ a: 'one' }], { schema: rowSchema({ a: string() }) })
  expect((await checkSchema(data, rowSchema({ a: int() }))).violations).toMatchObject([
    { rule: 'type', sentence: 'VARCHAR and no int' },
  ])
  await expect(checkSchema(data, rowSchema({ b: int() }))).rejects.toThrow(refuses('COLUMN_MISSING'))
})
