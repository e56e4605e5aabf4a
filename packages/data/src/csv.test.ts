import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bool, closeEngine, csv, date, float, int, rowSchema, string, timestamp } from './index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlpod-csv-'))
})
afterAll(async () => {
  await closeEngine()
  await rm(folder, { recursive: true })
})

const Sale = rowSchema({ id: int(), price: float({ nullable: true }), town: string({ nullable: true }) })
const read = async (text: string | Buffer, options: object = {}, schema: unknown = Sale) => {
  const path = join(folder, 'sales.csv')
  await writeFile(path, text)
  return csv('sales.csv', { schema: schema as typeof Sale, ...options }).read(path)
}
const fails = (code: string, message: RegExp, at?: string | RegExp) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    ...(at !== undefined && { at: expect.stringMatching(at) }),
  })

test('a CSV file is read by its names, with quotes, a byte order mark and either line ending', async () => {
  const rows = [
    { id: 1, price: 2.5, town: 'Ulm, an der "Donau"\nDeutschland' },
    { id: -2, price: null, town: null },
  ]
  const body = '"town",id,price\n"Ulm, an der ""Donau""\nDeutschland",1,2.5\n,-2,\n'
  expect(await (await read(body)).rows()).toEqual(rows)
  expect(await (await read(`\ufeff${body}`)).rows()).toEqual(rows)
  expect((await (await read(body.replaceAll('\n', '\r\n'))).rows()).map((r) => r.id)).toEqual([1, -2])
  expect(await (await read('id,price,town\n')).count()).toBe(0)
})

test('codes for missing are missing, in every column or in one', async () => {
  const text = 'id,price,town\n1,666,NA\n2,NA,666\n'
  const relation = await read(text, { nullValues: ['', 'NA'], missing: { price: [666] } })
  expect(await relation.rows()).toEqual([
    { id: 1, price: null, town: null },
    { id: 2, price: null, town: '666' },
  ])
  expect(() => csv('sales.csv', { schema: Sale, missing: { prize: [1] } as never })).toThrow(
    fails('COLUMN_UNKNOWN', /did you mean "price"/),
  )
})

test('numbers that mean missing are compared as numbers, texts as they are written, in columns of any type', async () => {
  const Coded = rowSchema({
    id: int({ nullable: true }),
    town: string({ nullable: true }),
    day: date({ nullable: true }),
    ok: bool({ nullable: true }),
  })
  const missing = { id: [-1, 'none'], town: [999, "x') OR 1=1 --"], day: ['1900-01-01'], ok: ['no answer'] }
  const text =
    "id,town,day,ok\n-1.0,abc,1900-01-01,true\nnone,999,2020-01-01,no answer\n7,x') OR 1=1 --,2020-01-02,false\n"
  expect(await (await read(text, { missing }, Coded)).rows()).toEqual([
    { id: null, town: 'abc', day: null, ok: true },
    { id: null, town: null, day: '2020-01-01', ok: null },
    { id: 7, town: null, day: '2020-01-02', ok: false },
  ])
  await expect(read('id,town,day,ok\nother,a,2020-01-01,true\n', { missing }, Coded)).rejects.toThrow(
    fails('VALUE_TYPE', /"id".*"other" in line 2/),
  )
})

test('options that no file could fit are refused when the source is declared', () => {
  const invalid = (options: object, message: RegExp) =>
    expect(() => csv('sales.csv', { schema: Sale, ...options })).toThrow(fails('OPTION_INVALID', message))
  invalid({ missing: { price: [Number.NaN] } }, /NaN of column "price"/)
  for (const delimiter of ['', '||', '"', '\n']) invalid({ delimiter }, /is not one character between fields/)
  invalid({ nullValues: ['a,b'] }, /no field of sales.csv can be "a,b"/)
})

