import { type Tensor, tensor } from '@mlpod/contract'
import { compile, input, openSession } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import sklearn from '../../../conformance/learn/sklearn.json' with { type: 'json' }
import torch from '../../../conformance/learn/torch.json' with { type: 'json' }
import type { Rows } from './data.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import {
  adam,
  binaryCrossEntropyWithLogits,
  chain,
  clipByGlobalNorm,
  crossEntropy,
  dense,
  dropout,
  hinge,
  mlp,
  mse,
  sequential,
  sgd,
} from './index.ts'

const float = (shape: readonly number[], values: ArrayLike<number>) =>
  tensor('float32', shape, Float32Array.from(values))
const classes = (values: readonly number[]) => tensor('int64', [values.length], BigInt64Array.from(values, BigInt))
const numbers = (t: Tensor): number[] => Array.from(t.data as Float32Array)
const code = (name: string, message?: RegExp) =>
  expect.objectContaining({ code: name, ...(message && { message: expect.stringMatching(message) }) })

const n = 203
const draw = random({ seed: 1 })
const x = float([n, 4], draw.fillNormal(new Float32Array(n * 4)))
const y = float(
  [n, 1],
  Array.from({ length: n }, (_, i) => (x.data[4 * i] - x.data[4 * i + 1] > 0.2 ? 1 : 0)),
)
const options: FitOptions = {
  network: mlp([8], 1),
  loss: binaryCrossEntropyWithLogits(),
  optimizer: adam({ learningRate: 0.02 }),
  data: { x, y },
  epochs: 5,
  batch: 32,
  seed: 7,
}

test('training a network equals torch: losses and parameters after four steps', async () => {
  const { x: flat, y: labels, first, last, losses } = torch.network
  const parameters = {
    '0.weight': float([5, 8], first[0]),
    '0.bias': float([8], first[1]),
    '1.weight': float([8, 3], first[2]),
    '1.bias': float([3], first[3]),
  }
  const fitted = await fit({
    network: mlp([8], 3),
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    data: { x: float([20, 5], flat), y: classes(labels) },
    epochs: 4,
    batch: 20,
    seed: 0,
    parameters,
  })
  fitted.history.forEach(({ loss }, i) => void expect(loss).toBeCloseTo(losses[i], 5))
  for (const [i, p] of Object.values(fitted.parameters).entries())
    numbers(p).forEach((v, j) => void expect(v).toBeCloseTo(last[i][j], 5))
})

test('logistic regression with decay of the weights alone equals scikit-learn', async () => {
  const { x: flat, y: labels, decay, weight, bias } = sklearn.logistic
  const { parameters } = await fit({
    network: dense(1),
    loss: binaryCrossEntropyWithLogits(),
    optimizer: sgd({ learningRate: 1, momentum: 0.9, weightDecay: decay, decays: (path) => path === 'weight' }),
    data: { x: float([120, 3], flat), y: float([120, 1], labels) },
    epochs: 600,
    batch: 120,
    seed: 0,
  })
  numbers(parameters.weight).forEach((w, i) => void expect(w).toBeCloseTo(weight[i], 3))
  expect(numbers(parameters.bias)[0]).toBeCloseTo(bias[0], 3)
})

test('the same options give the same bits; another seed gives others', async () => {
  const network = sequential(dense(16, { activation: 'relu' }), dropout(0.3), dense(1))
  const [a, b, c] = await Promise.all([
    fit({ ...options, network }),
    fit({ ...options, network }),
    fit({ ...options, network, seed: 8 }),
  ])
  expect(b.history).toEqual(a.history)
  for (const path of Object.keys(a.parameters)) {
    expect(numbers(b.parameters[path])).toEqual(numbers(a.parameters[path]))
    expect(numbers(c.parameters[path])).not.toEqual(numbers(a.parameters[path]))
  }
})

test('several steps in one run are the steps one by one, short last batch and dropout included', async () => {
  const network = sequential(dense(16, { activation: 'relu' }), dropout(0.3), dense(1))
  for (const optimizer of [sgd({ learningRate: 0.1 }), chain(clipByGlobalNorm(1), adam())]) {
    const one = await fit({ ...options, network, optimizer, stepsPerRun: 1 })
    const many = await fit({ ...options, network, optimizer, stepsPerRun: 4 })
    expect(many.history.map(({ steps }) => steps)).toEqual([7, 14, 21, 28, 35])
    for (const path of Object.keys(one.parameters))
      numbers(many.parameters[path]).forEach((v, i) => void expect(v).toBeCloseTo(numbers(one.parameters[path])[i], 5))
  }
})

