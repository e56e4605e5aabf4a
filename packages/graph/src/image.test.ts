import { readFileSync } from 'node:fs'
import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { compositions } from './compositions/index.ts'
import * as g from './index.ts'
import { arrayOf } from './leaf.ts'
import type { OperatorName } from './schemas/index.ts'
import type { Value } from './value.ts'

interface Gradient {
  readonly shapes: readonly (readonly number[])[]
  readonly step?: number
  readonly shape: readonly number[]
  readonly value: readonly number[]
  readonly gradients: readonly (readonly number[] | null)[]
}

interface Stored {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: readonly (number | string)[]
}

interface Node {
  readonly model: string
  readonly inputs: Readonly<Record<string, Stored>>
  readonly outputs: Readonly<Record<string, Stored>>
}

const peers = JSON.parse(readFileSync(new URL('../../../conformance/graph/image.json', import.meta.url), 'utf8')) as {
  readonly gradients: Readonly<Record<string, Gradient>>
  readonly resnet: {
    readonly loss: number
    readonly parameters: Readonly<Record<string, readonly number[]>>
    readonly gradients: Readonly<Record<string, readonly number[]>>
  }
  readonly nodes: Readonly<Record<string, Node>>
  readonly older: Readonly<Record<string, Node>>
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)

/** The numbers that the script draws. */
function drawn(
  dtype: 'float32' | 'float64',
  shape: readonly number[],
  salt: number,
  low = -2,
  high = 2,
  step?: number,
) {
  const list = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453
    const value = low + (high - low) * (wave - Math.floor(wave))
    return step === undefined ? value : Math.floor(value / step + 0.5) * step
  })
  return tensor(dtype, shape, arrayOf(dtype, list))
}

const cotangent = (dtype: 'float32' | 'float64', shape: readonly number[]): Tensor =>
  tensor(
    dtype,
    shape,
    arrayOf(
      dtype,
      Array.from({ length: sizeOf(shape) }, (_, i) => Math.cos(0.7 * i)),
    ),
  )

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  const model = g.compile({ outputs })
  await using session = await g.openSession(model, { optimization: 'basic' })
  return session.run(Object.fromEntries(model.inputs.map(({ name }) => [name, feeds[name]])))
}

/** The largest difference, relative to the largest number. */
function furthest(actual: Tensor, expected: readonly (number | string)[]): number {
  expect(actual.data.length).toBe(expected.length)
  const scale = Math.max(1, ...expected.map((value) => Math.abs(Number(value))).filter(Number.isFinite))
  const errors = expected.map((value, i) => {
    const [a, b] = [Number(actual.data[i]), Number(value)]
    return Object.is(a, b) ? 0 : Math.abs(a - b) / scale
  })
  return Math.max(0, ...errors)
}

/** Running statistics: mean 0 and variance 1. */
const running = (scale: Value): readonly [Value, Value] => [g.mul(scale, 0), g.add(g.mul(scale, 0), 1)]

const inTraining = (x: Value, scale: Value, bias: Value): Value =>
  g.batchNormalizationInTraining(x, scale, bias, ...running(scale), { epsilon: 1e-3 }).y

const sized = (axes: number, ...sizes: number[]): Partial<g.ResizeOptions> => ({
  sizes,
  axes: sizes.map((_, i) => axes + i),
})

const to8x4 = sized(2, 8, 4)
const MODES = { bilinear: 'linear', nearest: 'nearest', bicubic: 'cubic' } as const

