import { afterAll, expect, test } from 'vitest'
import {
  assertEvolution,
  bool,
  type Column,
  checkSchema,
  closeEngine,
  date,
  float,
  int,
  type RowSchemaOptions,
  relationOf,
  rowSchema,
  schemaAnomalies,
  schemaDiff,
  schemaIn,
  string,
  timestamp,
} from '../index.ts'

afterAll(closeEngine)
const refuses = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) })

test.each<[string, Column, Column, string]>([
  ['type', int(), float(), 'wider'],
  ['type', float(), int(), 'narrower'],
  ['type', int({ min: 0 }), string(), 'other'],
  ['nullable', int(), int({ nullable: true }), 'wider'],
  ['nullable', int({ nullable: true }), int(), 'narrower'],
  ['min', int({ min: 0 }), int({ min: -1 }), 'wider'],
  ['min', int(), int({ min: 0 }), 'narrower'],
  ['min', float({ min: 0 }), float({ above: 0 }), 'narrower'],
  ['max', float({ below: 1 }), float({ max: 1 }), 'wider'],
  ['max', date({ max: '2024-01-01' }), date({ max: '2024-01-02' }), 'wider'],
  ['min', timestamp({ min: '2024-01-01T00:00:00Z' }), timestamp({ min: '2024-01-01T00:00:00+02:00' }), 'wider'],
  ['values', string({ values: ['a'] }), string({ values: ['a', 'b'] }), 'wider'],
  ['values', string({ values: ['a'] }), string({ values: ['b'] }), 'other'],
  ['values', string({ values: ['a'] }), string(), 'wider'],
  ['multipleOf', float({ multipleOf: 0.1 }), float({ multipleOf: 0.3 }), 'narrower'],
  ['multipleOf', int({ multipleOf: 6 }), int({ multipleOf: 3 }), 'wider'],
  ['multipleOf', int({ multipleOf: 2 }), int({ multipleOf: 3 }), 'other'],
  ['finite', float(), float({ finite: false }), 'wider'],
  ['minLength', string({ minLength: 1 }), string(), 'wider'],
  ['maxLength', string(), string({ maxLength: 3 }), 'narrower'],
  ['pattern', string({ pattern: 'a' }), string({ pattern: 'b' }), 'other'],
  ['unique', int(), int({ unique: true }), 'narrower'],
  ['absentIn', int(), int({ absentIn: ['serving'] }), 'wider'],
  ['description', int({ description: 'a' }), int({ description: 'b' }), 'same'],
  ['role', int(), int({ role: 'key' }), 'same'],
])('a change of %s is judged for readers and writers', (what, before, after, effect) => {
  const { changes, backward, forward } = schemaDiff(rowSchema({ a: before }), rowSchema({ a: after }))
  expect(changes.map((change) => [change.column, change.what])).toEqual([['a', what]])
  expect([forward, backward]).toEqual([
    effect === 'same' || effect === 'narrower',
    effect === 'same' || effect === 'wider',
  ])
})

test('columns that come and go, and what is said of the table', () => {
  const diff = (a: RowSchemaOptions, b: RowSchemaOptions, more = false) => {
    const { changes } = schemaDiff(
      rowSchema({ a: int(), b: int() }, a),
      rowSchema(more ? { a: int(), c: int() } : { a: int(), b: int() }, b),
    )
    return changes.map(({ column = '', what, readers, writers }) => `${column} ${what} ${readers} ${writers}`.trim())
  }
  expect(diff({}, {})).toEqual([])
  expect(diff({}, {}, true)).toEqual(['b removed breaking compatible', 'c added compatible breaking'])
  expect(diff({ extra: 'forbid' }, { extra: 'forbid' }, true)).toEqual([
    'b removed breaking breaking',
    'c added breaking breaking',
  ])
  expect(diff({}, { unique: [['a', 'b']] })).toEqual(['unique compatible breaking'])
  expect(diff({ unique: [['b', 'a']] }, { unique: [['a', 'b']] })).toEqual([])
  expect(diff({ ordered: true }, {})).toEqual(['ordered breaking compatible'])
  expect(diff({}, { extra: 'forbid' })).toEqual(['extra compatible breaking'])
  expect(diff({}, { extra: 'allow' })).toEqual(['extra compatible compatible'])
})

test('a rule of evolution refuses the change that breaks it, by name', () => {
  const before = rowSchema({ a: int({ min: 0 }), b: string() })
  const wider = rowSchema({ a: int(), b: string() })
  expect(assertEvolution(before, wider, 'backward').changes.length).toBe(1)
  expect(() => assertEvolution(before, wider, 'forward')).toThrow(
    refuses('SCHEMA_BREAKS', /min of "a" changed from 0 to null/),
  )
  expect(() => assertEvolution(wider, before, 'backward')).toThrow(refuses('SCHEMA_BREAKS'))
  expect(() => assertEvolution(wider, before, 'full')).toThrow(refuses('SCHEMA_BREAKS'))
  expect(() => assertEvolution(before, rowSchema({ a: int({ min: 0 }) }), 'forward')).toThrow(
    refuses('SCHEMA_BREAKS', /"b" was removed/),
  )
  expect(assertEvolution(wider, before, 'none').backward).toBe(false)
})

