import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openEngine } from '../engine.ts'
import {
  arrowFields,
  assertSignature,
  bool,
  checkSchema,
  closeEngine,
  date,
  expectations,
  fieldFromJsonSchema,
  float,
  fromJsonSchema,
  inferSchema,
  int,
  listOf,
  literal,
  modelSignature,
  objectOf,
  relationOf,
  rowSchema,
  schemaCode,
  schemaDdl,
  schemaExpectations,
  string,
  suite,
  timestamp,
  toGreatExpectations,
  toJsonSchema,
  traceStatements,
  unionOf,
} from '../index.ts'

afterAll(closeEngine)
const refuses = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) })

const Full = rowSchema(
  {
    id: int({ unique: true, role: 'key', above: 0 }),
    'a "quoted" name': string({ pattern: "^[a-z']+$", minLength: 1, maxLength: 3, nullable: true }),
    share: float({ min: 0, below: 1, multipleOf: 0.25, role: 'feature' }),
    any: float({ finite: false, nullable: true }),
    kind: string({ values: ["it's", 'b'], description: 'its kind', role: 'feature' }),
    even: int({ multipleOf: 2, values: [2, 4] }),
    yes: bool({ absentIn: ['serving'] }),
    day: date({ min: '2020-01-01', max: '2024-12-31' }),
    at: timestamp({ nullable: true, max: '2024-12-31T00:00:00Z' }),
  },
  { unique: [['kind', 'day']], ordered: true, extra: 'forbid' },
)
const good = {
  id: 1,
  'a "quoted" name': "it'",
  share: 0.25,
  any: null,
  kind: "it's",
  even: 2,
  yes: true,
  day: '2024-01-01',
  at: null,
}

test('a schema goes into JSON Schema and comes back the same', () => {
  expect(fromJsonSchema(toJsonSchema(Full))).toEqual(Full)
  expect(JSON.parse(JSON.stringify(toJsonSchema(Full)))).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: Object.keys(Full.columns),
    properties: { id: { type: 'integer', exclusiveMinimum: 0 }, at: { type: ['string', 'null'], format: 'date-time' } },
  })
  expect(
    toJsonSchema(
      objectOf({
        a: listOf(int(), { maxLength: 2 }),
        b: unionOf(string(), literal(1)),
        c: objectOf({}, { nullable: true }),
      }),
    ),
  ).toMatchObject({
    properties: {
      a: { type: 'array', items: { type: 'integer' }, maxItems: 2 },
      b: { anyOf: [{ type: 'string' }, { enum: [1] }] },
      c: { type: ['object', 'null'] },
    },
  })
  const nested = objectOf(
    {
      a: listOf(int({ min: 1 }), { maxLength: 2, nullable: true }),
      b: unionOf(string(), int()),
      c: literal(1, 'x'),
      d: objectOf({ day: date({ nullable: true }) }, { extra: 'forbid' }),
    },
    { nullable: true },
  )
  expect(fieldFromJsonSchema(toJsonSchema(nested))).toEqual(nested)
  for (const unsaid of [
    { type: 'array' },
    { type: 'object', properties: { a: { type: 'string' } } },
    { type: 'null' },
    {},
  ])
    expect(() => fieldFromJsonSchema(unsaid)).toThrow(refuses('SCHEMA_UNSUPPORTED'))
  expect(() => fromJsonSchema({ type: 'string' })).toThrow(refuses('SCHEMA_UNSUPPORTED'))
  expect(() => fromJsonSchema({ type: 'object', properties: { a: { type: 'array' } }, required: ['a'] })).toThrow(
    refuses('SCHEMA_UNSUPPORTED', /"a"/),
  )
})

test('a schema as TypeScript is a module that makes the same schema', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlpod-code-'))
  try {
    const file = join(folder, 'row.ts')
    writeFileSync(file, schemaCode(Full, { name: 'Loan', from: new URL('../index.ts', import.meta.url).href }))
    const { Loan } = (await import(file)) as { Loan: typeof Full }
    expect(Loan).toEqual(Full)
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(schemaCode(rowSchema({ a: int(), b: string({ nullable: true }) }))).toBe(
    `import { int, rowSchema, string, type RowOf } from "mlpod/data"

export const Row = rowSchema({
  a: int(),
  b: string({ nullable: true }),
})
export type Row = RowOf<typeof Row>
`,
  )
  expect(() => schemaCode(Full, { name: 'a b' })).toThrow(refuses('NAME_INVALID'))
})

