import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { compile, constant, grad, load, openSession, reduceMean, type Value } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import { accuracy, crossEntropy, fit, loadedNetwork, sgd, withParameters } from './index.ts'

interface Work {
  readonly models: Readonly<Record<string, string>>
  readonly x: { readonly shape: readonly number[]; readonly data: readonly number[] }
  readonly labels: readonly number[]
  readonly y: readonly number[]
  readonly gradient: readonly number[] | null
  readonly losses: readonly number[]
  readonly after: readonly number[]
}

const { works }: { works: Readonly<Record<string, Work>> } = JSON.parse(
  readFileSync(new URL('../../../conformance/learn/exported.json', import.meta.url), 'utf8'),
)

const cases = Object.entries(works).flatMap(([name, work]) =>
  Object.entries(work.models).map(([how, model]) => ({ name, how, work, model: Buffer.from(model, 'base64') })),
)

const inputOf = ({ x: { shape, data } }: Work, integers: boolean): Tensor =>
  integers
    ? tensor('int64', shape, BigInt64Array.from(data, BigInt))
    : tensor('float32', shape, Float32Array.from(data))

const close = (found: ArrayLike<number | bigint>, wanted: readonly number[], tolerance: number): void => {
  expect(found.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(Number(found[i]) - value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
}

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

describe.each(cases)('$name exported by PyTorch ($how)', ({ name, how, work, model }) => {
  const integers = name === 'text'
  const x = inputOf(work, integers)
  const y = tensor('int64', [work.labels.length], BigInt64Array.from(work.labels, BigInt))
  const loaded = load(model)

  test('answers as it did, and is differentiated by what it reads and by its weights', async () => {
    const target = constant(y)
    const value = reduceMean(crossEntropy().rows(loaded.outputs.y, target).losses)
    const weights = Object.values(loaded.parameters)
    const slopes = grad(value, integers ? weights : [loaded.inputs.x, ...weights])
    const found = await run(
      { y: loaded.outputs.y, ...Object.fromEntries(slopes.map((slope, i) => [`g${i}`, slope])) },
      { x },
    )
    close(found.y.data as Float32Array, work.y, 2e-4)
    if (work.gradient) close(found.g0.data as Float32Array, work.gradient, 2e-4)
    expect(slopes.length).toBeGreaterThan(5)
  })

  test('three steps of fine-tuning lose what they lose in PyTorch, and the file is written again under its names', async () => {
    const losses: number[] = []
    const folded = how === 'dynamo' && name === 'resnet'
    const fitted = await fit({
      network: loadedNetwork(loaded),
      loss: crossEntropy(),
      optimizer: sgd({ learningRate: 0.05 }),
      data: { inputs: { x }, targets: { y } },
      shuffle: false,
      batch: work.labels.length,
      epochs: folded ? 60 : 3,
      seed: 0,
      metrics: { accuracy: accuracy() },
      onStep: ({ loss }) => losses.push(loss),
    })
    // the new exporter folds batch normalisation into the convolutions: other weights, so other steps
    if (folded) {
      expect(losses[0]).toBeCloseTo(work.losses[0], 4)
      expect(losses.at(-1)).toBeLessThan(0.9 * losses[0])
    } else close(losses, work.losses, 2e-4)
    const written = load(withParameters(loaded, fitted.parameters))
    expect(Object.keys(written.parameters).sort()).toEqual(Object.keys(loaded.parameters).sort())
    const again = await run({ y: written.outputs.y }, { x })
    if (!folded) close(again.y.data as Float32Array, work.after, 5e-4)
  })
})

test('batch normalisations of a file stay as they are, or learn the statistics of the batches', async () => {
  const work = works.resnet
  const loaded = load(Buffer.from(work.models.legacy, 'base64'))
  const data = {
    inputs: { x: inputOf(work, false) },
    targets: { y: tensor('int64', [work.labels.length], BigInt64Array.from(work.labels, BigInt)) },
  }
  const common = { loss: crossEntropy(), optimizer: sgd({ learningRate: 0.05 }), data, batch: 6, epochs: 2, seed: 0 }
  const frozen = await fit({ ...common, network: loadedNetwork(loaded) })
  const learned = await fit({ ...common, network: loadedNetwork(loaded, { batchNorm: 'training' }) })
  const means = Object.keys(loaded.parameters).filter((name) => name.endsWith('running_mean'))
  expect(means.length).toBeGreaterThan(3)
  for (const name of means) {
    const { value } = loaded.parameters[name].operation.attributes
    const before = value.kind === 'tensor' ? value.value.data : undefined
    expect(frozen.parameters[name].data).toEqual(before)
    expect(learned.parameters[name].data).not.toEqual(before)
  }
  expect(load(withParameters(loaded, learned.parameters)).parameters).toHaveProperty(means[0])
})
