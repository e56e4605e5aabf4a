import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { takeRows } from './data.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import {
  activityRegularization,
  adam,
  batchNorm,
  conv,
  dense,
  dropout,
  epsilon,
  flatten,
  type Layer,
  mixUp,
  mlp,
  noiseFor,
  polyakSgd,
  reshape,
  sam,
  sequential,
  sgd,
} from './index.ts'
import { poissonSource } from './source.ts'
import { coded, float, rows, small } from './testData.ts'

const reference: {
  readonly cases: readonly {
    readonly steps: number
    readonly rate: number
    readonly noise: number
    readonly delta: number
    readonly epsilon: number
    readonly order: number
  }[]
} = JSON.parse(readFileSync(new URL('../../../conformance/learn/privacy.json', import.meta.url), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'learn-'))
afterAll(() => void rmSync(folder, { recursive: true, force: true }))

const shuffled = { clip: 1e6, noise: 0, sampling: 'shuffle' } as const
const close = (found: FitOptions['parameters'], wanted: FitOptions['parameters'], digits = 5): void => {
  for (const [path, { data }] of Object.entries(wanted!))
    (data as Float32Array).forEach((value, i) => {
      expect((found![path].data as Float32Array)[i], `${path} ${i}`).toBeCloseTo(value, digits)
    })
}

const images: Layer = sequential(
  reshape([1, 2, 2]),
  conv(3, 2, { padding: 'same', activation: 'tanh' }),
  flatten(),
  dense(1),
)
test('without noise and with a clip that no gradient reaches, private training is training', async () => {
  for (const network of [small.network, sequential(images, dropout(0.5))]) {
    const plain = { ...small, network, batch: 29, epochs: 2 }
    const [whole, hidden] = [await fit(plain), await fit({ ...plain, privacy: shuffled })]
    close(hidden.parameters, whole.parameters)
    hidden.history.forEach(({ loss }, i) => void expect(loss).toBeCloseTo(whole.history[i].loss, 5))
  }
})

test('weights of rows multiply their losses', async () => {
  const weights = float(
    [203],
    Array.from({ length: 203 }, (_, i) => (i % 3 === 0 ? 0 : 2)),
  )
  const weighed = { ...small, batch: 203, epochs: 2, optimizer: sgd({ learningRate: 0.1 }), data: { ...rows, weights } }
  // the mean divides by 135 rows of weight 2, the private sum by 203 rows
  const whole = await fit({ ...weighed, optimizer: sgd({ learningRate: (0.1 * 2 * 135) / 203 }) })
  close((await fit({ ...weighed, privacy: shuffled })).parameters, whole.parameters)
})

const networks: Readonly<Record<string, Layer>> = {
  'products alone': mlp([5], 1, { activation: 'tanh' }),
  'a convolution': images,
  'a penalty of activities': sequential(
    dense(3, { activation: 'tanh' }),
    activityRegularization({ l2: 0.1 }),
    dense(1),
  ),
}

test.each(Object.entries(networks))(
  'the gradient is the sum of the clipped gradients of the rows: %s',
  async (_, network) => {
    const count = 9
    const data = takeRows(
      rows,
      Array.from({ length: count }, (_, i) => 3 * i),
    )
    const once = { ...small, network, steps: 1, epochs: undefined, optimizer: sgd({ learningRate: 1 }), shuffle: false }
    const { parameters: first } = await fit({ ...once, data, batch: count, optimizer: sgd({ learningRate: () => 0 }) })
    const gradients: Record<string, Float64Array>[] = []
    for (let i = 0; i < count; i++) {
      const { parameters } = await fit({ ...once, data: takeRows(data, [i]), batch: 1 })
      gradients.push(
        Object.fromEntries(
          Object.entries(first).map(([path, { data: before }]) => [
            path,
            Float64Array.from(before, (value, j) => value - parameters[path].data[j]),
          ]),
        ),
      )
    }
    const norms = gradients.map((each) =>
      Math.sqrt(Object.values(each).reduce((sum, values) => sum + values.reduce((all, v) => all + v * v, 0), 0)),
    )
    // half of the rows are clipped
    const clip = norms.toSorted((a, b) => a - b)[4]
    const wanted = Object.fromEntries(
      Object.entries(first).map(([path, tensor]) => [
        path,
        {
          ...tensor,
          data: tensor.data.map((value, j) => {
            const sum = gradients.reduce((all, each, i) => all + each[path][j] * Math.min(1, clip / norms[i]), 0)
            return value - sum / count
          }),
        },
      ]),
    ) as FitOptions['parameters']
    const privacy = { clip, noise: 0, sampling: 'shuffle' } as const
    for (const parts of [{}, { accumulate: 2 }, { dataParallel: 2 }])
      close((await fit({ ...once, data, batch: count, privacy, ...parts })).parameters, wanted)
  },
)

test('the noise has the standard deviation noise * clip / batch', async () => {
  const network = mlp([40], 1)
  const once = { ...small, network, steps: 1, epochs: undefined, batch: 50 }
  const { parameters: first } = await fit({ ...once, optimizer: sgd({ learningRate: () => 0 }) })
  const privacy = { clip: 0.001, noise: 50 }
  const { parameters } = await fit({ ...once, optimizer: sgd({ learningRate: 1 }), privacy })
  const moves = Object.entries(first).flatMap(([path, { data }]) =>
    Array.from(data, (value, i) => (parameters[path].data[i] - value) / 0.001),
  )
  const variance = moves.reduce((sum, value) => sum + value * value, 0) / moves.length
  expect(variance).toBeGreaterThan(0.75)
  expect(variance).toBeLessThan(1.25)
})

