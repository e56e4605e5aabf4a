import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const positive = (a: Value): Value =>
  g.add(g.matMul(a, g.transpose(a, [0, 2, 1])), g.mul(0.5, g.eye(3, { dtype: 'float64' })))
const far = (a: Value): Value => g.add(a, g.mul(3, g.eye(3, { dtype: 'float64' })))

testDerivatives({
  cholesky: { shapes: [[2, 3, 3]], make: (a) => g.cholesky(positive(a)), fixed: true },
  solveTriangular: {
    shapes: [
      [2, 3, 3],
      [2, 3, 2],
    ],
    make: (l, b) => g.solveTriangular(far(l), b),
    fixed: true,
  },
  'solveTriangular upper': {
    shapes: [
      [3, 3],
      [3, 2],
    ],
    make: (l, b) => g.solveTriangular(far(l), b, { upper: true }),
    fixed: true,
  },
  solve: {
    shapes: [
      [3, 3],
      [3, 2],
    ],
    make: (a, b) => g.solve(far(a), b),
    fixed: true,
  },
})

const a = g.input('a', 'float64', [3, 3])
const feeds = { a: tensor('float64', [3, 3], Float64Array.of(4, 2, 1, 2, 5, 3, 1, 3, 6)) }

test('the factor multiplies back, and triangles solve', async () => {
  const l = g.cholesky(a)
  const identity = g.eye(3, { dtype: 'float64' })
  const lower = g.matMul(l, g.solveTriangular(l, identity))
  const upper = g.matMul(g.transpose(l), g.solveTriangular(g.transpose(l), identity, { upper: true }))
  const results = await run({ back: g.matMul(l, g.transpose(l)), lower, upper, l }, feeds)
  const numbers = (name: string) => Array.from(results[name].data as Float64Array)
  for (const [i, value] of Array.from(feeds.a.data).entries()) expect(numbers('back')[i]).toBeCloseTo(value, 12)
  for (const name of ['lower', 'upper'])
    for (const [i, value] of numbers(name).entries()) expect(value).toBeCloseTo(i % 4 === 0 ? 1 : 0, 12)
  expect([numbers('l')[1], numbers('l')[2], numbers('l')[5]]).toEqual([0, 0, 0])
})

test('the derivative of a factor by its matrix is symmetric', async () => {
  const { slope } = await run({ slope: g.grad(g.reduceSum(g.cholesky(a)), [a])[0] }, feeds)
  expect(slope.data[1]).toBeCloseTo(slope.data[3] as number, 12)
  expect(slope.data[5]).toBeCloseTo(slope.data[7] as number, 12)
})

test('matrices that are not square, too large or of unknown size are refused', () => {
  const shapes = [
    [2, 3],
    [65, 65],
    ['n', 'n'],
    [0, 0],
  ]
  for (const shape of shapes)
    expect(() => g.cholesky(g.input('a', 'float64', shape))).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH', hint: expect.stringContaining('inverse') }),
    )
  expect(() => g.solveTriangular(a, g.input('b', 'float64', [3]))).toThrowError(
    expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
  )
})
