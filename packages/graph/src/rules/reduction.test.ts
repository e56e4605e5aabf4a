import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { type Case, positive, testDerivatives, unary } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const reductions = { reduceL1: g.reduceL1, reduceLogSum: g.reduceLogSum, reduceProd: g.reduceProd }
const cases: Record<string, Case> = {}
for (const [name, reduce] of Object.entries(reductions))
  Object.assign(cases, {
    [`${name} all`]: unary((x) => reduce(x), positive),
    [`${name} last`]: unary((x) => reduce(x, { axes: [-1] }), positive),
    [`${name} kept`]: {
      shapes: [[2, 3, 2]],
      make: (x: Value) => reduce(x, { axes: [0, 2], keepDims: true }),
      ...positive,
    },
    [`${name} none`]: unary((x) => reduce(x, { axes: [] }), positive),
  })

testDerivatives({
  ...cases,
  'reduceProd of seven': { shapes: [[7]], make: (x) => g.reduceProd(x), within: [0.5, 1.5] },
  'reduceProd of one': { shapes: [[1, 3]], make: (x) => g.reduceProd(g.mul(x, x), { axes: [0] }) },
  cumProd: { shapes: [[2, 5]], make: (x) => g.cumProd(x, 1) },
  'cumProd of the first axis, reverse': { shapes: [[5, 2]], make: (x) => g.cumProd(x, 0, { reverse: true }) },
  'cumProd exclusive': { shapes: [[4, 2]], make: (x) => g.cumProd(x, -2, { exclusive: true }) },
  'cumProd exclusive, reverse': { shapes: [[4]], make: (x) => g.cumProd(x, 0, { exclusive: true, reverse: true }) },
})

const feed = (...list: number[]) => tensor('float64', [list.length], Float64Array.from(list))

describe.each([3, 'n'])('zeros among %s factors', (size) => {
  const x = g.input('x', 'float64', [size])
  const seconds = g.reduceSum(g.mul(g.grad(g.reduceProd(x), [x])[0], g.constant([1, 10, 100], 'float64')))
  const outputs = {
    product: g.grad(g.reduceProd(x), [x])[0],
    running: g.vjp([g.cumProd(x)], [x], [g.identity(x)])[0],
    second: g.grad(seconds, [x])[0],
  }

  test('a product is differentiated by the product of the others', async () => {
    const numbers = async (...list: number[]) => {
      const results = await run(outputs, { x: feed(...list) })
      return Object.values(results).map(({ data }) => Array.from(data as Float64Array, (value) => value + 0))
    }
    // running: x_j gets sum over i >= j of x_i prod of others up to i
    expect(await numbers(2, 0, 5)).toEqual([
      [0, 10, 0],
      [2, 50, 0],
      [50, 205, 20],
    ])
    expect(await numbers(0, 0, 5)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [50, 5, 0],
    ])
  })
})

test('the product of nothing is 1', async () => {
  const x = g.input('x', 'float64', [0, 2])
  const results = await run(
    { y: g.reduceProd(x, { axes: [0] }), slope: g.grad(g.reduceProd(x), [x])[0] },
    { x: tensor('float64', [0, 2], new Float64Array(0)) },
  )
  expect(results.y.data).toEqual(Float64Array.of(1, 1))
  expect(results.slope.shape).toEqual([0, 2])
})

test('the logarithm of a sum of nothing (all -inf) has the derivative 0', async () => {
  const x = g.input('x', 'float64', ['n'])
  const results = await run({ slope: g.grad(g.reduceLogSumExp(x), [x])[0] }, { x: feed(-Infinity, -Infinity) })
  expect(results.slope.data).toEqual(Float64Array.of(0, 0))
})

test('what cannot be taken apart before a run is refused, with the way out', () => {
  const [x, axis] = [g.input('x', 'float64', [2, 3]), g.input('axis', 'int64', [])]
  expect(() => g.grad(g.reduceSum(g.cumProd(x, axis)), [x])).toThrowError(
    expect.objectContaining({ code: 'NOT_DIFFERENTIABLE', hint: 'give it as numbers' }),
  )
  expect(() => g.cumProd(x, 2)).toThrowError(expect.objectContaining({ code: 'AXIS_OUT_OF_RANGE' }))
  expect(() => g.hardmax(x, { axis: 5 })).toThrowError(expect.objectContaining({ code: 'AXIS_OUT_OF_RANGE' }))
})
