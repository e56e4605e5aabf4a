import fc from 'fast-check'
import { afterAll, expect, expectTypeOf, test } from 'vitest'
import {
  type AnyRelation,
  bool,
  type Cell,
  closeEngine,
  date,
  float,
  int,
  type Relation,
  relationOf,
  rowSchema,
  string,
  timestamp,
  untyped,
} from './index.ts'

afterAll(closeEngine)

const People = rowSchema({
  id: int(),
  age: float({ nullable: true }),
  town: string({ nullable: true }),
  member: bool(),
})
const rows = [
  { id: 1, age: 30.5, town: 'Ulm', member: true },
  { id: 2, age: null, town: 'Köln "am" Rhein', member: false },
  { id: 3, age: 41, town: null, member: true },
  { id: 4, age: 30.5, town: 'Ulm', member: false },
]
const people = () => relationOf(rows, { schema: People })
const refuses = (code: string) => expect.objectContaining({ code })

test('rows stay in their order whatever is selected, derived, filtered, limited or joined afterwards', async () => {
  const relation = (await people()).orderBy({ column: 'age', descending: true }, { column: 'id', descending: true })
  const ids = async (of: AnyRelation) => (await untyped(of).select('id').rows()).map(({ id }) => id)
  expect(await ids(relation)).toEqual([3, 4, 1, 2])
  expect(await relation.select('town').limit(2).rows()).toEqual([{ town: null }, { town: 'Ulm' }])
  expect(await relation.select('id').limit(2, { offset: 1 }).rows()).toEqual([{ id: 4 }, { id: 1 }])
  expect(await ids(relation.omit('age').where(({ gt }) => gt('id', 1)))).toEqual([3, 4, 2])
  // by the ages that it was sorted by, not by those that took their name
  expect(await ids(relation.derive({ age: ({ mul, literal }) => mul('id', literal(-1)) }))).toEqual([3, 4, 1, 2])
  const towns = (await people()).select('id', 'member')
  expect(
    await ids(
      relation
        .select('id')
        .join(towns, { on: ['id'] })
        .where(({ column }) => column('member')),
    ),
  ).toEqual([3, 1])
  expect(await ids(await relation.select('id').materialize())).toEqual([3, 4, 1, 2])
  expect(await ids(relation.select('id', 'town').orderBy('id'))).toEqual([1, 2, 3, 4])
  const columns = await relation.select('id').toColumns()
  expect([...columns.id.data]).toEqual([3, 4, 1, 2])
  expect((await relation.select('town').distinct().rows()).length).toBe(3)
  expect(await relation.select('id').count()).toBe(4)
  expect(relation.select('id').columns).toEqual(['id'])
})

test('rows come back as they went in, typed by the schema', async () => {
  const relation = await people()
  expect(await relation.rows()).toEqual(rows)
  expect(await relation.count()).toBe(4)
  expectTypeOf(relation).toEqualTypeOf<
    Relation<{ id: number; age: number | null; town: string | null; member: boolean }>
  >()
})

test('columns of arrays give the same relation as rows', async () => {
  const columns = {
    id: [1n, 2, 3, 4],
    age: Float64Array.of(30.5, Number.NaN, 41, 30.5),
    town: rows.map((r) => r.town),
    member: [1, 0, true, false],
  }
  expect(await (await relationOf(columns, { schema: People })).rows()).toEqual(rows)
})

test('operations build one query and change nothing before', async () => {
  const relation = await people()
  const older = relation.where(({ gt }) => gt('age', 30)).derive({ twice: ({ mul }) => mul('age', 2) })
  expect(await older.select('id', 'twice').orderBy({ column: 'id', descending: true }).rows()).toEqual([
    { id: 4, twice: 61 },
    { id: 3, twice: 82 },
    { id: 1, twice: 61 },
  ])
  expect(relation.columns).toEqual(['id', 'age', 'town', 'member'])
  expectTypeOf((await older.rows())[0].twice).toEqualTypeOf<Cell>()
})

test('missing values sort last, and limit keeps the order', async () => {
  const relation = await people()
  const sorted = relation.orderBy('age', 'id')
  expect((await sorted.rows()).map((r) => r.id)).toEqual([1, 4, 3, 2])
  expect((await sorted.limit(2, { offset: 1 }).rows()).map((r) => r.id)).toEqual([4, 3])
  expect(await sorted.select('town').limit(1).rows()).toEqual([{ town: 'Ulm' }])
})

test('groups come sorted by their keys', async () => {
  const relation = await people()
  const grouped = relation.groupBy(['town'], { n: ({ count }) => count(), mean: ({ avg }) => avg('age') })
  expect(await grouped.rows()).toEqual([
    { town: 'Köln "am" Rhein', n: 1, mean: null },
    { town: 'Ulm', n: 2, mean: 30.5 },
    { town: null, n: 1, mean: 41 },
  ])
  expect(await relation.groupBy([], { n: ({ count }) => count() }).rows()).toEqual([{ n: 4 }])
})

