import { type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, grad, input, openSession } from '@mlpod/graph'
import { expect, test } from 'vitest'
import sklearn from '../../../../conformance/learn/sklearn.json' with { type: 'json' }
import torch from '../../../../conformance/learn/torch.json' with { type: 'json' }
import { hinge, type Loss, type LossOptions, losses, lossValue, pinball } from './index.ts'

const float = (shape: readonly number[], values: readonly number[]) =>
  tensor('float32', shape, Float32Array.from(values))

async function evaluate(
  loss: Loss,
  prediction: Tensor,
  target: Tensor,
  options: Omit<LossOptions, 'weights'> & { weights?: Tensor } = {},
) {
  const p = input('p', 'float32', ['N', ...prediction.shape.slice(1)])
  const t = input('t', target.dtype, ['N', ...target.shape.slice(1)])
  const w = options.weights && input('w', 'float32', ['N'])
  const value = lossValue(loss, p, t, { ...options, weights: w })
  const outputs = { value, ...(options.reduction !== 'none' && { gradient: grad(value, [p])[0] }) }
  await using session = await openSession(compile({ inputs: { p, t, ...(w && { w }) }, outputs }))
  return session.run({ p: prediction, t: target, ...(options.weights && { w: options.weights }) })
}
const numbers = (t: Tensor): number[] => Array.from(t.data as Float32Array)

test('losses and their gradients equal torch', async () => {
  for (const { name, options, prediction, shape, target, targetShape, loss, gradient } of torch.losses) {
    const made = losses[name as 'crossEntropy'](options as object)
    const goal =
      made.target === 'int64'
        ? tensor('int64', targetShape, BigInt64Array.from(target, BigInt))
        : float(targetShape, target)
    const found = await evaluate(made, float(shape, prediction), goal)
    const what = `${name} ${JSON.stringify(options)}`
    expect(numbers(found.value)[0] / loss, what).toBeCloseTo(1, 5)
    numbers(found.gradient).forEach((g, i) => void expect(g, what).toBeCloseTo(gradient[i], 5))
  }
})

test('pinball and hinge equal scikit-learn', async () => {
  const { prediction, target, losses: expected } = sklearn.pinball
  const shape = [prediction.length, 1]
  for (const [level, value] of Object.entries(expected)) {
    const found = await evaluate(pinball(Number(level)), float(shape, prediction), float(shape, target))
    expect(numbers(found.value)[0]).toBeCloseTo(value, 6)
  }
  const found = await evaluate(hinge(), float(shape, sklearn.hinge.prediction), float(shape, sklearn.hinge.target))
  expect(numbers(found.value)[0]).toBeCloseTo(sklearn.hinge.loss, 6)
})

test('several pinball levels are the mean of each', async () => {
  const { prediction, target } = sklearn.pinball
  const twice = prediction.flatMap((p) => [p, p])
  const found = await evaluate(
    pinball([0.1, 0.9]),
    float([prediction.length, 2], twice),
    float([target.length, 1], target),
  )
  expect(numbers(found.value)[0]).toBeCloseTo((sklearn.pinball.losses['0.1'] + sklearn.pinball.losses['0.9']) / 2, 6)
})

test('a weight of k is the row k times, and weights of any size mean the same', async () => {
  const [p, t] = [
    [0.5, -1, 2],
    [1, 0, 1],
  ]
  const loss = losses.binaryCrossEntropyWithLogits()
  const weighted = await evaluate(loss, float([3, 1], p), float([3, 1], t), { weights: float([3], [2, 1, 0]) })
  const repeated = await evaluate(loss, float([3, 1], [0.5, 0.5, -1]), float([3, 1], [1, 1, 0]))
  const scaled = await evaluate(loss, float([3, 1], p), float([3, 1], t), { weights: float([3], [20, 10, 0]) })
  expect(numbers(weighted.value)[0]).toBeCloseTo(numbers(repeated.value)[0], 6)
  expect(numbers(scaled.value)[0]).toBeCloseTo(numbers(repeated.value)[0], 6)
  const sum = await evaluate(loss, float([3, 1], p), float([3, 1], t), { reduction: 'sum' })
  const none = await evaluate(loss, float([3, 1], p), float([3, 1], t), { reduction: 'none' })
  expect(none.value.shape).toEqual([3, 1])
  expect(numbers(none.value).reduce((a, b) => a + b)).toBeCloseTo(numbers(sum.value)[0], 6)
})

test('every loss has the derivative of its own differences', async () => {
  const p = input('p', 'float32', [4, 1])
  const t = input('t', 'float32', [4, 1])
  const feeds = { p: float([4, 1], [0.3, -1.7, 2.2, 0.1]), t: float([4, 1], [1, 0, 1, 0]) }
  const { mse, mae, huber, binaryCrossEntropyWithLogits } = losses
  for (const loss of [mse(), mae(), huber(), binaryCrossEntropyWithLogits(), hinge(), pinball(0.3)])
    expect(await checkGrad({ outputs: [lossValue(loss, p, t)], wrt: [p], feeds }), loss.name).toMatchObject({
      passed: true,
    })
})

test('parameters and shapes that make no sense are refused', () => {
  const invalid = expect.objectContaining({ code: 'LOSS_INVALID' })
  expect(() => losses.crossEntropy({ labelSmoothing: 2 })).toThrow(invalid)
  expect(() => losses.crossEntropy({ classWeights: [-1] })).toThrow(invalid)
  expect(() => losses.crossEntropy({ classWeights: [0, 0] })).toThrow(invalid)
  expect(() => losses.huber({ delta: 0 })).toThrow(invalid)
  expect(() => losses.pinball([])).toThrow(invalid)
  expect(() => losses.pinball(1)).toThrow(invalid)
  expect(() => losses.binaryCrossEntropyWithLogits({ positiveWeight: 0 })).toThrow(invalid)
  const [a, b] = [input('a', 'float32', ['N', 2]), input('b', 'float32', ['N'])]
  const mismatch = expect.objectContaining({ code: 'SHAPE_MISMATCH' })
  expect(() => lossValue(losses.mse(), a, b)).toThrow(mismatch)
  for (const reduction of ['none', 'mean', 'sum'] as const)
    expect(() => lossValue(losses.mse(), a, a, { reduction, weights: input('w', 'float32', ['N', 1]) })).toThrow(
      mismatch,
    )
  expect(() => lossValue(losses.crossEntropy(), b, b)).toThrow(mismatch)
  expect(() => lossValue(losses.pinball([0.5]), a, b)).toThrow(mismatch)
  expect(() => lossValue(losses.crossEntropy({ classWeights: [1, 2, 3] }), a, input('c', 'int64', ['N']))).toThrow(
    invalid,
  )
})