test('one file is read, whatever its name means to those who look for many', async () => {
  for (const [name, other] of [
    ['a[1].csv', 'a1.csv'],
    ['b*.csv', 'bb.csv'],
    ['c?.csv', 'cc.csv'],
    ["it's.csv", 'its.csv'],
  ]) {
    await writeFile(join(folder, name), 'id\n1\n')
    await writeFile(join(folder, other), 'id\n2\n')
    const source = csv(name, { schema: rowSchema({ id: int() }) })
    expect(await (await source.read(join(folder, name))).rows(), name).toEqual([{ id: 1 }])
  }
})

test('moments keep their zone, days have no hour, and neither is infinite', async () => {
  const Moment = rowSchema({ at: timestamp() })
  const text =
    'at\n2020-01-01T10:00:00Z\n2020-01-01 10:00:00.5\n2020-01-01T10:00:00+02:00\n2020-01-01T10:00:00-03:30\n2020-01-01\n'
  expect((await (await read(text, {}, Moment)).rows()).map((row) => Object.values(row)[0])).toEqual([
    '2020-01-01T10:00:00Z',
    '2020-01-01T10:00:00.5Z',
    '2020-01-01T08:00:00Z',
    '2020-01-01T13:30:00Z',
    '2020-01-01T00:00:00Z',
  ])
  for (const wrong of ['infinity', 'epoch', '01/02/2020', '2020/01/02', '2020-01-01 10:00:00 Mars/Base'])
    await expect(read(`at\n${wrong}\n`, {}, Moment)).rejects.toThrow(fails('VALUE_TYPE', /no timestamp/))
  for (const wrong of ['infinity', '2020-01-01 10:00:00', '2020/01/02', '2020-1-2'])
    await expect(read(`day\n${wrong}\n`, {}, rowSchema({ day: date() }))).rejects.toThrow(
      fails('VALUE_TYPE', /no date/),
    )
})

test('a wrong value is named with column, text and line', async () => {
  await expect(read('id,price,town\n1,2,"a\nb"\nseven,2,x\n')).rejects.toThrow(
    fails('VALUE_TYPE', /"id" of sales.csv is "seven" in line 4 and no int/, /sales\.csv:4$/),
  )
  await expect(read('id,price,town\n1.5,2,x\n')).rejects.toThrow(fails('VALUE_TYPE', /is "1.5" in line 2 and no int/))
  await expect(read('id,price,town\n1,2,x\n2,1 000,x\n')).rejects.toThrow(fails('VALUE_TYPE', /"price".*line 3/))
  const Day = rowSchema({ day: date(), ok: bool() })
  await expect(read('day,ok\n2024-02-30,true\n', {}, Day)).rejects.toThrow(fails('VALUE_TYPE', /"day".*no date/))
  await expect(read('day,ok\n2024-02-28,maybe\n', {}, Day)).rejects.toThrow(fails('VALUE_TYPE', /"ok".*no bool/))
})

test('whole numbers written as 3.0 or 1e3 are whole', async () => {
  expect((await (await read('id,price,town\n3.0,1,x\n1e3,1,x\n')).rows()).map((r) => r.id)).toEqual([3, 1000])
})

test('NaN and infinite numbers are refused with their row', async () => {
  await expect(read('id,price,town\n1,2,x\n2,inf,y\n')).rejects.toThrow(
    fails(
      'SCHEMA_VIOLATED',
      /"price" of sales.csv is NaN or infinite in 1 of 2 rows: first Infinity in row 1|NaN or infinite/,
    ),
  )
  await expect(read('id,price,town\n1,nan,x\n')).rejects.toThrow(fails('SCHEMA_VIOLATED', /NaN or infinite/))
})

test('missing values where the schema wants one are refused', async () => {
  await expect(read('id,price,town\n,2,x\n')).rejects.toThrow(fails('SCHEMA_VIOLATED', /"id".*missing in 1 of 1 rows/))
})