test('joins keep, add or filter', async () => {
  const relation = await people()
  const paid = await relationOf(
    [
      { id: 1, fee: 5 },
      { id: 9, fee: 7 },
    ],
    { schema: rowSchema({ id: int(), fee: int() }) },
  )
  expect(
    await relation
      .join(paid, { on: ['id'] })
      .select('id', 'fee')
      .rows(),
  ).toEqual([{ id: 1, fee: 5 }])
  expect(
    await relation
      .join(paid, { on: ['id'], kind: 'left' })
      .orderBy('id')
      .select('fee')
      .rows(),
  ).toEqual([5, null, null, null].map((fee) => ({ fee })))
  expect(await relation.join(paid, { on: ['id'], kind: 'anti' }).count()).toBe(3)
  expect(await relation.join(paid, { on: ['id'], kind: 'semi' }).count()).toBe(1)
  expect(() => relation.join(relation.select('id', 'age'), { on: ['id'] })).toThrow(refuses('COLUMN_TWICE'))
})

test('concat and distinct keep what they say', async () => {
  const relation = await people()
  expect(await relation.concat(relation).count()).toBe(8)
  expect(await relation.select('age', 'town').distinct().count()).toBe(3)
  expect(() => relation.concat(relation.omit('age') as never)).toThrow(refuses('COLUMN_UNKNOWN'))
})

test('an unknown column is named with the nearest one, before anything runs', async () => {
  const relation = await people()
  const wrong = { code: 'COLUMN_UNKNOWN', message: expect.stringContaining('did you mean "town"') }
  expect(() => relation.where(({ eq, literal }) => eq('twon', literal('Ulm')))).toThrow(expect.objectContaining(wrong))
  expect(() => relation.select('twon' as 'town')).toThrow(expect.objectContaining(wrong))
  expect(() => relation.orderBy('twon' as 'town')).toThrow(expect.objectContaining(wrong))
  expect(() => relation.groupBy(['twon' as 'town'], {})).toThrow(expect.objectContaining(wrong))
  expect(() => relation.limit(-1)).toThrow(refuses('LIMIT_INVALID'))
  expect(() => relation.where(({ eq }) => eq('town', 'Ulm'))).toThrow(
    expect.objectContaining({ hint: 'in an expression a text alone names a column: a value is literal("text")' }),
  )
})

test('what a value says is never SQL, nor what a new column is called', async () => {
  const evil = `x'; DROP TABLE y; -- " OR 1=1`
  const relation = await relationOf([{ s: evil }, { s: 'y' }], { schema: rowSchema({ s: string() }) })
  const found = relation
    .where(({ eq, literal }) => eq('s', literal(evil)))
    .derive({ [evil]: ({ literal }) => literal(evil) })
  expect(await found.rows()).toEqual([{ s: evil, [evil]: evil }])
  expect(await found.groupBy([evil], { [`n ${evil}`]: ({ count }) => count() }).rows()).toEqual([
    { [evil]: evil, [`n ${evil}`]: 1 },
  ])
})

test('many relations are made and read at once without mixing', async () => {
  const schema = rowSchema({ x: int() })
  const all = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const relation = await relationOf([{ x: i }, { x: i + 1 }], { schema })
      const later = relation.where(({ gt, literal }) => gt('x', literal(i)))
      return Promise.all([relation.count(), relation.rows(), later.rows()])
    }),
  )
  for (const [i, [count, both, one]] of all.entries())
    expect([count, both, one]).toEqual([2, [{ x: i }, { x: i + 1 }], [{ x: i + 1 }]])
})

test('names with quotes, dots, spaces and other letters are names like any other', async () => {
  const name = 'a "b".c; DROP TABLE x -- ü'
  const relation = await relationOf([{ [name]: 1 }], { schema: rowSchema({ [name]: int() }) })
  const same = relation.where(({ eq, column, literal }) => eq(column(name), literal(1))).orderBy(name)
  expect(await same.rows()).toEqual([{ [name]: 1 }])
  expect((await same.toColumns(name))[name].data).toEqual(Float64Array.of(1))
})

test('columns become typed arrays, missing numbers NaN and missing texts empty', async () => {
  const { age, town, member } = await (await people()).toColumns('age', 'town', 'member')
  expect(age).toEqual({
    kind: 'number',
    data: Float64Array.of(30.5, Number.NaN, 41, 30.5),
    missing: Uint8Array.of(0, 1, 0, 0),
  })
  expect(town.data).toEqual(['Ulm', 'Köln "am" Rhein', '', 'Ulm'])
  expect(town.missing).toEqual(Uint8Array.of(0, 0, 1, 0))
  expect(member).toEqual({ kind: 'number', data: Float64Array.of(1, 0, 1, 0) })
})

