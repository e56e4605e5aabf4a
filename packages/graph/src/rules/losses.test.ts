import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { int64, testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'

const labels = int64(2, 0, 2, 1)
const weights = [0.5, 2, 1.5]

testDerivatives({
  softmaxCrossEntropyLoss: { shapes: [[4, 3]], make: (x) => g.softmaxCrossEntropyLoss(x, labels).loss },
  'softmaxCrossEntropyLoss and the logarithms': {
    shapes: [[4, 3]],
    make: (x) => {
      const { loss, logarithms } = g.softmaxCrossEntropyLoss(x, labels, { reduction: 'none' })
      return [loss, logarithms]
    },
  },
  'softmaxCrossEntropyLoss by weights that are learnt': {
    shapes: [[4, 3], [3]],
    make: (x, w) => g.softmaxCrossEntropyLoss(x, labels, { weights: w, ignore: 0 }).loss,
    within: [0.5, 1.5],
  },
  'softmaxCrossEntropyLoss by place': {
    shapes: [[2, 3, 2]],
    make: (x) => g.softmaxCrossEntropyLoss(x, g.reshape(labels, [2, 2]), { reduction: 'sum', weights }).loss,
  },
  negativeLogLikelihoodLoss: {
    shapes: [[4, 3]],
    make: (x) => g.negativeLogLikelihoodLoss(g.mul(x, x), labels, { weights, ignore: 2 }),
  },
  'negativeLogLikelihoodLoss of int32 labels': {
    shapes: [[4, 3]],
    make: (x) => g.negativeLogLikelihoodLoss(g.mul(x, x), g.cast(labels, 'int32'), { reduction: 'none' }),
  },
})

test('labels that are no classes fail the run, and shapes that do not fit are refused', async () => {
  const x = g.input('x', 'float32', [2, 3])
  const feeds = { x: tensor('float32', [2, 3], new Float32Array(6)) }
  const loss = g.softmaxCrossEntropyLoss(x, [0, 3]).loss
  await expect(run({ d: g.grad(loss, [x])[0] }, feeds)).rejects.toMatchObject({ code: 'RUN_FAILED' })
  const refused = (make: () => unknown, code = 'SHAPE_MISMATCH') =>
    expect(make).toThrowError(expect.objectContaining({ code }))
  refused(() => g.softmaxCrossEntropyLoss(x, g.input('y', 'int64', [2, 3])))
  refused(() => g.softmaxCrossEntropyLoss(x, [0, 1, 2]))
  refused(() => g.softmaxCrossEntropyLoss(x, [0, 1], { weights: [1, 2] }))
  refused(() => g.softmaxCrossEntropyLoss(x, g.input('y', 'float32', [2])), 'DTYPE_MISMATCH')
  refused(() => g.softmaxCrossEntropyLoss(x, [0, 1], { reduction: 'max' as 'sum' }), 'OPTION_UNKNOWN')
})

test('a mean over no label that counts is nan, as in torch', async () => {
  const x = g.input('x', 'float32', [2, 3])
  const { loss } = g.softmaxCrossEntropyLoss(x, [1, 1], { ignore: 1 })
  const results = await run({ loss }, { x: tensor('float32', [2, 3], new Float32Array(6)) })
  expect(results.loss.data[0]).toBeNaN()
})
