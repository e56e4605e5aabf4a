// Seconds of one training step of four networks, one thread, as `fit` runs them.
import { type Tensor, tensor } from '@mlpod/contract'
import { reduceMean } from '@mlpod/graph'
import {
  adam,
  at,
  conv,
  crossEntropy,
  dense,
  fit,
  flatten,
  gru,
  type Layer,
  lambda,
  maxPool,
  mlp,
  type Optimizer,
  sequential,
  sgd,
  transformerEncoder,
} from '@mlpod/learn'
import { random } from '@mlpod/math'
import { median } from '../bench.ts'

const { normal } = random({ seed: 0, path: 'x' })

async function seconds(network: Layer, shape: readonly number[], batch: number, optimizer: Optimizer): Promise<number> {
  const steps = 16
  const n = batch * steps
  const size = shape.reduce((product, dim) => product * dim, 1)
  const x = tensor(
    'float32',
    [n, ...shape],
    Float32Array.from({ length: n * size }, (_, i) => normal(i)),
  )
  const y: Tensor<'int64'> = tensor(
    'int64',
    [n],
    BigInt64Array.from({ length: n }, (_, i) => BigInt(i % 10)),
  )
  const ends: number[] = []
  const onProgress = () => ends.push(performance.now())
  await fit({ network, loss: crossEntropy(), optimizer, data: { x, y }, epochs: 7, batch, seed: 0, onProgress })
  // the first epoch warms up
  return median(ends.slice(1).map((end, i) => (end - ends[i]) / 1000 / steps))
}

const cnn = sequential(
  conv(32, 3, { padding: 1, activation: 'relu' }),
  maxPool(2),
  conv(64, 3, { padding: 1, activation: 'relu' }),
  maxPool(2),
  flatten(),
  dense(128, { activation: 'relu' }),
  dense(10),
)
const encoder = sequential(
  transformerEncoder(4, { hidden: 512 }),
  transformerEncoder(4, { hidden: 512 }),
  lambda((x) => reduceMean(x, { axes: [1] })),
  dense(10),
)
const rate = { learningRate: 1e-3 }
const found: Record<string, number> = {
  'wide mlp': await seconds(mlp([2048, 2048], 10), [784], 128, sgd(rate)),
  cnn: await seconds(cnn, [1, 28, 28], 64, sgd(rate)),
  gru: await seconds(sequential(gru(128), at(-1), dense(10)), [50, 64], 32, sgd(rate)),
  transformer: await seconds(encoder, [64, 128], 32, adam(rate)),
}
// once more for the compiled peer
console.log(
  JSON.stringify({
    ...found,
    ...Object.fromEntries(Object.entries(found).map(([name, value]) => [`${name}, compiled`, value])),
  }),
)