test('tensors have the shape in which models take raw columns', async () => {
  const { age, town } = await (await people()).tensors('age', 'town')
  expect(age).toEqual({ dtype: 'float32', shape: [4, 1], data: Float32Array.of(30.5, Number.NaN, 41, 30.5) })
  expect(town).toMatchObject({ dtype: 'string', shape: [4, 1] })
})

test('batches are the rows in order, piece by piece', async () => {
  const n = 5000
  const many = await relationOf(
    { i: Float64Array.from({ length: n }, (_, i) => i) },
    { schema: rowSchema({ i: int() }) },
  )
  const seen: number[] = []
  let pieces = 0
  for await (const { i } of many.batches()) {
    seen.push(...(i.data as Float64Array))
    pieces++
  }
  expect(seen).toEqual(Array.from({ length: n }, (_, i) => i))
  expect(pieces).toBeGreaterThan(1)
})

test('dates and timestamps are ISO text in and out', async () => {
  const Moments = rowSchema({ day: date(), at: timestamp({ nullable: true }) })
  const data = [
    { day: '1969-12-31', at: '2024-02-29T12:00:00Z' },
    { day: '2024-01-05', at: '2024-01-05T00:00:00.25Z' },
    { day: '0900-01-05', at: null },
  ]
  const relation = await relationOf(data, { schema: Moments })
  expect(await relation.rows()).toEqual(data)
  expect((await relation.describe()).map(({ type }) => type)).toEqual(['date', 'timestamp'])
  await expect(relationOf([{ day: 'tomorrow', at: null }], { schema: Moments })).rejects.toThrow(refuses('VALUE_TYPE'))
})

test('values that do not fit their column are named with row and column', async () => {
  const given = (row: object) => relationOf([row as never], { schema: People })
  const good = rows[0]
  await expect(given({ ...good, id: 1.5 })).rejects.toThrow(/row 0 of column "id" is 1.5 and no int/)
  await expect(given({ ...good, id: '1' })).rejects.toThrow(refuses('VALUE_TYPE'))
  await expect(given({ ...good, id: 2 ** 60 })).rejects.toThrow(refuses('VALUE_TYPE'))
  await expect(given({ ...good, id: 2n ** 64n })).rejects.toThrow(/is 18446744073709551616 and no int/)
  const days = rowSchema({ day: date(), at: timestamp() })
  await expect(relationOf([{ day: '2020-13-01', at: '2020-01-01' }], { schema: days })).rejects.toThrow(
    /"day" holds "2020-13-01", which is no date/,
  )
  const zoned = await relationOf([{ day: '2020-01-01', at: '2020-01-01T01:00:00+02:00' }], { schema: days })
  expect(await zoned.rows()).toEqual([{ day: '2020-01-01', at: '2019-12-31T23:00:00Z' }])
  await expect(given({ ...good, extra: 1 })).rejects.toThrow(refuses('COLUMN_UNKNOWN'))
  await expect(given({ id: 1 })).rejects.toThrow(refuses('COLUMN_MISSING'))
  await expect(relationOf({ id: [1], age: [1, 2], town: [''], member: [true] }, { schema: People })).rejects.toThrow(
    refuses('LENGTH_MISMATCH'),
  )
})

test('whole numbers beyond 2^53 are never rounded silently', async () => {
  const relation = await relationOf([{ id: 2n ** 60n }] as never, { schema: rowSchema({ id: int() }) })
  await expect(relation.rows()).rejects.toThrow(refuses('INT_UNSAFE'))
})

test('a materialized relation holds the same rows', async () => {
  const once = await (await people()).where(({ gt }) => gt('id', 2)).materialize()
  expect(await once.rows()).toEqual(rows.slice(2))
})

test('any table of texts and numbers survives the way in and out', async () => {
  const schema = rowSchema({ x: float({ nullable: true }), s: string({ nullable: true }) })
  const row = fc.record({
    x: fc.option(fc.double({ noNaN: true })),
    s: fc.option(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed() && !text.includes('\0'))),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (data) => {
      expect(await (await relationOf(data, { schema })).rows()).toEqual(data)
    }),
    { numRuns: 30 },
  )
})

test('a table lives as long as something reads it', async () => {
  const many = await Promise.all(
    Array.from({ length: 40 }, async (_, i) =>
      (await relationOf({ i: [i, i + 1] }, { schema: rowSchema({ i: int() }) })).rows(),
    ),
  )
  expect(many.map(([first]) => first.i)).toEqual(Array.from({ length: 40 }, (_, i) => i))
})

test('a text with a NUL, where SQL would end unseen, is refused', async () => {
  const relation = await relationOf([{ s: 'a' }], { schema: rowSchema({ s: string() }) })
  const cut = relation.where(({ eq, literal }) => eq('s', literal('a\0b')))
  await expect(cut.count()).rejects.toMatchObject({ code: 'SQL_FAILED', message: expect.stringContaining('U+0000') })
})
