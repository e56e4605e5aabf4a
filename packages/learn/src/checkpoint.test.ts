import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import {
  accuracy,
  adam,
  addNoise,
  chain,
  csvLogger,
  dense,
  dropout,
  emaOfParameters,
  exponential,
  reduceOnPlateau,
  sequential,
  sgd,
  skipNotFinite,
} from './index.ts'
import { coded, rows, small } from './testData.ts'

const folders: string[] = []
const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'learn-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const network = sequential(dense(8, { activation: 'relu' }), dropout(0.3), dense(1))
const hard: FitOptions = {
  ...small,
  network,
  optimizer: emaOfParameters(
    skipNotFinite(chain(addNoise({ eta: 1e-4 }), adam({ learningRate: exponential(0.02, 0.99) }))),
    { decay: 0.9 },
  ),
  validation: rows,
  metrics: { accuracy: accuracy() },
  norms: true,
  earlyStopping: { patience: 9, best: 2 },
  epochs: 6,
}

test('training that is stopped within an epoch and resumed gives the bits of training that was not', async () => {
  const whole = await fit({ ...hard, callbacks: [reduceOnPlateau({ patience: 1, factor: 0.5 })] })
  for (const stop of [3, 11, 20, 35]) {
    const folder = folderOf()
    const controller = new AbortController()
    const options: FitOptions = {
      ...hard,
      checkpoint: { folder, every: 3 },
      resume: true,
      stepsPerRun: 2,
      callbacks: [reduceOnPlateau({ patience: 1, factor: 0.5 })],
    }
    const stopped = fit({
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === stop && controller.abort(),
    })
    await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
    const callbacks = [reduceOnPlateau({ patience: 1, factor: 0.5 })]
    const resumed = await fit({ ...options, stepsPerRun: 5, callbacks })
    expect(resumed.parameters).toEqual(whole.parameters)
    expect(resumed.history).toEqual(whole.history)
    expect(resumed.best).toEqual(whole.best)
    // one checkpoint stands there, whole
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(readdirSync(folder)).toHaveLength(2)
  }
})

test('training that is done is not done again, and goes on to more epochs', async () => {
  const folder = folderOf()
  const options: FitOptions = { ...small, checkpoint: { folder }, resume: true }
  const first = await fit({ ...options, epochs: 2 })
  let steps = 0
  const again = await fit({ ...options, epochs: 2, onStep: () => steps++ })
  expect(steps).toBe(0)
  expect(again.parameters).toEqual(first.parameters)
  // how many steps are in a run, and what is told of them, makes no other training
  const more = await fit({ ...options, epochs: 4, stepsPerRun: 1, metrics: { accuracy: accuracy() }, norms: true })
  expect(more.parameters).toEqual((await fit({ ...small, epochs: 4 })).parameters)
  expect(more.history).toHaveLength(4)
})

