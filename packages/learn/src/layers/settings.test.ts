import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { compile, constant, cos, input, openSession, type Value, vjp } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { describe, expect, test } from 'vitest'
import {
  type ActivationName,
  activation,
  activations,
  conv,
  dense,
  filledWith,
  gains,
  type Initializer,
  initializers,
  leakyGain,
  masking,
  maxout,
  merge,
  network,
  normalOf,
  orthogonalOf,
  reversibleEmbedding,
  sparseOf,
  unflatten,
  uniformIn,
  varianceScaling,
} from './index.ts'

const torch: {
  readonly points: readonly number[]
  readonly cases: readonly {
    readonly name: ActivationName
    readonly settings: object
    readonly y: readonly number[]
    readonly g: readonly number[]
  }[]
  readonly matrix: readonly number[]
  readonly axes: readonly { readonly name: 'softmax' | 'glu'; readonly axis: number; readonly y: readonly number[] }[]
  readonly gains: Readonly<Record<keyof typeof gains, number>>
  readonly merged: Readonly<Record<'a' | 'b' | 'distance' | 'distance 1' | 'cosine', readonly number[]>>
} = JSON.parse(readFileSync(new URL('../../../../conformance/learn/activations.json', import.meta.url), 'utf8'))

const floats = (shape: readonly number[], data: readonly number[]): Tensor<'float32'> =>
  tensor('float32', shape, Float32Array.from(data))
const numbers = ({ data }: Tensor): number[] => Array.from(data as Float32Array)

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

const close = (found: Tensor, wanted: readonly number[]): void => {
  expect(found.data.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(Number(found.data[i]) - value)).toBeLessThan(2e-4 * (1 + Math.abs(value)))
}

describe('activations with settings have the values and derivatives of torch and Keras', () => {
  test.each(torch.cases.map((entry) => [`${entry.name} ${JSON.stringify(entry.settings)}`, entry] as const))(
    '%s',
    async (_, { name, settings, y, g }) => {
      const n = torch.points.length
      const x = input('x', 'float32', [n])
      const make = activations[name] as (x: Value, settings: object) => Value
      const value = make(x, settings)
      const weights = cos(
        constant(
          floats(
            [n],
            Array.from({ length: n }, (_, i) => i),
          ),
        ),
      )
      const [slope] = vjp([value], [x], [weights])
      const found = await run({ value, slope }, { x: floats([n], torch.points) })
      close(found.value, y)
      close(found.slope, g)
    },
  )
  test.each(torch.axes.map((entry) => [entry.name, entry] as const))('%s along an axis', async (_, entry) => {
    const x = input('x', 'float32', [2, 4, 3])
    const { output } = network(activation(entry.name, { axis: entry.axis }), x)
    close((await run({ output }, { x: floats([2, 4, 3], torch.matrix) })).output, entry.y)
  })
})

test('maxout takes the largest of its pieces', async () => {
  const x = input('x', 'float32', ['batch', 2])
  const parameters = { weight: floats([2, 4], [1, -1, 0, 2, 0, 1, 3, -2]), bias: floats([4], [0, 0, 0.5, 0]) }
  const { output } = network(maxout(2, 2), x, { parameters })
  // pieces (x, -x + y) and (3 y + 1/2, 2 x - 2 y)
  const { y } = await run({ y: output }, { x: floats([2, 2], [1, 2, -1, 0]) })
  expect(numbers(y)).toEqual([1, 6.5, 1, 0.5])
  expect(network(maxout(3), input('x', 'float32', ['batch', 't', 2]), { seed: 0 }).output.shape[2]).toBe(3)
})

test('distances and cosines are those of torch', async () => {
  const { a, b, ...wanted } = torch.merged
  const [left, right] = [constant(floats([2, 3, 4], a)), constant(floats([2, 3, 4], b))]
  const found = await run({
    two: merge.distance(left, right),
    one: merge.distance(left, right, { p: 1 }),
    cosine: merge.cosine(left, right),
  })
  close(found.two, wanted.distance)
  close(found.one, wanted['distance 1'])
  close(found.cosine, wanted.cosine)
})

test('an embedding goes back by its own weights, or by others', async () => {
  const ids = input('ids', 'int64', ['batch', 2])
  const { embed, logits } = reversibleEmbedding(3, 2, { softcap: 5 })
  const weight = floats([3, 2], [1, 0, 0, 2, 1, 1])
  const tied = network((x, scope) => logits(embed(x, scope), scope), ids, { parameters: { weight } })
  const { y } = await run({ y: tied.output }, { ids: tensor('int64', [1, 2], BigInt64Array.of(0n, 2n)) })
  close(
    y,
    [1, 0, 1, 1, 2, 2].map((value) => 5 * Math.tanh(value / 5)),
  )
  const apart = reversibleEmbedding(3, 2, { tied: false })
  const other = network((x, scope) => apart.logits(apart.embed(x, scope), scope), ids, { seed: 1 })
  expect(Object.keys(other.parameters)).toEqual(['weight', 'reverse'])
})

