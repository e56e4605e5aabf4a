import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportTraining } from './exportTraining.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import { activityRegularization, dense, gaussianDropout, gaussianNoise, rrelu, sequential, sgd } from './index.ts'
import { problemOf } from './objective.ts'
import { coded, rows, small } from './testData.ts'
import { newTrainer } from './trainer.ts'
import { trainingStep } from './trainingStep.ts'

const noisy: FitOptions = {
  ...small,
  network: sequential(
    gaussianNoise(0.1),
    dense(8),
    rrelu(),
    activityRegularization({ l1: 0.01, l2: 0.02 }),
    gaussianDropout(0.2),
    dense(1),
  ),
  optimizer: sgd({ learningRate: 0.1 }),
  epochs: 2,
}

const close = (found: FitOptions['parameters'], wanted: FitOptions['parameters'], digits = 5): void => {
  for (const [path, { data }] of Object.entries(wanted!))
    (data as Float32Array).forEach((value, i) => {
      expect((found![path].data as Float32Array)[i], path).toBeCloseTo(value, digits)
    })
}

test('noise follows from seed, step and place: the same however many steps are in a run, and after a stop', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'learn-'))
  try {
    const whole = await fit({ ...noisy, stepsPerRun: 1 })
    expect((await fit({ ...noisy, stepsPerRun: 5 })).parameters).toEqual(whole.parameters)
    const controller = new AbortController()
    const stopped = fit({
      ...noisy,
      stepsPerRun: 2,
      checkpoint: { folder, every: 2 },
      signal: controller.signal,
      onStep: ({ step }) => step === 4 && controller.abort(),
    })
    await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
    const resumed = await fit({ ...noisy, checkpoint: { folder, every: 2 }, resume: true })
    expect(resumed.parameters).toEqual(whole.parameters)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('noise and penalties of a batch in parts or threads are those of the whole batch', async () => {
  const whole = await fit(noisy)
  for (const options of [{ accumulate: 3 }, { dataParallel: 2 }]) {
    const parts = await fit({ ...noisy, ...options })
    close(parts.parameters, whole.parameters)
    expect(parts.history.at(-1)!.loss).toBeCloseTo(whole.history.at(-1)!.loss, 4)
  }
})

test('a penalty is part of the loss in training, as a mean over the rows, and not of the validation loss', async () => {
  const options = { ...small, validation: rows, batch: 203, epochs: 1, optimizer: sgd({ learningRate: 1e-9 }) }
  const plain = await fit({ ...options, network: sequential((x) => x, dense(1)) })
  const held = await fit({ ...options, network: sequential(activityRegularization({ l1: 1 }), dense(1)) })
  const mean = rows.x.data.reduce((sum, value) => sum + Math.abs(value), 0) / 203
  expect(held.history[0].loss - plain.history[0].loss).toBeCloseTo(mean, 4)
  expect(held.history[0].validation).toBe(plain.history[0].validation)
})

test('one number that is penalized adds itself, in parts too', async () => {
  const decay: FitOptions['network'] = (x, scope) => {
    const y = dense(1)(x, { ...scope, parameter: scope.parameter })
    scope.penalty(scope.parameter('rate', [], () => Float32Array.of(3), { fanIn: 1, fanOut: 1 }))
    return y
  }
  const options = { ...small, network: decay, optimizer: sgd({ learningRate: 0.5 }), steps: 2 }
  for (const parts of [{}, { accumulate: 4 }, { dataParallel: 3 }])
    expect((await fit({ ...options, ...parts })).parameters.rate.data[0]).toBeCloseTo(2, 5)
})

test('what is drawn has its law', () => {
  const problem = problemOf(noisy as Parameters<typeof problemOf>[0])
  const options = { ...noisy, problem, stepsPerRun: 4, privacy: undefined }
  const step = trainingStep(options)
  const trainer = newTrainer(step, { run: async () => ({}) }, options)
  const all = BigInt64Array.from({ length: 4 * 203 }, (_, i) => BigInt(i % 203))
  const feeds = trainer.feeds({ columns: rows, rows: all, size: 203, steps: 4 })
  const moments = (name: string) => {
    const data = feeds[name].data as Float32Array
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length
    return { mean, variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length, data }
  }
  const [normal, uniform] = [moments('0.noise0'), moments('2.noise1')]
  expect(normal.mean).toBeCloseTo(0, 1)
  expect(normal.variance).toBeCloseTo(1, 1)
  expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(0.015)
  expect(uniform.variance).toBeCloseTo(1 / 12, 2)
  expect(uniform.data.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(feeds['2.noise1'].shape).toEqual([4, 203, 8])
  expect(new Set(normal.data).size).toBeGreaterThan(3200)
})

test('an exported training tells what to draw', () => {
  const { masks, training } = exportTraining({ ...noisy, data: rows })
  expect(masks).toEqual([
    { name: '0.noise0', law: 'normal' },
    { name: '2.noise1', law: 'uniform' },
    { name: '4.noise2', law: 'normal' },
  ])
  expect(training.inputs.find(({ name }) => name === '0.noise0')).toMatchObject({ dtype: 'float32' })
})
