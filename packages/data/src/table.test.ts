import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadOf } from '@mlpod/contract'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { closeEngine, float, int, parquet, type Relation, relationOf, rowSchema, string, table } from './index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlpod-table-'))
})
afterAll(async () => {
  await closeEngine()
  await rm(folder, { recursive: true })
})

const Sale = rowSchema({
  id: int({ min: 0 }),
  price: float({ nullable: true }),
  town: string({ values: ['Ulm', 'Bonn'] }),
})
type Sale = { id: number; price: number | null; town: 'Ulm' | 'Bonn' }
const digest = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')

test('the same rows give the same bytes, whatever their order, form and moment', async () => {
  const handle = table({ schema: Sale, orderBy: ['price'] })
  let run = 0
  const row = fc.record({
    id: fc.nat({ max: 20 }),
    price: fc.option(fc.constantFrom(0, -0, 1.5, -2)),
    town: fc.constantFrom('Ulm' as const, 'Bonn' as const),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
      const [first, second] = [join(folder, `a${++run}.parquet`), join(folder, `b${run}.parquet`)]
      await handle.write(rows, first)
      await handle.write(await relationOf(rows.toReversed(), { schema: Sale }), second)
      expect(await digest(second)).toBe(await digest(first))
    }),
    { numRuns: 15 },
  )
})

test('a table reads back as its rows in total order', async () => {
  const handle = table({ schema: Sale, orderBy: [{ column: 'id', descending: true }] })
  const path = join(folder, 'sales.parquet')
  const rows: Sale[] = [
    { id: 1, price: null, town: 'Ulm' },
    { id: 2, price: 3, town: 'Ulm' },
    { id: 2, price: 3, town: 'Bonn' },
  ]
  await handle.write(rows, path)
  const relation = await handle.read(path)
  expect(await relation.rows()).toEqual([rows[2], rows[1], rows[0]])
  expectTypeOf<ReadOf<typeof handle>>().toEqualTypeOf<Relation<Sale>>()
})

test('nothing is written when a row violates the schema', async () => {
  const handle = table({ schema: Sale })
  const path = join(folder, 'never.parquet')
  await expect(handle.write([{ id: -1, price: 1, town: 'Ulm' }], path)).rejects.toThrow(
    expect.objectContaining({
      code: 'SCHEMA_VIOLATED',
      message: expect.stringMatching(/"id".*below 0 in 1 of 1 rows: first -1 in row 0/),
    }),
  )
  await expect(handle.write([{ id: 1, price: 1, town: 'Rome' as 'Ulm' }], path)).rejects.toThrow(
    /outside \{ Ulm, Bonn \}/,
  )
  await expect(handle.write([{ id: 1, price: Infinity, town: 'Ulm' }], path)).rejects.toThrow(/NaN or infinite/)
  await expect(
    handle.write((await relationOf([{ id: 1 }], { schema: rowSchema({ id: int() }) })) as never, path),
  ).rejects.toThrow(expect.objectContaining({ code: 'COLUMN_MISSING' }))
  expect((await readdir(folder)).filter((name) => name.startsWith('never'))).toEqual([])
})

test('a Parquet source is checked when it is read: columns, types, values', async () => {
  const path = join(folder, 'source.parquet')
  await table({ schema: rowSchema({ id: int(), town: string() }) }).write([{ id: -3, town: 'Ulm' }], path)
  const open = (schema: Parameters<typeof rowSchema>[0], options = {}) =>
    parquet('source.parquet', { schema: rowSchema(schema), ...options }).read(path)
  expect(await (await open({ id: float(), town: string() })).rows()).toEqual([{ id: -3, town: 'Ulm' }])
  await expect(open({ id: int({ min: 0 }), town: string() })).rejects.toThrow(/below 0/)
  await expect(open({ id: string(), town: string() })).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_TYPE', message: expect.stringMatching(/is BIGINT and no string/) }),
  )
  await expect(open({ id: int() })).rejects.toThrow(expect.objectContaining({ code: 'COLUMN_UNKNOWN' }))
  await expect(open({ id: int(), town: string(), more: int() })).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_MISSING' }),
  )
  expect((await open({ id: int() }, { extraColumns: 'drop' })).columns).toEqual(['id'])
  await writeFile(path, 'not parquet')
  await expect(open({ id: int() })).rejects.toThrow(expect.objectContaining({ code: 'FILE_INVALID' }))
  await expect(parquet('no.parquet', { schema: Sale }).read(join(folder, 'no.parquet'))).rejects.toThrow(
    expect.objectContaining({ code: 'FILE_MISSING' }),
  )
})

test('a Zod object is a schema: types are inferred and rules are checked', async () => {
  const Loan = z.object({
    id: z.int().min(0).meta({ unique: true }),
    rate: z.number().gt(0).nullable(),
    kind: z.enum(['fixed', 'open']),
    day: z.iso.date(),
  })
  const handle = table({ schema: Loan })
  expectTypeOf<ReadOf<typeof handle>>().toEqualTypeOf<Relation<z.infer<typeof Loan>>>()
  const path = join(folder, 'zod.parquet')
  const rows: z.infer<typeof Loan>[] = [{ id: 1, rate: null, kind: 'open', day: '2024-05-06' }]
  await handle.write(rows, path)
  expect(await (await handle.read(path)).rows()).toEqual(rows)
  await expect(handle.write([rows[0], rows[0]], path)).rejects.toThrow(/"id".*repeated/)
  await expect(handle.write([{ ...rows[0], rate: 0 }], path)).rejects.toThrow(/not above 0/)
})

test('the description that enters run keys says schema and order, and nothing that moves', () => {
  const described = table({ schema: Sale, orderBy: ['id'] }).describe
  expect(JSON.stringify(described)).toBe(JSON.stringify(table({ schema: Sale, orderBy: ['id'] }).describe))
  expect(described).toMatchObject({ columns: { id: { type: 'int', nullable: false, min: 0 } }, orderBy: ['id'] })
})

test('another process writes the same bytes', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    id: i % 700,
    price: i % 5 === 0 ? null : Math.sin(i) * 1e3,
    town: i % 2 ? 'Ulm' : 'Bonn',
  }))
  const [here, there, json] = ['here.parquet', 'there.parquet', 'rows.json'].map((name) => join(folder, name))
  await writeFile(json, JSON.stringify(rows.toReversed()))
  await table({ schema: Sale, orderBy: ['id'] }).write(rows as Sale[], here)
  const program = `
    import { readFileSync } from 'node:fs'
    const { closeEngine, float, int, rowSchema, string, table } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
    const schema = rowSchema({ id: int({ min: 0 }), price: float({ nullable: true }), town: string({ values: ['Ulm', 'Bonn'] }) })
    await table({ schema, orderBy: ['id'] }).write(JSON.parse(readFileSync(${JSON.stringify(json)}, 'utf8')), ${JSON.stringify(there)})
    await closeEngine()`
  const env = { ...process.env, TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' }
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { env })
  expect(await digest(there)).toBe(await digest(here))
})

test('one Parquet file is read, whatever its name means to those who look for many', async () => {
  const schema = rowSchema({ id: int() })
  const [one, other] = [join(folder, 'a[1].parquet'), join(folder, 'a1.parquet')]
  await table({ schema }).write([{ id: 1 }], one)
  await table({ schema }).write([{ id: 2 }], other)
  expect(await (await parquet('a[1].parquet', { schema }).read(one)).rows()).toEqual([{ id: 1 }])
})
