import type { Tensor } from '@mlpod/contract'
import { openSession } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { exportTraining } from './exportTraining.ts'
import { fit } from './fit.ts'
import { adam, chain, clipByGlobalNorm, dense, dropout, exponential, sam, sequential, sgd } from './index.ts'
import { coded, rows, small } from './testData.ts'

test('the three models train as fit does, in any runtime', async () => {
  const optimizer = chain(clipByGlobalNorm(1), adam({ learningRate: exponential(0.05, 0.9) }))
  const made = exportTraining({ ...small, optimizer, data: rows })
  await using gradients = await openSession(made.training)
  await using update = await openSession(made.optimizer)
  await using judge = await openSession(made.evaluation)
  const scalars = made.scalars(4)
  let state: Record<string, Tensor> = { ...made.state }
  for (let t = 0; t < 4; t++) {
    const parameters = Object.fromEntries(Object.entries(state).filter(([name]) => name.startsWith('parameter ')))
    const found = await gradients.run({ x: rows.x, y: rows.y, ...parameters })
    const now = Object.fromEntries(
      Object.entries(scalars).map(([name, { data }]) => [
        name,
        { dtype: 'float32', shape: [1], data: data.slice(t, t + 1) } as const,
      ]),
    )
    const next = await update.run({ ...state, ...found, ...now })
    state = Object.fromEntries(Object.entries(next).map(([name, value]) => [name.replace(/ next$/, ''), value]))
  }
  const fitted = await fit({ ...small, optimizer, epochs: 4, batch: 203, shuffle: false, validation: rows })
  for (const [path, { data }] of Object.entries(fitted.parameters))
    data.forEach((value, i) => void expect(Number(state[`parameter ${path}`].data[i])).toBeCloseTo(value, 5))
  const parameters = Object.fromEntries(Object.entries(state).filter(([name]) => name.startsWith('parameter ')))
  const sums = await judge.run({ x: rows.x, y: rows.y, ...parameters })
  const [sum, total] = ['sum', 'total'].map((part) => Number(sums[`loss y ${part}`].data[0]))
  expect(sum / total).toBeCloseTo(fitted.history[3].validation!, 5)
})

test('masks and frozen parameters are told', () => {
  const network = sequential(dense(4), dropout(0.25), dense(1))
  const made = exportTraining({ ...small, network, data: rows, trainable: (path) => path.startsWith('2.') })
  expect(made.masks).toEqual([{ name: '1.mask0', law: 'keep', keep: 0.75 }])
  expect(made.training.inputs.map(({ name }) => name)).toEqual([
    'x',
    'y',
    '1.mask0',
    'parameter 2.weight',
    'parameter 2.bias',
  ])
  expect(made.training.outputs.map(({ name }) => name)).toEqual(['loss', 'gradient 2.weight', 'gradient 2.bias'])
  expect(() => exportTraining({ ...small, data: rows, optimizer: sam(sgd()) })).toThrow(
    expect.objectContaining(coded('OPTIMIZER_INVALID')),
  )
})
