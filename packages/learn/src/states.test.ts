import { add, mul, reduceMean, sub } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { exportTraining } from './exportTraining.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import { dense, evaluate, type Layer, mse, predict, sam, sgd } from './index.ts'
import { rows, small } from './testData.ts'

const zeros = (_: unknown, shape: readonly number[]) => new Float32Array(shape[0])

/** Takes the mean of the batch away in training, and its running mean otherwise: running = 0.9 running + 0.1 mean. */
const centred: Layer = (x, scope) => {
  const mean = reduceMean(x, { axes: [0] })
  const running = scope.state('mean', [4], zeros, (old) => add(mul(old, 0.9), mul(mean, 0.1)))
  return dense(1)(sub(x, scope.training ? mean : running), scope)
}
const options: FitOptions = {
  ...small,
  network: centred,
  loss: mse(),
  optimizer: sgd({ learningRate: 0.1 }),
  shuffle: false,
  epochs: 2,
  validation: rows,
}
const n = 203

/** The running mean by hand, with batches of so many rows. */
function runningMean(batch: number): number[] {
  let running = [0, 0, 0, 0]
  for (let epoch = 0; epoch < 2; epoch++)
    for (let at = 0; at < n; at += batch) {
      const end = Math.min(n, at + batch)
      const mean = [0, 1, 2, 3].map((j) => {
        let sum = 0
        for (let i = at; i < end; i++) sum += rows.x.data[4 * i + j]
        return sum / (end - at)
      })
      running = running.map((value, j) => 0.9 * value + 0.1 * mean[j])
    }
  return running
}

test('what a layer keeps is carried from step to step, and is part of the result', async () => {
  const expected = runningMean(32)
  const [one, many] = [await fit({ ...options, stepsPerRun: 1 }), await fit({ ...options, stepsPerRun: 8 })]
  expect(many.parameters).toEqual(one.parameters)
  expect(Object.keys(one.parameters)).toEqual(['weight', 'bias', 'mean'])
  Array.from(one.parameters.mean.data).forEach((value, j) => void expect(value).toBeCloseTo(expected[j], 5))
  // judged and used with the running mean
  const verdict = await evaluate(one, rows, { loss: mse() })
  expect(verdict.loss).toBeCloseTo(one.history[1].validation!, 5)
  const { y } = await predict(one, rows.x)
  const squares = Array.from(y.data as Float32Array, (v, i) => (v - rows.y.data[i]) ** 2)
  expect(squares.reduce((a, b) => a + b) / n).toBeCloseTo(verdict.loss, 4)
})

test('a second gradient in a step does not change it twice, parts change it one after the other, threads on average', async () => {
  const plain = runningMean(32)
  const twice = await fit({ ...options, optimizer: sam(sgd({ learningRate: 0.1 })) })
  Array.from(twice.parameters.mean.data).forEach((value, j) => void expect(value).toBeCloseTo(plain[j], 5))
  // 203 = 5 batches of 40 and one of 3; in 4 parts of 10 rows each, the last in 3 of 1
  const parts = await fit({ ...options, batch: 40, accumulate: 4, epochs: 1 })
  let running = [0, 0, 0, 0]
  for (let batch = 0; batch < n; batch += 40) {
    const size = Math.min(40, n - batch)
    const length = Math.ceil(size / 4)
    for (let at = batch; at < batch + size; at += length) {
      const end = Math.min(batch + size, at + length)
      running = running.map((value, j) => {
        let sum = 0
        for (let i = at; i < end; i++) sum += rows.x.data[4 * i + j]
        return 0.9 * value + (0.1 * sum) / (end - at)
      })
    }
  }
  Array.from(parts.parameters.mean.data).forEach((value, j) => void expect(value).toBeCloseTo(running[j], 5))
  const threads = await fit({ ...options, dataParallel: 2 })
  // equal parts: the mean of the parts' means is that of the batch, up to the odd row
  Array.from(threads.parameters.mean.data).forEach((value, j) => void expect(value).toBeCloseTo(plain[j], 2))
})

test('it can begin with what was kept before, and is exported with training', async () => {
  const first = await fit(options)
  const second = await fit({ ...options, parameters: first.parameters, epochs: 1 })
  expect(second.parameters.mean).not.toEqual(first.parameters.mean)
  const made = exportTraining({ ...options, data: rows })
  expect(made.training.inputs.map(({ name }) => name)).toContain('parameter mean')
  expect(made.training.outputs.map(({ name }) => name)).toContain('parameter mean next')
  const mixed = await fit({ ...options, precision: 'mixed' })
  Array.from(mixed.parameters.mean.data).forEach((value, j) => void expect(value).toBeCloseTo(runningMean(32)[j], 2))
})
