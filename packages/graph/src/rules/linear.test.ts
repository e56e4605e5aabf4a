import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const einsum = (equation: string, ...shapes: readonly (readonly number[])[]) => ({
  [equation]: { shapes, make: (...x: readonly Value[]) => g.einsum(equation, ...x) },
})

testDerivatives({
  ...einsum('ij,jk->ik', [2, 3], [3, 4]),
  ...einsum('bij,bjk->bik', [2, 2, 3], [2, 3, 2]),
  ...einsum('ij,jk', [2, 3], [3, 4]),
  ...einsum('ba', [2, 3]),
  ...einsum('i,i->', [3], [3]),
  ...einsum('i,j->ji', [3], [2]),
  ...einsum('ij->', [2, 3]),
  ...einsum('ij->j', [2, 3]),
  ...einsum('ij,kl->il', [2, 3], [2, 2]),
  ...einsum('ij,ij,j->i', [2, 3], [2, 3], [3]),
  ...einsum('ii->i', [3, 3]),
  ...einsum('ii', [3, 3]),
  ...einsum('iij,jk->ik', [2, 2, 3], [3, 2]),
  ...einsum('iii->i', [2, 2, 2]),
  ...einsum('...ij,...jk->...ik', [2, 1, 2, 3], [3, 3, 2]),
  ...einsum('...ij,jk->i...k', [2, 2, 3], [3, 2]),
  ...einsum('...i,...i', [2, 3], [3]),
  ...einsum('i...->...', [3, 2]),
  ...einsum('b...ii->b...i', [2, 1, 2, 2]),
  ...einsum(' i j , j -> i ', [2, 3], [3]),
  ...einsum(',->', [], []),
  'det of 1': { shapes: [[1, 1]], make: g.det, fixed: true },
  'det of 2 in batches': { shapes: [[3, 2, 2]], make: g.det, fixed: true },
  'det of 3': { shapes: [[3, 3]], make: g.det, fixed: true },
  'det of 4': { shapes: [[4, 4]], make: g.det, fixed: true },
  'det in single precision': { shapes: [[3, 3]], make: g.det, dtype: 'float32', epsilon: 1e-3 },
  inverse: {
    shapes: [[2, 3, 3]],
    make: (a) => g.inverse(g.add(a, g.mul(4, g.eye(3, { dtype: 'float64' })))),
    within: [-1, 1],
  },
})

const matrix = (n: number, ...data: number[]) => tensor('float32', [n, n], Float32Array.from(data))

describe('determinants', () => {
  test('of singular matrices have the adjugate as derivative, twice over', async () => {
    const a = g.input('a', 'float32', [3, 3])
    const [slope] = g.grad(g.det(a), [a])
    const [second] = g.grad(g.reduceSum(g.mul(slope, slope)), [a])
    const results = await run({ det: g.det(a), slope, second }, { a: matrix(3, 1, 2, 3, 2, 4, 6, 1, 0, 1) })
    expect(results.det.data[0]).toBeCloseTo(0, 5)
    for (const [i, value] of [4, 4, -4, -2, -2, 2, 0, 0, 0].entries())
      expect(results.slope.data[i]).toBeCloseTo(value, 4)
    expect(Array.from(results.second.data as Float32Array).every(Number.isFinite)).toBe(true)
  })

  test('of more rows, or of an unknown number of them, have a derivative by the inverse', async () => {
    const [n, rng] = [10, (i: number) => Math.sin(3 * i * i + 1)]
    const data = Array.from({ length: n * n }, (_, i) => rng(i) + (i % (n + 1) === 0 ? 3 : 0))
    const [known, unknown] = [g.input('a', 'float32', [n, n]), g.input('a', 'float32', ['n', 'n'])]
    const slopes = [known, unknown].map((a) => g.grad(g.div(g.det(a), 1e4), [a])[0])
    for (const slope of slopes) {
      const a = slope === slopes[0] ? known : unknown
      const identity = g.matMul(slope, g.transpose(a))
      const results = await run({ identity, det: g.div(g.det(a), 1e4) }, { a: matrix(n, ...data) })
      const [scale] = results.det.data as Float32Array
      for (const [i, value] of Array.from(results.identity.data as Float32Array).entries())
        expect(value / scale).toBeCloseTo(i % (n + 1) === 0 ? 1 : 0, 3)
    }
  })
})

test('equations that are none, or do not fit, are refused', () => {
  const [a, b] = [g.input('a', 'float32', [2, 3]), g.input('b', 'float32', [4])]
  const code = (equation: string, operands: readonly Value[], expected: string) =>
    expect(() => g.einsum(equation, ...operands)).toThrowError(
      expect.objectContaining({ code: expected, message: expect.stringContaining('float32[2, 3]') }),
    )
  code('i-j', [a], 'EQUATION_INVALID')
  code('ij..->i', [a], 'EQUATION_INVALID')
  code('ij,j->i', [a], 'EQUATION_INVALID')
  code('ij->iji', [a], 'EQUATION_INVALID')
  code('ij->k', [a], 'EQUATION_INVALID')
  code('ijk->k', [a], 'SHAPE_MISMATCH')
  code('ijk...->k', [a], 'SHAPE_MISMATCH')
  code('ij,j->i', [a, b], 'SHAPE_MISMATCH')
  for (const make of [g.det, g.inverse])
    expect(() => make(a)).toThrowError(expect.objectContaining({ code: 'SHAPE_MISMATCH' }))
})
