import { type Tensor, tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import {
  add,
  compile,
  constant,
  gather,
  hessian,
  hvp,
  input,
  jacfwd,
  jacrev,
  matMul,
  mul,
  nonZero,
  openSession,
  reduceSum,
  sin,
  squeeze,
  summary,
  tanh,
  type Value,
  vmap,
} from './index.ts'

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds)
}

const numbers = ({ data }: Tensor): number[] => Array.from(data as Float64Array, Number)
const doubles = (shape: readonly number[]) => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return tensor(
    'float64',
    shape,
    Float64Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + 0.3)),
  )
}

for (const [what, dims] of [
  ['known', [2, 3] as const],
  ['unknown', ['a', 'b'] as const],
] as const)
  test(`forward and reverse mode give one Jacobian when sizes are ${what}`, async () => {
    const x = input('x', 'float64', dims)
    const w = input('w', 'float64', [dims[1], 4])
    const y = tanh(matMul(x, w))
    const [rx, rw] = jacrev(y, [x, w])
    const [fx, fw] = jacfwd(y, [x, w])
    const found = await run({ rx, rw, fx, fw }, { x: doubles([2, 3]), w: doubles([3, 4]) })
    expect(found.rx.shape).toEqual([2, 4, 2, 3])
    expect(found.rw.shape).toEqual([2, 4, 3, 4])
    for (const [a, b] of [
      [found.rx, found.fx],
      [found.rw, found.fw],
    ])
      for (const [i, value] of numbers(a).entries()) expect(value).toBeCloseTo(numbers(b)[i], 12)
    // dy_ij/dx_kl = [i = k] (1 - y_ij^2) w_lj
    const value = await run({ y }, { x: doubles([2, 3]), w: doubles([3, 4]) })
    const at = (i: number, j: number, k: number, l: number): number => numbers(found.rx)[((i * 4 + j) * 2 + k) * 3 + l]
    const w0 = numbers(doubles([3, 4]))
    expect(at(1, 2, 1, 0)).toBeCloseTo((1 - numbers(value.y)[6] ** 2) * w0[2], 12)
    expect(at(1, 2, 0, 0)).toBe(0)
  })

test('a Hessian has a block for each two values, symmetric, and its products are hvp', async () => {
  const a = input('a', 'float64', [3])
  const b = input('b', 'float64', [2])
  const loss = add(reduceSum(mul(sin(a), mul(a, a))), mul(reduceSum(a), reduceSum(mul(b, mul(b, b)))))
  const blocks = hessian(loss, [a, b])
  const v = [input('va', 'float64', [3]), input('vb', 'float64', [2])]
  const products = hvp(loss, [a, b], v)
  const feeds = { a: doubles([3]), b: doubles([2]), va: doubles([3]), vb: doubles([2]) }
  const found = await run(
    { aa: blocks[0][0], ab: blocks[0][1], ba: blocks[1][0], bb: blocks[1][1], pa: products[0], pb: products[1] },
    feeds,
  )
  expect(found.ab.shape).toEqual([3, 2])
  const [aa, ab, ba] = [numbers(found.aa), numbers(found.ab), numbers(found.ba)]
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) expect(aa[3 * i + j]).toBeCloseTo(aa[3 * j + i], 12)
    for (let j = 0; j < 2; j++) expect(ab[2 * i + j]).toBeCloseTo(ba[3 * j + i], 12)
    const row = [0, 1, 2].reduce((sum, j) => sum + aa[3 * i + j] * numbers(feeds.va)[j], 0)
    const rest = [0, 1].reduce((sum, j) => sum + ab[2 * i + j] * numbers(feeds.vb)[j], 0)
    expect(row + rest).toBeCloseTo(numbers(found.pa)[i], 12)
  }
})

test('more elements than fit together go through in blocks', async () => {
  const x = input('x', 'float64', [1100])
  const [whole] = jacrev(mul(x, x), [x])
  expect(whole.shape.length).toBe(2)
  const found = await run({ whole }, { x: doubles([1100]) })
  expect(found.whole.shape).toEqual([1100, 1100])
  expect(numbers(found.whole)[1099 * 1100 + 1099]).toBeCloseTo(2 * Math.sin(1099 * 1.7 + 0.3), 12)
  expect(numbers(found.whole)[1099 * 1100 + 3]).toBeCloseTo(0, 20)
})

test('vmap takes examples along any axis and stacks what it makes on the first', async () => {
  const x = input('x', 'float64', [3, 'n'])
  const y = vmap((column) => reduceSum(mul(column, column)), [x], { axis: 1 })
  expect(y.shape).toEqual(['n'])
  const found = await run({ y }, { x: doubles([3, 5]) })
  expect(found.y.shape).toEqual([5])
  // one product and one sum for all, no loop
  expect(summary(compile({ outputs: { y } })).operators.Scan).toBeUndefined()
})

test('an operator that takes no batch goes through it one by one', async () => {
  const x = input('x', 'float32', [2, 3])
  const y = vmap((row) => gather(row, squeeze(nonZero(row), [0])), [x])
  const found = await run({ y }, { x: tensor('float32', [2, 3], Float32Array.of(1, 0, 2, 3, 4, 0)) })
  expect(found.y.shape).toEqual([2, 2])
  expect(numbers(found.y)).toEqual([1, 2, 3, 4])
})

test('vmap refuses values of different lengths and axes that are not there', () => {
  const x = input('x', 'float32', [4, 3])
  expect(() => vmap((a, b) => add(a, b), [x, constant([1, 2, 3])])).toThrow('vmap goes through 4, 3 examples')
  expect(() => vmap((a) => a, [x], { axis: 2 })).toThrow('value 0 of vmap is float32[4, 3], which has no axis 2')
})
