import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type BatchBy,
  batches,
  checkpoint,
  closeEngine,
  fileBatches,
  float,
  fromGreatBatchDefinition,
  int,
  profile,
  type Relation,
  relationOf,
  rowSchema,
  runBatches,
  string,
  suite,
  timestamp,
  toGreatBatchDefinition,
  toGreatExpectationsResult,
} from '../index.ts'

let table: Relation
beforeAll(async () => {
  const when = [
    '2024-01-05T10:00:00Z',
    '2024-01-06T11:00:00Z',
    '2024-02-01T00:00:00Z',
    '2025-01-05T00:00:00Z',
    null,
    null,
  ]
  table = (await relationOf(
    { when, n: [-3, -1, 1, 3, 4, 5], kind: ['b', 'a', null, 'b', "o'k", 'a'], x: [1, 2, Number.NaN, 4, 5, 6] },
    {
      schema: rowSchema({
        when: timestamp({ nullable: true }),
        n: int(),
        kind: string({ nullable: true }),
        x: float({ nullable: true }),
      }),
    },
  )) as unknown as Relation
})
afterAll(closeEngine)

const told = async (by: BatchBy) => (await batches(table, by)).map(({ id, rows }) => [id, rows])

test('a table is cut by values, dates, quotients and remainders, and no row is lost', async () => {
  expect(await told({ by: 'whole' })).toEqual([[{}, 6]])
  expect(await told({ by: 'value', column: 'kind' })).toEqual([
    [{ kind: 'a' }, 2],
    [{ kind: 'b' }, 2],
    [{ kind: "o'k" }, 1],
    [{ kind: null }, 1],
  ])
  expect(await told({ by: 'year', column: 'when' })).toEqual([
    [{ year: 2024 }, 3],
    [{ year: 2025 }, 1],
    [{ year: null }, 2],
  ])
  expect((await told({ by: 'month', column: 'when' }))[1]).toEqual([{ year: 2024, month: 2 }, 1])
  expect((await told({ by: 'day', column: 'when' }))[0]).toEqual([{ year: 2024, month: 1, day: 5 }, 1])
  expect(await told({ by: 'quotient', column: 'n', divisor: 2 })).toEqual([
    [{ quotient: -1 }, 1],
    [{ quotient: 0 }, 2],
    [{ quotient: 1 }, 1],
    [{ quotient: 2 }, 2],
  ])
  expect(await told({ by: 'remainder', column: 'n', divisor: 2 })).toEqual([
    [{ remainder: -1 }, 2],
    [{ remainder: 0 }, 1],
    [{ remainder: 1 }, 3],
  ])
  expect((await told({ by: 'dateParts', column: 'when', parts: ['hour'] })).map(([id]) => id)).toEqual([
    { hour: 0 },
    { hour: 10 },
    { hour: 11 },
    { hour: null },
  ])
  expect((await told({ by: 'dateFormat', column: 'when', format: '%Y/%m' }))[0]).toEqual([{ datetime: '2024/01' }, 2])
  expect(await told({ by: 'values', columns: ['kind', 'n'] })).toHaveLength(6)
})

