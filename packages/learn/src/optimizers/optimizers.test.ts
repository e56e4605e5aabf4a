import { tensor } from '@mlpod/contract'
import { add, mul, reduceSum, sin } from '@mlpod/graph'
import { expect, test } from 'vitest'
import torch from '../../../../conformance/learn/torch.json' with { type: 'json' }
import { fit } from '../fit.ts'
import type { Layer } from '../layers/layer.ts'
import type { Loss } from '../losses/index.ts'
import { perRow } from '../losses/loss.ts'
import { cosine, exponential, oneCycle, stepwise, warmup } from '../schedules/index.ts'
import { adam, adamW, chain, clipByGlobalNorm, optimizers, rateAt, sgd } from './index.ts'

const { a, start } = torch.objective
/** sum(a q^2 / 2) + sum(sin q), whatever the row. */
const objective: Layer = (x, scope) => {
  const q = scope.parameter('q', [4], () => Float32Array.from(start), { fanIn: 1, fanOut: 1 })
  return add(
    mul(x, 0),
    add(
      reduceSum(
        mul(
          mul(q, q),
          a.map((v) => v / 2),
        ),
      ),
      reduceSum(sin(q)),
    ),
  )
}
const itself: Loss = { name: 'itself', target: 'float32', prediction: 'value', rows: (p) => ({ losses: perRow(p) }) }
const one = tensor('float32', [1, 1], Float32Array.of(1))

for (const stepsPerRun of [1, 3])
  test(`eight steps of each optimizer equal torch, ${stepsPerRun} in a run`, async () => {
    for (const { name, options, points } of torch.optimizers) {
      const { clip, ...rest } = options as { clip?: number; learningRate: number }
      const plain = optimizers[name as 'sgd'](rest)
      const optimizer = clip === undefined ? plain : chain(clipByGlobalNorm(clip), plain)
      const rows = stepsPerRun === 1 ? one : tensor('float32', [8, 1], new Float32Array(8))
      for (const steps of stepsPerRun === 1 ? [1, 2, 3, 8] : [8]) {
        const { parameters } = await fit({
          network: objective,
          loss: itself,
          optimizer,
          data: { x: rows, y: rows },
          epochs: stepsPerRun === 1 ? steps : 1,
          batch: 1,
          seed: 0,
          stepsPerRun,
        })
        parameters.q.data.forEach((value, i) => {
          const expected = points[steps - 1][i]
          expect(
            Math.abs(value - expected),
            `${name} ${JSON.stringify(options)} step ${steps}: ${value} against ${expected}`,
          ).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)))
        })
      }
    }
  })

test('warmup rises in a line and then follows the schedule from its beginning', () => {
  const schedule = warmup(4, exponential(1, 0.5))
  expect([1, 2, 4, 5, 6].map((t) => rateAt(schedule, t))).toEqual([0.25, 0.5, 1, 1, 0.5])
})

test('settings that make no sense are refused', () => {
  const invalid = expect.objectContaining({ code: 'OPTIMIZER_INVALID' })
  expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(invalid)
  expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(invalid)
  expect(() => adam({ beta1: 1 })).toThrow(invalid)
  expect(() => adam({ epsilon: 0 })).toThrow(invalid)
  expect(() => clipByGlobalNorm(0)).toThrow(invalid)
  expect(() => chain(...([] as unknown as [ReturnType<typeof sgd>]))).toThrow(invalid)
  for (const learningRate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => sgd({ learningRate })).toThrow(invalid)
  expect(() => adam({ weightDecay: Number.NaN })).toThrow(invalid)
  expect(() => adamW({ weightDecay: -1 })).toThrow(invalid)
  expect(() => sgd({ learningRate: 1, momentum: 0.9, dampening: Number.NaN })).toThrow(invalid)
  const impossible = expect.objectContaining({ code: 'SCHEDULE_INVALID' })
  expect(() => cosine(0.1, 0)).toThrow(impossible)
  expect(() => stepwise(0.1, Number.NaN)).toThrow(impossible)
  expect(() => oneCycle(0.1, 10, { rising: 2 })).toThrow(impossible)
  expect(rateAt(oneCycle(0.1, 10, { rising: 0.1 }), 1)).toBe(0.1)
  expect(() => rateAt(-1, 1)).toThrow(expect.objectContaining({ code: 'LEARNING_RATE_INVALID' }))
})