test('axes are cut, and steps of one value are masked', async () => {
  const x = input('x', 'float32', ['batch', 6, 2])
  expect(network(unflatten(1, [2, -1]), x).output.shape).toEqual(['batch', 2, 3, 2])
  expect(network(unflatten(-1, [2, 1]), x).output.shape).toEqual(['batch', 6, 2, 1])
  const open = input('x', 'float32', ['batch', 4, 'time'])
  const data = floats([1, 4, 1], [1, 2, 3, 4])
  const cut = (await run({ y: network(unflatten(1, [2, 2]), open).output }, { x: data })).y
  expect(cut.shape).toEqual([1, 2, 2, 1])
  const { y, mask } = masking(input('x', 'float32', ['batch', 3, 2]), 9)
  const found = await run({ y, mask }, { x: floats([1, 3, 2], [9, 9, 9, 1, 2, 9]) })
  expect(numbers(found.y)).toEqual([0, 0, 9, 1, 2, 9])
  expect(numbers(found.mask)).toEqual([0, 1, 1])
})

describe('initial weights', () => {
  const fans = { fanIn: 200, fanOut: 50 }
  const drawn = (make: Initializer, shape: readonly number[] = [200, 50]): number[] =>
    Array.from(make(random({ seed: 5 }), shape, fans))
  const moments = (values: readonly number[]): readonly [number, number] => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length]
  }
  test('gains are those of torch', () => {
    for (const [name, gain] of Object.entries(torch.gains))
      expect(gains[name as keyof typeof gains]).toBeCloseTo(gain, 6)
    expect(leakyGain(0.01)).toBe(gains.leakyRelu)
  })
  test('variances scale with the fan that was asked for', () => {
    for (const spread of ['uniform', 'normal', 'truncatedNormal'] as const)
      for (const [mode, fan] of [
        ['fanIn', 200],
        ['fanOut', 50],
        ['fanAverage', 125],
      ] as const) {
        const [mean, variance] = moments(drawn(varianceScaling({ scale: 2, mode, spread })))
        expect(Math.abs(mean)).toBeLessThan(0.01)
        expect(Math.abs((variance * fan) / 2 - 1)).toBeLessThan(0.05)
      }
    expect(() => varianceScaling({ scale: 0 })).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }))
  })
  test('values, uniform and normal numbers are those asked for', () => {
    expect(new Set(drawn(filledWith(3)))).toEqual(new Set([3]))
    const [mean, variance] = moments(drawn(uniformIn(-1, 3)))
    expect([mean, variance]).toEqual([expect.closeTo(1, 1), expect.closeTo(16 / 12, 1)])
    expect(moments(drawn(normalOf(2, 0.5)))).toEqual([expect.closeTo(2, 1), expect.closeTo(0.25, 1)])
    const cut = drawn(normalOf(2, 0.5, { cut: true }))
    expect(Math.max(...cut.map((value) => Math.abs(value - 2)))).toBeLessThanOrEqual(1)
  })
  test('orthogonal columns have the length of the gain, sparse columns their share of zeros', () => {
    const w = drawn(orthogonalOf(3), [6, 4])
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) {
        const dot = [0, 1, 2, 3, 4, 5].reduce((sum, k) => sum + w[k * 4 + i] * w[k * 4 + j], 0)
        expect(dot).toBeCloseTo(i === j ? 9 : 0, 4)
      }
    const sparse = drawn(sparseOf(0.3), [10, 4])
    for (let j = 0; j < 4; j++) expect(sparse.filter((value, i) => i % 4 === j && value === 0).length).toBe(3)
  })
  test('a layer takes an initializer or its name', () => {
    const x = input('x', 'float32', ['n', 2])
    const built = network(dense(2, { weightInitializer: filledWith(7), biasInitializer: initializers.ones }), x, {
      seed: 0,
    })
    expect(numbers(built.values.weight)).toEqual([7, 7, 7, 7])
    expect(numbers(built.values.bias)).toEqual([1, 1])
    const image = input('x', 'float32', ['n', 1, 3, 3])
    expect(
      numbers(network(conv(1, 1, { weightInitializer: filledWith(2) }), image, { seed: 0 }).values.weight),
    ).toEqual([2])
  })
})