test('a table declared by the schema takes good rows and refuses bad ones', async () => {
  const engine = await openEngine()
  const statement = schemaDdl(Full, { table: 'a "table"' })
  await engine.run(statement)
  const insert = (row: object) =>
    engine.run(
      `INSERT INTO "a ""table""" VALUES (${Object.values(row)
        .map((v) => (typeof v === 'string' ? `'${v.replaceAll("'", "''")}'` : String(v)))
        .join(', ')})`,
    )
  await insert(good)
  const bad = [
    { id: 0 },
    { id: 1, day: '2024-01-02' },
    { 'a "quoted" name': 'long' },
    { 'a "quoted" name': 'A' },
    { share: 0.3 },
    { share: 1 },
    { share: null },
    { kind: 'c' },
    { even: 6 },
    { day: '2025-01-01' },
    { at: '2025-01-01' },
    { id: 2 },
  ]
  for (const change of bad) await expect(insert({ ...good, id: 9, ...change })).rejects.toThrow(refuses('SQL_FAILED'))
  await insert({ ...good, id: 2, kind: 'b' })
  await engine.run('DROP TABLE "a ""table"""')
  expect(schemaDdl(Full, { table: 't', dialect: 'sqlite' })).toMatch(/-- not checked: pattern/)
  expect(schemaDdl(Full, { table: 't', dialect: 'postgres' })).toMatch(
    /"a ""quoted"" name" TEXT CHECK .* ~ '\^\[a-z''\]\+\$'/,
  )
})

test('a schema as expectations passes where the schema holds, and fails where it is broken', async () => {
  const list = schemaExpectations(Full)
  const judge = async (rows: readonly object[]) => {
    const data = await relationOf(rows as never, { schema: rowSchema(Full.columns) })
    return expectations(data, list as never)
  }
  const passed = await judge([good])
  expect(passed.filter(({ status }) => status !== 'pass').map(({ sentence, message }) => [sentence, message])).toEqual(
    [],
  )
  const failed = await judge([
    { ...good, share: 0.3, kind: 'c', day: '2025-01-01' },
    { ...good, id: 1, even: 3 },
  ])
  expect(failed.filter(({ status }) => status === 'fail').map(({ type, columns }) => `${type} ${columns}`)).toEqual([
    'unique id',
    'unexpectedRows ',
    'inSet kind',
    'inSet even',
    'unexpectedRows ',
    'between day',
  ])
  expect(JSON.stringify(toGreatExpectations(suite('full', list)))).toMatch(/expect_compound_columns_to_be_unique/)
})

test('the types of Arrow and the inputs of a model follow from the schema', () => {
  expect(arrowFields(Full).map(({ type }) => type)).toEqual([
    'int64',
    'utf8',
    'float64',
    'float64',
    'utf8',
    'int64',
    'bool',
    'date32[day]',
    'timestamp[us, tz=UTC]',
  ])
  const inputs = modelSignature(Full)
  expect(inputs).toEqual([
    { name: 'share', dtype: 'float32', shape: [null, 1] },
    { name: 'kind', dtype: 'string', shape: [null, 1] },
  ])
  expect(modelSignature(rowSchema({ a: date(), b: bool() })).map(({ dtype }) => dtype)).toEqual(['string', 'float32'])
  assertSignature(Full, inputs)
  const refused = (changed: readonly { name: string; dtype: string; shape?: readonly number[] }[], message: RegExp) =>
    expect(() => assertSignature(Full, changed)).toThrow(refuses('SIGNATURE_DIFFERS', message))
  refused([...inputs, { name: 'x', dtype: 'float32' }] as never, /"x"/)
  refused([inputs[0]] as never, /no input "kind"/)
  refused([inputs[0], { name: 'kind', dtype: 'float32' }] as never, /"kind" as float32/)
  refused([{ ...inputs[0], shape: [1, 3] }, inputs[1]] as never, /\[1, 3\]/)
})

test('a schema inferred from a table holds of it, and says what it was concluded from', async () => {
  const n = 60
  const rows = Array.from({ length: n }, (_, i) => ({
    id: i,
    code: `c${i}`,
    kind: ['a', 'b', 'c'][i % 3],
    price: i === 7 ? null : (i * 37) % 100,
    share: i / n,
    odd: i === 3 ? Number.POSITIVE_INFINITY : 1.5,
    same: 5,
    yes: i % 2 === 0,
    day: `2024-01-${String(1 + (i >> 1)).padStart(2, '0')}`,
    back: `2024-01-${String(30 - (i >> 1)).padStart(2, '0')}`,
    text: String(i / 2),
    when: `2024-01-0${1 + (i % 9)}`,
  }))
  const data = await relationOf(rows, {
    schema: rowSchema({
      id: int(),
      code: string(),
      kind: string(),
      price: float({ nullable: true }),
      share: float(),
      odd: float(),
      same: int(),
      yes: bool(),
      day: date(),
      back: date(),
      text: string(),
      when: string(),
    }),
  })
  const { result, statements } = await traceStatements(() => inferSchema(data))
  // order of days, first texts, numbers, quantiles, and the values of two columns of few texts
  expect(statements.length).toBe(6)
  const { schema, columns } = result
  expect(schema.columns).toEqual({
    id: { type: 'int', nullable: false, min: 0, max: 65, unique: true },
    code: { type: 'string', nullable: false, unique: true },
    kind: { type: 'string', nullable: false, values: ['a', 'b', 'c'] },
    price: { type: 'float', nullable: true, min: 0, max: 110 },
    share: { type: 'float', nullable: false, min: 0, max: 1.1 },
    odd: { type: 'float', nullable: false, finite: false },
    same: { type: 'int', nullable: false },
    yes: { type: 'bool', nullable: false },
    day: { type: 'date', nullable: false, role: 'time' },
    back: { type: 'date', nullable: false },
    text: { type: 'string', nullable: false, unique: true },
    when: { type: 'string', nullable: false, values: rows.slice(0, 9).map(({ when }) => when) },
  })
  const facts = Object.fromEntries(columns.map((one) => [one.column, one]))
  expect(facts.price).toMatchObject({ presence: 59 / 60, distinct: 59, min: 0, max: 99 })
  expect([facts.text.readableAs, facts.when.readableAs, facts.code.readableAs]).toEqual(['float', 'date', undefined])
  expect([facts.day.monotone, facts.back.monotone]).toEqual([true, false])
  expect(facts.odd.because).toEqual(['1 values are NaN or infinite'])
  expect((await checkSchema(data, schema)).violations).toEqual([])
})

test('of an empty table, of one of missing values and of nested ones a schema is inferred too', async () => {
  const schema = rowSchema({
    a: int({ nullable: true }),
    b: string({ nullable: true }),
    c: float({ nullable: true }),
    d: date({ nullable: true }),
  })
  for (const rows of [[], [{ a: null, b: null, c: null, d: null }]]) {
    const data = await relationOf(rows, { schema })
    const inferred = await inferSchema(data)
    expect(Object.values(inferred.schema.columns).map(({ type }) => type)).toEqual(['int', 'string', 'float', 'date'])
    expect((await checkSchema(data, inferred.schema)).ok).toBe(true)
  }
  const data = await relationOf([{ a: 1, b: 'x', c: 1, d: null }], { schema })
  const nested = data.derive({ list: ({ list, column }) => list([column('a')]) }).select('a', 'list')
  const { schema: found, columns } = await inferSchema(nested)
  expect(Object.keys(found.columns)).toEqual(['a'])
  expect(columns[1]).toMatchObject({ sqlType: 'BIGINT[]', distinct: 1, because: [expect.stringMatching(/left out/)] })
})

test('integers beyond 2^53, decimals, infinite days and moments with zones are inferred as they are', async () => {
  const data = (await relationOf([{ a: 1 }, { a: 2 }], { schema: rowSchema({ a: int() }) })).derive({
    big: ({ add, column, literal }) => add(column('a'), literal(9007199254740992n as never)),
    price: ({ cast, column }) => cast(column('a'), 'DECIMAL(9,2)'),
    day: ({ cast, literal }) => cast(literal('infinity'), 'DATE'),
    when: ({ cast, literal }) => cast(literal('1950-01-01 12:00:00+02'), 'TIMESTAMPTZ'),
  })
  const { schema, columns } = await inferSchema(data)
  const [, big, price, day, when] = columns
  expect([big.min, big.max]).toEqual(['9007199254740993', '9007199254740994'])
  expect(schema.columns.big).toEqual(int())
  expect([price.sqlType, price.min, price.max]).toEqual(['DECIMAL(9,2)', 1, 2])
  expect(schema.columns.day).toMatchObject({ type: 'date', finite: false })
  expect(when.min).toBe('1950-01-01T10:00:00Z')
  expect(day.because[0]).toMatch(/infinite/)
  expect((await checkSchema(data, schema)).violations).toEqual([])
  expect((await checkSchema(data, rowSchema({ big: int({ max: 5 }) }))).violations[0].first[0]).toEqual({
    row: 0,
    value: '9007199254740993',
  })
})
