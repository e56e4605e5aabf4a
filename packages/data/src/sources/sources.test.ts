import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  columnFromArray,
  TimeUnit,
  tableFromArrays,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  timestamp,
} from '@uwdata/flechette'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEngine, traceStatements } from '../engine.ts'
import { relationOf } from '../ingest.ts'
import { bool, type Column, date, float, int, rowSchema, string } from '../schema.ts'
import { workbook } from '../testWorkbook.ts'
import { arrowBatches, relationOfArrow } from './arrow.ts'
import { openTable } from './openTable.ts'
import { source } from './source.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlpod-sources-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const at = (...names: string[]): string => join(folder, ...names)
const put = (name: string, text: string | Uint8Array): string => {
  writeFileSync(at(name), text)
  return at(name)
}
const types = async (path: string, options = {}) =>
  (await (await openTable(path, options)).describe()).map(({ name, type }) => `${name} ${type}`)
const refused = (path: string, code: string, options = {}) =>
  expect(openTable(path, options)).rejects.toThrow(expect.objectContaining({ code }))

const rows = [
  { id: 1, name: 'a;b', price: 1.5, day: '2024-01-31', ok: true },
  { id: 2, name: null, price: 2, day: '2024-02-29', ok: false },
]

test('CSV: the delimiter and the types are found, whatever separates the fields', async () => {
  const lines = (mark: string) =>
    [
      ['id', 'name', 'price', 'day', 'ok'],
      ['1', '"a;b"', '1.5', '2024-01-31', 'true'],
      ['2', '', '2', '2024-02-29', 'false'],
    ]
      .map((fields) => fields.join(mark))
      .join('\n')
  for (const [name, mark] of [
    ['a.csv', ','],
    ['b.csv', ';'],
    ['c.tsv', '\t'],
    ['d.csv', '|'],
  ]) {
    const path = put(name, lines(mark))
    expect(await types(path)).toEqual(['id int', 'name string', 'price float', 'day date', 'ok bool'])
    expect(await (await openTable(path)).rows()).toEqual(rows)
  }
})

test('JSON: an array of objects, or one object a line', async () => {
  for (const [name, text] of [
    ['a.json', JSON.stringify(rows)],
    ['b.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')],
  ])
    expect(await (await openTable(put(name, text))).rows()).toEqual(rows)
  await refused(put('bad.json', '{ "a": '), 'JSON_INVALID')
})

test('Parquet: a file is read column by column, and many by a pattern or by folders named key=value', async () => {
  const engine = await openEngine()
  for (const country of ['be', 'fr']) {
    mkdirSync(at('parts', `country=${country}`), { recursive: true })
    const file = at('parts', `country=${country}`, 'x.parquet')
    await engine.run(
      `COPY (SELECT range AS id, ${country === 'fr' ? '1 AS extra, ' : ''}'z' AS name FROM range(3)) TO '${file}' (FORMAT parquet)`,
    )
  }
  const whole = await openTable(at('parts'))
  expect([...whole.columns].sort()).toEqual(['country', 'extra', 'id', 'name'])
  expect(await whole.where(({ eq, literal }) => eq('country', literal('fr'))).count()).toBe(3)
  expect(await (await openTable(at('parts', '*', '*.parquet'))).count()).toBe(6)
  const one = await openTable(at('parts', 'country=be', 'x.parquet'))
  const { statements } = await traceStatements(() => one.select('id').rows())
  expect(statements.at(-1)).toMatch(/read_parquet/)
  await refused(at('none', '*.parquet'), 'FILE_MISSING')
  await refused(put('text.parquet', 'no parquet'), 'FILE_INVALID')
})

test('a Parquet file that changes after it was opened is told, not half read', async () => {
  const engine = await openEngine()
  const write = (n: number) =>
    engine.run(`COPY (SELECT range AS id FROM range(${n})) TO '${at('moves.parquet')}' (FORMAT parquet)`)
  await write(3)
  const data = await openTable(at('moves.parquet'))
  expect(await data.count()).toBe(3)
  await write(5)
  utimesSync(at('moves.parquet'), new Date(), new Date(Date.now() + 5000))
  for (const read of [() => data.count(), () => data.rows(), () => data.where(({ gt }) => gt('id', 1)).toColumns('id')])
    await expect(read()).rejects.toThrow(expect.objectContaining({ code: 'FILE_CHANGED' }))
})