test('each batch holds its rows and no others', async () => {
  for (const by of [
    { by: 'value', column: 'kind' },
    { by: 'value', column: 'x' },
    { by: 'value', column: 'when' },
    { by: 'month', column: 'when' },
  ] as const) {
    const list = await batches(table, by)
    for (const { rows, data } of list) expect(await (await data()).count()).toBe(rows)
    expect(list.reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(6)
  }
  const [last] = await batches(table, { by: 'year', column: 'when' }, { descending: true })
  expect(last.id).toEqual({ year: 2025 })
})

test('a suite is tried on each batch, and results say which; a profile is of one', async () => {
  const list = await batches(table, { by: 'year', column: 'when' })
  const { ok, results } = await runBatches(suite('n', [{ type: 'between', column: 'n', max: 3 }]), list)
  expect(results.map(({ batch, ok }) => [batch, ok])).toEqual([
    [{ year: 2024 }, true],
    [{ year: 2025 }, true],
    [{ year: null }, false],
  ])
  expect(ok).toBe(false)
  expect(toGreatExpectationsResult(results[0]).meta).toEqual({
    active_batch_definition: { batch_identifiers: { year: 2024 } },
  })
  expect((await profile(await list[0].data())).table.rows).toBe(3)
})

test('a checkpoint tries a suite batch by batch', async () => {
  const check = checkpoint([
    { suite: suite('n', [{ type: 'between', column: 'n', max: 3 }]), data: table, by: { by: 'year', column: 'when' } },
    { suite: suite('all', [{ type: 'rowCountEqual', value: 6 }]), data: table },
  ])
  const { ok, results } = await check()
  expect(ok).toBe(false)
  expect(results.map(({ suite, batch }) => [suite, batch?.year])).toEqual([
    ['n', 2024],
    ['n', 2025],
    ['n', null],
    ['all', undefined],
  ])
})

test('what makes no batches is refused by name', async () => {
  await expect(batches(table, { by: 'value', column: 'kinds' })).rejects.toThrow(/"kind"/)
  await expect(batches(table, { by: 'yeer', column: 'when' } as never)).rejects.toThrow(/"year"/)
  await expect(batches(table, { by: 'remainder', column: 'n', divisor: 0 })).rejects.toThrow(/divisor is 0/)
  await expect(batches(table, { by: 'values', columns: [] })).rejects.toThrow(/no column/)
  await expect(batches(table, { by: 'dateParts', column: 'when', parts: ['yer' as 'year'] })).rejects.toThrow(/"year"/)
  await expect(batches(table, { by: 'value', column: 'n' }, { most: 3 })).rejects.toThrow(/more than 3/)
})

test('files are batches by what their names say, in the order of its numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batches-'))
  try {
    await mkdir(join(folder, 'in'))
    for (const name of ['in/o_9.csv', 'in/o_10.csv', 'o_1.txt']) await writeFile(join(folder, name), 'a\n1\n')
    const list = await fileBatches(folder, String.raw`in/o_(?P<day>\d+)\.csv`)
    expect(list.map(({ id }) => id)).toEqual([
      { day: 9, path: 'in/o_9.csv' },
      { day: 10, path: 'in/o_10.csv' },
    ])
    expect(await (await list[0].data()).rows()).toEqual([{ a: 1 }])
    await expect(fileBatches(folder, 'p')).rejects.toThrow(/no file/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('batch definitions of Great Expectations are read and written without loss', () => {
  const definitions = [
    null,
    { column_name: 'd', sort_ascending: true, method_name: 'partition_on_year' },
    { column_name: 'd', sort_ascending: false, method_name: 'partition_on_year_and_month' },
    { column_name: 'd', sort_ascending: true, method_name: 'partition_on_year_and_month_and_day' },
    {
      column_name: 'd',
      datetime_parts: ['year', 'hour'],
      sort_ascending: true,
      method_name: 'partition_on_date_parts',
    },
    { column_name: 'd', divisor: 3, sort_ascending: true, method_name: 'partition_on_divided_integer' },
    { column_name: 'd', mod: 3, sort_ascending: true, method_name: 'partition_on_mod_integer' },
    { column_name: 'd', sort_ascending: true, method_name: 'partition_on_column_value' },
    { column_names: ['d', 'e'], sort_ascending: true, method_name: 'partition_on_multi_column_values' },
    {
      column_name: 'd',
      date_format_string: '%Y',
      sort_ascending: true,
      method_name: 'partition_on_converted_datetime',
    },
    { regex: 'o_(?P<year>\\d{4})\\.csv', param_names: ['year'], sort_ascending: true },
  ].map((partitioner) => ({ id: null, name: 'b', partitioner }))
  for (const json of definitions) expect(toGreatBatchDefinition(fromGreatBatchDefinition(json))).toEqual(json)
  expect(() => fromGreatBatchDefinition({ name: 'b', partitioner: { method_name: 'partition_on_yeer' } })).toThrow(
    /partition_on_year/,
  )
  expect(() => fromGreatBatchDefinition({ name: 'b', partitioner: { method_name: 'partition_on_year' } })).toThrow(
    /no column_name/,
  )
  expect(() => fromGreatBatchDefinition({})).toThrow(/no name/)
})
