import { readFileSync } from 'node:fs'
import { PodError, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import {
  abs,
  add,
  cast,
  ceil,
  clip,
  compile,
  constant,
  defineOp,
  elu,
  exp,
  floor,
  gelu,
  grad,
  greater,
  hvp,
  input,
  jvp,
  leakyRelu,
  linearize,
  logSoftmax,
  matMul,
  max,
  min,
  mod,
  mul,
  openSession,
  parameter,
  pow,
  reduceL2,
  reduceLogSumExp,
  reduceMax,
  reduceMin,
  reduceSum,
  relu,
  round,
  sign,
  softplus,
  sqrt,
  type Value,
  vjp,
  where,
} from './index.ts'

interface Reference {
  readonly cases: Readonly<Record<string, { inputs: (number | string)[][]; gradients: (number | string)[][] }>>
}

const reference = JSON.parse(
  readFileSync(new URL('../../../conformance/graph/subgradients.json', import.meta.url), 'utf8'),
) as Reference

const functions: Readonly<Record<string, (...x: readonly Value[]) => Value>> = {
  abs,
  sign,
  floor,
  ceil,
  round,
  sqrt,
  relu,
  leakyRelu: (x) => leakyRelu(x, { alpha: 0.2 }),
  elu: (x) => elu(x, { alpha: 1.5 }),
  clip: (x) => clip(x, -1, 1),
  max,
  min,
  reduceMax: (x) => reduceMax(x),
  reduceMin: (x) => reduceMin(x),
  reduceL2: (x) => reduceL2(x),
  'pow at 0': (x) => pow(x, 0),
  'pow base': pow,
  'where with an infinite side': (x) => where(greater(x, 0), x, 0),
  logSumExp: (x) => reduceLogSumExp(x),
  softplus,
  gelu: (x) => gelu(x),
  'gelu tanh': (x) => gelu(x, { approximate: 'tanh' }),
  logSoftmax: (x) => reduceSum(mul(logSoftmax(x), constant([1, 0, -2]))),
  mod: (a, b) => mod(a, b, { fmod: true }),
}

const vector = (numbers: readonly (number | string)[]): Tensor =>
  tensor('float32', [numbers.length], Float32Array.from(numbers, Number))

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  const fed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
  const results = await session.run(fed)
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as ArrayLike<number>)]),
  )
}

describe('at ties, bounds and kinks derivatives are those of torch 2.15', () => {
  test.each(Object.entries(reference.cases))('%s', async (name, { inputs, gradients }) => {
    const x = inputs.map((values, i) => input(`x${i}`, 'float32', [values.length]))
    const derivatives = grad(reduceSum(functions[name](...x)), x)
    const feeds = Object.fromEntries(inputs.map((values, i) => [`x${i}`, vector(values)]))
    const results = await run(Object.fromEntries(derivatives.map((value, i) => [`g${i}`, value])), feeds)
    for (const [i, expected] of gradients.entries())
      for (const [k, value] of expected.entries())
        if (Number.isFinite(Number(value))) expect(results[`g${i}`][k]).toBeCloseTo(Number(value), 5)
        else expect(results[`g${i}`][k]).toBe(Number(value))
  })
})

const x = input('x', 'float32', [2])
const y = input('y', 'float32', [2])
const feeds = { x: vector([1, 2]), y: vector([3, 5]) }

test('what a loss does not depend on has a derivative of zeros', async () => {
  const other = input('other', 'float32', ['n', 3])
  const [g] = grad(reduceSum(x), [other])
  const fed = tensor('float32', [2, 3], new Float32Array(6))
  expect(g.shape).toEqual(['n', 3])
  expect((await run({ g }, { other: fed })).g).toEqual([0, 0, 0, 0, 0, 0])
  const [whole] = jvp([mul(x, x)], [other], [other])
  expect((await run({ whole })).whole).toEqual([0, 0])
})

test('derivatives by intermediate values are total: they include what comes after', async () => {
  const square = mul(x, x)
  const [byX, bySquare] = grad(reduceSum(mul(square, y)), [x, square])
  expect(await run({ byX, bySquare }, feeds)).toEqual({ byX: [6, 20], bySquare: [3, 5] })
})

test('hvp is the Hessian times a vector', async () => {
  const v = constant([1, -1])
  const [h] = hvp(reduceSum(mul(mul(x, x), x)), [x], [v])
  expect((await run({ h }, { x: feeds.x })).h).toEqual([6, -12])
})

test('the third derivative of exp is exp', async () => {
  let value = exp(x)
  for (let i = 0; i < 3; i++) [value] = grad(reduceSum(value), [x])
  expect((await run({ value }, { x: feeds.x })).value[1]).toBeCloseTo(Math.exp(2), 4)
})

