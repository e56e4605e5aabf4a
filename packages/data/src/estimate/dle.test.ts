import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string } from '../schema.ts'
import { dle } from './dle.ts'

const schema = rowSchema({ x: float(), y: float(), p: float() })

/** Numbers whose noise grows with x. */
function table(n: number, seed: number, shift = 0) {
  const r = random({ seed })
  const x = Float64Array.from({ length: n }, (_, i) => 2 * r.uniform(i) + shift)
  const y = x.map((v, i) => v + (0.2 + v) * r.at('noise').normal(i))
  return relationOf({ x, y, p: x }, { schema })
}
const options = { features: ['x'], predicted: 'p', target: 'y', chunk: { rows: 500 } } as const

test('where inputs move to harder rows, the estimated loss rises as the real one does', async () => {
  const estimator = await dle(options).fit(await table(6000, 1))
  const [easy] = await estimator.estimate(await table(500, 2))
  expect(Object.values(easy.metrics).map(({ alert }) => alert)).toEqual([false, false])
  const chunks = await estimator.estimate(await table(1000, 3, 1))
  expect(chunks).toHaveLength(2)
  for (const { metrics } of chunks)
    for (const { estimated, realized, lower, upper, alert } of Object.values(metrics)) {
      expect(alert).toBe(true)
      // trees know nothing beyond the reference, so the estimate stays below the truth there
      expect(estimated / realized!).toBeGreaterThan(0.65)
      expect(estimated / realized!).toBeLessThan(1.2)
      expect(lower < estimated && estimated < upper).toBe(true)
    }
})

test('without the truth there is an estimate and no real loss', async () => {
  const reference = (await table(3000, 4)).where(({ gt }) => gt('y', 0))
  const estimator = await dle({ ...options, metrics: ['mse', 'mape', 'rmsle'] }).fit(reference)
  const [chunk] = await estimator.estimate((await table(500, 5)).omit('y'))
  for (const { estimated, realized } of Object.values(chunk.metrics)) {
    expect(estimated).toBeGreaterThan(0)
    expect(realized).toBeNull()
  }
})

test('what cannot be estimated is refused', async () => {
  expect(() => dle({ ...options, metrics: ['maee' as 'mae'] })).toThrow(/"mae"/)
  await expect(dle({ ...options, metrics: ['msle'] }).fit(await table(1000, 1))).rejects.toThrow(/no logarithm/)
  await expect(dle({ ...options, features: ['z'] }).fit(await table(10, 1))).rejects.toThrow(/"z"/)
  const texts = await relationOf(
    { x: ['a'], y: [1], p: [1] },
    { schema: rowSchema({ x: string(), y: float(), p: float() }) },
  )
  await expect(dle({ ...options, chunk: { rows: 1 } }).fit(texts)).rejects.toThrow(/holds no numbers/)
})
