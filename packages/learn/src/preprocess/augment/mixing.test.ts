import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Tensor, tensor } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import type { BatchAugmentation } from '../../augmentBatches.ts'
import { takeRows } from '../../data.ts'
import { fit } from '../../fit.ts'
import type { FitOptions } from '../../fitOptions.ts'
import {
  accuracy,
  adam,
  classShares,
  crossEntropy,
  cutMix,
  eachImage,
  mixUp,
  mlp,
  oneOf,
  randomFlip,
} from '../../index.ts'
import { classes, coded, float, rows } from '../../testData.ts'
import { mixRows } from './mixing.ts'

const numbers = ({ data }: Tensor): number[] => Array.from(data as Float32Array)
const labels = classes(Array.from(rows.y.data))
const data = { x: rows.x, y: classShares(labels, 2) }
const options: FitOptions = {
  network: mlp([8], 2),
  loss: crossEntropy({ soft: true }),
  optimizer: adam({ learningRate: 0.02 }),
  data,
  validation: data,
  epochs: 6,
  batch: 32,
  seed: 3,
  augment: [mixUp(0.4)],
}

test('rows are mixed with their partners by their shares', () => {
  const x = float([3, 2], [0, 10, 1, 20, 2, 30])
  const mix = { partners: Uint32Array.of(2, 0, 1), shares: Float64Array.of(0.5, 0.75, 1) }
  expect(numbers(mixRows(x, mix))).toEqual([1, 20, 0.75, 17.5, 2, 30])
})

test('inputs, targets and weights are mixed by the same rows and shares', () => {
  const n = 40
  // every column of a row is its number, so it stays so
  const line = float(
    [n, 1],
    Array.from({ length: n }, (_, i) => i),
  )
  const column = float([n], numbers(line))
  for (const each of ['row', 'batch'] as const) {
    const batch = { inputs: { x: line }, targets: { y: line }, weights: column }
    const made = mixUp(1, { each }).apply(batch, random({ seed: 5 }))
    expect(numbers(made.targets.y)).toEqual(numbers(made.inputs.x))
    expect(numbers(made.weights!)).toEqual(numbers(made.inputs.x))
    expect(numbers(made.inputs.x)).not.toEqual(numbers(line))
    // a permutation with one share for all keeps the sum
    const sum = numbers(made.inputs.x).reduce((a, b) => a + b)
    if (each === 'batch') expect(sum).toBeCloseTo((n * (n - 1)) / 2, 3)
  }
  expect(mixUp(1, { rate: 0 }).apply({ inputs: { x: line }, targets: {} }, random({ seed: 5 })).inputs.x).toBe(line)
})

test('a rectangle of another image is put in, and targets hold its share of the area', () => {
  const [n, height, width] = [12, 6, 8]
  const size = 2 * height * width
  // image i is i everywhere, and so is its target
  const images = float(
    [n, 2, height, width],
    Array.from({ length: n * size }, (_, i) => Math.floor(i / size)),
  )
  const y = float(
    [n, 1],
    Array.from({ length: n }, (_, i) => i),
  )
  for (const each of ['row', 'batch'] as const) {
    const made = cutMix(1, { each }).apply({ inputs: { images }, targets: { y } }, random({ seed: 8 }))
    let touched = 0
    for (let i = 0; i < n; i++) {
      const own = numbers(made.inputs.images).slice(i * size, (i + 1) * size)
      expect(own.reduce((a, b) => a + b) / size).toBeCloseTo(made.targets.y.data[i] as number, 4)
      expect(new Set(own).size).toBeLessThanOrEqual(2)
      if (new Set(own).size === 2) touched++
    }
    expect(touched).toBeGreaterThan(3)
  }
})

test('shares are drawn from the symmetric beta law', () => {
  const x = float(
    [1000, 1],
    Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1 : 0)),
  )
  // what is left of row 0 is its share, unless it is its own partner
  const shares = Array.from({ length: 300 }, (_, k) =>
    Math.max(...numbers(mixUp(0.5).apply({ inputs: { x }, targets: {} }, random({ seed: k })).inputs.x)),
  )
  // the larger part of Beta(1/2, 1/2) has the mean 1/2 + 1/pi
  expect(shares.reduce((a, b) => a + b) / 300).toBeCloseTo(0.5 + 1 / Math.PI, 1)
})