/** What torch computes, by the name it has in the script. */
const OURS: Readonly<Record<string, (...x: readonly Value[]) => Value>> = {
  conv: (x, w, b) => g.conv(x, w, b),
  'conv strides pads dilations': (x, w) =>
    g.conv(x, w, null, { strides: [2, 3], pads: [1, 2, 1, 2], dilations: [2, 1] }),
  'conv groups': (x, w, b) => g.conv(x, w, b, { group: 2, pads: 1 }),
  'conv depthwise': (x, w) => g.conv(x, w, null, { group: 3, strides: 2 }),
  'conv 1-D': (x, w) => g.conv(x, w, null, { strides: 2, dilations: 2 }),
  'conv 3-D': (x, w) => g.conv(x, w, null, { pads: 1, strides: 2 }),
  convTranspose: (x, w, b) => g.convTranspose(x, w, b, { strides: 2, pads: 1, outputPadding: 1 }),
  'convTranspose groups dilations': (x, w, b) =>
    g.convTranspose(x, w, b, { group: 2, strides: 3, dilations: 2, outputPadding: 2 }),
  fold: (x) => g.col2Im(x, [4, 5], [2, 2], { strides: [2, 1], pads: [0, 1, 0, 1] }),
  unfold: (x) => g.im2Col(x, [2, 3], { dilations: [2, 1], pads: 1, strides: 2 }),
  'maxPool ties, overlap': (x) => g.maxPool(x, 3, { strides: 2, pads: 1 }),
  'maxPool ties, apart': (x) => g.maxPool(x, 2, { strides: 2 }),
  'maxPool ceil dilation': (x) => g.maxPool(x, 2, { strides: 2, pads: 1, dilations: [2, 1], ceil: true }),
  maxUnpool: (x) => {
    const { values, indices } = g.maxPoolWithIndices(x, 2, { strides: 2 })
    return g.maxUnpool(values, indices, 2, { strides: 2 })
  },
  'averagePool pads': (x) => g.averagePool(x, 3, { strides: 2, pads: 1 }),
  'averagePool pads counted': (x) => g.averagePool(x, 3, { strides: 2, pads: 1, countIncludePad: true }),
  'averagePool ceil': (x) => g.averagePool(x, 2, { strides: 2, ceil: true }),
  'averagePool ceil counted': (x) => g.averagePool(x, 3, { strides: 2, pads: 1, ceil: true, countIncludePad: true }),
  lpPool: (x) => g.lpPool(x, [2, 3], { strides: 2 }),
  globalAveragePool: g.globalAveragePool,
  'globalMaxPool ties': g.globalMaxPool,
  batchNormalization: (x, s, b, m, v) => g.batchNormalization(x, s, b, m, g.add(g.mul(v, v), 0.5)),
  'batchNormalization training': inTraining,
  'batchNormalization training rows': inTraining,
  layerNormalization: (x, s, b) => g.layerNormalization(x, s, b, { axis: 1, epsilon: 1e-3 }),
  rmsNormalization: (x, s) => g.rmsNormalization(x, s, { epsilon: 1e-3 }),
  groupNormalization: (x, s, b) => g.groupNormalization(x, s, b, 2, { epsilon: 1e-3 }),
  instanceNormalization: (x, s, b) => g.instanceNormalization(x, s, b, { epsilon: 1e-3 }),
  lrn: (x) => g.lrn(x, 3, { alpha: 0.3, beta: 0.6, bias: 1.5 }),
  'lpNormalization 1': (x) => g.lpNormalization(x, { axis: 1, p: 1 }),
  'lpNormalization 2': (x) => g.lpNormalization(x),
  'resize nearest': (x) => g.resize(x, { ...to8x4, nearestMode: 'floor', coordinateTransformationMode: 'asymmetric' }),
  'resize nearest exact': (x) => g.resize(x, { ...to8x4, nearestMode: 'round_prefer_ceil' }),
  'resize linear': (x) => g.resize(x, { ...to8x4, mode: 'linear' }),
  'resize linear aligned': (x) =>
    g.resize(x, { ...to8x4, mode: 'linear', coordinateTransformationMode: 'align_corners' }),
  'resize linear antialias': (x) =>
    g.resize(x, { ...sized(2, 3, 4), mode: 'linear', antialias: true, excludeOutside: true }),
  'resize cubic': (x) => g.resize(x, { ...to8x4, mode: 'cubic' }),
  'resize cubic antialias': (x) =>
    g.resize(x, { ...sized(2, 3, 4), mode: 'cubic', antialias: true, excludeOutside: true, cubicCoeffA: -0.5 }),
  'resize volume': (x) => g.resize(x, { scales: [1, 1, 2, 2, 2], mode: 'linear' }),
  affineGrid: (theta) => g.affineGrid(theta, [2, 1, 3, 4]),
  'affineGrid volume aligned': (theta) => g.affineGrid(theta, [1, 1, 2, 3, 2], { alignCorners: true }),
  depthToSpace: (x) => g.depthToSpace(x, 2, { mode: 'CRD' }),
  'gridSample volume': (x, grid) => g.gridSample(x, g.mul(grid, 0.7)),
  ...Object.fromEntries(
    Object.entries(MODES).flatMap(([name, mode]) =>
      (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
        [false, true].map((alignCorners) => [
          `gridSample ${name} ${paddingMode}${alignCorners ? ' aligned' : ''}`,
          (x: Value, grid: Value) => g.gridSample(x, g.mul(grid, 0.7), { mode, paddingMode, alignCorners }),
        ]),
      ),
    ),
  ),
}