test('a power that is not taken does not spoil the second derivative of elu', async () => {
  const [first] = grad(reduceSum(elu(x, { alpha: 1.5 })), [x])
  const [second] = grad(reduceSum(first), [x])
  expect((await run({ second }, { x: vector([0, 1000]) })).second).toEqual([1.5, 0])
})

test('a constant exponent of 0 has derivatives of 0, at 0 as well', async () => {
  const [first] = grad(reduceSum(pow(x, 0)), [x])
  const [second] = grad(reduceSum(mul(first, x)), [x])
  expect(await run({ first, second }, { x: vector([0, 2]) })).toEqual({ first: [0, 0], second: [0, 0] })
})

test('whole numbers on the way stop derivatives', async () => {
  const [g] = grad(reduceSum(add(cast(cast(x, 'int64'), 'float32'), mul(2, x))), [x])
  expect((await run({ g })).g).toEqual([2, 2])
})

test('an empty batch gives zeros, and sizes met in the run decide what is summed', async () => {
  const p = input('p', 'float32', ['rows', 3])
  const q = input('q', 'float32', ['others', 3])
  const w = parameter('w', tensor('float32', [3, 2], new Float32Array(6).fill(1)))
  const [gp, gq] = grad(reduceSum(mul(p, q)), [p, q])
  const [gw] = grad(reduceSum(logSoftmax(matMul(p, w))), [w])
  await using session = await openSession(compile({ inputs: [p, q], outputs: { gp, gq, gw } }))
  const filled = (rows: number, value: number) => tensor('float32', [rows, 3], new Float32Array(rows * 3).fill(value))
  const none = await session.run({ p: filled(0, 1), q: filled(1, 2) })
  expect(none.gp).toEqual(filled(0, 0))
  expect(none.gq).toEqual(filled(1, 0))
  expect(none.gw).toEqual(tensor('float32', [3, 2], new Float32Array(6)))
  const two = await session.run({ p: filled(2, 1), q: filled(1, 2) })
  expect(two.gp).toEqual(filled(2, 2))
  expect(two.gq).toEqual(filled(1, 2))
})

const errorOf = (make: () => unknown): PodError => {
  try {
    make()
  } catch (error) {
    if (error instanceof PodError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('grad takes one number', () => {
  expect(errorOf(() => grad(x, [x]))).toMatchObject({
    code: 'NOT_SCALAR',
    message: 'grad takes one number, not float32[2]',
  })
})

test('derivatives by whole numbers are refused', () => {
  const i = input('i', 'int64', [2])
  expect(errorOf(() => grad(reduceSum(x), [i]))).toMatchObject({
    code: 'DTYPE_MISMATCH',
    message: '"i" is int64[2], and only floating numbers have derivatives',
  })
})

test('a cotangent has the shape of its output', () => {
  expect(errorOf(() => vjp([x], [x], [constant([1, 2, 3])]))).toMatchObject({
    code: 'SHAPE_MISMATCH',
    message: 'cotangent 0 of vjp is float32[3], but its value is float32[2]',
  })
  expect(errorOf(() => jvp([x], [x, y], [x]))).toMatchObject({ code: 'SHAPE_MISMATCH' })
})

test('an operator without a derivative is an error that shows the way it lies on, never a silent zero', () => {
  const w = parameter('w', vector([1, 2]))
  const lookup = defineOp('my.domain', 'Lookup', {})
  const [found] = lookup([mul(w, 2)])
  const error = errorOf(() => grad(reduceSum(found), [w]))
  expect(error).toMatchObject({ code: 'NOT_DIFFERENTIABLE', message: 'Lookup has no derivative' })
  expect(error.because).toContain('it lies on the way Parameter "w" -> Mul -> Lookup -> ReduceSum')
  expect(error.hint).toContain('defineOp')
  expect(error.at).toMatch(/differentiate\.test\.ts:\d+$/)
})

test('what is not connected has a derivative of 0, or is an error where that is asked for', async () => {
  const z = input('z', 'float32', [3])
  expect(grad(reduceSum(x), [z])[0].shape).toEqual([3])
  expect(errorOf(() => grad(reduceSum(x), [x, z], { unused: 'error' }))).toMatchObject({
    code: 'NOT_CONNECTED',
    message: 'no output depends on "z", which is float32[3]',
  })
  expect(errorOf(() => jvp([x, z], [x], [x], { unused: 'error' }))).toMatchObject({
    code: 'NOT_CONNECTED',
    message: 'nothing that is varied leads to "z", which is float32[3]',
  })
})

test('a linearized function takes tangents', () => {
  const along = linearize([mul(x, x)], [x])
  expect(along([y])[0].shape).toEqual([2])
})
