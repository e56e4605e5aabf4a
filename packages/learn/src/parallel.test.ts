import { expect, test } from 'vitest'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import {
  accuracy,
  adam,
  addNoise,
  chain,
  clipByGlobalNorm,
  crossEntropy,
  dense,
  dropout,
  emaOfParameters,
  mlp,
  sam,
  sequential,
  sgd,
} from './index.ts'
import { classes, coded, float, rows, small } from './testData.ts'

const weights = float(
  [203],
  Array.from({ length: 203 }, (_, i) => (i % 3) / 2),
)
const labels = classes(Array.from(rows.y.data))

test('gradients taken in threads are those of the whole batch up to rounding, and the same bits each time', async () => {
  const cases: readonly FitOptions[] = [
    { ...small, optimizer: sgd({ learningRate: 0.5 }), metrics: { accuracy: accuracy() }, norms: true },
    {
      ...small,
      network: mlp([4], 2),
      loss: crossEntropy({ classWeights: [1, 3] }),
      data: { x: rows.x, y: labels, weights },
    },
    {
      ...small,
      network: sequential(dense(8, { activation: 'tanh' }), dropout(0.3), dense(1)),
      optimizer: emaOfParameters(chain(addNoise({ eta: 1e-4 }), clipByGlobalNorm(1), adam({ learningRate: 0.01 })), {
        decay: 0.5,
      }),
    },
  ]
  for (const options of cases) {
    const whole = await fit({ ...options, epochs: 2 })
    const [one, again] = [
      await fit({ ...options, epochs: 2, dataParallel: 3 }),
      await fit({ ...options, epochs: 2, dataParallel: 3 }),
    ]
    expect(again.parameters).toEqual(one.parameters)
    for (const [path, { data }] of Object.entries(whole.parameters))
      data.forEach((value, i) => void expect(one.parameters[path].data[i], path).toBeCloseTo(value, 4))
    const [a, b] = [one.history.at(-1)!, whole.history.at(-1)!]
    expect(a.loss).toBeCloseTo(b.loss, 4)
    if (b.metrics) expect(a.metrics!.accuracy).toBeCloseTo(b.metrics.accuracy, 5)
    if (b.norms) expect(a.norms!.gradientNorm).toBeCloseTo(b.norms.gradientNorm, 3)
  }
})

test('a batch with fewer rows than threads is learnt from', async () => {
  const data = { x: float([3, 4], rows.x.data.slice(0, 12)), y: float([3, 1], rows.y.data.slice(0, 3)) }
  const whole = await fit({ ...small, data, epochs: 2, batch: 2 })
  const parts = await fit({ ...small, data, epochs: 2, batch: 2, dataParallel: 4 })
  for (const [path, { data: values }] of Object.entries(whole.parameters))
    values.forEach((value, i) => void expect(parts.parameters[path].data[i]).toBeCloseTo(value, 4))
})

test('what cannot be done in parts is refused', async () => {
  await expect(fit({ ...small, dataParallel: 0 })).rejects.toMatchObject(coded('OPTION_INVALID'))
  await expect(fit({ ...small, dataParallel: 2, accumulate: 2 })).rejects.toMatchObject(
    coded('OPTION_INVALID', /leave accumulate out/),
  )
  await expect(fit({ ...small, dataParallel: 2, optimizer: sam(sgd()) })).rejects.toMatchObject(
    coded('OPTIMIZER_INVALID', /sam\(sgd\) asks for gradients at other parameters/),
  )
})
