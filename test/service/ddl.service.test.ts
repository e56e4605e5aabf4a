import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  bool,
  brokenRowsOf,
  type Column,
  closeEngine,
  date,
  float,
  int,
  postgresTable,
  type RowSchema,
  rowSchema,
  rowsOf,
  schemaDdl,
  source,
  string,
  timestamp,
} from '@mlpod/data'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Postgres, startPostgres } from './postgres.ts'

// What the schemas write for other databases is executed by them: it takes the rows that the schema allows, gives them back, and refuses the others.

let server: Postgres
let client: pg.Client
const folder = mkdtempSync(join(tmpdir(), 'mlpod-ddl-'))
beforeAll(async () => {
  server = await startPostgres()
  client = new pg.Client(server.url)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await server.stop()
  await closeEngine()
  rmSync(folder, { recursive: true, force: true })
})

const columns: Readonly<Record<string, Column>> = {
  int: int(),
  'int, nullable': int({ nullable: true }),
  'int, min and max': int({ min: -5, max: 1_000_000_000_000 }),
  'int, above and below': int({ above: -2.5, below: 40 }),
  'int, multiple': int({ multipleOf: 7 }),
  'int, values': int({ values: [-1, 0, 30] }),
  float: float(),
  'float, nullable': float({ nullable: true }),
  'float, min and max': float({ min: -0.1, max: 1e21 }),
  'float, above and below': float({ above: 0, below: 1 }),
  'float, multiple': float({ multipleOf: 0.1, min: -50 }),
  'float, values': float({ values: [0.1, -3, 1e-7] }),
  bool: bool(),
  'bool, nullable': bool({ nullable: true }),
  string: string(),
  'string, nullable': string({ nullable: true }),
  'string, lengths': string({ minLength: 2, maxLength: 4 }),
  'string, values': string({ values: ["it's", 'a "b"', '', '\\'] }),
  'string, pattern': string({ pattern: "^[a-z']{2}-\\d+$" }),
  date: date(),
  'date, nullable': date({ nullable: true }),
  'date, min and max': date({ min: '1999-12-31', max: '2024-02-29' }),
  timestamp: timestamp(),
  'timestamp, nullable': timestamp({ nullable: true }),
  'timestamp, min and max': timestamp({ min: '2024-01-31', max: '2024-12-31T12:00:00.5+02:00' }),
}
const N = 150

interface Database {
  readonly make: (statement: string) => Promise<void>
  readonly insert: (table: string, row: Readonly<Record<string, unknown>>) => Promise<void>
  readonly read: (table: string, schema: RowSchema) => Promise<readonly Record<string, unknown>[]>
  /** Rules that the statement says it leaves out. */
  readonly unsaid: readonly string[]
}

