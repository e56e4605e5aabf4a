import { log, mul, sub } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import { dense, dropout, type Layer, mse, sequential, sgd } from './index.ts'
import { rows, small } from './testData.ts'

/** log(3 - y): no number once the output grows above 3. */
const cliff: Layer = (x, scope) => log(sub(3, dense(1)(x, scope)))

test('a loss that is no number is traced to the first operation whose result is none, within a run too', async () => {
  const options: FitOptions = {
    ...small,
    network: cliff,
    loss: mse(),
    optimizer: sgd({ learningRate: 1 }),
    epochs: 30,
    diagnose: true,
  }
  const found: { message: string; because?: string }[] = []
  for (const stepsPerRun of [1, 8]) {
    const error = await fit({ ...options, stepsPerRun }).catch((thrown) => thrown)
    expect(error).toMatchObject({
      code: 'LOSS_NOT_FINITE',
      message: expect.stringMatching(/at step \d+ \(epoch \d+\)/),
    })
    expect(error.because).toMatch(/first result that is no number is NaN, of Log \(.*diagnose\.test\.ts:\d+/)
    found.push({ message: error.message, because: error.because })
  }
  expect(found[1]).toEqual(found[0])
})

test('an overflow is told from a NaN, dropout and all', async () => {
  const wild: Layer = (x, scope) => mul(sequential(dense(4), dropout(0.5), dense(1))(x, scope), 1e38)
  const error = await fit({
    ...small,
    network: wild,
    loss: mse(),
    optimizer: sgd({ learningRate: 1e-3 }),
    diagnose: true,
  }).catch((thrown) => thrown)
  expect(error.because).toMatch(/is Infinity, of (Mul|Gemm|ReduceMean)/)
  const plain = await fit({ ...small, network: wild, loss: mse(), optimizer: sgd({ learningRate: 1e-3 }) }).catch(
    (thrown) => thrown,
  )
  expect(plain.because).toMatch(/parameters grew/)
  expect(rows.x.shape[0]).toBe(203)
})
