import { tensor } from '@mlpod/contract'
import { compile, grad, input, openSession, parameter, reduceSum, type Value } from '@mlpod/graph'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fit } from '../fit.ts'
import { mlp } from '../layers/layers.ts'
import { adam } from '../optimizers/index.ts'
import { crossEntropy, jointLosses, type Losses, losses, lossValue, mse, poissonNll } from './index.ts'
import { reduced } from './loss.ts'

const float = (shape: readonly number[], list: readonly number[]) => tensor('float64', shape, Float64Array.from(list))
const value = (shape: readonly number[], list: readonly number[]): Value =>
  parameter(`p${list.join()}${shape.join()}`, float(shape, list))
const truths = (shape: readonly number[], list: readonly number[]): Value =>
  parameter(`m${list.join()}${shape.join()}`, tensor('bool', shape, Uint8Array.from(list)))

async function run(outputs: Readonly<Record<string, Value>>): Promise<Record<string, number[]>> {
  await using session = await openSession(compile({ inputs: [], outputs }))
  const found = await session.run({})
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, Array.from(data as Float64Array)]))
}

const own: Losses = { losses: value([2, 2], [2, 4, 8, 0]), weights: value([2, 2], [1, 2, 2, 0]) }

test('a mean divides by what the losses weigh, and a sum over the batch size by how many there are', async () => {
  const found = await run({
    mean: reduced(own),
    sum: reduced(own, { reduction: 'sum' }),
    batch: reduced(own, { reduction: 'sumOverBatchSize' }),
    rows: reduced(own, { reduction: 'rows' }),
    none: reduced(own, { reduction: 'none' }),
  })
  expect(found).toEqual({ mean: [14 / 5], sum: [14], batch: [14 / 4], rows: [2, 4], none: [2, 4, 8, 0] })
})

test('weights of rows multiply losses and what they weigh', async () => {
  const weights = value([2], [3, 0.5])
  const { losses: plain } = own
  const found = await run({
    mean: reduced(own, { weights }),
    plain: reduced({ losses: plain }, { weights }),
    batch: reduced({ losses: plain }, { weights, reduction: 'sumOverBatchSize' }),
  })
  expect(found).toEqual({ mean: [22 / 10], plain: [22 / 7], batch: [22 / 4] })
})

test('what is masked is 0 and weighs nothing, even where it is no number', async () => {
  const each = value([2, 2], [2, Number.NaN, 8, Number.POSITIVE_INFINITY])
  const mask = truths([2, 2], [1, 0, 1, 0])
  const found = await run({
    mean: reduced({ losses: each }, { mask }),
    none: reduced({ losses: each }, { mask, reduction: 'none' }),
    byRow: reduced(own, { mask: truths([2], [0, 1]) }),
  })
  expect(found).toEqual({ mean: [5], none: [2, 0, 8, 0], byRow: [4] })
})

test('the mean of nothing is no number, or 0 where that is asked for', async () => {
  const weights = value([2], [0, 0])
  const found = await run({ nan: reduced(own, { weights }), zero: reduced(own, { weights, emptyMean: 'zero' }) })
  expect(found).toEqual({ nan: [Number.NaN], zero: [0] })
  const logits = value([2, 3], [1, 2, 3, 4, 5, 6])
  const loss = lossValue(
    crossEntropy({ ignoreIndex: 7 }),
    logits,
    parameter('y', tensor('int64', [2], BigInt64Array.of(7n, 7n))),
    {
      emptyMean: 'zero',
    },
  )
  expect(await run({ loss, gradient: grad(loss, [logits])[0] })).toEqual({ loss: [0], gradient: [0, 0, 0, 0, 0, 0] })
})

test('losses of rows together are the losses of the rows alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 8, maxLength: 8 }),
      async (list) => {
        const [p, t] = [
          value([4, 2], list),
          value(
            [4, 2],
            list.toReversed().map((v) => v + 0.5),
          ),
        ]
        const loss = lossValue(mse(), p, t, { reduction: 'rows' })
        const found = await run({ mean: lossValue(mse(), p, t), rows: loss, sum: reduceSum(loss) })
        expect(found.sum[0] / 4).toBeCloseTo(found.mean[0], 10)
        expect(found.rows.length).toBe(4)
      },
    ),
    { numRuns: 10 },
  )
})

