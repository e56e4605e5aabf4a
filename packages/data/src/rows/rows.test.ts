import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { bool, date, float, int, rowSchema, string, timestamp } from '../schema.ts'
import {
  type Field,
  guardedFunction,
  listOf,
  literal,
  objectOf,
  parseRow,
  parseRowJson,
  parseRows,
  safeParseRow,
  unionOf,
} from './index.ts'

const User = rowSchema({
  id: int({ min: 1 }),
  email: string({ pattern: '@' }),
  age: int({ min: 0, max: 120, nullable: true }),
  kind: string({ values: ['a', 'b'] }),
  since: timestamp(),
})
const ann = { id: 1, email: 'ann@x.org', age: 30, kind: 'a', since: '2024-01-01T00:00:00Z' } as const

test('a row that is right is returned itself, another one as a new object, and the given one is left as it was', () => {
  expect(parseRow(User, ann)).toBe(ann)
  const meant = { ...ann, id: '7', since: 0 }
  expect(parseRow(User, meant)).toEqual({ ...ann, id: 7, since: '1970-01-01T00:00:00Z' })
  expect(meant.id).toBe('7')
  const shuffled = { since: ann.since, kind: 'a', age: null, email: '@', id: 2 }
  expect(parseRow(User, shuffled)).toBe(shuffled)
  expectTypeOf(parseRow(User, ann)).toEqualTypeOf<{
    id: number
    email: string
    age: number | null
    kind: 'a' | 'b'
    since: string
  }>()
})

test('every member that is wrong is told with its place, code, value and limits', () => {
  const result = safeParseRow(User, { id: 0, email: 'ann', age: 130.5, kind: 'c' })
  expect(result.ok || result.issues.map(({ path, code, zod }) => [path.join('.'), code, zod])).toEqual([
    ['id', 'greater_than_equal', 'too_small'],
    ['email', 'string_pattern_mismatch', 'invalid_format'],
    ['age', 'int_from_float', 'invalid_type'],
    ['kind', 'literal_error', 'invalid_value'],
    ['since', 'missing', 'invalid_type'],
  ])
  expect(result.ok || result.issues[0]).toEqual({
    path: ['id'],
    code: 'greater_than_equal',
    zod: 'too_small',
    message: 'Input should be greater than or equal to 1',
    input: 0,
    ctx: { ge: 1 },
  })
  expect(() => parseRow(User, { ...ann, id: 'x', age: -1 })).toThrow(
    expect.objectContaining({ code: 'ROW_INVALID', message: expect.stringMatching(/id: .*unable to parse/) }),
  )
})

test('members beyond the schema are left out, refused, or kept', () => {
  const more = { ...ann, more: [1] }
  expect(parseRow(User, more)).toEqual(ann)
  expect(parseRow(User, more, { extra: 'allow' })).toEqual(more)
  expect(safeParseRow(User, more, { extra: 'forbid' })).toMatchObject({
    issues: [{ path: ['more'], code: 'extra_forbidden', zod: 'unrecognized_keys' }],
  })
  expect(parseRow(rowSchema({ a: int() }, { extra: 'allow' }), { a: 1, b: 2 })).toEqual({ a: 1, b: 2 })
})

test('names that objects inherit are members only where they are stated', () => {
  const schema = rowSchema({ constructor: string({ nullable: true }), a: int() })
  expect(safeParseRow(schema, { a: 1 })).toMatchObject({ issues: [{ path: ['constructor'], code: 'missing' }] })
  const found = parseRow(rowSchema({ a: int() }), JSON.parse('{"a": "1", "__proto__": {"b": 2}}'), { extra: 'allow' })
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
  expect(Object.keys(found)).toEqual(['a', '__proto__'])
  expect(() => objectOf(JSON.parse('{"__proto__": {"type": "int"}}'))).toThrow(/__proto__/)
})

test('what is no object is refused whole', () => {
  for (const value of [null, undefined, 1, 'a', [], () => 1])
    expect(safeParseRow(User, value)).toMatchObject({ ok: false, issues: [{ path: [], code: 'model_type' }] })
})

