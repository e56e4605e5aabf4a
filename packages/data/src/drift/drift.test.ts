import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { traceStatements } from '../engine.ts'
import { relationOf } from '../ingest.ts'
import { bool, date, float, int, rowSchema, string } from '../schema.ts'
import { drift, driftReference } from './index.ts'

const schema = rowSchema({
  x: float({ nullable: true }),
  k: int(),
  c: string({ nullable: true }),
  b: bool(),
  day: date(),
})

function rows(n: number, seed: number, { shift = 0, gone = 0 }: { shift?: number; gone?: number } = {}) {
  const r = random({ seed })
  return relationOf(
    Array.from({ length: n }, (_, i) => ({
      x: r.at('gone').uniform(i) < gone ? null : r.normal(i) + shift,
      k: Math.floor(50 * r.at('k').uniform(i)),
      c: ['a', 'b', 'c'][Math.floor(3 * r.at('c').uniform(i))],
      b: r.at('b').uniform(i) < 0.5,
      day: '2024-01-01',
    })),
    { schema },
  )
}

test('each column is compared by the method for its kind, its values and the rows of the reference', async () => {
  const few = await drift(await rows(500, 1), await rows(400, 2, { shift: 1 }))
  expect(few.columns.map(({ column, method, drifted }) => [column, method, drifted])).toEqual([
    ['x', 'ks', true],
    ['k', 'ks', false],
    ['c', 'chisquare', false],
    ['b', 'z', false],
  ])
  expect(few).toMatchObject({ drifted: 1, compared: 4, share: 0.25, datasetDrifted: false, undefined: [] })
  const many = await drift(await rows(1500, 1), await rows(1500, 2))
  expect(many.columns.map(({ method }) => method)).toEqual([
    'wasserstein',
    'wasserstein',
    'jensenshannon',
    'jensenshannon',
  ])
})

test('a setting of a column comes before that of its kind, and that before the one for all', async () => {
  const [reference, current] = [await rows(300, 1), await rows(300, 2)]
  const { columns } = await drift(reference, current, {
    columns: ['x', 'k', 'c'],
    method: { kinds: { number: 'psi', category: 'l_infinity' }, columns: { k: 'kuiper' } },
    threshold: { kinds: { number: 0.5 }, columns: { x: 0.01 } },
  })
  expect(columns.map(({ method, threshold }) => [method, threshold])).toEqual([
    ['psi', 0.01],
    ['kuiper', 0.5],
    ['l_infinity', 0.1],
  ])
  const all = await drift(reference, current, { columns: ['x', 'k'], method: 'hellinger', threshold: 0.3 })
  expect(all.columns.map(({ method, threshold }) => [method, threshold])).toEqual([
    ['hellinger', 0.3],
    ['hellinger', 0.3],
  ])
})

test('a column that goes missing has drifted, also where its other values have not', async () => {
  const [reference, current] = [await rows(1200, 1), await rows(1200, 2, { gone: 0.95 })]
  const [x] = (await drift(reference, current, { columns: ['x'] })).columns
  expect(x).toMatchObject({ drifted: true, missing: { reference: 0, drifted: true } })
  expect(x.score).toBeLessThan(0.5)
  const [dropped] = (await drift(reference, current, { columns: ['x'], missing: 'drop', threshold: 0.5 })).columns
  expect(dropped).toMatchObject({ drifted: false, missing: { drifted: true } })
})

test('what cannot be compared is told apart from what has not drifted', async () => {
  const reference = await rows(300, 1)
  const empty = await drift(reference, await rows(300, 2, { gone: 1 }), { missing: 'drop' })
  expect(empty.columns[0]).toMatchObject({ status: 'error', drifted: false, score: null })
  expect(empty.columns[0].message).toContain('the current column "x" has no values')
  expect(empty).toMatchObject({ compared: 3, undefined: ['x'] })
  const one = await relationOf({ x: [1] }, { schema: rowSchema({ x: float() }) })
  const short = await drift(one, one, { method: 't_test' })
  expect(short.columns[0]).toMatchObject({ status: 'undefined', drifted: false })
  const constant = await relationOf({ x: [1, 1, 1, 1, 1] }, { schema: rowSchema({ x: float() }) })
  for (const method of ['es', 'anderson'] as const)
    expect((await drift(constant, constant, { method })).columns[0].status).toBe('error')
  const nothing = await relationOf({ x: [] }, { schema: rowSchema({ x: float() }) })
  expect(await drift(nothing, constant)).toMatchObject({ compared: 0, datasetDrifted: false, undefined: ['x'] })
})

