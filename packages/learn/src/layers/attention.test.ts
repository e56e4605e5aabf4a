import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import {
  type AttentionCache,
  add,
  cast,
  checkGrad,
  compile,
  constant,
  input,
  mul,
  openSession,
  reduceSum,
  reshape,
  sin,
  type Value,
  vjp,
} from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import {
  type AttentionLayerOptions,
  additiveAttention,
  alibiSlopes,
  attentionWithWeights,
  cachedSelfAttention,
  cachedTransformer,
  dotAttention,
  type Layer,
  merge,
  multiHeadAttention,
  network,
  positions,
  selfAttention,
  type TransformerOptions,
  transformer,
  transformerDecoder,
  transformerEncoder,
} from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface Case {
  readonly x: Entry
  readonly others: Readonly<Record<string, Entry>>
  readonly parameters: Readonly<Record<string, Entry>>
  readonly y: Entry
  readonly g: readonly number[]
}

const { layers: reference }: { readonly layers: Readonly<Record<string, Case>> } = JSON.parse(
  readFileSync(new URL('../../../../conformance/learn/attention.json', import.meta.url), 'utf8'),
)

const tensorOf = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))
const wave = (shape: readonly number[], of: (i: number) => number = Math.cos): Tensor<'float32'> =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, (_, i) => of(i)),
  )

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

