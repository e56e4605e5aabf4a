import { type Tensor, tensor } from '@mlpod/contract'
import { constantOfShape, gather, reshape, shape, slice, split } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { fit } from '../fit.ts'
import type { Layer } from '../layers/layer.ts'
import { mlp } from '../layers/layers.ts'
import { adam } from '../optimizers/index.ts'
import { asLoss, cox, ctc, type Loss, tripletMargin } from './index.ts'

const wave = (n: number, step: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(step * (i + 1)))

async function losses(network: Layer, loss: Loss, y: Tensor) {
  const x = tensor('float32', [8, 4], wave(32, 1.7))
  const { history } = await fit({
    network,
    loss,
    optimizer: adam({ learningRate: 0.02 }),
    data: { x, y: y as Tensor<'float32'> },
    batch: 8,
    epochs: 40,
    seed: 1,
  })
  return history.map((epoch) => epoch.loss)
}

test('risks are learnt from times and events in the columns of one target', async () => {
  const survival = asLoss(cox(), (risk, target) => {
    const [time, event] = split(target, 2, { axis: 1 }).map((column) => reshape(column, [-1]))
    return { risk: reshape(risk, [-1]), time, event }
  })
  const y = tensor('float32', [8, 2], Float32Array.of(3, 1, 1, 1, 4, 0, 1, 1, 5, 1, 9, 0, 2, 1, 6, 1))
  const found = await losses(mlp([8], 1), survival, y)
  expect(found.at(-1)).toBeLessThan(0.9 * found[0])
})

test('embeddings are learnt from triplets beside each other', async () => {
  const triplets = asLoss(tripletMargin(), (prediction) => {
    const [anchor, positive, negative] = split(prediction, 3, { axis: 1 })
    return { anchor, positive, negative }
  })
  const found = await losses(mlp([8], 6), triplets, tensor('float32', [8, 1], new Float32Array(8)))
  expect(found.at(-1)).toBeLessThan(0.5 * found[0])
})

test('sequences are learnt from labels with their lengths behind them', async () => {
  const spelling = asLoss(
    ctc(),
    (prediction, target) => ({
      logits: reshape(prediction, [-1, 5, 3]),
      target: slice(target, [0], [2], { axes: [1] }),
      targetLengths: gather(target, 2, { axis: 1 }),
      inputLengths: constantOfShape(shape(prediction, 0, 1), 5, 'int64'),
    }),
    { target: 'int64' },
  )
  const labels = [1, 2, 2, 2, 1, 2, 1, 0, 1, 1, 1, 2, 2, 0, 1, 2, 1, 2, 1, 2, 2, 2, 0, 1].map(BigInt)
  const found = await losses(mlp([16], 15), spelling, tensor('int64', [8, 3], BigInt64Array.from(labels)))
  expect(found.at(-1)).toBeLessThan(0.9 * found[0])
})