test('malformed files say what is wrong and where', async () => {
  await expect(read('id,price,town\n1,2,"x\n2,3,y\n')).rejects.toThrow(fails('CSV_MALFORMED', /quote in line 2/, /:2$/))
  await expect(read('id,price,town\n1,2,x,y\n')).rejects.toThrow(fails('CSV_MALFORMED', /line 2 .* has 4 fields/))
  await expect(read('id,price,town\n1,2\n')).rejects.toThrow(fails('CSV_MALFORMED', /has 2 fields/))
  await expect(read('id,"price,town\n1,2,x\n')).rejects.toThrow(fails('CSV_MALFORMED', /header/))
  await expect(read('id;price;town\n1;2;x\n')).rejects.toThrow(
    expect.objectContaining({ hint: expect.stringContaining('{ delimiter: ";" }') }),
  )
  await expect(read(',id,price,town\n0,1,2,x\n')).rejects.toThrow(fails('CSV_MALFORMED', /column 1 .* no name/))
})

test('columns that are missing, surplus or twice are named', async () => {
  await expect(read('id,prise,town\n1,2,x\n')).rejects.toThrow(fails('COLUMN_MISSING', /"price".*did you mean "prise"/))
  await expect(read('id,price,town,more\n1,2,x,1\n')).rejects.toThrow(fails('COLUMN_UNKNOWN', /"more"/))
  expect(await (await read('id,price,town,more\n1,2,x,1\n', { extraColumns: 'drop' })).count()).toBe(1)
  await expect(read('id,id,price,town\n1,1,2,x\n')).rejects.toThrow(fails('COLUMN_TWICE', /"id"/))
})

test('other encodings are named, with the first byte that is not UTF-8', async () => {
  await expect(read(Buffer.from('id,price,town\n1,2,Ulm\n2,3,K\xf6ln\n', 'latin1'))).rejects.toThrow(
    expect.objectContaining({
      code: 'ENCODING_NOT_UTF8',
      at: expect.stringMatching(/:3$/),
      because: 'byte 6 of line 3 is 0xF6',
    }),
  )
  await expect(read(Buffer.from('\ufeffid,price,town\n1,2,x\n', 'utf16le'))).rejects.toThrow(
    fails('ENCODING_NOT_UTF8', /UTF-16/),
  )
  await expect(read(Buffer.from('id,price,town\n1,2,x\n', 'utf16le'))).rejects.toThrow(
    fails('ENCODING_NOT_UTF8', /UTF-16/),
  )
})

test('missing and empty files are refused', async () => {
  const handle = csv('data/none.csv', { schema: Sale })
  await expect(handle.read(join(folder, 'none.csv'))).rejects.toThrow(fails('FILE_MISSING', /data\/none.csv/))
  await expect(read('')).rejects.toThrow(fails('FILE_EMPTY', /sales.csv/))
})

test('a written CSV file reads back as the same rows, sorted', async () => {
  const path = join(folder, 'out.csv')
  const handle = csv('out.csv', { schema: Sale })
  const rows = [
    { id: 2, price: 0.1, town: 'a "quoted", town' },
    { id: 1, price: null, town: null },
  ]
  await handle.write(rows, path)
  expect(await (await handle.read(path)).rows()).toEqual(rows.toReversed())
})

test('values are left to expectations when only types are checked', async () => {
  const Positive = rowSchema({
    id: int({ min: 1 }),
    price: float({ nullable: true }),
    town: string({ nullable: true }),
  })
  await expect(read('id,price,town\n0,1,x\n', {}, Positive)).rejects.toThrow(fails('SCHEMA_VIOLATED', /"id".*below 1/))
  expect(await (await read('id,price,town\n0,1,x\n', { check: 'types' }, Positive)).count()).toBe(1)
})

test('columns that differ only in case, names among spaces and a NUL within a text are told apart from other trouble', async () => {
  await expect(read('id,ID,town\n1,2,x\n')).rejects.toThrow(fails('COLUMN_TWICE', /"id" and "ID".*only in case/))
  await expect(read('id, price,town\n1,2,x\n')).rejects.toMatchObject({
    code: 'COLUMN_MISSING',
    hint: 'its name stands among spaces: " price"',
  })
  expect(await (await read('id,price,town\n1,2,a\0b\n')).rows()).toEqual([{ id: 1, price: 2, town: 'a\0b' }])
})