test('Arrow: files, tables of a library, and pieces of a relation that any Arrow library reads', async () => {
  const table = tableFromColumns({
    id: columnFromArray([1, 2, 3]),
    at: columnFromArray([0, 86_400_000, null], timestamp(TimeUnit.MILLISECOND)),
    name: columnFromArray(['a', null, 'c']),
  })
  const path = put('a.arrow', tableToIPC(table, { format: 'file' })!)
  expect(await types(path)).toEqual(['id int', 'at timestamp', 'name string'])
  expect((await (await openTable(path)).rows())[1]).toEqual({ id: 2, at: '1970-01-02T00:00:00Z', name: null })
  expect(await (await relationOfArrow(tableFromArrays({ x: [1.5, 2.5] }))).rows()).toEqual([{ x: 1.5 }, { x: 2.5 }])
  const schema = rowSchema({ i: int({ nullable: true }), x: float(), s: string({ nullable: true }), b: bool() })
  const data = await relationOf(
    Array.from({ length: 5000 }, (_, i) => ({
      i: i % 7 ? i : null,
      x: i / 2,
      s: i % 3 ? `${i}` : null,
      b: i % 2 === 0,
    })),
    { schema },
  )
  let from = 0
  for await (const bytes of arrowBatches(data)) {
    const piece = tableFromIPC(bytes)
    expect(piece.getChild('i').at(0)).toBe(from % 7 ? from : null)
    expect(piece.getChild('s').at(1)).toBe((from + 1) % 3 ? `${from + 1}` : null)
    from += piece.numRows
  }
  expect(from).toBe(5000)
  await refused(put('bad.arrow', 'nothing'), 'FILE_INVALID')
  await expect(relationOfArrow(tableFromArrays({ x: [[1], [2]] }))).rejects.toThrow(/lists or structs/)
})

test('SQLite: a table or a view, whole numbers exact, mixed values as text', async () => {
  const database = new DatabaseSync(at('shop.db'))
  database.exec(
    'CREATE TABLE orders (id INTEGER, price REAL, note); INSERT INTO orders VALUES (9007199254740993, 1.5, 7), (2, 2, \'x\'); CREATE VIEW cheap AS SELECT id FROM orders WHERE price < 2; CREATE TABLE "odd ""name" (b BLOB); INSERT INTO "odd ""name" VALUES (x\'00\')',
  )
  database.close()
  expect(await types(at('shop.db'), { table: 'orders' })).toEqual(['id int', 'price float', 'note string'])
  const cheap = await openTable(at('shop.db'), { table: 'cheap' })
  expect(
    await cheap
      .derive({ text: ({ cast, column }) => cast(column('id'), 'VARCHAR') })
      .select('text')
      .rows(),
  ).toEqual([{ text: '9007199254740993' }])
  await refused(at('shop.db'), 'OPTION_INVALID')
  await refused(at('shop.db'), 'TABLE_UNKNOWN', { table: 'ordes' })
  await refused(at('shop.db'), 'COLUMN_TYPE', { table: 'odd "name' })
  await refused(put('text.db', 'no database at all, just text'), 'FILE_INVALID')
})

test('Excel: a sheet by its name, types by its cells', async () => {
  const path = at('book.xlsx')
  writeFileSync(path, workbook())
  expect(await types(path, { table: 'prices' })).toEqual(['id int', 'name string', 'price float'])
  expect(await (await openTable(path, { table: 'prices' })).rows()).toEqual([
    { id: 1, name: 'a', price: 1.5 },
    { id: 2, name: null, price: 2 },
  ])
  await refused(path, 'OPTION_INVALID')
  await refused(path, 'TABLE_UNKNOWN', { table: 'price' })
  await refused(put('text.xlsx', 'no workbook'), 'FILE_INVALID')
})

test('what is no table is refused with what would be one', async () => {
  await refused(put('a.pdf', 'x'), 'FORMAT_UNKNOWN')
  await refused(put('b.csv', 'x\n1'), 'FORMAT_UNKNOWN', { format: 'parqet' })
  await refused(at('none.csv'), 'FILE_MISSING')
  await refused(put('empty.csv', ''), 'FILE_EMPTY')
  await refused(put('twice.csv', 'a,a\n1,2\n'), 'COLUMN_TWICE')
  await refused(put('open.csv', 'a,b\n1,"x\n'), 'CSV_MALFORMED')
  await refused(put('latin.csv', Buffer.from('a\ncaf\xe9\n', 'latin1')), 'ENCODING_NOT_UTF8')
})

test('a source in a catalog brings its columns to the types of the schema, and checks them', async () => {
  const path = put('typed.json', JSON.stringify([{ id: 1, price: 2, day: '2024-01-31' }]))
  const schema = rowSchema({ id: int({ min: 0 }), price: float(), day: date() })
  expect(await (await source('typed.json', { schema }).read(path)).rows()).toEqual([
    { id: 1, price: 2, day: '2024-01-31' },
  ])
  const read = (columns: Record<string, Column>) => source('typed.json', { schema: rowSchema(columns) }).read(path)
  await expect(read({ id: int({ min: 5 }), price: float(), day: date() })).rejects.toThrow(/below 5/)
  await expect(read({ id: int(), price: float() })).rejects.toThrow(expect.objectContaining({ code: 'COLUMN_UNKNOWN' }))
  await expect(read({ id: int(), price: float(), day: date(), x: int() })).rejects.toThrow(/"x"/)
  await expect(read({ id: date(), price: float(), day: date() })).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_TYPE' }),
  )
  const bad = put('bad-type.json', JSON.stringify([{ id: 'one', price: 2 }]))
  await expect(source('bad-type.json', { schema: rowSchema({ id: int(), price: float() }) }).read(bad)).rejects.toThrow(
    expect.objectContaining({ code: 'VALUE_TYPE' }),
  )
})
