import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { compile, constant, input, openSession, sin, type Value, vjp } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import * as layers from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface Case {
  readonly x: Entry
  readonly parameters: Readonly<Record<string, Entry>>
  readonly y: Entry
  readonly g: readonly number[]
  readonly after?: Readonly<Record<string, Entry>>
}

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../../conformance/learn/${file}`, import.meta.url), 'utf8'))
const reference: {
  readonly points: readonly number[]
  readonly activations: Readonly<Record<string, { readonly y: readonly number[]; readonly g: readonly number[] }>>
  readonly layers: Readonly<Record<string, Case>>
} = read('layers.json')
const more: { readonly layers: Readonly<Record<string, Case>> } = read('more_layers.json')

const tensorOf = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))
const cosines = (shape: readonly number[]): Value => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return constant(
    tensor(
      'float32',
      shape,
      Float32Array.from({ length: size }, (_, i) => Math.cos(i)),
    ),
  )
}

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

const close = (found: Tensor, wanted: readonly number[]): void => {
  expect(found.data.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(Number(found.data[i]) - value)).toBeLessThan(2e-4 * (1 + Math.abs(value)))
}

describe('activations have the values and derivatives of torch', () => {
  test.each(Object.entries(reference.activations))('%s', async (name, { y, g }) => {
    const n = reference.points.length
    const x = input('x', 'float32', [n])
    const value = layers.activations[name as layers.ActivationName](x)
    const [slope] = vjp([value], [x], [cosines(value.shape as number[])])
    const found = await run({ value, slope }, { x: tensor('float32', [n], Float32Array.from(reference.points)) })
    close(found.value, y)
    close(found.slope, g)
  })
})

const of = layers

/** The layers of the reference, by its names. */
const made: Readonly<Record<string, layers.Layer>> = {
  conv: of.conv(6, 3),
  'conv same': of.conv(6, [3, 2], { padding: 'same' }),
  'conv stride groups': of.conv(6, 3, { stride: 2, padding: 1, groups: 2, dilation: 2 }),
  'conv reflect': of.conv(2, 3, { padding: 1, paddingMode: 'reflect' }),
  'conv replicate': of.conv(2, 3, { padding: 1, paddingMode: 'replicate' }),
  'conv circular': of.conv(2, 3, { padding: 1, paddingMode: 'circular' }),
  conv1d: of.conv(3, [3], { padding: 1 }),
  transposed: of.convTranspose(3, 3, { stride: 2, padding: 1, outputPadding: 1 }),
  maxPool: of.maxPool(2),
  avgPool: of.avgPool(3, { stride: 2, padding: 1 }),
  lpPool: of.lpPool(2),
  adaptiveAvgPool: of.adaptiveAvgPool([3, 4]),
  adaptiveMaxPool: of.adaptiveMaxPool([2, 4]),
  'batchNorm training': of.batchNorm(),
  batchNorm: of.batchNorm(),
  layerNorm: of.layerNorm(),
  groupNorm: of.groupNorm(2),
  rmsNorm: of.rmsNorm(),
  instanceNorm: of.instanceNorm(),
  localResponseNorm: of.localResponseNorm(3),
  rnn: of.rnn(4),
  'rnn relu': of.rnn(4, { activation: 'relu' }),
  gru: of.gru(4),
  'gru both ways': of.gru(4, { bidirectional: true }),
  lstm: of.lstm(4),
  'gru of two': of.gru(4, { layers: 2 }),
  'gru last': of.gru(4, { layers: 2, output: 'last' }),
  'lstm of lengths': of.lstm(4, { bidirectional: true, lengths: constant(tensor('int32', [2], Int32Array.of(5, 3))) }),
  attention: of.selfAttention(2),
  'attention causal': of.selfAttention(2, { causal: true }),
  'transformer norm first': of.transformerEncoder(2, { hidden: 8, activation: 'gelu' }),
  'transformer norm last': of.transformerEncoder(2, { hidden: 8, activation: 'gelu', normFirst: false }),
  'dense of sequences': of.dense(3),
  pixelShuffle: of.pixelShuffle(2),
  pixelUnshuffle: of.pixelUnshuffle(2),
  channelShuffle: of.channelShuffle(2),
  'upsample nearest': of.upsample({ size: [7, 9] }),
  'upsample nearestExact': of.upsample({ size: [7, 9], mode: 'nearestExact' }),
  'upsample linear': of.upsample({ size: [7, 9], mode: 'linear' }),
  'upsample cubic': of.upsample({ size: [7, 9], mode: 'cubic' }),
  'upsample area': of.upsample({ size: [7, 9], mode: 'area' }),
  'upsample linear corners': of.upsample({ scale: 2, mode: 'linear', alignCorners: true }),
  'upsample cubic corners': of.upsample({ scale: 1.5, mode: 'cubic', alignCorners: true }),
  'upsample series': of.upsample({ scale: 2, mode: 'linear' }),
  'upsample volume': of.upsample({ scale: 2, mode: 'linear' }),
  'padding zeros': of.padding([
    [0, 1],
    [1, 2],
  ]),
  'padding constant': of.padding([[1, 2]], { mode: 'constant', value: 3.5 }),
  'padding reflect': of.padding(2, { mode: 'reflect' }),
  'padding replicate': of.padding(1, { mode: 'replicate' }),
  'padding circular': of.padding(
    [
      [3, 0],
      [1, 2],
    ],
    { mode: 'circular' },
  ),
  cropping: of.cropping([
    [1, 0],
    [2, 1],
  ]),
  'cropping volume': of.cropping(1),
  unfold: of.unfold([2, 3], { stride: 2, padding: 1 }),
  fold: of.fold([4, 6], [2, 3], { stride: 2, padding: 1 }),
  unpoolable: (x) => {
    const { values, unpool } = of.unpoolable(2)(x)
    return unpool(sin(values))
  },
  fractionalMaxPool: of.fractionalMaxPool(2, [3, 4], { u: 0.3 }),
}

describe('layers give what their peers give', () => {
  test.each(Object.entries({ ...reference.layers, ...more.layers }))('%s', async (name, entry) => {
    const x = input('x', 'float32', ['batch', ...entry.x.shape.slice(1)])
    const parameters = Object.fromEntries(
      Object.entries(entry.parameters).map(([path, value]) => [path, tensorOf(value)]),
    )
    const training = entry.after !== undefined
    const { output, states } = layers.network(made[name], x, { parameters, training })
    const [slope] = vjp([output], [x], [cosines(entry.y.shape)])
    const next = Object.fromEntries(Object.entries(states).map(([path, state]) => [`next ${path}`, state.next]))
    const found = await run({ output, slope, ...next }, { x: tensorOf(entry.x) })
    expect(found.output.shape).toEqual(entry.y.shape)
    close(found.output, entry.y.data)
    close(found.slope, entry.g)
    for (const [path, value] of Object.entries(entry.after ?? {})) close(found[`next ${path}`], value.data)
  })
})
