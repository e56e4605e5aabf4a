// Seconds of one training step of the MLP 784-512-256-10, batch 128, one thread, as `fit` runs it (batches taken from the data).
import { tensor } from '@mlpod/contract'
import { adam, crossEntropy, fit, mlp, type Optimizer, sgd } from '@mlpod/learn'
import { random } from '@mlpod/math'
import { median } from '../bench.ts'

const [batch, steps, epochs] = [128, 40, 7]
const n = batch * steps
const { normal } = random({ seed: 0, path: 'x' })
const data = {
  x: tensor(
    'float32',
    [n, 784],
    Float32Array.from({ length: n * 784 }, (_, i) => normal(i)),
  ),
  y: tensor(
    'int64',
    [n],
    BigInt64Array.from({ length: n }, (_, i) => BigInt(i % 10)),
  ),
}

async function seconds(optimizer: Optimizer): Promise<number> {
  const ends: number[] = []
  await fit({
    network: mlp([512, 256], 10),
    loss: crossEntropy(),
    optimizer,
    data,
    epochs,
    batch,
    seed: 0,
    onProgress: () => ends.push(performance.now()),
  })
  // the first epoch warms up
  return median(ends.slice(1).map((end, i) => (end - ends[i]) / 1000 / steps))
}

console.log(
  JSON.stringify({
    'mlp step, sgd': await seconds(sgd({ learningRate: 0.01 })),
    'mlp step, adam': await seconds(adam({ learningRate: 1e-3 })),
  }),
)
