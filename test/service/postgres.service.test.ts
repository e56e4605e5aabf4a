import { openTable } from '@mlpod/data'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Postgres, startPostgres } from './postgres.ts'

let server: Postgres
beforeAll(async () => {
  server = await startPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(`
    CREATE TABLE orders (id bigint, small int, price numeric(10, 2), ratio double precision, ok boolean, note text, day date, at timestamptz, local timestamp);
    INSERT INTO orders VALUES
      (9007199254740993, 1, 1.50, 0.1, true, 'a "quoted" name', '1960-02-29', '2024-01-31 12:00:00.123456+02', '2024-01-31 12:00:00'),
      (2, NULL, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL);
    CREATE SCHEMA "odd schema";
    CREATE TABLE "odd schema"."odd ""name" AS SELECT g AS n FROM generate_series(1, 25000) g;
  `)
  await client.end()
})
afterAll(() => server.stop())

test('a table of PostgreSQL is read with its types, and nothing is lost', async () => {
  const orders = await openTable(server.url, { table: 'orders' })
  expect((await orders.describe()).map(({ name, type }) => `${name} ${type}`)).toEqual([
    'id int',
    'small int',
    'price float',
    'ratio float',
    'ok bool',
    'note string',
    'day date',
    'at timestamp',
    'local timestamp',
  ])
  const [first, second] = await orders.derive({ id: ({ cast, column }) => cast(column('id'), 'VARCHAR') }).rows()
  expect(first).toEqual({
    id: '9007199254740993',
    small: 1,
    price: 1.5,
    ratio: 0.1,
    ok: true,
    note: 'a "quoted" name',
    day: '1960-02-29',
    at: '2024-01-31T10:00:00.123456Z',
    local: '2024-01-31T12:00:00Z',
  })
  expect(second).toMatchObject({ small: null, price: null, ok: null, day: null, at: null })
})

test('many rows and odd names are read, in one transaction', async () => {
  const many = await openTable(server.url, { table: 'odd schema.odd "name' })
  const [{ n, total }] = await many.groupBy([], { n: ({ count }) => count(), total: ({ sum }) => sum('n') }).rows()
  expect([n, Number(total)]).toEqual([25_000, 312_512_500])
})

test('what is not there is said without the password', async () => {
  await expect(openTable(server.url)).rejects.toThrow(/2 tables, and none is named/)
  await expect(openTable(server.url, { table: 'order' })).rejects.toThrow(/did you mean "orders"/)
  const wrong = server.url.replace('tester@', 'tester:secret@').replace(/:\d+\//, ':1/')
  const error = await openTable(wrong, { table: 'orders' }).catch((e: Error) => e)
  expect(error).toMatchObject({ code: 'DATABASE_FAILED' })
  expect(String(error)).not.toContain('secret')
})