const Train = rowSchema(
  { id: int({ unique: true }), x: float({ min: 0, below: 1 }), y: bool({ absentIn: ['serving'], role: 'target' }) },
  { unique: [['id', 'y']] },
)

test('a schema without the columns that are absent in an environment', () => {
  expect(Object.keys(schemaIn(Train, 'serving').columns)).toEqual(['id', 'x'])
  expect(schemaIn(Train, 'serving').unique).toBeUndefined()
  expect(schemaIn(Train, 'training')).toEqual(Train)
  expect(() => schemaIn(Train, 'servng')).toThrow(refuses('ENVIRONMENT_UNKNOWN', /serving/))
})

test('each anomaly comes with the least change that allows it, and with all of them the table fulfils the schema', async () => {
  const schema = rowSchema(
    {
      id: int({ unique: true, role: 'key' }),
      low: int({ min: 5 }),
      high: float({ max: 1 }),
      open: float({ above: 0, below: 1 }),
      kind: string({ values: ['a'] }),
      text: string({ minLength: 2, maxLength: 3 }),
      code: string({ pattern: '^x' }),
      day: date({ min: '2024-01-01' }),
      there: int(),
      even: int({ multipleOf: 2 }),
      type: int({ description: 'a number' }),
      gone: int(),
    },
    { unique: [['low', 'kind']], extra: 'forbid' },
  )
  const types = rowSchema({
    id: int(),
    low: int(),
    high: float({ nullable: true }),
    open: float(),
    kind: string(),
    text: string(),
    code: string(),
    day: date(),
    there: int({ nullable: true }),
    even: int(),
    type: string(),
    fresh: bool(),
  })
  const row = {
    id: 1,
    low: 1,
    high: Number.POSITIVE_INFINITY,
    open: 0,
    kind: 'b',
    text: 'long',
    code: 'y',
    day: '2023-01-01',
    there: null,
    even: 3,
    type: 'one',
    fresh: true,
  }
  const data = await relationOf([row, { ...row, open: 1, text: '' }], { schema: types })
  const { anomalies, relaxed } = await schemaAnomalies(data, schema)
  const proposed = Object.fromEntries(
    anomalies.map(({ column, rule, share, proposal }) => [`${column} ${rule}`, [share, proposal]]),
  )
  expect(proposed).toMatchObject({
    'gone missing': [1, null],
    'type type': [1, { type: 'string', description: 'a number' }],
    'fresh extra': [1, { type: 'bool' }],
    'id unique': [0.5, { type: 'int', nullable: false, role: 'key' }],
    'low min': [1, { min: 1 }],
    'high finite': [1, { finite: false }],
    'open above': [0.5, { min: 0 }],
    'open below': [0.5, { max: 1 }],
    'kind values': [1, { values: ['a', 'b'] }],
    'text length': [1, { minLength: 0, maxLength: 4 }],
    'code pattern': [1, { type: 'string', nullable: false }],
    'day min': [1, { min: '2023-01-01' }],
    'there nullable': [1, { nullable: true }],
    'even multipleOf': [1, { type: 'int' }],
    'low, kind unique': [0.5, null],
  })
  expect((await checkSchema(data, relaxed)).violations).toEqual([])
  expect(relaxed.columns.id).toEqual(int({ role: 'key' }))
})

test('NaN is within no limits: the proposal drops them', async () => {
  const data = (await relationOf([{ a: -1 }, { a: 5 }], { schema: rowSchema({ a: float() }) })).derive({
    a: ({ sqrt, column, cond, lt, literal, cast }) =>
      cond(lt(column('a'), literal(0)), cast(literal('NaN'), 'DOUBLE'), sqrt(column('a'))),
  })
  const { relaxed } = await schemaAnomalies(data, rowSchema({ a: float({ min: 3, max: 4 }) }))
  expect(relaxed.columns.a).toEqual(float({ finite: false }))
  expect((await checkSchema(data, relaxed)).ok).toBe(true)
})

test('a column that is missing in an environment may be absent there', async () => {
  const data = await relationOf([{ id: 1, x: 0.5 }], { schema: rowSchema({ id: int(), x: float() }) })
  expect((await schemaAnomalies(data, Train, { environment: 'serving' })).anomalies).toEqual([])
  const { anomalies, relaxed } = await schemaAnomalies(data, Train, { environment: 'audit' })
  expect(anomalies).toMatchObject([{ column: 'y', rule: 'missing', proposal: { absentIn: ['serving', 'audit'] } }])
  expect((await schemaAnomalies(data, relaxed, { environment: 'audit' })).anomalies).toEqual([])
})