test('every method gives a verdict on constant columns or says why not', async () => {
  const { driftMethods } = await import('./methods.ts')
  const constant = await relationOf({ x: Array(30).fill(3) }, { schema: rowSchema({ x: float() }) })
  for (const method of Object.keys(driftMethods) as (keyof typeof driftMethods)[]) {
    if (!(driftMethods[method].kinds as readonly string[]).includes('number')) continue
    const [column] = (await drift(constant, constant, { method })).columns
    expect([method, column.drifted]).toEqual([method, false])
    if (column.status === 'error') expect(column.message, method).toBeTruthy()
  }
})

test('infinite numbers count as missing', async () => {
  const float64 = rowSchema({ x: float({ nullable: true }) })
  const a = await relationOf({ x: [1, 2, 3, Infinity] }, { schema: float64 })
  const b = await relationOf({ x: [1, 2, -Infinity, null] }, { schema: float64 })
  const [x] = (await drift(a, b)).columns
  expect(x.missing).toMatchObject({ reference: 0.25, current: 0.5 })
})

test('correcting for the number of columns leaves fewer false alarms', async () => {
  const names = Array.from({ length: 60 }, (_, i) => `x${i}`)
  const wide = (seed: number) =>
    relationOf(
      Object.fromEntries(
        names.map((name) => [name, random({ seed, path: name }).fillNormal(new Float64Array(200))]),
      ) as Record<string, Float64Array>,
      { schema: rowSchema(Object.fromEntries(names.map((name) => [name, float()]))) },
    )
  const [reference, current] = [await wide(1), await wide(2)]
  const plain = await drift(reference, current)
  const bh = await drift(reference, current, { correct: 'bh' })
  expect(plain.drifted).toBeGreaterThan(0)
  expect(bh.drifted).toBe(0)
  expect(bh.columns.every(({ corrected, score }) => corrected! >= score!)).toBe(true)
})

test('a kept reference is read once', async () => {
  const reference = driftReference(await rows(100, 1))
  const [first, second] = [await rows(100, 2), await rows(100, 3)]
  const count = async (current: typeof first) =>
    (await traceStatements(() => drift(reference, current))).statements.length
  const [before, after] = [await count(first), await count(second)]
  expect(after).toBeLessThan(before)
  expect(await drift(reference, second)).toEqual(await drift(reference.data, second))
})

test('names and settings that make no sense are refused before anything is read', async () => {
  const [a, b] = [await rows(10, 1), await rows(10, 2)]
  const refused = (options: Parameters<typeof drift>[2], code: string, said: string) =>
    expect(drift(a, b, options)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(said) }),
    )
  await refused({ columns: ['X'] }, 'COLUMN_UNKNOWN', '"x"')
  await refused({ columns: ['day'] }, 'COLUMN_TYPE', '"day"')
  await refused({ method: { columns: { y: 'ks' } } }, 'COLUMN_UNKNOWN', '"y"')
  await refused({ method: 'kss' as never }, 'METHOD_UNKNOWN', '"ks"')
  await refused({ method: 'ks' }, 'METHOD_UNFIT', '"c"')
  await refused({ kinds: { c: 'number' } }, 'COLUMN_TYPE', 'holds no numbers')
  await refused({ threshold: -1 }, 'OPTION_INVALID', '-1')
  await refused({ share: 2 }, 'OPTION_INVALID', 'share')
  await expect(drift(a, b.omit('x'))).rejects.toThrow(expect.objectContaining({ code: 'COLUMN_UNKNOWN' }))
})

test('numbers that are codes can be compared as categories', async () => {
  const [k] = (await drift(await rows(300, 1), await rows(300, 2), { columns: ['k'], kinds: { k: 'category' } }))
    .columns
  expect(k).toMatchObject({ kind: 'category', method: 'chisquare' })
  expect(k.histogram?.keys).toHaveLength(20)
})
