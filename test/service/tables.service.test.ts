import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import {
  arrowBatches,
  closeEngine,
  int,
  type OpenOptions,
  openTable,
  relationOf,
  rowSchema,
  string,
  table,
} from '@mlpod/data'
import { openS3, type S3 } from '@mlpod/store'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { workbook } from '../../packages/data/src/testWorkbook.ts'
import { makePod, type Outcome, type TestPod } from '../../packages/mlpod/src/testPod.ts'
import { type Between, between, type Minio, startMinio } from './minio.ts'
import { type Postgres, startPostgres } from './postgres.ts'

let minio: Minio
let middle: Between
let postgres: Postgres
let s3: S3
let folder: string
let options: OpenOptions
let pod: TestPod
let env: Record<string, string>
const schema = rowSchema({ id: int(), name: string() })
const rows = [
  { id: 1, name: 'a' },
  { id: 2, name: 'b' },
]
beforeAll(async () => {
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  folder = mkdtempSync(join(tmpdir(), 'mlpod-tables-'))
  ;[minio, postgres] = await Promise.all([startMinio(['shop']), startPostgres()])
  middle = await between(minio.s3.endpoint)
  const settings = { ...minio.s3, endpoint: middle.endpoint }
  s3 = await openS3(settings)
  options = { s3: { ...settings, cache: { folder: join(folder, 'cache') } } }
  const { accessKeyId, secretAccessKey } = minio.s3.credentials
  env = {
    AWS_ENDPOINT_URL: middle.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    XDG_CACHE_HOME: join(folder, 'home'),
    DATABASE_URL: postgres.url,
  }
  pod = makePod()
})
afterAll(async () => {
  pod.remove()
  s3.close()
  await closeEngine()
  await middle.stop()
  await Promise.all([minio.stop(), postgres.stop()])
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  middle.requests.length = 0
})
const gets = (): readonly string[] => middle.requests.filter((request) => /^GET \/shop\/[^?]/.test(request))
/** Runs the command while this process goes on answering for the server. */
async function command(on: TestPod, args: readonly string[], given: Record<string, string>): Promise<Outcome> {
  const child = on.start(args, given)
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
  if (child.exitCode === null) await once(child, 'exit')
  return { code: child.exitCode, stdout, stderr }
}
const parquetOf = async (some: readonly { id: number; name: string }[]): Promise<Uint8Array> => {
  const path = join(folder, 'x.parquet')
  await table({ schema }).write(some, path)
  return readFileSync(path)
}

