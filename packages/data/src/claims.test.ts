import type { Measured } from '@mlpod/contract'
import { afterAll, expect, test } from 'vitest'
import {
  bool,
  closeEngine,
  conforms,
  float,
  int,
  noLeak,
  type Relation,
  relationOf,
  rowSchema,
  separation,
  string,
  table,
} from './index.ts'

afterAll(closeEngine)
const context = { seed: 0, rebuild: async () => [] }

const Loan = rowSchema({
  income: int({ nullable: true }),
  ratio: float(),
  town: string(),
  approved: bool(),
  paid: int(),
})
const loans = () =>
  relationOf(
    Array.from({ length: 400 }, (_, i) => {
      const approved = i % 3 !== 0
      return {
        income: i % 10 ? (i * 37) % 101 : null,
        ratio: (i * 17) % 53,
        town: `town ${i}`,
        approved,
        paid: approved ? 1 : 0,
      }
    }),
    { schema: Loan },
  )
const handle = table({ schema: Loan })
const value = ({ parts = [] }: Measured, name: string) => {
  const part = parts.find((p) => p.name === name)
  return part?.measurement.kind === 'exact' ? part.measurement.value : undefined
}

test('conforms measures violations of schema and critical expectations, exactly', async () => {
  const claim = conforms(handle, {
    schema: Loan,
    expectations: [
      { type: 'between', column: 'ratio', min: 0, max: 50 },
      { type: 'notNull', column: 'income', severity: 'warning' },
      { type: 'rowCountBetween', min: 1000 },
    ],
  })
  expect(claim).toMatchObject({ operator: '=', threshold: 0, data: { data: handle } })
  const data = await loans()
  const measured = await claim.measure({ data }, context)
  const beyond = await data.where(({ gt }) => gt('ratio', 50)).count()
  expect(beyond).toBeGreaterThan(0)
  expect(value(measured, 'schema')).toBe(0)
  expect(value(measured, 'ratio is at least 0 and at most 50')).toBe(beyond)
  expect(value(measured, 'the number of rows is at least 1000')).toBe(1)
  expect(measured.parts).toHaveLength(3)
  expect(JSON.stringify(measured.detail)).toContain('income is not missing')
})

test('conforms refuses expectations that make no sense when it is declared', () => {
  expect(() => conforms(handle, { expectations: [{ type: 'between', column: 'ratio', min: 2, max: 1 }] })).toThrow(
    expect.objectContaining({ code: 'EXPECTATION_INVALID' }),
  )
})

test('one feature that restates the target is found, whatever its name', async () => {
  const data = await loans()
  const found = await separation(data, { features: ['income', 'ratio', 'town', 'paid'], target: 'approved' })
  const by = Object.fromEntries(found.map(({ feature, auc }) => [feature, auc]))
  expect(by.paid).toBe(1)
  expect(by.income).toBeLessThan(0.7)
  expect(by.town).toBeLessThan(0.7)
  const claim = noLeak(handle, {
    features: ['income', 'ratio', 'town', 'paid'],
    target: 'approved',
    forbidden: ['ratio'],
  })
  const measured = await claim.measure({ data }, context)
  expect(['income', 'ratio', 'town', 'paid'].map((name) => value(measured, name))).toEqual([0, 1, 0, 1])
})

test('a feature that leaks by being missing is found', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ x: i % 2 ? (i * 7) % 13 : null, y: i % 2 === 1 }))
  const data = await relationOf(rows, { schema: rowSchema({ x: float({ nullable: true }), y: bool() }) })
  const [found] = await separation(data as Relation<{ x: number | null; y: boolean }>, { features: ['x'], target: 'y' })
  expect(found).toMatchObject({ auc: 1, by: 'being missing' })
})

test('targets of more than two values, unknown features and impossible limits are refused', async () => {
  const data = await loans()
  const refused = (code: string) => expect.objectContaining({ code })
  await expect(separation(data, { features: ['income'], target: 'ratio' })).rejects.toThrow(
    refused('TARGET_NOT_BINARY'),
  )
  await expect(separation(data, { features: ['income'], target: 'town' })).rejects.toThrow(refused('TARGET_NOT_BINARY'))
  const unknown = noLeak(handle, { features: ['incone' as 'income'], target: 'approved' })
  await expect(unknown.measure({ data }, context)).rejects.toThrow(/did you mean "income"/)
  expect(() => noLeak(handle, { features: [], target: 'approved', maxAuc: 0.5 })).toThrow(refused('MAX_AUC_INVALID'))
})
