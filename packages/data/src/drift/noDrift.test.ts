import type { Dataset } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import type { Relation } from '../relation.ts'
import { float, rowSchema, string } from '../schema.ts'
import { type NoDriftOptions, noDrift } from './noDrift.ts'

const schema = rowSchema({ x: float({ nullable: true }), c: string() })
type Row = { x: number | null; c: string }
const handle = {} as Dataset<Relation<Row>, never>

function table(n: number, seed: number, { shift = 0, gone = 0 } = {}) {
  const r = random({ seed })
  return relationOf(
    {
      x: Array.from({ length: n }, (_, i) => (r.at('gone').uniform(i) < gone ? null : r.normal(i) + shift)),
      c: Array.from({ length: n }, (_, i) => ['a', 'b', 'c'][Math.floor(3 * r.at('c').uniform(i))]),
    },
    { schema },
  )
}
const measure = async (a: Relation<Row>, b: Relation<Row>, options: Partial<NoDriftOptions<Row>> = {}) => {
  const claim = noDrift<Row>({ reference: handle, current: handle, ...options })
  const { parts = [] } = await claim.measure({ reference: a, current: b }, {} as never)
  return Object.fromEntries(parts.map(({ name, measurement }) => [name, measurement as never as Mean]))
}
type Mean = { kind: string; estimate: number; standardError: number; value: number }

test('each column is a part: its distance in units of its threshold', async () => {
  const same = await measure(await table(4000, 1), await table(4000, 2))
  expect(Object.keys(same)).toEqual(['x', 'c'])
  for (const { estimate, standardError } of Object.values(same)) {
    expect(estimate + 3 * standardError).toBeLessThan(1)
    expect(standardError).toBeGreaterThan(0)
  }
  const moved = await measure(await table(4000, 1), await table(4000, 2, { shift: 0.3 }), { columns: ['x'] })
  expect(moved.x.estimate - 5 * moved.x.standardError).toBeGreaterThan(1)
  const few = await measure(await table(12, 1), await table(12, 2), { columns: ['x'] })
  expect(few.x.standardError).toBeGreaterThan(0.5)
})

test('the standard error is that of repeating the draw', async () => {
  const found = await Promise.all(
    Array.from({ length: 40 }, async (_, i) =>
      measure(await table(500, 2 * i), await table(500, 2 * i + 1, { shift: 0.5 }), { columns: ['x'] }),
    ),
  )
  const estimates = found.map(({ x }) => x.estimate)
  const mean = estimates.reduce((sum, v) => sum + v, 0) / estimates.length
  const sd = Math.sqrt(estimates.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (estimates.length - 1))
  const said = found.reduce((sum, { x }) => sum + x.standardError, 0) / found.length
  expect(said / sd).toBeGreaterThan(0.7)
  expect(said / sd).toBeLessThan(1.5)
})

test('a column that goes missing breaks the promise, also where its values have not moved', async () => {
  const found = await measure(await table(2000, 1), await table(2000, 2, { gone: 0.6 }), { columns: ['x'] })
  expect(found['x missing'].estimate - 5 * found['x missing'].standardError).toBeGreaterThan(1)
  const gone = await measure(await table(200, 1), await table(200, 2, { gone: 1 }), { columns: ['x'] })
  expect(gone.x).toMatchObject({ kind: 'exact', value: Infinity })
})

test('constant columns have nothing to err about', async () => {
  const constant = await relationOf({ x: [1, 1, 1], c: ['a', 'a', 'a'] }, { schema })
  for (const part of Object.values(await measure(constant, constant)))
    expect(part).toEqual({ kind: 'exact', value: 0, n: 3 })
})

test('a test is no promise, since not rejecting shows nothing', () => {
  for (const method of ['ks', { kinds: { number: 'ks' as const } }, { columns: { c: 'chisquare' as const } }] as const)
    expect(() => noDrift<Row>({ reference: handle, current: handle, method })).toThrow(
      expect.objectContaining({ code: 'METHOD_UNFIT' }),
    )
})