const invalid = expect.objectContaining({ code: 'LOSS_INVALID' })

test('settings that make no sense are refused, and the nearest name is told', () => {
  expect(() => losses.crossEntropy({ labelSmothing: 0.1 } as object)).toThrow(/labelSmoothing/)
  expect(() => losses.crossEntropy({ classWeights: [1, -1] })).toThrow(invalid)
  expect(() => losses.crossEntropy({ soft: true, ignoreIndex: 0 })).toThrow(invalid)
  expect(() => losses.smoothL1({ beta: -1 })).toThrow(invalid)
  expect(() => losses.multiMargin({ power: 3 })).toThrow(invalid)
  expect(losses.huber.parameters.delta.default).toBe(1)
  expect(losses.huber.source).toContain('torch')
})

test('shapes that do not fit are both printed', () => {
  const [logits, y] = [input('a', 'float32', ['N', 4]), input('b', 'int64', ['N', 2])]
  expect(() => lossValue(crossEntropy(), logits, y)).toThrow(
    'crossEntropy takes logits [N, C, ...] and target [N, ...], not logits [N, 4] and target [N, 2]',
  )
  expect(() => lossValue(mse(), input('p', 'float32', ['N', 3]), input('t', 'float32', ['N', 2]))).toThrow(
    'mse compares [N, 3] with a target of [N, 2]',
  )
})

const x = tensor('float32', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6))
const train = (
  loss: Parameters<typeof fit>[0]['loss'],
  y: Parameters<typeof tensor>[2],
  width: number,
  weights?: readonly number[],
) =>
  fit({
    network: mlp([], width),
    loss,
    optimizer: adam(),
    data: {
      x,
      y:
        y instanceof BigInt64Array
          ? tensor('int64', [3], y)
          : tensor('float32', [3, 1], y as Float32Array<ArrayBuffer>),
      ...(weights && { weights: tensor('float32', [3], Float32Array.from(weights)) }),
    },
    epochs: 1,
    seed: 0,
  })

test('labels that a loss does not take are refused before training, ignored ones are not', async () => {
  const label = expect.objectContaining({ code: 'LABEL_INVALID' })
  await expect(train(crossEntropy(), BigInt64Array.of(0n, 3n, 1n), 3)).rejects.toThrow(label)
  await expect(train(crossEntropy(), BigInt64Array.of(0n, -100n, 1n), 3)).rejects.toThrow(label)
  await expect(train(crossEntropy({ ignoreIndex: -100 }), BigInt64Array.of(0n, -1n, 1n), 3)).rejects.toThrow(label)
  await expect(train(poissonNll(), Float32Array.of(0, -1, 2), 1)).rejects.toThrow(/poissonNll takes targets >= 0|is -1/)
  await train(crossEntropy({ ignoreIndex: -100 }), BigInt64Array.of(0n, -100n, 1n), 3)
  await train(crossEntropy({ ignoreIndex: 255 }), BigInt64Array.of(0n, 255n, 1n), 3)
})

test('weights that are negative or all 0 are refused', async () => {
  const weights = expect.objectContaining({ code: 'WEIGHTS_INVALID' })
  await expect(train(mse(), Float32Array.of(1, 2, 3), 1, [1, -1, 1])).rejects.toThrow(weights)
  await expect(train(mse(), Float32Array.of(1, 2, 3), 1, [0, 0, 0])).rejects.toThrow(weights)
})

test('every entry of the tables tells its settings and where its numbers come from', () => {
  for (const [name, entry] of Object.entries({ ...losses, ...jointLosses })) {
    expect(entry.source, name).toMatch(/\d/)
    for (const [key, { default: value, takes, test: fits }] of Object.entries(entry.parameters)) {
      expect(takes, `${name}.${key}`).not.toBe('')
      if (value !== undefined && key !== 'cutoffs') expect(fits(value as never), `${name}.${key}`).toBe(true)
    }
  }
})