test('private training learns, and goes on to the same bits', async () => {
  const network = sequential(dense(8, { activation: 'relu' }), dropout(0.1), dense(1))
  const options: FitOptions = {
    ...small,
    network,
    optimizer: adam({ learningRate: 0.05 }),
    validation: rows,
    epochs: 8,
    privacy: { clip: 1, noise: 0.5 },
  }
  const whole = await fit(options)
  expect(whole.history.at(-1)!.validation).toBeLessThan(0.75 * whole.history[0].validation!)
  const controller = new AbortController()
  const kept = { ...options, checkpoint: { folder, every: 3 }, resume: true }
  const stopped = fit({ ...kept, signal: controller.signal, onStep: ({ step }) => step === 17 && controller.abort() })
  await expect(stopped).rejects.toMatchObject(coded('TRAINING_ABORTED'))
  await expect(fit({ ...kept, privacy: { clip: 2, noise: 0.5 } })).rejects.toMatchObject(coded('CHECKPOINT_MISMATCH'))
  const resumed = await fit(kept)
  expect(resumed.parameters).toEqual(whole.parameters)
  expect(resumed.history).toEqual(whole.history)
})

test('each row is drawn by itself: batches have different sizes, and on average the one asked for', async () => {
  const source = poissonSource(rows, { batch: 20, seed: 4 })
  const sizes: number[] = []
  for (let epoch = 1; epoch <= 40; epoch++) {
    await using cursor = source.open(epoch, 0)
    for (let chunk = await cursor.next(8); chunk; chunk = await cursor.next(8)) {
      expect(chunk.rows.length).toBe(chunk.size)
      expect(new Set(chunk.rows).size).toBe(chunk.size)
      sizes.push(chunk.size)
    }
  }
  expect(sizes).toHaveLength(40 * 11)
  const mean = sizes.reduce((a, b) => a + b) / sizes.length
  expect(Math.abs(mean - 20)).toBeLessThan(1)
  const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length
  expect(variance / (20 * (1 - 20 / 203))).toBeCloseTo(1, 0)
})

test('what would give rows away is refused', async () => {
  const privacy = { clip: 1, noise: 1 }
  const refused = (options: Partial<FitOptions>, code: string, message: RegExp) =>
    expect(fit({ ...small, privacy, ...options })).rejects.toMatchObject(coded(code, message))
  await refused({ network: sequential(dense(4), batchNorm(), dense(1)) }, 'OPTION_INVALID', /1\.running_mean/)
  await refused({ optimizer: sam(sgd({ learningRate: 0.1 })) }, 'OPTIMIZER_INVALID', /private training/)
  await refused({ optimizer: polyakSgd() }, 'OPTIMIZER_INVALID', /looks at the loss/)
  await refused({ precision: 'mixed' }, 'OPTION_INVALID', /single precision/)
  await refused({ augment: [mixUp(1)] }, 'OPTION_INVALID', /augment/)
  await refused({ data: [rows], batch: undefined }, 'OPTION_INVALID', /give batch/)
  await refused({ privacy: { clip: 0, noise: 1 } }, 'OPTION_INVALID', /clip/)
  await refused({ privacy: { clip: 1, noise: -1 } }, 'OPTION_INVALID', /noise/)
})

test.each(reference.cases)(
  'epsilon after $steps steps of rate $rate and noise $noise',
  ({ epsilon: wanted, order, ...options }) => {
    const found = epsilon(options)
    expect(found.epsilon / wanted).toBeCloseTo(1, 8)
    expect(found.order).toBe(order)
  },
)

test('epsilon grows with steps, falls with noise, and the noise for it is found', () => {
  const options = { steps: 100, rate: 0.02, noise: 1, delta: 1e-5 }
  const { epsilon: base } = epsilon(options)
  expect(epsilon({ ...options, steps: 200 }).epsilon).toBeGreaterThan(base)
  expect(epsilon({ ...options, noise: 2 }).epsilon).toBeLessThan(base)
  expect(epsilon({ ...options, noise: 0 }).epsilon).toBe(Number.POSITIVE_INFINITY)
  expect(epsilon({ ...options, steps: 0 }).epsilon).toBe(0)
  const noise = noiseFor({ steps: 100, rate: 0.02, delta: 1e-5, epsilon: base })
  expect(noise).toBeCloseTo(1, 2)
  expect(epsilon({ ...options, noise }).epsilon).toBeLessThanOrEqual(base)
  const invalid = expect.objectContaining({ code: 'OPTION_INVALID' })
  for (const wrong of [{ steps: 1.5 }, { rate: 2 }, { noise: -1 }, { delta: 0 }])
    expect(() => epsilon({ ...options, ...wrong })).toThrow(invalid)
  expect(() => noiseFor({ steps: 1, rate: 1, delta: 1e-5, epsilon: 0 })).toThrow(invalid)
  expect(() => noiseFor({ steps: 1, rate: 1, delta: 1e-9, epsilon: 1e-6 })).toThrow(invalid)
})
