import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import {
  bool,
  brokenRowsOf,
  type Column,
  checkSchema,
  closeEngine,
  date,
  float,
  int,
  parseRows,
  type RowSchema,
  relationOf,
  rowSchema,
  rowsOf,
  string,
  timestamp,
  validateTable,
} from '../index.ts'
import { diceOf } from '../rows/dice.ts'
import { patternText } from '../rows/patternText.ts'

afterAll(closeEngine)

const stated = <T extends object>(draft: T): T =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as T
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const nullable = maybe(fc.constant(true as const))
const ordered = <T>(a: fc.Arbitrary<T>) => fc.tuple(a, a).map(([x, y]) => (x < y ? [x, y] : [y, x]) as [T, T])
const day = fc
  .date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
  .map((d) => d.toISOString())

const columns: fc.Arbitrary<Column> = fc.oneof(
  fc
    .record({
      limits: ordered(fc.integer({ min: -1e6, max: 1e6 })),
      low: maybe(fc.constantFrom('min', 'above')),
      high: maybe(fc.constantFrom('max', 'below')),
      nullable,
      multipleOf: maybe(fc.integer({ min: 1, max: 9 })),
    })
    .map(({ limits: [a, b], low, high, ...rest }) =>
      int(stated({ ...rest, ...(low && { [low]: a }), ...(high && { [high]: b + 20 }) })),
    ),
  fc
    .record({
      limits: ordered(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
      low: maybe(fc.constantFrom('min', 'above')),
      high: maybe(fc.constantFrom('max', 'below')),
      nullable,
      multipleOf: maybe(fc.constantFrom(0.1, 0.25, 3)),
    })
    .map(({ limits: [a, b], low, high, ...rest }) =>
      float(stated({ ...rest, ...(low && { [low]: a }), ...(high && { [high]: b + 20 }) })),
    ),
  fc.record({ nullable }).map((o) => bool(stated(o))),
  fc
    .record({ nullable, minLength: maybe(fc.nat(3)), maxLength: maybe(fc.integer({ min: 3, max: 9 })) })
    .map((o) => string(stated(o))),
  fc
    .record({ nullable, values: fc.uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }) })
    .map((o) => string(stated(o))),
  fc
    .record({ nullable, pattern: fc.constantFrom('^[A-Z]{3}-\\d{4}$', '@', 'a|bc+', '^(?:x[^y]?)*$', '^\\w+\\s.$') })
    .map((o) => string(stated(o))),
  fc
    .record({ nullable, limits: ordered(day), low: fc.boolean(), high: fc.boolean() })
    .map(({ limits: [a, b], low, high, nullable }) =>
      date(stated({ nullable, min: low ? a.slice(0, 10) : undefined, max: high ? b.slice(0, 10) : undefined })),
    ),
  fc
    .record({ nullable, limits: ordered(day), low: fc.boolean(), high: fc.boolean() })
    .map(({ limits: [a, b], low, high, nullable }) =>
      timestamp(
        stated({ nullable, min: low ? a : undefined, max: high ? b.replace(/\d\d\.\d{3}Z$/, '59.999Z') : undefined }),
      ),
    ),
)
const schemas = fc
  .array(columns, { minLength: 1, maxLength: 5 })
  .map((list) => rowSchema(Object.fromEntries(list.map((column, i) => [`c${i}`, column]))) as RowSchema)

test('rows made of any schema are right in lax mode, in strict mode, and in SQL, and are kept as they are', async () => {
  await fc.assert(
    fc.asyncProperty(schemas, fc.nat(1000), async (schema, seed) => {
      const rows = rowsOf(schema, 20, { seed })
      for (const mode of ['lax', 'strict'] as const) {
        const parsed = parseRows(schema, rows, { mode })
        expect(parsed.failures).toEqual([])
        expect(parsed.rows.every((row, i) => row === rows[i])).toBe(true)
      }
      const data = await relationOf(rows as never, { schema: rowSchema(schema.columns) as never })
      expect((await checkSchema(data, schema)).violations).toEqual([])
    }),
    { numRuns: 60, seed: 1 },
  )
}, 60_000)

test('rows made wrong are refused by rows and by SQL alike, for the rule that they break', async () => {
  await fc.assert(
    fc.asyncProperty(schemas, fc.nat(1000), async (schema, seed) => {
      const rows = rowsOf(schema, 10, { seed })
      let broken: ReturnType<typeof brokenRowsOf>
      try {
        broken = brokenRowsOf(schema, 10, { seed })
      } catch (error) {
        expect(error).toMatchObject({ code: 'ROWS_EXHAUSTED' })
        return
      }
      const all = [...rows, ...broken.map(({ row }) => row)] as never[]
      const loose = Object.fromEntries(
        Object.entries(schema.columns).map(([name, { type }]) => [name, { type, nullable: true }]),
      )
      const data = await relationOf(all, { schema: rowSchema(loose) as never })
      const { failures } = await validateTable(data, schema)
      const bySql = await failures.rows()
      expect([...new Set(bySql.map(({ row }) => row))].sort((a, b) => a - b)).toEqual(
        parseRows(schema, all).failures.map(({ row }) => row),
      )
      broken.forEach(({ column, rule }, i) => {
        expect(bySql).toContainEqual(expect.objectContaining({ row: 10 + i, column, check: rule }))
      })
    }),
    { numRuns: 60, seed: 2 },
  )
}, 60_000)

test('limits less than a second apart leave the lower one', () => {
  const instant = timestamp({ min: '1969-12-31T23:59:59.999Z', max: '1969-12-31T23:59:59.9995Z' })
  expect(rowsOf(rowSchema({ a: instant }), 1)).toEqual([{ a: '1969-12-31T23:59:59.999Z' }])
})

test('the same seed gives the same rows, and unique values are', () => {
  const schema = rowSchema(
    { id: int({ min: 1, max: 50, unique: true }), a: int({ min: 0, max: 9 }), b: bool() },
    { unique: [['a', 'b']] },
  )
  const rows = rowsOf(schema, 20, { seed: 3 })
  expect(rowsOf(schema, 20, { seed: 3 })).toEqual(rows)
  expect(rowsOf(schema, 20, { seed: 4 })).not.toEqual(rows)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(20)
  expect(new Set(rows.map(({ a, b }) => `${a} ${b}`)).size).toBe(20)
  expect(() => rowsOf(schema, 21)).toThrow(expect.objectContaining({ code: 'ROWS_EXHAUSTED' }))
})

test('texts are made for patterns, and what cannot be made is refused', () => {
  for (const pattern of [
    '^[A-Z]{3}-\\d{4}$',
    'a.b*c+?',
    '(x|yz){2,3}',
    '[^a-z\\d]',
    '\\x41\\u{1f600}[\\w-]',
    '^(?<year>\\d{4})\\.(?:0|1)$',
    '',
  ])
    for (let seed = 0; seed < 20; seed++)
      expect(patternText(pattern)(diceOf(seed, ''))).toMatch(new RegExp(pattern, 'u'))
  for (const pattern of ['(?=a)', '(a)\\1', '\\bword', '\\p{L}', '(?<!a)b'])
    expect(() => patternText(pattern)).toThrow(expect.objectContaining({ code: 'PATTERN_UNSUPPORTED' }))
})
