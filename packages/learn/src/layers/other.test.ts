import { type Tensor, tensor } from '@mlpod/contract'
import { checkGrad, compile, constant, grad, input, openSession, reduceSum, sin, type Value } from '@mlpod/graph'
import { expect, test } from 'vitest'
import {
  alphaDropout,
  at,
  bilinear,
  channelDropout,
  conv,
  dense,
  depthwiseConv,
  dropPath,
  einsumDense,
  embedding,
  embeddingBag,
  entmax15,
  factorizationMachine,
  fieldAwareMachine,
  flatten,
  fromTorchGates,
  globalAvgPool,
  globalMaxPooling,
  gru,
  identity,
  initializers,
  type Layer,
  lambda,
  merge,
  multiHeadAttention,
  network,
  permute,
  positions,
  prelu,
  radialBasis,
  randomFourier,
  repeatVector,
  reshape,
  residual,
  selfAttention,
  separableConv,
  sequential,
  softDecisionTree,
  sparsemax,
  timeDistributed,
  unitNorm,
  weightNorm,
} from './index.ts'

const filled = (shape: readonly number[], salt = 0): Tensor<'float32'> => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + salt)),
  )
}
const numbers = ({ data }: Tensor): number[] => Array.from(data as Float32Array)

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

/** What a layer makes of an input, with its parameters as drawn. */
async function applied(layer: Layer, x: Tensor, seed = 1): Promise<Tensor> {
  const place = input('x', x.dtype, ['batch', ...x.shape.slice(1)])
  return (await run({ y: network(layer, place, { seed }).output }, { x })).y
}

const smooth: Readonly<Record<string, readonly [Layer, readonly number[]]>> = {
  prelu: [prelu({ channels: true }), [2, 3, 4]],
  'depthwise convolution': [depthwiseConv(3, { multiplier: 2 }), [2, 2, 4, 4]],
  'separable convolution': [separableConv(3, 3, { padding: 'same' }), [2, 2, 4, 4]],
  'causal convolution': [conv(2, [3], { padding: 'causal' }), [2, 2, 5]],
  'strided same convolution': [conv(2, 3, { padding: 'same', stride: 2 }), [1, 2, 5, 5]],
  'weight normalisation': [weightNorm(dense(3)), [2, 4]],
  'unit normalisation': [unitNorm(), [2, 4]],
  'a residual block': [residual(dense(4)), [2, 4]],
  'a factorization machine': [factorizationMachine(2), [3, 4]],
  'a field-aware machine': [fieldAwareMachine(2, [0, 0, 1, 2]), [3, 4]],
  'a radial basis': [radialBasis(3), [2, 2]],
  'random Fourier features': [randomFourier(4), [2, 3]],
  'a soft decision tree': [softDecisionTree(2, 3), [2, 3]],
  'rotary attention': [selfAttention(2, { rotary: 8, causal: true }), [2, 3, 8]],
  'shared heads of keys': [selfAttention(4, { keyHeads: 2 }), [1, 3, 8]],
  positions: [positions(6), [2, 3, 4]],
  'each time by itself': [timeDistributed(dense(2)), [2, 3, 4]],
  'einsum dense': [einsumDense('btc,cd->btd', [4, 3]), [2, 3, 4]],
}

test.each(Object.entries(smooth))(
  '%s: derivatives by the input and the parameters agree with differences',
  async (_, [layer, shape]) => {
    const x = input('x', 'float32', shape)
    const { output, parameters } = network(layer, x, { seed: 3 })
    const found = await checkGrad({
      outputs: [sin(output)],
      wrt: [x, ...Object.values(parameters)],
      feeds: { x: filled(shape, 0.5) },
      tolerance: 4e-2,
    })
    expect(found, JSON.stringify(found)).toMatchObject({ passed: true })
  },
)

