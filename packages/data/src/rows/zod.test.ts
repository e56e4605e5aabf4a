import { expect, test } from 'vitest'
import { z } from 'zod'
import { bool, date, float, int, string, timestamp } from '../schema.ts'
import { type Field, listOf, literal, objectOf, safeParseRow, unionOf } from './index.ts'

const values: readonly unknown[] = [
  0,
  1,
  -1,
  2,
  5,
  6,
  1.5,
  0.25,
  1e16,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  false,
  null,
  undefined,
  '',
  'a',
  'ab',
  'abc',
  'abcd',
  '1',
  'b',
  '😀',
  '😀😀😀😀',
  '2024-02-29',
  '2023-02-29',
  '2024-2-9',
  '2024-02-29T10:00:00Z',
  '2024-02-29T10:00:00',
  '2024-02-29T25:00:00Z',
  '2024-02-29T10:00:00.123Z',
  [],
  ['a'],
  [1],
  ['a', 'b', 'c'],
  {},
  { a: 1 },
  { a: 'x' },
  { a: 1, b: 2 },
]

test.each<[string, Field, z.ZodType]>([
  ['whole numbers', int(), z.int()],
  ['limited whole numbers', int({ min: 0, max: 5 }), z.int().min(0).max(5)],
  ['open limits', float({ above: 0, below: 2 }), z.number().gt(0).lt(2)],
  ['multiples', int({ multipleOf: 2 }), z.int().multipleOf(2)],
  ['numbers', float(), z.number()],
  ['truth values', bool(), z.boolean()],
  ['texts', string(), z.string()],
  ['lengths', string({ minLength: 2, maxLength: 3 }), z.string().min(2).max(3)],
  ['patterns', string({ pattern: 'b' }), z.string().regex(/b/)],
  ['values', string({ values: ['a', 'b'] }), z.enum(['a', 'b'])],
  ['literals', literal(1, 'a', true), z.literal([1, 'a', true])],
  ['missing values', int({ nullable: true }), z.int().nullable()],
  ['days', date(), z.iso.date()],
  ['lists', listOf(string(), { minLength: 1, maxLength: 2 }), z.array(z.string()).min(1).max(2)],
  ['objects', objectOf({ a: int() }), z.object({ a: z.int() })],
  ['closed objects', objectOf({ a: int() }, { extra: 'forbid' }), z.strictObject({ a: z.int() })],
  ['open objects', objectOf({ a: int() }, { extra: 'allow' }), z.looseObject({ a: z.int() })],
  ['unions', unionOf(bool(), string()), z.union([z.boolean(), z.string()])],
])("in strict mode %s are what Zod's are, and what is refused has Zod's code", (_, ours, zods) => {
  for (const value of values) {
    const mine = safeParseRow(ours, value, { mode: 'strict' })
    const theirs = zods.safeParse(value)
    const said = mine.ok ? { value: mine.value } : { code: mine.issues[0].zod }
    const wanted = theirs.success ? { value: theirs.data } : { code: theirs.error.issues[0].code }
    expect([value, said]).toEqual([value, wanted])
  }
})

test('moments are what Zod takes with offsets and local times; ours are written in UTC then', () => {
  const zods = z.iso.datetime({ offset: true, local: true })
  for (const value of values.filter((value) => typeof value === 'string'))
    expect([value, safeParseRow(timestamp(), value, { mode: 'strict' }).ok]).toEqual([
      value,
      zods.safeParse(value).success || /^\d+$/.test(value),
    ])
})