test('a table of every format is read from S3, and the second time nothing is fetched', async () => {
  const relation = await relationOf(rows, { schema })
  const pieces: Uint8Array[] = []
  for await (const piece of arrowBatches(relation)) pieces.push(piece)
  const path = join(folder, 'x.db')
  const database = new DatabaseSync(path)
  database.exec("CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
  database.close()
  const csv = (mark: string): string => `id${mark}name\n1${mark}a\n2${mark}b\n`
  const objects: Record<string, Uint8Array | string> = {
    'one.csv': csv(','),
    'semicolon.csv': csv(';'),
    'one.tsv': csv('\t'),
    'one.json': JSON.stringify(rows),
    'one.jsonl': rows.map((row) => JSON.stringify(row)).join('\n'),
    'one.parquet': await parquetOf(rows),
    'one.arrow': Buffer.concat(pieces),
    'one.db': readFileSync(path),
  }
  for (const [name, bytes] of Object.entries(objects)) {
    const place = `s3://shop/formats/${name}`
    await s3.put(place, bytes)
    middle.requests.length = 0
    for (let i = 0; i < 2; i++) expect(await (await openTable(place, options)).rows(), name).toEqual(rows)
    expect(gets(), name).toHaveLength(1)
  }
  await s3.put('s3://shop/formats/one.xlsx', workbook())
  const sheet = await openTable('s3://shop/formats/one.xlsx', { ...options, table: 'prices' })
  expect(await sheet.select('id').rows()).toEqual([{ id: 1 }, { id: 2 }])
  await s3.put('s3://shop/formats/one.csv', 'id,name\n3,c\n')
  expect(await (await openTable('s3://shop/formats/one.csv', options)).rows()).toEqual([{ id: 3, name: 'c' }])
  await s3.put('s3://shop/formats/bare', csv(','))
  expect(await (await openTable('s3://shop/formats/bare', { ...options, format: 'csv' })).count()).toBe(2)
})

test('patterns and partitioned folders are one table, and only the parts that are wanted are fetched', async () => {
  for (const [i, country] of ['be', 'fr', 'nl'].entries())
    for (const day of [1, 2]) {
      const key = `parts/country=${country}/day=${day}/x`
      await s3.put(`s3://shop/${key}.parquet`, await parquetOf([{ id: 10 * i + day, name: country }]))
      await s3.put(`s3://shop/text/${key}.csv`, `id,name\n${10 * i + day},${country}\n`)
    }
  middle.requests.length = 0
  const some = await openTable('s3://shop/parts', { ...options, partitions: { country: ['be', 'nl'], day: 1 } })
  expect(gets()).toHaveLength(2)
  expect([...some.columns].sort()).toEqual(['country', 'day', 'id', 'name'])
  expect((await some.orderBy('id').rows()).map(({ id, country }) => `${id} ${country}`)).toEqual(['1 be', '21 nl'])
  const all = await openTable('s3://shop/parts/', options)
  expect(await all.count()).toBe(6)
  expect(await (await openTable('s3://shop/parts/country=fr/**/*.parquet', options)).count()).toBe(2)
  expect(gets()).toHaveLength(6)
  const texts = await openTable('s3://shop/text/**/*.csv', { ...options, partitions: { country: 'fr' } })
  expect(await texts.select('id', 'country').orderBy('id').rows()).toEqual([
    { id: 11, country: 'fr' },
    { id: 12, country: 'fr' },
  ])
  for (const [partitions, code] of [
    [{ contry: 'fr' }, 'PARTITION_UNKNOWN'],
    [{ country: 'de' }, 'PARTITION_MISSING'],
  ] as const)
    await expect(openTable('s3://shop/parts', { ...options, partitions })).rejects.toMatchObject({ code })
  await expect(openTable('s3://shop/formats/*.arrow', options)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(openTable('s3://shop/part', options)).rejects.toMatchObject({ code: 'KEY_MISSING' })
  await expect(openTable('s3://shop/formats/on.csv', options)).rejects.toThrow(/did you mean "formats\/one.csv"/)
})

test('the command looks at tables on S3', async () => {
  const csv = (shift: number): string =>
    `price,kind\n${Array.from({ length: 400 }, (_, i) => `${((i * 37) % 100) + shift},${i % 3 ? 'a' : 'b'}`).join('\n')}\n`
  await s3.put('s3://shop/before.csv', csv(0))
  await s3.put('s3://shop/after.csv', csv(60))
  writeFileSync(
    join(pod.folder, 'suite.ts'),
    "import { suite } from 'mlpod/data'\nexport default suite('prices', [{ type: 'between', column: 'price', max: 100 }])\n",
  )
  const run = (...args: string[]) => command(pod, ['data', ...args], env)
  const profile = await run('profile', 's3://shop/before.csv')
  expect([profile.code, profile.stderr]).toEqual([0, ''])
  expect(profile.stdout).toContain('price')
  expect((await run('drift', 's3://shop/before.csv', 's3://shop/after.csv')).code).toBe(1)
  expect((await run('check', 's3://shop/before.csv', '-s', 'suite.ts')).code).toBe(0)
  expect((await run('check', 's3://shop/after.csv', '-s', 'suite.ts')).code).toBe(1)
  expect((await run('docs', 's3://shop/before.csv', '-o', 'docs')).code).toBe(0)
  const missing = await run('profile', 's3://shop/befor.csv')
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/KEY_MISSING[\s\S]*did you mean "before.csv"/)
  expect(gets()).toHaveLength(2)
})

const config = `import { defineCatalog, definePod, json, node, pipeline } from 'mlpod'
import { csv, float, int, postgresTable, rowSchema, source, string } from 'mlpod/data'

const catalog = defineCatalog({
  orders: csv('s3://shop/pod/orders.csv', { schema: rowSchema({ id: int(), price: float() }) }),
  parts: source('s3://shop/pod/parts', { schema: rowSchema({ id: int(), name: string(), country: string() }) }),
  people: postgresTable('people', { schema: rowSchema({ id: int(), name: string({ nullable: true }), born: int({ nullable: true }) }) }),
  sums: json(),
  counts: json(),
})
export const sum = node({
  name: 'sum',
  inputs: { orders: catalog.orders, parts: catalog.parts },
  outputs: { sums: catalog.sums },
  run: async ({ orders, parts }) => ({ sums: [await orders.rows(), await parts.count()] }),
})
export const count = node({
  name: 'count',
  inputs: { people: catalog.people },
  outputs: { counts: catalog.counts },
  run: async ({ people }) => ({ counts: await people.count() }),
})
export default definePod({ name: 'remote', catalog, pipelines: pipeline([sum, count]) })
`

test('a pod reads its sources from S3 and PostgreSQL, by their bytes', async () => {
  const client = new pg.Client(postgres.url)
  await client.connect()
  await client.query(
    "CREATE TABLE people (id bigint, name text, born int); INSERT INTO people VALUES (1, 'x', 1990), (2, NULL, NULL)",
  )
  await s3.put('s3://shop/pod/orders.csv', 'id,price\n1,2.5\n')
  for (const country of ['be', 'fr'])
    await s3.put(`s3://shop/pod/parts/country=${country}/x.parquet`, await parquetOf(rows))
  const remote = makePod()
  try {
    remote.write('mlpod.config.ts', config)
    const states = async (): Promise<Record<string, string>> => {
      const { code, stdout, stderr } = await command(remote, ['run', '--json'], env)
      expect([code, stderr], stdout).toEqual([0, ''])
      const events = stdout
        .trim()
        .split('\n')
        .map((line): { type: string; node: string } => JSON.parse(line))
      return Object.fromEntries(
        events.flatMap(({ type, node }) => (/^node\.(cached|finished)$/.test(type) ? [[node, type.slice(5)]] : [])),
      )
    }
    expect(await states()).toEqual({ sum: 'finished', count: 'finished' })
    expect(gets()).toHaveLength(3)
    expect(await states()).toEqual({ sum: 'cached', count: 'cached' })
    expect(gets()).toHaveLength(3)
    // the rows in another order are the same rows
    await client.query(
      'CREATE TABLE other AS SELECT * FROM people ORDER BY id DESC; DROP TABLE people; ALTER TABLE other RENAME TO people',
    )
    expect(await states()).toEqual({ sum: 'cached', count: 'cached' })
    await client.query("UPDATE people SET name = 'y' WHERE id = 2")
    expect(await states()).toEqual({ sum: 'cached', count: 'finished' })
    await s3.put('s3://shop/pod/orders.csv', 'id,price\n1,3\n')
    expect(await states()).toEqual({ sum: 'finished', count: 'cached' })
    const lock = readFileSync(join(remote.folder, 'mlpod.lock'), 'utf8')
    expect(lock).not.toContain('nobody-may-see-this')
    await client.query('ALTER TABLE people RENAME COLUMN born TO birth')
    const wrong = await command(remote, ['run'], env)
    expect(wrong.code).not.toBe(0)
    expect(wrong.stderr).toMatch(/COLUMN_MISSING/)
    const unnamed = await command(remote, ['run'], { ...env, DATABASE_URL: '' })
    expect(unnamed.stderr).toMatch(/DATABASE_UNNAMED[\s\S]*set DATABASE_URL/)
    expect(readdirSync(join(remote.folder, '.mlpod', 'tmp'))).toEqual([])
  } finally {
    remote.remove()
    await client.end()
  }
})
