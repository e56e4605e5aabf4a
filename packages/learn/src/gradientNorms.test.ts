import { type Tensor, tensor } from '@mlpod/contract'
import {
  add,
  compile,
  gemm,
  grad,
  input,
  matMul,
  mul,
  openSession,
  parameter,
  reduceMean,
  reduceSum,
  summary,
  tanh,
  type Value,
} from '@mlpod/graph'
import { expect, test } from 'vitest'
import { gradientNorms } from './gradientNorms.ts'

const filled = (shape: readonly number[], salt: number): Tensor<'float32'> => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.3 + salt)),
  )
}

/** Norms by one gradient an example. */
async function slow(
  lossOf: (x: Value) => Value,
  parameters: readonly Value[],
  x: Tensor<'float32'>,
): Promise<number[]> {
  const [n, ...rest] = x.shape
  const one = input('one', 'float32', [1, ...rest])
  const slopes = grad(reduceSum(lossOf(one)), parameters)
  const outputs = Object.fromEntries(slopes.map((slope, i) => [`g${i}`, slope]))
  await using session = await openSession(compile({ outputs }))
  const size = x.data.length / n
  const norms: number[] = []
  for (let i = 0; i < n; i++) {
    const found = await session.run({ one: tensor('float32', [1, ...rest], x.data.slice(i * size, (i + 1) * size)) })
    const squares = Object.values(found).flatMap(({ data }) => Array.from(data as Float32Array, (value) => value ** 2))
    norms.push(Math.sqrt(squares.reduce((sum, value) => sum + value, 0)))
  }
  return norms
}

const w1 = parameter('w1', filled([3, 5], 1))
const b1 = parameter('b1', filled([5], 2))
const w2 = parameter('w2', filled([2, 5], 3))
const b2 = parameter('b2', filled([2], 4))
const scale = parameter('scale', filled([5], 5))

const cases: Readonly<Record<string, [(x: Value) => Value, readonly Value[], readonly number[], boolean]>> = {
  'weights and biases of products': [
    (x) => {
      const y = gemm(tanh(add(matMul(x, w1), b1)), w2, b2, { transB: true, alpha: 0.5, beta: 2 })
      return reduceSum(mul(y, y), { axes: [1] })
    },
    [w1, b1, w2, b2],
    [6, 3],
    true,
  ],
  'sequences, short and long': [
    (x) => reduceSum(tanh(add(matMul(x, w1), b1)), { axes: [1, 2] }),
    [w1, b1],
    [4, 2, 3],
    true,
  ],
  'sequences longer than their features': [
    (x) => reduceSum(tanh(matMul(x, w1)), { axes: [1, 2] }),
    [w1],
    [4, 7, 3],
    true,
  ],
  'a parameter used twice, and one in no product': [
    (x) => reduceMean(mul(add(tanh(matMul(x, w1)), matMul(mul(x, 2), w1)), scale), { axes: [1] }),
    [w1, scale],
    [5, 3],
    false,
  ],
}

for (const [name, [lossOf, parameters, shape, closed]] of Object.entries(cases))
  test(`${name}: the norms are those of one gradient an example`, async () => {
    for (const batch of [shape[0], 'batch']) {
      const x = input('x', 'float32', [batch, ...shape.slice(1)])
      const { norm, squares } = gradientNorms(lossOf(x), parameters, [x])
      expect(squares).toHaveLength(parameters.length)
      const model = compile({ outputs: { norm } })
      await using session = await openSession(model)
      const data = filled(shape, 9)
      const found = Array.from((await session.run({ x: data })).norm.data as Float32Array)
      const wanted = await slow(lossOf, parameters, data)
      expect(found).toHaveLength(wanted.length)
      for (const [i, value] of wanted.entries()) expect(found[i] / value).toBeCloseTo(1, 4)
      if (closed) expect(summary(model).operators.Scan).toBeUndefined()
    }
  })

test('losses that are one number, and no parameters, are refused', () => {
  const x = input('x', 'float32', ['batch', 3])
  expect(() => gradientNorms(reduceSum(x), [w1], [x])).toThrow('losses are [batch], not []')
  expect(() => gradientNorms(reduceSum(x, { axes: [1] }), [], [x])).toThrow('no parameters are given')
})