test('training on mixed rows learns, is the same however many steps are in a run, and goes on to the same bits', async () => {
  const whole = await fit({ ...options, metrics: { accuracy: accuracy() }, stepsPerRun: 1 })
  expect(whole.history.at(-1)!.validation).toBeLessThan(whole.history[0].validation! * 0.8)
  // the loss of mixed shares is no lower than their entropy
  expect(whole.history.at(-1)!.loss).toBeGreaterThan(whole.history.at(-1)!.validation!)
  const plain = { ...options, stepsPerRun: 5 }
  expect((await fit(plain)).parameters).toEqual(whole.parameters)
  expect((await fit({ ...plain, augment: [mixUp(0.4, { each: 'row' })] })).parameters).not.toEqual(whole.parameters)
  const folder = mkdtempSync(join(tmpdir(), 'learn-'))
  try {
    const controller = new AbortController()
    const kept = { ...plain, stepsPerRun: 2, checkpoint: { folder, every: 2 }, resume: true }
    const stopped = fit({ ...kept, signal: controller.signal, onStep: ({ step }) => step === 10 && controller.abort() })
    await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
    await expect(fit({ ...kept, augment: [mixUp(0.3)] })).rejects.toMatchObject(coded('CHECKPOINT_MISMATCH'))
    expect((await fit(kept)).parameters).toEqual(whole.parameters)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('threads and streams learn from the same mixed batches', async () => {
  const plain = { ...options, epochs: 2, shuffle: false }
  const whole = await fit(plain)
  const threads = await fit({ ...plain, dataParallel: 2 })
  for (const [path, { data: wanted }] of Object.entries(whole.parameters))
    wanted.forEach((value, i) => void expect(threads.parameters[path].data[i]).toBeCloseTo(value, 4))
  const batches = Array.from({ length: 7 }, (_, k) =>
    takeRows(
      data,
      Array.from({ length: Math.min(32, 203 - 32 * k) }, (_, i) => 32 * k + i),
    ),
  )
  expect((await fit({ ...plain, data: batches })).parameters).toEqual(whole.parameters)
})

test('images are made anew in each batch, by one augmentation of several', () => {
  const images = float(
    [4, 1, 1, 3],
    Array.from({ length: 12 }, (_, i) => i),
  )
  const flips = eachImage('flips', [randomFlip('horizontal')])
  const y = float([4, 1], [0, 1, 2, 3])
  const made = flips.apply({ inputs: { images }, targets: { y } }, random({ seed: 1 }))
  expect(made.targets.y).toBe(y)
  const rowsOf = numbers(made.inputs.images)
  for (let i = 0; i < 4; i++) expect(rowsOf[3 * i + 1]).toBe(3 * i + 1)
  const chosen = oneOf(flips, mixUp(1), { name: 'none', apply: (batch) => batch })
  const found = new Set<string>()
  for (let seed = 0; seed < 20; seed++)
    found.add(JSON.stringify(numbers(chosen.apply({ inputs: { images }, targets: { y } }, random({ seed })).targets.y)))
  expect(found.size).toBeGreaterThan(2)
})

test('what cannot be mixed is refused', async () => {
  for (const make of [() => mixUp(0), () => cutMix(-1), () => mixUp(1, { rate: 2 }), () => oneOf()])
    expect(make).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }))
  const classed = { ...options, loss: crossEntropy(), data: { x: rows.x, y: labels }, validation: undefined }
  await expect(fit(classed)).rejects.toMatchObject(coded('DTYPE_MISMATCH', /y are int64/))
  await expect(fit({ ...options, augment: [cutMix(1)] })).rejects.toMatchObject(coded('SHAPE_MISMATCH', /images/))
  const cut: BatchAugmentation = {
    name: 'cut',
    apply: (batch) => ({ ...batch, inputs: { x: tensor('float32', [1, 4], new Float32Array(4)) } }),
  }
  await expect(fit({ ...options, augment: [cut] })).rejects.toMatchObject(coded('SHAPE_MISMATCH', /after augmentation/))
  expect(() => classShares(classes([0, 2]), 2)).toThrow(expect.objectContaining({ code: 'LABEL_INVALID' }))
})