test('sparsemax and entmax are distributions, sparser than softmax, and exact for two', async () => {
  const x = input('x', 'float32', [2, 4])
  const values = { sparse: sparsemax(x), ent: entmax15(x) }
  const feeds = { x: tensor('float32', [2, 4], Float32Array.of(3, 1, 0.2, -2, 0.1, 0, 0.05, 0.02)) }
  const found = await run(values, feeds)
  for (const { data } of Object.values(found))
    for (const row of [0, 1]) {
      const part = Array.from(data as Float32Array).slice(4 * row, 4 * row + 4)
      expect(part.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
      expect(Math.min(...part)).toBeGreaterThanOrEqual(0)
    }
  // the largest leads by more than 1
  expect(numbers(found.sparse).slice(0, 4)).toEqual([1, 0, 0, 0])
  const slopes = grad(reduceSum(sin(values.ent)), [x])
  expect(numbers((await run({ slope: slopes[0] }, feeds)).slope).every(Number.isFinite)).toBe(true)
})

test('embeddings look up, leave padding at 0, and shorten what is too long; bags sum, average and take the largest', async () => {
  const ids = tensor('int64', [2, 3], BigInt64Array.of(0n, 2n, 1n, 1n, 1n, 0n))
  const weight = tensor('float32', [3, 2], Float32Array.of(9, 9, 3, 4, -1, 2))
  const place = input('x', 'int64', ['batch', 3])
  const of = (layer: Layer): Value => network(layer, place, { parameters: { weight } }).output
  const found = await run(
    {
      plain: of(embedding(3, 2)),
      padded: of(embedding(3, 2, { padding: 0 })),
      short: of(embedding(3, 2, { maxNorm: 1 })),
      sum: of(embeddingBag(3, 2, { mode: 'sum', padding: 0 })),
      mean: of(embeddingBag(3, 2, { padding: 0 })),
      max: of(embeddingBag(3, 2, { mode: 'max', padding: 0 })),
    },
    { x: ids },
  )
  expect(numbers(found.plain)).toEqual([9, 9, -1, 2, 3, 4, 3, 4, 3, 4, 9, 9])
  expect(numbers(found.padded)).toEqual([0, 0, -1, 2, 3, 4, 3, 4, 3, 4, 0, 0])
  expect(
    numbers(found.short)
      .slice(4, 6)
      .map((value) => Math.fround(value)),
  ).toEqual([0.6, 0.8].map(Math.fround))
  expect(numbers(found.sum)).toEqual([2, 6, 6, 8])
  expect(numbers(found.mean)).toEqual([1, 3, 3, 4])
  expect(numbers(found.max)).toEqual([3, 4, 3, 4])
})

test('a factorization machine is its sum over pairs, and so is a field-aware one', async () => {
  const x = tensor('float32', [1, 3], Float32Array.of(1, 2, -1))
  const v = [1, 2, 0.5, -1, 3, 1]
  const zero = {
    weight: tensor('float32', [3, 1], Float32Array.of(0.1, 0.2, 0.3)),
    bias: tensor('float32', [1], Float32Array.of(5)),
  }
  const place = input('x', 'float32', [1, 3])
  const dot = (i: number, j: number): number => v[2 * i] * v[2 * j] + v[2 * i + 1] * v[2 * j + 1]
  const linear = 5 + 0.1 + 0.4 - 0.3
  const plain = linear + dot(0, 1) * 2 - dot(0, 2) - dot(1, 2) * 2
  const factors = tensor('float32', [3, 2], Float32Array.from(v))
  const fields = [0, 1, 1]
  const w = Array.from({ length: 12 }, (_, i) => Math.cos(i))
  const at3 = (i: number, field: number, k: number): number => w[(i * 2 + field) * 2 + k]
  const pair = (i: number, j: number): number =>
    at3(i, fields[j], 0) * at3(j, fields[i], 0) + at3(i, fields[j], 1) * at3(j, fields[i], 1)
  const own = tensor('float32', [3, 2, 2], Float32Array.from(w))
  const given = { plain: { ...zero, factors }, field: { ...zero, factors: own } }
  const layers = { plain: factorizationMachine(2), field: fieldAwareMachine(2, fields) }
  const of = async (name: 'plain' | 'field'): Promise<Tensor> =>
    (await run({ y: network(layers[name], place, { parameters: given[name] }).output }, { x })).y
  const found = { plain: await of('plain'), field: await of('field') }
  expect(numbers(found.plain)[0]).toBeCloseTo(plain, 5)
  expect(numbers(found.field)[0]).toBeCloseTo(linear + 2 * pair(0, 1) - pair(0, 2) - 2 * pair(1, 2), 5)
})

test('random Fourier features have the Gaussian kernel as their products', async () => {
  const y = numbers(await applied(randomFourier(20_000, { gamma: 0.5 }), filled([2, 3])))
  const [a, b] = [y.slice(0, 20_000), y.slice(20_000)]
  const x = numbers(filled([2, 3]))
  const distance = [0, 1, 2].reduce((sum, i) => sum + (x[i] - x[3 + i]) ** 2, 0)
  expect(a.reduce((sum, value, i) => sum + value * b[i], 0)).toBeCloseTo(Math.exp(-0.5 * distance), 1)
})

test('shapes are changed as the peers change them', async () => {
  const x = filled([2, 3, 4])
  expect((await applied(flatten(), x)).shape).toEqual([2, 12])
  expect((await applied(reshape([4, 3]), x)).shape).toEqual([2, 4, 3])
  expect((await applied(permute([2, 1]), x)).shape).toEqual([2, 4, 3])
  expect((await applied(at(-1), x)).shape).toEqual([2, 4])
  expect((await applied(repeatVector(5), filled([2, 4]))).shape).toEqual([2, 5, 4])
  expect(numbers(await applied(identity(), x))).toEqual(numbers(x))
  expect(numbers(await applied(lambda(sin), x))[1]).toBeCloseTo(Math.sin(Math.sin(1.7)), 6)
  expect((await applied(globalAvgPool(), filled([2, 3, 4, 4]))).shape).toEqual([2, 3])
  expect((await applied(globalMaxPooling(), filled([2, 3, 4, 4]))).shape).toEqual([2, 3])
})

test('branches meet: sums, products, extremes, dots, gates and conditions', async () => {
  const [a, b] = [input('a', 'float32', [1, 3]), input('b', 'float32', [1, 3])]
  const feeds = {
    a: tensor('float32', [1, 3], Float32Array.of(1, 2, 3)),
    b: tensor('float32', [1, 3], Float32Array.of(3, 0, -1)),
  }
  const found = await run(
    {
      add: merge.add(a, b, a),
      subtract: merge.subtract(a, b),
      multiply: merge.multiply(a, b),
      average: merge.average(a, b),
      maximum: merge.maximum(a, b),
      minimum: merge.minimum(a, b),
      concat: merge.concat([a, b]),
      dot: merge.dot(a, b),
      cosine: merge.dot(a, a, { normalize: true }),
    },
    feeds,
  )
  expect(numbers(found.add)).toEqual([5, 4, 5])
  expect(numbers(found.subtract)).toEqual([-2, 2, 4])
  expect(numbers(found.multiply)).toEqual([3, 0, -3])
  expect(numbers(found.average)).toEqual([2, 1, 1])
  expect(numbers(found.maximum)).toEqual([3, 2, 3])
  expect(numbers(found.minimum)).toEqual([1, 0, -1])
  expect(numbers(found.concat)).toEqual([1, 2, 3, 3, 0, -1])
  expect(numbers(found.dot)).toEqual([0])
  expect(numbers(found.cosine)[0]).toBeCloseTo(1, 6)
  const both = network((x, scope) => merge.film(merge.gated(x, b, scope.at('gate')), b, scope.at('film')), a, {
    seed: 1,
  })
  expect(Object.keys(both.parameters)).toEqual(['gate.weight', 'gate.bias', 'film.weight', 'film.bias'])
  const pair = network((x, scope) => bilinear(2)(x, b, scope), a, { seed: 1 })
  expect(pair.output.shape).toEqual([1, 2])
})

test('a query attends to keys of another length, and a mask of torch means the opposite', async () => {
  const [q, k] = [input('q', 'float32', [1, 2, 4]), input('k', 'float32', [1, 3, 4])]
  const keep = constant(tensor('bool', [1, 1, 1, 3], Uint8Array.of(1, 0, 1)))
  const drop = constant(tensor('bool', [1, 1, 1, 3], Uint8Array.of(0, 1, 0)))
  const feeds = { q: filled([1, 2, 4]), k: filled([1, 3, 4], 1) }
  const of = async (options: Parameters<typeof multiHeadAttention>[1]): Promise<Tensor> => {
    const y = network((x, scope) => multiHeadAttention(2, options)(x, scope, k), q, { seed: 5 }).output
    return (await run({ y }, feeds)).y
  }
  const found = { keep: await of({ mask: keep }), drop: await of({ mask: drop, maskMeans: 'drop' }), all: await of({}) }
  expect(numbers(found.keep)).toEqual(numbers(found.drop))
  expect(numbers(found.keep)).not.toEqual(numbers(found.all))
})

test('what is dropped is dropped whole: channels, examples; alpha dropout keeps the mean', () => {
  const x = input('x', 'float32', ['batch', 3, 4, 4])
  const of = (layer: Layer) => network(layer, x, { training: true, seed: 1 }).masks[0]
  expect(of(channelDropout(0.5))).toMatchObject({ shape: [3, 1, 1] })
  expect(of(dropPath(0.25))).toMatchObject({ shape: [1, 1, 1], keep: 0.75 })
  expect(of(alphaDropout(0.5))).toMatchObject({ shape: [3, 4, 4] })
  expect(network(sequential(channelDropout(0.5), dropPath(0.1)), x, { seed: 1 }).masks).toEqual([])
})

test('an orthogonal matrix is one, a dirac convolution passes channels on', async () => {
  const { values } = network(dense(3, { weightInitializer: 'orthogonal' }), input('x', 'float32', ['n', 5]), {
    seed: 2,
  })
  const w = values.weight.data as Float32Array
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      let sum = 0
      for (let k = 0; k < 5; k++) sum += w[k * 3 + i] * w[k * 3 + j]
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 5)
    }
  const image = filled([1, 2, 4, 4])
  const y = await applied(conv(2, 3, { padding: 'same', bias: false, weightInitializer: 'dirac' }), image)
  expect(numbers(y)).toEqual(numbers(image))
  expect(Object.keys(initializers)).toContain('truncatedNormal')
})