test('whole numbers beyond 2^53 are refused, or bigint on demand, never rounded', () => {
  const schema = rowSchema({ n: int() })
  expect(parseRowJson(schema, '{"n": 9007199254740993}')).toMatchObject({ issues: [{ code: 'int_unsafe' }] })
  expect(parseRowJson(schema, '{"n": 9007199254740993}', { bigints: true })).toEqual({
    ok: true,
    value: { n: 9007199254740993n },
  })
  expect(parseRow(schema, { n: '9007199254740993' }, { bigints: true })).toEqual({ n: 9007199254740993n })
  expect(parseRow(schema, { n: 5n })).toEqual({ n: 5 })
  // a number may have been rounded before we see it
  expect(safeParseRow(schema, { n: 2 ** 53 }, { bigints: true })).toMatchObject({ issues: [{ code: 'int_unsafe' }] })
  expect(safeParseRow(rowSchema({ n: int({ max: 9 }) }), { n: 10n ** 30n })).toMatchObject({
    issues: [{ code: 'less_than_equal' }],
  })
})

test('texts that are no JSON are an issue of the whole', () => {
  expect(parseRowJson(User, '{"id": }')).toMatchObject({ ok: false, issues: [{ path: [], code: 'json_invalid' }] })
  expect(parseRowJson(rowSchema({ a: int() }), '{"a": 1.0}', { mode: 'strict' }).ok).toBe(false)
  expect(parseRowJson(rowSchema({ a: float() }), '{"a": 1e3}', { mode: 'strict' })).toEqual({
    ok: true,
    value: { a: 1000 },
  })
  expect(parseRowJson(rowSchema({ a: int() }), '{"a": 1.0, "b": {"c": [1.0]}}', { extra: 'allow' })).toEqual({
    ok: true,
    value: { a: 1, b: { c: [1] } },
  })
})

test('of many rows the refused ones are left out and told by their place, as many as wanted', () => {
  const rows = Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? { ...ann, id: -i } : ann))
  const all = parseRows(User, rows)
  expect(all).toMatchObject({ ok: false, total: 100, refused: 10 })
  expect(all.rows.length).toBe(90)
  expect(all.failures.map(({ row }) => row)).toEqual([3, 13, 23, 33, 43, 53, 63, 73, 83, 93])
  const few = parseRows(User, rows, { limit: 2 })
  expect([few.refused, few.failures.length]).toEqual([10, 2])
  expect(parseRows(User, rows.values(), { invalid: 'stop' })).toMatchObject({ total: 4, refused: 1 })
  expect(parseRows(User, [])).toEqual({ ok: true, rows: [], total: 0, refused: 0, failures: [] })
  expect(() => parseRows(User, rows, { limit: -1 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})

test('a guarded function works on what it expects, and answers what is expected', () => {
  const double = guardedFunction(({ n }: { n: number }) => ({ twice: 2 * n }), {
    input: rowSchema({ n: int({ min: 0 }) }),
    output: rowSchema({ twice: int({ max: 10 }) }),
  })
  expect(double({ n: '4' })).toEqual({ twice: 8 })
  expect(() => double({ n: -1 })).toThrow(
    expect.objectContaining({ code: 'ROW_INVALID', message: expect.stringMatching(/n:/) }),
  )
  expect(() => double({ n: 6 })).toThrow(
    expect.objectContaining({ code: 'ROW_INVALID', message: expect.stringMatching(/twice/) }),
  )
})

test('lists, objects, unions and literals nest, and their types follow', () => {
  const Order = objectOf({
    id: unionOf(int(), string()),
    lines: listOf(objectOf({ sku: string(), n: int({ min: 1 }) }), { minLength: 1 }),
    state: literal('open', 'paid'),
    note: listOf(string(), { nullable: true }),
  })
  const found = parseRow(Order, { id: '7', lines: [{ sku: 'a', n: '2' }], state: 'open', note: null })
  expect(found).toEqual({ id: '7', lines: [{ sku: 'a', n: 2 }], state: 'open', note: null })
  expectTypeOf(found).toEqualTypeOf<{
    id: number | string
    lines: { sku: string; n: number }[]
    state: 'open' | 'paid'
    note: string[] | null
  }>()
  const bad = safeParseRow(Order, {
    id: 1.5,
    lines: [
      { sku: 'a', n: 1 },
      { sku: 1, n: 0 },
    ],
    state: 'lost',
    note: [],
  })
  expect(bad.ok || bad.issues.map(({ path, code, zod }) => [path.join('.'), code, zod])).toEqual([
    ['id.int', 'int_from_float', 'invalid_union'],
    ['id.str', 'string_type', 'invalid_union'],
    ['lines.1.sku', 'string_type', 'invalid_type'],
    ['lines.1.n', 'greater_than_equal', 'too_small'],
    ['state', 'literal_error', 'invalid_value'],
  ])
  expect(() => listOf(int(), { minLength: 2, maxLength: 1 })).toThrow(
    expect.objectContaining({ code: 'SCHEMA_INVALID' }),
  )
  expect(() => literal()).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }))
})

