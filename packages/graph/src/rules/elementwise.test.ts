import { type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { applyOne } from '../apply.ts'
import { float } from '../attribute.ts'
import * as g from '../index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const within = (low: number, high: number) => ({ within: [low, high] as const })

/** In single precision by the operator, in double by what it is made of. */
const both = (name: string, make: Case['make'], more: Partial<Case> = {}): Readonly<Record<string, Case>> => ({
  [name]: { shapes: [[2, 3]], make, dtype: 'float32', ...more },
  [`${name} in double precision`]: { shapes: [[2, 3]], make, ...more },
})

testDerivatives({
  ...both('tan', g.tan, within(-1, 1)),
  ...both('asin', g.asin, within(-0.7, 0.7)),
  ...both('acos', g.acos, within(-0.7, 0.7)),
  ...both('atan', g.atan),
  ...both('erf', g.erf),
  ...both('gelu', (x) => g.gelu(x)),
  ...both('gelu by tanh', (x) => g.gelu(x, { approximate: 'tanh' })),
  ...both('sinh', g.sinh),
  ...both('cosh', g.cosh),
  ...both('asinh', g.asinh),
  ...both('acosh', g.acosh, within(1.5, 3)),
  ...both('atanh', g.atanh, within(-0.7, 0.7)),
  ...both('softsign', g.softsign),
  ...both('prelu', g.prelu, { shapes: [[2, 3], [3]] }),
  ...both('prelu with one slope', g.prelu, { shapes: [[2, 3], []] }),
  ...both('thresholdedRelu', (x) => g.thresholdedRelu(g.mul(x, x), { alpha: 0.5 })),
  ...both('elu', (x) => g.elu(x, { alpha: 1.5 })),
  ...both('celu', (x) => g.celu(x, { alpha: 1.5 })),
  ...both('selu', (x) => g.selu(x)),
  ...both('hardSigmoid', (x) => g.hardSigmoid(g.mul(x, x), { alpha: 0.4, beta: -0.2 })),
  ...both('hardSwish', (x) => g.hardSwish(g.mul(2.3, x))),
  ...both('shrink', (x) => g.shrink(g.mul(x, x), { limit: 0.6, bias: 0.2 })),
  ...both('mish', g.mish),
  ...both('swish', (x) => g.swish(x)),
  ...both('the operator Swish', (x) => applyOne('Swish', [x], { alpha: float(1.7) })),
  ...both('mean', g.mean, { shapes: [[2, 3], [3], []] }),
  'castLike there and back': {
    shapes: [[2, 3]],
    make: (x) => applyOne('CastLike', [applyOne('CastLike', [x, g.constant(0, 'float32')]), x]),
    epsilon: 0.1,
    tolerance: 1e-3,
    rounded: true,
  },
  'dropout outside training': { shapes: [[2, 3]], make: (x) => g.dropout(x, { training: false }).values },
  'dropout of nothing': { shapes: [[2, 3]], make: (x) => g.dropout(g.mul(x, x), { ratio: 0 }).values },
  'pow of both': { shapes: [[2, 3], [3]], make: g.pow, ...within(0.5, 2) },
})

test('slopes and types of each example of a batch', () => {
  const [x, s] = [g.input('x', 'float32', [2, 3]), g.input('s', 'float32', [4, 3])]
  expect(g.vmap((slope) => g.prelu(x, slope), [s]).shape).toEqual([4, 2, 3])
  const like = (one: Value): Value => applyOne('CastLike', [x, one])
  expect(g.vmap(like, [s]).shape).toEqual([4, 2, 3])
})

const x = g.input('x', 'float32', ['n'])
const ones = (n: number) => tensor('float32', [n], new Float32Array(n).fill(1))

describe('dropout in training', () => {
  test('passes on what it keeps, scaled up, and the derivative has the same mask', async () => {
    const { values, mask } = g.dropout(x, { ratio: 0.25 })
    const [slope] = g.vjp([values], [x], [g.identity(x)])
    const [moved] = g.jvp([values], [x], [g.identity(x)])
    const results = await run({ values, mask, slope, moved }, { x: ones(4000) })
    const kept = Array.from(results.mask.data as Uint8Array)
    const share = kept.reduce((sum, one) => sum + one, 0) / kept.length
    expect(Math.abs(share - 0.75)).toBeLessThan(0.04)
    const expected = Float32Array.from(kept, (one) => (one ? 1 / 0.75 : 0))
    for (const name of ['values', 'slope', 'moved']) expect(results[name].data).toEqual(expected)
  })

  test('of everything is zeros, even of what is infinite', async () => {
    const { values, mask } = g.dropout(x, { ratio: 1 })
    const results = await run(
      { values, mask, slope: g.vjp([values], [x], [g.identity(x)])[0] },
      { x: tensor('float32', [2], Float32Array.of(1, Number.POSITIVE_INFINITY)) },
    )
    expect(results.values.data).toEqual(Float32Array.of(0, 0))
    expect(results.slope.data).toEqual(Float32Array.of(0, 0))
    expect(results.mask.data).toEqual(Uint8Array.of(0, 0))
  })

  test('draws twice for two uses, though they are alike', async () => {
    const [a, b] = [g.dropout(x).values, g.dropout(x).values]
    const results = await run({ a, b }, { x: ones(200) })
    expect(results.a.data).not.toEqual(results.b.data)
  })

  test.each([true, false])('in a loop, kept or computed again, draws once (optimised: %s)', async (optimize) => {
    const rows = g.input('rows', 'float32', [3, 50])
    const turn = (_: readonly Value[], [row]: readonly Value[]) => ({ state: [], collect: [g.dropout(row).values] })
    const makes = [
      () => g.scan([], [rows], turn)[0],
      () => g.scan([], [rows], turn, { remember: 'state' })[0],
      () => g.checkpoint([rows], ([x]) => [g.dropout(x).values])[0],
      () => g.vmap((row) => g.dropout(row).values, [rows]),
    ]
    for (const make of makes) {
      const y = make()
      await using session = await g.openSession(
        g.compile({ outputs: { y, slope: g.grad(g.reduceSum(y), [rows])[0] }, optimize }),
      )
      const results = await session.run({ rows: tensor('float32', [3, 50], new Float32Array(150).fill(1)) })
      expect(results.slope.data).toEqual(results.y.data)
      expect(new Set(results.y.data as Float32Array)).toEqual(new Set([0, 2]))
    }
  })

  test('in a branch has no derivative, and says what to do', () => {
    const y = g.ifElse(
      g.greater(g.reduceSum(x), 0),
      () => g.dropout(x).values,
      () => x,
    )
    expect(() => g.grad(g.reduceSum(y), [x])).toThrowError(
      expect.objectContaining({ code: 'NOT_DIFFERENTIABLE', hint: 'draw before the If, and use in it what was drawn' }),
    )
  })

  test('of a ratio that is no probability is refused', () => {
    expect(() => g.dropout(x, { ratio: 1.5 })).toThrowError(expect.objectContaining({ code: 'RATIO_OUT_OF_RANGE' }))
    expect(() => g.dropout(x, { ratio: Number.NaN })).toThrowError(
      expect.objectContaining({ code: 'RATIO_OUT_OF_RANGE' }),
    )
  })
})

test('the second derivative of a power is finite at 0', async () => {
  const power = g.reduceSum(g.pow(x, g.input('b', 'float32', ['n'])))
  const second = g.grad(g.reduceSum(g.grad(power, [x])[0]), [x])[0]
  const feed = (...list: number[]) => tensor('float32', [list.length], Float32Array.from(list))
  // (a^2)'' = 2, (a^1)'' = (a^0)'' = 0
  const results = await run({ second }, { x: feed(0, 0, 0, 3), b: feed(2, 1, 0, 0) })
  expect(Array.from(results.second.data as Float32Array, (value) => value + 0)).toEqual([2, 0, 0, 0])
})

test('the root of a sum of squares is a norm, with the subgradient 0 at 0; another root is as steep as it is', async () => {
  const rows = g.input('rows', 'float32', ['n', 2])
  const squares = g.unsqueeze(g.reduceSumSquare(rows, { axes: [1] }), [0])
  const [slope] = g.grad(g.reduceSum(g.sqrt(squares)), [rows])
  const [second] = g.grad(g.reduceSum(g.mul(slope, slope)), [rows])
  const steep = g.grad(g.reduceSum(g.sqrt(g.reduceSum(g.mul(rows, rows), { axes: [1] }))), [rows])[0]
  const feed = tensor('float32', [2, 2], Float32Array.of(0, 0, 3, 4))
  const results = await run({ slope, second, steep }, { rows: feed })
  const numbers = (value: Tensor) => Array.from(value.data as Float32Array, (x) => Math.round(x * 1e4) / 1e4 + 0)
  expect(numbers(results.slope)).toEqual([0, 0, 0.6, 0.8])
  expect(numbers(results.second)).toEqual([0, 0, 0, 0])
  expect(numbers(results.steep)).toEqual([Number.NaN, Number.NaN, 0.6, 0.8])
})

test('inputs that do not fit are refused by name', () => {
  const codes = (make: () => unknown, code: string) =>
    expect(make).toThrowError(expect.objectContaining({ code, message: expect.stringContaining('32[n]') }))
  codes(() => g.prelu(x, g.input('slopes', 'float32', [2, 'n'])), 'SHAPE_MISMATCH')
  codes(() => g.bitwiseNot(x), 'DTYPE_MISMATCH')
  codes(() => g.bitShift(x, 1, 'left'), 'DTYPE_MISMATCH')
  codes(() => g.bitCast(x, 'int64'), 'DTYPE_UNSUPPORTED')
  codes(() => g.tan(g.cast(x, 'int32')), 'DTYPE_MISMATCH')
})