const close = (found: Tensor, wanted: readonly number[], tolerance = 3e-4): void => {
  expect(found.data.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(Number(found.data[i]) - value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
}

type Made = (others: Readonly<Record<string, Value>>) => Layer
const flag = (x: Value): Value => cast(x, 'bool')

const made: Readonly<Record<string, Made>> = {
  'other widths':
    ({ keys, values }) =>
    (x, scope) =>
      multiHeadAttention(2)(x, scope, keys, values),
  masked:
    ({ keys, values, mask }) =>
    (x, scope) =>
      multiHeadAttention(2, { mask: flag(mask), maskMeans: 'drop' })(x, scope, keys, values),
  weights:
    ({ keys, values, mask }) =>
    (x, scope) => {
      const { y, weights } = attentionWithWeights(2, { mask: flag(mask), maskMeans: 'drop' })(x, scope, keys, values)
      // the output's parameters are asked for, though nothing is read of it
      return add(weights, mul(reduceSum(y), 0))
    },
  'added bias_kv': () => selfAttention(2, { biasKeyValue: true }),
  'added bias_kv causal': () => selfAttention(2, { biasKeyValue: true, causal: true }),
  'added zero_attn': () => selfAttention(2, { zeroKeyValue: true }),
  'added zero_attn causal': () => selfAttention(2, { zeroKeyValue: true, causal: true }),
  'added both': () => selfAttention(2, { biasKeyValue: true, zeroKeyValue: true }),
  'added both causal': () => selfAttention(2, { biasKeyValue: true, zeroKeyValue: true, mask: triangle(4) }),
  'no bias': () => selfAttention(2, { bias: false }),
  ...Object.fromEntries(
    (['relu', 'gelu'] as const).flatMap((activation) =>
      [true, false].map((normFirst): [string, Made] => [
        `decoder ${normFirst ? 'norm first' : 'norm last'} ${activation}`,
        ({ memory }) =>
          (x, scope) =>
            transformerDecoder(2, { hidden: 8, activation, normFirst })(x, scope, memory),
      ]),
    ),
  ),
  'decoder not causal':
    ({ memory, mask }) =>
    (x, scope) => {
      const settings = { hidden: 8, normFirst: false, causal: false } as const
      const decoder = transformerDecoder(2, { ...settings, memoryMask: flag(mask), memoryMaskMeans: 'drop' })
      return decoder(x, scope, memory)
    },
  'encoder epsilon': () => transformerEncoder(2, { hidden: 8, epsilon: 0.1 }),
  dot:
    ({ keys, values }) =>
    (x, scope) =>
      dotAttention()(x, scope, keys, values),
  'dot scaled':
    ({ keys, values, mask }) =>
    (x, scope) =>
      dotAttention({ scale: true, mask: reshape(flag(mask), [0, 1, -1]) })(x, scope, keys, values),
  concat:
    ({ keys, values }) =>
    (x, scope) =>
      dotAttention({ scale: true, score: 'concat', causal: true })(x, scope, keys, values),
  additive:
    ({ keys, values, mask }) =>
    (x, scope) =>
      additiveAttention({ mask: reshape(flag(mask), [0, 1, -1]) })(x, scope, keys, values),
  'additive causal':
    ({ keys, values }) =>
    (x, scope) =>
      additiveAttention({ scale: false, causal: true })(x, scope, keys, values),
  grouped: () => selfAttention(4, { keyHeads: 2, headSize: 3, causal: true }),
  transformer:
    ({ source }) =>
    (x, scope) =>
      transformer(2, { encoders: 2, decoders: 1, hidden: 8, normFirst: false })(source, x, scope),
  'sizes of its own': () => selfAttention(2, { headSize: 3, valueSize: 5, outputSize: 4 }),
}

const triangle = (n: number): Value =>
  constant(
    tensor(
      'bool',
      [1, 1, n, n],
      Uint8Array.from({ length: n * n }, (_, i) => Number(i % n <= Math.floor(i / n))),
    ),
  )

describe('attention and its blocks give what torch and Keras give', () => {
  test.each(Object.entries(reference))('%s', async (name, entry) => {
    const x = input('x', 'float32', ['batch', ...entry.x.shape.slice(1)])
    const others = Object.fromEntries(
      Object.entries(entry.others).map(([key, { shape }]) => [key, input(key, 'float32', shape)]),
    )
    const parameters = Object.fromEntries(
      Object.entries(entry.parameters).map(([key, value]) => [key, tensorOf(value)]),
    )
    const { output } = network(made[name](others), x, { parameters })
    const [slope] = vjp([output], [x], [constant(wave(entry.y.shape))])
    const feeds = Object.fromEntries(Object.entries(entry.others).map(([key, value]) => [key, tensorOf(value)]))
    const found = await run({ output, slope }, { x: tensorOf(entry.x), ...feeds })
    expect(found.output.shape).toEqual(entry.y.shape)
    close(found.output, entry.y.data)
    close(found.slope, entry.g)
  })
  test('and every case of the reference is made', () => {
    expect(Object.keys(made).sort()).toEqual(Object.keys(reference).sort())
  })
})

const place = input('x', 'float32', ['batch', 'time', 8])
const sequence = wave([2, 5, 8], (i) => Math.sin(1.7 * i))

const blocks: Readonly<Record<string, TransformerOptions>> = {
  plain: {},
  rotary: { rotary: 16, keyHeads: 1 },
  'heads without a power of two': { headSize: 4, alibi: true },
}

test.each(Object.entries(blocks))(
  'a block that goes on from its past, step by step, gives what it gives at once: %s',
  async (_, options) => {
    const heads = options.alibi ? 3 : 2
    const memory = input('memory', 'float32', ['batch', 3, 4])
    const source = wave([2, 3, 4], (i) => Math.sin(i * i))
    const whole = network((y, scope) => transformerDecoder(heads, options)(y, scope, memory), place, { seed: 3 })
    const all = (await run({ y: whole.output }, { x: sequence, memory: source })).y

    const size = options.headSize ?? 4
    const keyHeads = options.keyHeads ?? heads
    const kept = (name: string): Value => input(name, 'float32', ['batch', keyHeads, 'past', size])
    const past: AttentionCache = { keys: kept('keys'), values: kept('values') }
    let next: AttentionCache = past
    const step = network(
      (y, scope) => {
        const found = cachedTransformer(heads, options)(y, scope, past, memory)
        next = found.cache
        return found.y
      },
      place,
      { parameters: whole.values },
    )
    await using session = await openSession(
      compile({ outputs: { y: step.output, keys_next: next.keys, values_next: next.values } }),
    )
    let [keys, values]: Tensor[] = [
      tensor('float32', [2, keyHeads, 0, size], new Float32Array(0)),
      tensor('float32', [2, keyHeads, 0, size], new Float32Array(0)),
    ]
    for (let at = 0; at < 5; at++) {
      const data = sequence.data
      const now = Float32Array.from([...data.slice(at * 8, at * 8 + 8), ...data.slice(40 + at * 8, 48 + at * 8)])
      const found = await session.run({ x: tensor('float32', [2, 1, 8], now), keys, values, memory: source })
      keys = found.keys_next
      values = found.values_next
      const wanted = [0, 1].flatMap((example) =>
        Array.from((all.data as Float32Array).slice(example * 40 + at * 8, example * 40 + at * 8 + 8)),
      )
      close(found.y, wanted, 1e-4)
    }
    expect(keys.shape).toEqual([2, keyHeads, 5, size])
  },
)

const hiding = constant(tensor('bool', [1, 1, 3, 3], Uint8Array.of(0, 0, 0, 1, 0, 1, 1, 1, 0)))
const dropped: Readonly<Record<string, AttentionLayerOptions>> = {
  plain: {},
  'shared keys, causal': { keyHeads: 1, causal: true },
  'a mask that hides all of a row': { mask: hiding },
  'a window and a cap': { window: { before: 1, after: 0 }, softcap: 2 },
  'distances under a mask': { alibi: true, mask: hiding },
  'added keys, causal': { biasKeyValue: true, zeroKeyValue: true, causal: true },
  'values of another size': { valueSize: 3 },
}

test.each(Object.entries(dropped))(
  'dropping no weight of attention gives what attention gives, rescaled: %s',
  async (_, options) => {
    const y = input('x', 'float32', ['batch', 3, 4])
    const of = (training: boolean) =>
      network(selfAttention(2, { ...options, bias: false, weightDropout: 0.25 }), y, { seed: 4, training })
    const [trained, whole] = [of(true), of(false)]
    expect(trained.masks.length).toBe(1)
    expect(whole.masks).toEqual([])
    const [mask] = trained.masks
    const all = tensor('bool', [2, ...mask.shape], new Uint8Array(2 * mask.shape.reduce((a, b) => a * b)).fill(1))
    const x = wave([2, 3, 4], (i) => Math.sin(1.3 * i))
    const found = (await run({ y: trained.output }, { x, [mask.name]: all })).y
    const wanted = (await run({ y: whole.output }, { x })).y
    close(
      found,
      Array.from(wanted.data as Float32Array, (value) => value / 0.75),
      1e-5,
    )
  },
)

test('positions that are learned count after the past', async () => {
  const past: AttentionCache = {
    keys: input('k', 'float32', [1, 1, 'past', 2]),
    values: input('v', 'float32', [1, 1, 'past', 2]),
  }
  const words = input('x', 'float32', [1, 'time', 4])
  const of = (layer: Layer): Value => network(layer, words, { seed: 1 }).output
  const found = await run(
    { after: of(positions(6, { past })), past: past.keys },
    { x: tensor('float32', [1, 2, 4], new Float32Array(8)), k: tensor('float32', [1, 1, 3, 2], new Float32Array(6)) },
  )
  const all = (await run({ y: of(positions(6)) }, { x: tensor('float32', [1, 6, 4], new Float32Array(24)) })).y
  expect(Array.from(found.after.data as Float32Array)).toEqual(Array.from((all.data as Float32Array).slice(12, 20)))
})

test('slopes of ALiBi are those of the paper, also for heads that are no power of two', () => {
  expect(alibiSlopes(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i))
  expect(alibiSlopes(4)).toEqual([2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8])
  // Press et al., the authors' get_slopes(6)
  expect(alibiSlopes(6)).toEqual([2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3])
})

test('ALiBi adds its distances to the scores, and what a mask hides stays hidden', async () => {
  const mask = triangle(5)
  const values = network(selfAttention(2, { alibi: true }), place, { seed: 2 }).values
  const bias = wave(
    [1, 2, 5, 5],
    (i) => -([2 ** -4, 2 ** -8][Math.floor(i / 25)] * Math.abs((Math.floor(i / 5) % 5) - (i % 5))),
  )
  const of = (layer: Layer): Value => network(layer, place, { parameters: values }).output
  const found = await run(
    {
      alibi: of(selfAttention(2, { alibi: true })),
      added: of(selfAttention(2, { mask: constant(bias) })),
      masked: of(selfAttention(2, { alibi: true, mask })),
      causal: of(selfAttention(2, { alibi: true, causal: true })),
    },
    { x: sequence },
  )
  close(found.alibi, Array.from(found.added.data as Float32Array), 1e-5)
  close(found.masked, Array.from(found.causal.data as Float32Array), 1e-5)
})

test('a window hides what is further away', async () => {
  const band = constant(
    tensor(
      'bool',
      [1, 1, 5, 5],
      Uint8Array.from({ length: 25 }, (_, i) => {
        const gap = Math.floor(i / 5) - (i % 5)
        return Number(gap >= 0 && gap <= 1)
      }),
    ),
  )
  const { values } = network(selfAttention(2), place, { seed: 2 })
  const of = (layer: Layer): Value => network(layer, place, { parameters: values }).output
  const found = await run(
    {
      window: of(selfAttention(2, { causal: true, window: { before: 1 } })),
      masked: of(selfAttention(2, { mask: band })),
    },
    { x: sequence },
  )
  close(found.window, Array.from(found.masked.data as Float32Array), 1e-5)
})

test('additive attention of Bahdanau projects queries and keys first', () => {
  const { parameters, output } = network(
    (q, scope) => additiveAttention({ units: 5 })(q, scope, input('k', 'float32', ['batch', 3, 6])),
    place,
    { seed: 1 },
  )
  expect(Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value.shape]))).toEqual({
    'query.weight': [8, 5],
    'query.bias': [5],
    'key.weight': [6, 5],
    scale: [5],
  })
  expect(output.shape).toEqual(['batch', 'time', 6])
})