test('unions in unions are tried once each, however deep', () => {
  let deep: Field = unionOf(int(), bool())
  let value: unknown = ['x']
  for (let i = 0; i < 100; i++) {
    deep = unionOf(listOf(deep), listOf(string()), int())
    value = [value]
  }
  expect(safeParseRow(deep, value).ok).toBe(false)
})

test('the schema is a Standard Schema, and any Standard Schema reads rows', () => {
  const { version, vendor, validate, jsonSchema } = User['~standard']
  expect([version, vendor]).toEqual([1, 'mlpod'])
  expect(validate({ ...ann, id: '1' })).toEqual({ value: ann })
  expect(validate({ ...ann, id: 'x' })).toMatchObject({ issues: [{ path: ['id'], message: expect.any(String) }] })
  expect(jsonSchema.output({ target: 'draft-2020-12' })).toMatchObject({ properties: { id: { type: 'integer' } } })
  expect(() => jsonSchema.output({ target: 'openapi-1' })).toThrow()
  // it stays plain data
  expect(Object.keys(User)).toEqual(['columns'])

  const Zod = z.object({ a: z.int().min(1), tags: z.array(z.string()) })
  expect(parseRow(Zod, { a: 1, tags: [], more: 1 })).toEqual({ a: 1, tags: [] })
  const result = safeParseRow(Zod, { a: 0, tags: [1] })
  expect(result.ok || result.issues.map(({ path, code, zod }) => [path, code, zod])).toEqual([
    [['a'], 'custom', 'too_small'],
    [['tags', 0], 'custom', 'invalid_type'],
  ])
  expect(parseRow(objectOf({ id: int(), more: Zod }), { id: '1', more: { a: 1, tags: [] } })).toEqual({
    id: 1,
    more: { a: 1, tags: [] },
  })
  expect(() => safeParseRow(z.object({ a: z.string().refine(async () => true) }), { a: '' })).toThrow()
  expect(() => safeParseRow({ '~standard': { version: 1, vendor: 'other' } }, {})).toThrow(
    expect.objectContaining({ code: 'SCHEMA_UNSUPPORTED' }),
  )
})

test("lengths are in code points as Zod's, but nothing is coerced as JavaScript would", () => {
  const ours = rowSchema({ s: string({ maxLength: 1 }), n: int(), b: bool(), d: date() })
  const zods = z.object({ s: z.string().max(1), n: z.coerce.number(), b: z.coerce.boolean(), d: z.iso.date() })
  const row = { s: '😀', n: '', b: 'false', d: '2024-01-01' }
  expect(zods.safeParse(row).data).toEqual({ s: '😀', n: 0, b: true, d: '2024-01-01' })
  expect(safeParseRow(ours, row)).toMatchObject({ issues: [{ path: ['n'], code: 'int_parsing' }] })
  expect(parseRow(ours, { ...row, n: 1 }).b).toBe(false)
})