test('the trained network applied to a value gives what training saw', async () => {
  const fitted = await fit({ ...options, epochs: 30 })
  const value = input('x', 'float32', ['N', 4])
  await using session = await openSession(compile({ outputs: { z: fitted.apply(value) } }))
  const { z } = await session.run({ x })
  const right = numbers(z).filter((logit, i) => logit > 0 === (y.data[i] === 1)).length
  expect(right / n).toBeGreaterThan(0.95)
})

test('weights of zero leave rows out, and whole weights count rows', async () => {
  const full = { ...options, optimizer: sgd({ learningRate: 0.5 }), epochs: 3, batch: 8, network: dense(1) }
  const few = { x: float([8, 4], x.data.slice(0, 32)), y: float([8, 1], y.data.slice(0, 8)) }
  const weights = float([8], [1, 1, 1, 1, 0, 0, 0, 0])
  const half = { x: float([4, 4], x.data.slice(0, 16)), y: float([4, 1], y.data.slice(0, 4)) }
  const weighted = await fit({ ...full, data: { ...few, weights } })
  const left = await fit({ ...full, data: half })
  numbers(weighted.parameters.weight).forEach(
    (w, i) => void expect(w).toBeCloseTo(numbers(left.parameters.weight)[i], 5),
  )
})

test('early stopping gives back the parameters of the best epoch', async () => {
  const wrong = {
    x,
    y: float(
      [n, 1],
      y.data.map((v) => 1 - v),
    ),
  }
  const seen: number[] = []
  const fitted = await fit({
    ...options,
    validation: wrong,
    epochs: 50,
    earlyStopping: { patience: 2 },
    onProgress: ({ validation }) => seen.push(validation!),
  })
  const best = seen.indexOf(Math.min(...seen)) + 1
  expect(fitted.epoch).toBe(best)
  expect(fitted.history.length).toBe(best + 2)
  const again = await fit({ ...options, epochs: best })
  expect(numbers(fitted.parameters['0.weight'])).toEqual(numbers(again.parameters['0.weight']))
})

test('the validation loss is the loss of the network as it is used, over all rows', async () => {
  const fitted = await fit({ ...options, validation: { x, y }, epochs: 2, network: sequential(dropout(0.5), dense(1)) })
  const value = input('x', 'float32', ['N', 4])
  await using session = await openSession(compile({ outputs: { z: fitted.apply(value) } }))
  const { z } = await session.run({ x })
  const mean = numbers(z).reduce((sum, logit, i) => sum + Math.log1p(Math.exp(-logit)) + (1 - y.data[i]) * logit, 0) / n
  expect(fitted.history[1].validation).toBeCloseTo(mean, 5)
})

test('a loss that overflows is named with its step', async () => {
  const wild = fit({ ...options, network: dense(1), loss: mse(), optimizer: sgd({ learningRate: 1e6 }), epochs: 20 })
  await expect(wild).rejects.toThrow(code('LOSS_NOT_FINITE', /at step \d+ \(epoch \d+\)/))
})

test('a signal stops training', async () => {
  const controller = new AbortController()
  const stopped = fit({
    ...options,
    epochs: 1e6,
    signal: controller.signal,
    onProgress: ({ epoch }) => epoch === 3 && controller.abort(),
  })
  await expect(stopped).rejects.toThrow(code('TRAINING_ABORTED', /epoch 4/))
})

