import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema } from '../schema.ts'
import type { Method } from './method.ts'
import { chooseMethod, driftMethods } from './methods.ts'
import { readSample, type Sample, sideOf } from './sample.ts'

const schema = rowSchema({ x: float({ nullable: true }) })
const table = (seed: number, shift: number) => {
  const { normal } = random({ seed })
  return relationOf(
    { x: Array.from({ length: 25_000 }, (_, i) => (i % 50 === 0 ? null : Math.round(4 * normal(i) + shift))) },
    { schema },
  )
}

test('few distinct numbers are counted by the engine, and every method finds what it finds in all of them', async () => {
  const pairs: Sample[][] = []
  for (const data of [await table(1, 0), await table(2, 1)]) {
    const [info] = await data.describe()
    const side = await sideOf(data, ['x'])
    expect([...side.few]).toEqual(['x'])
    const [counted, all] = [
      await readSample(side, info, 'number'),
      await readSample({ ...side, few: new Set() }, info, 'number'),
    ]
    expect(counted).toMatchObject({ rows: 25_000, n: all.n, missing: 500 })
    pairs.push([counted, all])
  }
  const [[a, rawA], [b, rawB]] = pairs
  expect(chooseMethod(a, b)).toBe(chooseMethod(rawA, rawB))
  for (const [name, method] of Object.entries<Method>(driftMethods)) {
    // what is drawn is drawn by the order of the values, and Fisher's test is of two categories
    if (!method.kinds.includes('number') || ['empirical_mmd', 'bws', 'fisher_exact'].includes(name)) continue
    const [found, expected] = [method.compare(a, b, {}).score, method.compare(rawA, rawB, {}).score]
    expect(Math.abs(found - expected), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))
  }
})
