import { closeEngine, float, relationOf, rowSchema, string } from '@mlpod/data'
import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { calibrateRegression, regressionIntervals } from './splitRegression.ts'
import { calibrateRegressionTable, withIntervals } from './tables.ts'

afterAll(closeEngine)

const n = 300
const { normal, uniform } = random({ seed: 8, path: 'table' })
const said = Array.from({ length: n }, (_, i) => 5 + uniform(i))
const rows = {
  y: said.map((p, i) => (i === 7 ? null : p + normal(i))),
  said,
  low: said.map((p) => p - 1),
  high: said.map((p) => p + 1),
  region: said.map((_, i) => (i % 3 === 0 ? null : i % 3 === 1 ? 'north' : 'south')),
  weight: said.map((_, i) => 1 + uniform(900 + i)),
}
const table = () =>
  relationOf(rows as never, {
    schema: rowSchema({
      y: float({ nullable: true }),
      said: float(),
      low: float(),
      high: float(),
      region: string({ nullable: true }),
      weight: float(),
    }),
  })
const y = rows.y.map((v) => v ?? Number.NaN)
const groups = rows.region.map((g) => g ?? '')

test('a table is calibrated as its columns are, and intervals are columns of a query', async () => {
  const data = await table()
  const cases = [
    { score: 'absolute', parts: { prediction: 'said' }, level: 0.9 },
    { score: 'gamma', parts: { prediction: 'said' }, level: [0.8, 0.9] },
    { score: 'cqr', parts: { lower: 'low', upper: 'high' }, level: 0.9, symmetric: false },
  ] as const
  for (const { score, parts, ...options } of cases)
    for (const grouped of [false, true]) {
      const arrays = Object.fromEntries(
        Object.entries(parts).map(([part, name]) => [part, rows[name as keyof typeof rows] as number[]]),
      )
      const expected = calibrateRegression(y, arrays, { score, ...options, ...(grouped ? { groups } : {}) })
      const found = await calibrateRegressionTable(data, {
        y: 'y',
        parts,
        score,
        ...options,
        ...(grouped ? { groupBy: 'region' } : {}),
      })
      expect(found.above.groups).toEqual(expected.above.groups)
      expect(found.below.dropped).toBe(1)
      const { lower, upper, levels } = regressionIntervals(expected, arrays, grouped ? { groups } : {})
      const query = withIntervals(data, found, { parts, ...(grouped ? { groupBy: 'region' } : {}) })
      const suffix = levels.length === 1 ? '' : '_0.9'
      const columns = await query.toColumns(`lower${suffix}`, `upper${suffix}`)
      const last = (values: Float64Array) => values.filter((_, i) => i % levels.length === levels.length - 1)
      expect(columns[`lower${suffix}`].data).toEqual(last(lower))
      expect(columns[`upper${suffix}`].data).toEqual(last(upper))
    }
})

test('weights and groups by an expression, and what does not fit is refused before anything is read', async () => {
  const data = await table()
  const weighted = await calibrateRegressionTable(data, {
    y: 'y',
    parts: { prediction: 'said' },
    weights: 'weight',
    level: 0.9,
  })
  expect(weighted.above).toEqual(
    calibrateRegression(y, { prediction: said }, { weights: rows.weight, level: 0.9 }).above,
  )
  const byExpression = await calibrateRegressionTable(data, {
    y: 'y',
    parts: { prediction: 'said' },
    groupBy: ({ gt, column, literal }) => gt(column('said'), literal(5.5)),
    level: 0.9,
  })
  expect(byExpression.above.groups.map(({ group }) => group)).toEqual([null, 'false', 'true'])
  const fails = (code: string) => expect.objectContaining({ code })
  const at = (options: object) =>
    calibrateRegressionTable(data, { y: 'y', parts: { prediction: 'said' }, level: 0.9, ...options })
  await expect(at({ y: 'why' })).rejects.toThrow(fails('COLUMN_UNKNOWN'))
  await expect(at({ y: 'region' })).rejects.toThrow(fails('COLUMN_TYPE'))
  await expect(at({ parts: {} })).rejects.toThrow(fails('PART_MISSING'))
  await expect(at({ score: 'gamma', parts: { prediction: 'y' }, y: 'said' })).resolves.toBeDefined()
  const shifted = data.derive({ said: ({ sub, column, literal }) => sub(column('said'), literal(5.5)) })
  await expect(
    calibrateRegressionTable(shifted, { y: 'y', parts: { prediction: 'said' }, score: 'gamma', level: 0.9 }),
  ).rejects.toThrow(/"said" of \d+ rows is not above 0/)
  const crossed = await calibrateRegressionTable(data, { y: 'y', parts: { lower: 'high', upper: 'low' }, level: 0.9 })
  expect(crossed.crossing).toBe(n)
})