describe.each(Object.entries(peers.gradients))('%s', (name, entry) => {
  test.each([
    ['float32', 2e-5],
    ['float64', 3e-6],
  ] as const)('value and gradients are those of torch in %s', async (dtype, tolerance) => {
    const x = entry.shapes.map((shape, i) => g.input(`x${i}`, dtype, shape))
    const y = OURS[name](...x)
    expect(y.shape).toEqual(entry.shape)
    const gradients = g.vjp([y], x, [g.constant(cotangent(dtype, entry.shape))])
    const feeds = entry.shapes.map((shape, i) => [`x${i}`, drawn(dtype, shape, i, -2, 2, entry.step)] as const)
    const named = Object.fromEntries(gradients.map((value, i) => [`g${i}`, value]))
    const results = await run({ y, ...named }, Object.fromEntries(feeds))
    expect(furthest(results.y, entry.value)).toBeLessThan(tolerance)
    for (const [i, expected] of entry.gradients.entries())
      if (expected !== null) expect(furthest(results[`g${i}`], expected), `gradient ${i}`).toBeLessThan(tolerance)
  })
})

test('a small residual network in training has the gradients of torch', async () => {
  const { loss: expectedLoss, parameters: shapes, gradients: expected } = peers.resnet
  const p = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [
      name,
      g.parameter(name, drawn('float32', shape, i + 1, -0.8, 0.8)),
    ]),
  )
  const x = g.input('x', 'float32', ['batch', 3, 8, 7])
  const step = (x: Value, name: string, options: g.WindowOptions): Value => {
    const scale = p[`${name}.scale`]
    const [mean, variance] = running(scale)
    return g.batchNormalizationInTraining(g.conv(x, p[name], null, options), scale, p[`${name}.bias`], mean, variance).y
  }
  const stem = g.maxPool(g.relu(step(x, 'stem', { pads: 1 })), 3, { strides: 2, pads: 1 })
  const inner = g.relu(step(stem, 'a', { pads: 1 }))
  const outer = g.relu(g.add(step(inner, 'b', { pads: 1, strides: 2 }), step(stem, 'skip', { strides: 2 })))
  const logits = g.gemm(g.flatten(g.globalAveragePool(outer)), p.head, p['head.bias'], { transB: true })
  const labels = g.constant(tensor('int64', [4, 1], BigInt64Array.of(0n, 3n, 1n, 4n)))
  const loss = g.neg(g.reduceMean(g.gatherElements(g.logSoftmax(logits), labels, { axis: 1 })))
  const gradients = Object.fromEntries(g.grad(loss, Object.values(p)).map((value, i) => [Object.keys(p)[i], value]))
  const named = Object.fromEntries(Object.entries(gradients).map(([name, value]) => [`d ${name}`, value]))
  const results = await run({ loss, ...named }, { x: drawn('float32', [4, 3, 8, 7], 0, -1, 1) })
  expect(Number(results.loss.data[0])).toBeCloseTo(expectedLoss, 5)
  for (const [name, values] of Object.entries(expected))
    expect(furthest(results[`d ${name}`], values), name).toBeLessThan(1e-4)
})

const tensorOf = ({ dtype, shape, data }: Stored, as: DataType = dtype): Tensor =>
  tensor(
    as,
    shape,
    arrayOf(
      as,
      data.map((value) => (as === 'int64' || as === 'uint8' ? BigInt(value) : Number(value))),
    ),
  )

/** What ONNX Runtime 1.30 computes otherwise than the cases of ONNX 1.23 say. */
const DIFFERENT: ReadonlySet<string> = new Set([
  // aligns the corners of the result as it is, and ONNX those of size * scale before it is cut to a whole number
  'resize_downsample_scales_linear_align_corners',
  'resize_downsample_scales_cubic_align_corners',
  // counts indices in the shape that is asked for, and ONNX in the smallest one
  'maxunpool_export_with_output_shape',
])

describe.each(Object.entries({ ...peers.nodes, ...peers.older }))('%s', (name, { model, inputs, outputs }) => {
  const bytes = Uint8Array.fromBase64(model)

  test.skipIf(DIFFERENT.has(name))('a file of it runs again as ONNX says', async () => {
    const loaded = g.load(bytes)
    const feeds = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, tensorOf(value)]))
    const results = await run(loaded.outputs, feeds)
    for (const [key, expected] of Object.entries(outputs)) {
      expect(results[key].shape).toEqual(expected.shape)
      expect(furthest(results[key], expected.data), key).toBeLessThan(1e-4)
    }
  })

  test('what it is made of computes the same', async () => {
    const loaded = g.load(bytes)
    const [[key, value]] = Object.entries(loaded.outputs)
    const { operation } = value
    const compose = compositions[operation.type as OperatorName]
    if (compose === undefined) return
    const feeds = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, tensorOf(value)]))
    const results = await run({ y: compose(operation)[0]!, same: value }, feeds)
    expect(results.y.shape).toEqual(outputs[key].shape)
    expect(furthest(results.y, Array.from(results.same.data as Float32Array, Number))).toBeLessThan(1e-4)
  })
})
