import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { input, neg } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import {
  activation,
  adam,
  additiveAttention,
  binaryCrossEntropyWithLogits,
  deepFM,
  dense,
  fit,
  fitDiscriminant,
  flatten,
  gaussianProcess,
  higherOrderMachine,
  type Layer,
  lbfgs,
  linearDiscriminant,
  maxout,
  meanFieldLogits,
  network,
  obliviousTrees,
  type Posterior,
  polynomialFeatures,
  positions,
  reshape,
  sequential,
  transformerEncoder,
} from '../index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const sklearn: {
  readonly processes: { readonly points: Entry }
  readonly learned: {
    readonly targets: Entry
    readonly evidence: number
    readonly lengthScale: readonly number[]
    readonly variance: number
    readonly noise: number
  }
} = JSON.parse(readFileSync(new URL('../../../../conformance/learn/structured.json', import.meta.url), 'utf8'))

const exact = ({ shape, data }: Entry): Tensor<'float64'> => tensor('float64', shape, Float64Array.from(data))

test('the hyperparameters of a Gaussian process come to those of scikit-learn', async () => {
  const { targets, evidence, lengthScale, variance, noise } = sklearn.learned
  let found: Posterior | undefined
  const start = { lengthScale: [8, 2], variance: 20, noise: 0.3, learned: true } as const
  const process = gaussianProcess(exact(sklearn.processes.points), exact(targets), start)
  const layer: Layer = (x, scope) => {
    found = process(x, scope)
    return found.mean
  }
  const built = network(layer, input('x', 'float32', ['n', 2]), { seed: 0 })
  const minimum = await lbfgs({ loss: neg(found!.evidence!), parameters: built.parameters })
  expect(-minimum.loss).toBeCloseTo(evidence, 3)
  const of = (name: string): number[] => Array.from(minimum.parameters[name].data as Float32Array, Math.exp)
  for (const [name, wanted] of [
    ['log_length_scale', lengthScale],
    ['log_variance', [variance]],
    ['log_noise', [noise]],
  ] as const)
    for (const [i, value] of of(name).entries()) expect(Math.abs(value / wanted[i] - 1), name).toBeLessThan(0.03)
})

const n = 160
const draw = random({ seed: 3 })
const x = tensor('float32', [n, 4], draw.fillNormal(new Float32Array(4 * n)))
// a product: no linear model tells it
const y = tensor(
  'float32',
  [n, 1],
  Float32Array.from({ length: n }, (_, i) => Number(x.data[4 * i] * x.data[4 * i + 1] > 0)),
)

const trained: Readonly<Record<string, Layer>> = {
  DeepFM: deepFM(4, { hidden: [8] }),
  'a machine of higher order': higherOrderMachine(4, 3),
  'oblivious trees': obliviousTrees(1, { trees: 16, depth: 3, layers: 2 }),
  'polynomial features': sequential(polynomialFeatures(2), dense(1)),
  maxout: sequential(maxout(8, 3), dense(1)),
  'a process of random features': meanFieldLogits(1, { features: 64, gamma: 0.2 }),
  'a transformer': sequential(
    reshape([4, 1]),
    dense(8),
    positions(4),
    transformerEncoder(2, { hidden: 16 }),
    flatten(),
    dense(1),
  ),
  'additive attention': sequential(
    reshape([4, 1]),
    dense(8),
    positions(4),
    (value, scope) => additiveAttention({ units: 8 })(value, scope),
    flatten(),
    activation('elu', { alpha: 0.5 }),
    dense(16, { activation: 'relu' }),
    dense(1),
  ),
}

test.each(Object.entries(trained))('%s learns a product', async (_, layer) => {
  const fitted = await fit({
    network: layer,
    loss: binaryCrossEntropyWithLogits(),
    optimizer: adam({ learningRate: 0.02 }),
    data: { x, y },
    batch: 40,
    epochs: 60,
    seed: 1,
  })
  // log 2 = 0.69 is what knows nothing
  expect(fitted.history.at(-1)!.loss).toBeLessThan(0.45)
})

test('a fitted discriminant goes on training', async () => {
  const labels = tensor(
    'int32',
    [n],
    Int32Array.from({ length: n }, (_, i) => Number(x.data[4 * i + 2] > 0.2)),
  )
  const layer = linearDiscriminant(fitDiscriminant(x, labels))
  const target = tensor(
    'float32',
    [n, 2],
    Float32Array.from({ length: 2 * n }, (_, i) => Number(labels.data[i >> 1] === i % 2)),
  )
  const settings = { network: layer, loss: binaryCrossEntropyWithLogits(), data: { x, y: target }, epochs: 20, seed: 1 }
  const fitted = await fit({ ...settings, optimizer: adam({ learningRate: 0.05 }) })
  expect(fitted.history.at(-1)!.loss).toBeLessThan(fitted.history[0].loss)
})