test('branches meet by attention, and late by weights that begin equal', async () => {
  const other = input('other', 'float32', ['batch', 3, 4])
  const crossed = network((y, scope) => merge.crossAttention(y, other, scope, { heads: 2 }), place, { seed: 1 })
  expect(Object.keys(crossed.parameters)).toContain('key.weight')
  const late = network((y, scope) => merge.lateFusion([y, constant(wave([2, 5, 8]))], scope), place, { seed: 1 })
  const { y } = await run({ y: late.output }, { x: sequence })
  close(
    y,
    Array.from(sequence.data, (value, i) => (value + Math.cos(i)) / 2),
    1e-5,
  )
})

const far = constant(wave([2, 2, 6], (i) => Math.sin(2 * i)))
const smooth: Readonly<Record<string, Layer>> = {
  'added keys': selfAttention(2, { biasKeyValue: true, zeroKeyValue: true }),
  'distances and a window': selfAttention(2, { alibi: true, causal: true, window: { before: 1 } }),
  'a decoder of a memory': (y, scope) => transformerDecoder(2, { hidden: 4, activation: 'tanh' })(y, scope, far),
  'additive attention': (y, scope) => additiveAttention({ units: 3 })(y, scope, far),
  'attention by tanh of sums': dotAttention({ scale: true, score: 'concat' }),
  'late fusion': (y, scope) => merge.lateFusion([y, merge.crossAttention(y, far, scope.at('cross'))], scope),
}

test.each(Object.entries(smooth))(
  '%s: derivatives by the input and the parameters agree with differences',
  async (_, layer) => {
    const y = input('x', 'float32', [2, 3, 4])
    const { output, parameters } = network(layer, y, { seed: 3 })
    const wrt = [y, ...Object.values(parameters)]
    const feeds = { x: wave([2, 3, 4], (i) => Math.sin(1.3 * i)) }
    const found = await checkGrad({ outputs: [sin(output)], wrt, feeds, tolerance: 4e-2 })
    expect(found, JSON.stringify(found)).toMatchObject({ passed: true })
  },
)

test('attention that cannot be is refused', () => {
  const code = expect.objectContaining({ code: 'LAYER_INVALID' })
  expect(() => selfAttention(2, { biasKeyValue: true, rotary: 4 })).toThrow(code)
  expect(() => cachedSelfAttention(2, { zeroKeyValue: true })).toThrow(code)
  expect(() => network(selfAttention(8, { rotary: 4 }), place, { seed: 0 })).toThrow('a head has 1')
  expect(() => alibiSlopes(0)).toThrow(code)
})