test('gates of torch come into the order of ONNX', () => {
  expect([...fromTorchGates('gru', Float32Array.of(1, 2, 3), 1)]).toEqual([2, 1, 3])
  expect([...fromTorchGates('lstm', Float32Array.of(1, 1, 2, 2, 3, 3, 4, 4), 2)]).toEqual([1, 1, 4, 4, 2, 2, 3, 3])
  expect(() => fromTorchGates('gru', new Float32Array(4), 1)).toThrow('4 numbers are no 3 gates of 1 units')
})

test('layers that cannot be are refused when they are made or built', () => {
  const image = input('x', 'float32', ['n', 3, 4, 4])
  const code = (name: string) => expect.objectContaining({ code: name })
  expect(() => conv(4, 3, { groups: 3 })).toThrow(code('LAYER_INVALID'))
  expect(() => conv(4, 3, { padding: 'causal' })).toThrow(code('LAYER_INVALID'))
  expect(() => network(conv(4, 3, { groups: 2 }), image, { seed: 0 })).toThrow('3 channels do not divide into 2 groups')
  expect(() => network(conv(4, [3]), image, { seed: 0 })).toThrow('takes [batch, channels, size]')
  expect(() => network(gru(4), image, { seed: 0 })).toThrow('takes [batch, time, features]')
  expect(() => network(selfAttention(3), input('x', 'float32', ['n', 2, 4]), { seed: 0 })).toThrow(
    '4 features do not divide into 3 heads',
  )
  expect(() => multiHeadAttention(4, { keyHeads: 3 })).toThrow(code('LAYER_INVALID'))
  expect(() => embedding(3, 2, { padding: 5 })).toThrow('the padding 5 is no index of 3 vectors')
  expect(() => channelDropout(1)).toThrow(code('LAYER_INVALID'))
  expect(() => network(fieldAwareMachine(2, [0, 1]), input('x', 'float32', ['n', 3]), { seed: 0 })).toThrow(
    '2 fields are given for 3 features',
  )
})
