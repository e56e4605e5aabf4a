import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fit } from '../fit.ts'
import { accuracy, type Callback, csvLogger, logTo, reduceOnPlateau, sgd } from '../index.ts'
import { coded, rows, small } from '../testData.ts'

test('a log is given every number of every epoch, by name', async () => {
  const seen: [string, number, number][] = []
  const { history } = await fit({
    ...small,
    epochs: 2,
    validation: rows,
    metrics: { accuracy: accuracy() },
    norms: true,
    callbacks: [logTo((name, value, step) => seen.push([name, value, step]), { prefix: 'net.', steps: 5 })],
  })
  const epoch = seen.filter(([name]) => !name.startsWith('net.step '))
  expect(epoch.slice(0, epoch.length / 2).map(([name, , step]) => [name, step])).toEqual(
    [
      'loss',
      'validation',
      'learningRate',
      'accuracy',
      'validation accuracy',
      'gradientNorm',
      'updateNorm',
      'weightNorm',
    ].map((name) => [`net.${name}`, 1]),
  )
  expect(seen.find(([name, , step]) => name === 'net.loss' && step === 2)![1]).toBe(history[1].loss)
  expect(seen.filter(([name]) => name === 'net.step loss').map(([, , step]) => step)).toEqual([5, 10])
})

test('a CSV file has a row an epoch', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'learn-'))
  try {
    const file = join(folder, 'log.csv')
    const { history } = await fit({
      ...small,
      epochs: 3,
      metrics: { 'right, or not': accuracy() },
      callbacks: [csvLogger(file)],
    })
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines[0]).toBe('epoch,steps,loss,learningRate,"right, or not"')
    expect(lines).toHaveLength(4)
    expect(Number(lines[3].split(',')[2])).toBe(history[2].loss)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a callback may end training, see the parameters and lower the rate', async () => {
  const rates: number[] = []
  let ended = 0
  const callback: Callback = {
    name: 'mine',
    async onEpoch({ epoch }, control) {
      rates.push(control.learningRate)
      if (epoch === 2) control.scaleLearningRate(0.5)
      if (epoch === 4) control.stop()
      expect(Object.keys(await control.parameters())).toContain('0.weight')
    },
    onEnd: () => {
      ended++
    },
  }
  const { history } = await fit({ ...small, optimizer: sgd({ learningRate: 0.1 }), epochs: 9, callbacks: [callback] })
  expect(history).toHaveLength(4)
  expect(rates).toEqual([0.1, 0.1, 0.05, 0.05])
  expect(history.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.05, 0.05])
  expect(ended).toBe(1)
  const stops: Callback = { name: 'stops', onStep: ({ step }, control) => step === 3 && control.stop() } as Callback
  const short = await fit({ ...small, callbacks: [stops], stepsPerRun: 1 })
  expect(short.history.at(-1)!.steps).toBe(3)
  const failing = fit({ ...small, callbacks: [{ ...callback, onEpoch: () => Promise.reject(new Error('mine')) }] })
  await expect(failing).rejects.toThrow('mine')
  expect(ended).toBe(2)
})

test('a plateau lowers the rate of training itself', async () => {
  const { history } = await fit({
    ...small,
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 6,
    callbacks: [reduceOnPlateau({ patience: 0, threshold: 10, thresholdMode: 'absolute', factor: 0.5, least: 0.03 })],
  })
  // the rate told of an epoch is that of its last step
  expect(history.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.05, 0.03, 0.03, 0.03])
})

test('settings that make no sense are refused', async () => {
  expect(() => reduceOnPlateau({ factor: 1 })).toThrow(expect.objectContaining(coded('OPTION_INVALID', /factor is 1/)))
  expect(() => reduceOnPlateau({ patience: -1 })).toThrow(
    expect.objectContaining(coded('OPTION_INVALID', /patience is -1/)),
  )
  const twice = [logTo(() => {}), logTo(() => {})]
  await expect(fit({ ...small, callbacks: twice })).rejects.toMatchObject(
    coded('OPTION_INVALID', /two callbacks are named/),
  )
  await expect(fit({ ...small, epochs: undefined })).rejects.toMatchObject(
    coded('OPTION_INVALID', /neither epochs nor steps/),
  )
  await expect(fit({ ...small, callbacks: [reduceOnPlateau({ watch: 'los' })] })).rejects.toMatchObject(
    coded('OPTION_INVALID', /"los" is watched, which is not told \(did you mean "loss"\?\)/),
  )
})
