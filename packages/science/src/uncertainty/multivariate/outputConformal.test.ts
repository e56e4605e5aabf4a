import { closeEngine, float, relationOf, rowSchema, untyped } from '@mlpod/data'
import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { intervalSql, regressionIntervals } from '../regression/index.ts'
import { calibrateJointIntervals, jointIntervals } from './jointIntervals.ts'
import { outputConformal } from './outputConformal.ts'

afterAll(closeEngine)

test('each output of a box is an interval in a query too, with the same numbers', async () => {
  const { normal } = random({ seed: 1, path: 'outputs' })
  const [n, d, m] = [50, 2, 10]
  for (const symmetric of [true, false]) {
    const y = Float64Array.from({ length: n * d }, (_, at) => normal(at) * (1 + (at % d)))
    const conformal = calibrateJointIntervals(
      y,
      { prediction: y.map(() => 0) },
      { outputs: d, symmetric, method: 'maxRank', level: [0.5, 0.8] },
    )
    const prediction = Float64Array.from({ length: m * d }, (_, at) => normal(1000 + at))
    const all = jointIntervals(conformal, { prediction })
    for (let j = 0; j < d; j++) {
      const own = outputConformal(conformal, j)
      const mine = prediction.filter((_, at) => at % d === j)
      const pick = (values: Float64Array) => values.filter((_, at) => Math.floor(at / 2) % d === j)
      expect(regressionIntervals(own, { prediction: mine })).toMatchObject({
        lower: pick(all.lower),
        upper: pick(all.upper),
      })
      const relation = await relationOf(
        { prediction: Array.from(mine) },
        { schema: rowSchema({ prediction: float() }) },
      )
      const { sql } = untyped(relation).engine
      const [, at80] = intervalSql(own, sql, { prediction: sql.column('prediction') })
      const found = await untyped(relation)
        .derive({ low: () => at80.lower, high: () => at80.upper })
        .toColumns('low', 'high')
      expect(found.low.data).toEqual(pick(all.lower).filter((_, at) => at % 2 === 1))
      expect(found.high.data).toEqual(pick(all.upper).filter((_, at) => at % 2 === 1))
    }
    expect(() => outputConformal(conformal, 2)).toThrow(expect.objectContaining({ code: 'OUTPUT_UNKNOWN' }))
  }
})