test('a process that is killed leaves a checkpoint from which training gives the same bytes', async () => {
  const folder = folderOf()
  const program = `
    import { fit } from ${JSON.stringify(new URL('./fit.ts', import.meta.url).href)}
    import { small } from ${JSON.stringify(new URL('./testData.ts', import.meta.url).href)}
    await fit({ ...small, epochs: 1000, checkpoint: { folder: ${JSON.stringify(folder)}, every: 5 },
      onStep: ({ step }) => process.stdout.write(step + '\\n') })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  let last = 0
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      last = Number(String(text).trim().split('\n').at(-1))
      if (last > 150 && existsSync(join(folder, 'checkpoint.json'))) child.kill('SIGKILL')
    })
    child.on('exit', (code, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error(`${code}: ${errors}`))))
  })
  const { plain } = JSON.parse(readFileSync(join(folder, 'checkpoint.json'), 'utf8')) as { plain: { steps: number } }
  expect(plain.steps).toBeGreaterThan(100)
  const epochs = Math.ceil((plain.steps + 20) / 7)
  const resumed = await fit({ ...small, epochs, checkpoint: { folder, every: 5 }, resume: true })
  const whole = await fit({ ...small, epochs })
  expect(resumed.parameters).toEqual(whole.parameters)
  expect(resumed.history).toEqual(whole.history)
})

test('a stream is gone on with behind the batches that were learnt from', async () => {
  const folder = folderOf()
  const read: number[] = []
  const data = function* (epoch: number) {
    for (let k = 0; k < 7; k++) {
      read.push(epoch * 10 + k)
      yield {
        x: { ...rows.x, shape: [29, 4], data: rows.x.data.slice(116 * k, 116 * (k + 1)) },
        y: { ...rows.y, shape: [29, 1], data: rows.y.data.slice(29 * k, 29 * (k + 1)) },
      } as typeof rows
    }
  }
  const options: FitOptions = { ...small, data, epochs: 3, checkpoint: { folder, every: 2 }, resume: true }
  const controller = new AbortController()
  const stopped = fit({
    ...options,
    signal: controller.signal,
    onStep: ({ step }) => step === 12 && controller.abort(),
  })
  await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
  const resumed = await fit(options)
  expect(resumed.parameters).toEqual((await fit({ ...small, data, epochs: 3 })).parameters)
})

test('a log goes on where the checkpoint stood', async () => {
  const folder = folderOf()
  const file = join(folder, 'log.csv')
  const whole = join(folder, 'whole.csv')
  const options: FitOptions = { ...small, metrics: { accuracy: accuracy() }, validation: rows }
  await fit({ ...options, callbacks: [csvLogger(whole, { rows: 'steps' })] })
  const controller = new AbortController()
  const kept: FitOptions = {
    ...options,
    checkpoint: { folder: join(folder, 'kept'), every: 4 },
    resume: true,
    stepsPerRun: 3,
  }
  const stopped = fit({
    ...kept,
    callbacks: [csvLogger(file, { rows: 'steps' })],
    signal: controller.signal,
    onStep: ({ step }) => step === 18 && controller.abort(),
  })
  await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
  await fit({ ...kept, callbacks: [csvLogger(file, { rows: 'steps' })] })
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(whole, 'utf8'))
  expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('step,epoch,loss,learningRate,rows,accuracy')
})

test('a checkpoint of another training is refused, with what is missing and what is not expected', async () => {
  const folder = folderOf()
  const options: FitOptions = { ...small, epochs: 1, checkpoint: { folder }, resume: true }
  await fit(options)
  await expect(fit({ ...options, seed: 8 })).rejects.toMatchObject(coded('CHECKPOINT_MISMATCH'))
  await expect(fit({ ...options, optimizer: adam({ beta1: 0.5 }) })).rejects.toMatchObject(
    coded('CHECKPOINT_MISMATCH', /of another training/),
  )
  await expect(fit({ ...options, optimizer: sgd({ momentum: 0.9 }) })).rejects.toMatchObject({
    code: 'CHECKPOINT_MISMATCH',
    because: expect.stringMatching(/lacks slot buffer 0\.weight.*it has .*slot m 0\.weight/),
  })
  await expect(fit({ ...options, network: dense(1) })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
})

test('a damaged checkpoint is named', async () => {
  const folder = folderOf()
  const options: FitOptions = { ...small, epochs: 1, checkpoint: { folder }, resume: true }
  await fit(options)
  const pointer = join(folder, 'checkpoint.json')
  const text = readFileSync(pointer, 'utf8')
  const tensors = join(folder, readdirSync(folder).find((name) => name.endsWith('.safetensors'))!)
  const bytes = readFileSync(tensors)
  writeFileSync(pointer, text.slice(0, 20))
  await expect(fit(options)).rejects.toMatchObject(coded('CHECKPOINT_CORRUPT', /is no JSON/))
  writeFileSync(pointer, text.replace('"version":1', '"version":2'))
  await expect(fit(options)).rejects.toMatchObject(coded('CHECKPOINT_NEWER'))
  writeFileSync(pointer, text)
  rmSync(tensors)
  await expect(fit(options)).rejects.toMatchObject(coded('CHECKPOINT_CORRUPT', /is missing/))
  bytes[bytes.length - 1] ^= 1
  writeFileSync(tensors, bytes)
  await expect(fit(options)).rejects.toMatchObject(coded('CHECKPOINT_CORRUPT', /is not what was written/))
  await expect(fit({ ...options, checkpoint: undefined })).rejects.toMatchObject(
    coded('OPTION_INVALID', /resume needs/),
  )
  await expect(fit({ ...options, checkpoint: { folder, every: 0 } })).rejects.toMatchObject(coded('OPTION_INVALID'))
})