test('data that cannot be learnt from is refused before training', async () => {
  const given = (data: Partial<Rows>, more: Partial<FitOptions> = {}) =>
    fit({ ...options, ...more, data: { x, y, ...data } })
  await expect(given({ x: float([0, 4], []), y: float([0, 1], []) })).rejects.toThrow(code('DATA_EMPTY'))
  await expect(given({ y: float([3, 1], [0, 1, 0]) })).rejects.toThrow(code('LENGTH_MISMATCH'))
  const holes = float(
    [n, 4],
    x.data.map((v, i) => (i === 9 ? Number.NaN : v)),
  )
  await expect(given({ x: holes })).rejects.toThrow(code('DATA_NOT_FINITE', /NaN in row 2/))
  await expect(given({ y: classes(Array(n).fill(0)) })).rejects.toThrow(code('DTYPE_MISMATCH'))
  await expect(
    given({ y: classes([-1, ...Array(n - 1).fill(0)]) }, { loss: crossEntropy(), network: dense(2) }),
  ).rejects.toThrow(code('LABEL_INVALID'))
  await expect(given({ weights: float([n], Array(n).fill(-1)) })).rejects.toThrow(code('WEIGHTS_INVALID'))
  await expect(given({ y: classes(Array(n).fill(5)) }, { loss: crossEntropy(), network: dense(2) })).rejects.toThrow(
    code('LABEL_INVALID', /y of the data is 5 at position 0/),
  )
  await expect(given({ y: float([n, 1], Array(n).fill(2)) })).rejects.toThrow(code('LABEL_INVALID'))
  await expect(given({ y: float([n, 1], Array(n).fill(-1)) }, { loss: hinge() })).rejects.toThrow(code('LABEL_INVALID'))
  await expect(given({ weights: float([n], Array(n).fill(0)) })).rejects.toThrow(code('WEIGHTS_INVALID', /all weights/))
  await expect(given({ weights: float([n], Array(n).fill(Number.POSITIVE_INFINITY)) })).rejects.toThrow(
    code('WEIGHTS_INVALID'),
  )
  await expect(given({ weights: float([n, 1], Array(n).fill(1)) })).rejects.toThrow(code('SHAPE_MISMATCH'))
  await expect(given({}, { validation: { x: float([1, 3], [1, 2, 3]), y: float([1, 1], [1]) } })).rejects.toThrow(
    code('SHAPE_MISMATCH', /x is \[203, 4\] in the data and \[1, 3\] in the validation data/),
  )
  await expect(given({ y: x }, { network: (value) => value, loss: mse() })).rejects.toThrow(code('NETWORK_EMPTY'))
  await expect(given({}, { optimizer: clipByGlobalNorm(1) as never })).rejects.toThrow(code('OPTIMIZER_INVALID'))
  for (const wrong of [
    { epochs: 0 },
    { batch: 0.5 },
    { stepsPerRun: 0 },
    { earlyStopping: { patience: 0 } },
    { earlyStopping: { patience: 1, minDelta: Number.NaN } },
    { earlyStopping: { patience: 1, minDelta: -1 } },
  ])
    await expect(given({}, wrong)).rejects.toThrow(code('OPTION_INVALID'))
})

test('a signal that came before training stops it before the first step', async () => {
  const stopped = fit({ ...options, signal: AbortSignal.abort() })
  await expect(stopped).rejects.toThrow(code('TRAINING_ABORTED', /after step 0/))
})

test('a batch whose rows weigh nothing changes nothing', async () => {
  const first = float(
    [n],
    Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0)),
  )
  const fitted = await fit({
    ...options,
    data: { x, y, weights: first },
    batch: 1,
    epochs: 1,
    optimizer: sgd({ learningRate: 0.1 }),
  })
  const alone = { x: float([1, 4], x.data.slice(0, 4)), y: float([1, 1], y.data.slice(0, 1)) }
  const one = await fit({ ...options, data: alone, batch: 1, epochs: 1, optimizer: sgd({ learningRate: 0.1 }) })
  expect(fitted.parameters).toEqual(one.parameters)
})

test('a validation loss or parameters that are no numbers are an error, not a result', async () => {
  const far = { x: float([1, 4], [3e38, -3e38, 3e38, 3e38]), y: float([1, 1], [1]) }
  const plain: FitOptions = { ...options, network: dense(1), loss: mse() }
  await expect(fit({ ...plain, validation: far, earlyStopping: { patience: 2 } })).rejects.toThrow(
    code('LOSS_NOT_FINITE', /validation loss is/),
  )
  const wild = fit({
    ...plain,
    optimizer: sgd({ learningRate: 3e38 }),
    epochs: 1,
    batch: n,
    data: { x, y: float([n, 1], Array(n).fill(9)) },
  })
  await expect(wild).rejects.toThrow(code('LOSS_NOT_FINITE', /parameter weight is .*Infinity at step 1/))
})

test('how many steps are in a run changes no bit', async () => {
  const network = sequential(dense(8, { activation: 'gelu' }), dropout(0.3), dense(1))
  const optimizer = chain(clipByGlobalNorm(0.5), adam({ learningRate: 0.02 }))
  const runs = [1, 2, 8, 20].map((stepsPerRun) =>
    fit({ ...options, network, optimizer, batch: 16, epochs: 2, stepsPerRun }),
  )
  const [first, ...others] = (await Promise.all(runs)).map(({ parameters }) => parameters)
  for (const other of others) expect(other).toEqual(first)
})