const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`

const databases: Readonly<Record<'postgres' | 'sqlite', () => Database>> = {
  postgres: () => ({
    unsaid: [],
    make: async (statement) => {
      await client.query(statement)
    },
    async insert(table, row) {
      const names = Object.keys(row).map(quotedName)
      const places = names.map((_, i) => `$${i + 1}`)
      const values = Object.values(row).map((value) => (value === null ? null : String(value)))
      await client.query(`INSERT INTO ${quotedName(table)} (${names}) VALUES (${places})`, values)
    },
    async read(table, schema) {
      const path = join(folder, `${table.replaceAll(/\W+/g, '-')}.parquet`)
      const handle = postgresTable(table, { url: server.url, schema })
      await handle.fetch!(path)
      return (await handle.read(path)).orderBy('id').rows() as never
    },
  }),
  sqlite() {
    const path = join(folder, 'x.db')
    const database = new DatabaseSync(path)
    return {
      unsaid: ['string, pattern pattern'],
      make: async (statement) => database.exec(statement),
      async insert(table, row) {
        const values = Object.values(row).map((value) => (typeof value === 'boolean' ? Number(value) : value))
        const names = Object.keys(row).map(quotedName)
        database
          .prepare(`INSERT INTO ${quotedName(table)} (${names}) VALUES (${names.map(() => '?')})`)
          .run(...(values as never[]))
      },
      async read(table, schema) {
        return (await source(path, { schema, table }).read(path)).orderBy('id').rows() as never
      },
    }
  },
}

test.each(Object.keys(databases) as (keyof typeof databases)[])(
  'what a schema declares is executed by %s: its rows come back, and no others go in',
  async (dialect) => {
    const { make, insert, read, unsaid } = databases[dialect]()
    const wrong: string[] = []
    for (const [name, column] of Object.entries(columns)) {
      const schema = rowSchema({ id: int({ unique: true, min: 0, max: 1e6 }), [name]: column }) as unknown as RowSchema
      await make(schemaDdl(schema, { table: name, dialect }))
      const wanted = (rowsOf(schema, N, { seed: 1 }) as Record<string, unknown>[]).sort(
        (a, b) => Number(a.id) - Number(b.id),
      )
      for (const row of wanted)
        await insert(name, row).catch((error: Error) =>
          wrong.push(`${name}: ${JSON.stringify(row)} is refused: ${error.message}`),
        )
      const found = await read(name, schema)
      // moments come back in their shortest form
      expect(found, name).toEqual(wanted)
      for (const { row, column: at, rule } of brokenRowsOf(schema, N, { seed: 2 })) {
        if (unsaid.includes(`${at} ${rule}`)) continue
        // an id that is there already would be refused for another reason
        const given = at === 'id' ? row : { ...(row as object), id: 1_000_000 }
        await insert(name, given as never).then(
          () => wrong.push(`${name}: ${JSON.stringify(given)} breaks ${rule} and is taken`),
          () => {},
        )
      }
    }
    expect([...new Set(wrong)]).toEqual([])
  },
)

test.each(Object.keys(databases) as (keyof typeof databases)[])(
  '%s refuses values of another type, and what is not unique',
  async (dialect) => {
    const { make, insert } = databases[dialect]()
    const schema = rowSchema(
      {
        id: int({ unique: true }),
        x: float({ nullable: true }),
        yes: bool({ nullable: true }),
        day: date({ nullable: true }),
        at: timestamp({ nullable: true }),
        'odd "name"': string({ nullable: true }),
      },
      { unique: [['day', 'odd "name"']] },
    )
    await make(schemaDdl(schema, { table: 'odd "table"', dialect }))
    const good = { id: 1, x: 1.5, yes: true, day: '2024-02-29', at: '2024-02-29T01:02:03.25Z', 'odd "name"': 'a' }
    const at = (row: object) => insert('odd "table"', { ...good, ...row })
    await at({})
    await at({ id: 2, day: '2024-03-01' })
    await at({ id: 3, x: null, yes: null, day: null, at: null, 'odd "name"': null })
    for (const change of [
      { id: 1, day: null },
      { id: 4 },
      { id: 'x', day: null },
      { id: 1.5, day: null },
      { id: 5, day: null, x: 'much' },
      { id: 5, day: null, yes: 'perhaps' },
      { id: 5, day: null, yes: 2 },
      { id: 5, day: '2024-02-30' },
      { id: 5, day: 'today-ish' },
      { id: 5, day: null, at: '2024-02-30T00:00:00Z' },
      { id: 5, day: null, at: 'noon' },
    ])
      await expect(at(change), JSON.stringify(change)).rejects.toThrow()
    await at({ id: 5, day: null })
  },
)

test('patterns mean the same to PostgreSQL, or are said to be left out', async () => {
  const { make, insert } = databases.postgres()
  const texts = ['cat', 'a cat', 'concat', 'x1', '1', 'é', 'a\nb', '']
  for (const [i, pattern] of [
    '\\bcat\\b',
    '\\Bcat',
    '^\\d+$',
    '^\\w+$',
    '[aé]',
    '^(?:a|x)',
    '(?<=n)cat',
    '^$',
    'a[^b]b',
  ].entries()) {
    const schema = rowSchema({ text: string({ pattern }) })
    await make(schemaDdl(schema, { table: `p${i}`, dialect: 'postgres' }))
    const taken: string[] = []
    for (const text of texts)
      await insert(`p${i}`, { text }).then(
        () => taken.push(text),
        () => {},
      )
    // to PostgreSQL a letter with an accent is part of a word
    const wanted = texts.filter((text) => new RegExp(pattern, 'u').test(text) || (pattern === '^\\w+$' && text === 'é'))
    expect(taken, pattern).toEqual(wanted)
  }
  for (const pattern of ['^\\p{L}+$', '\\u{61}', '(?<a>x)\\k<a>'])
    expect(schemaDdl(rowSchema({ text: string({ pattern }) }), { table: 't', dialect: 'postgres' })).toMatch(
      /-- not checked: pattern/,
    )
})
