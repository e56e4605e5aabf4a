import { mul } from '../operators/elementwise.ts'
import { gemm, matMul } from '../operators/linear.ts'
import { flatten, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import type { Rule } from '../rule.ts'
import { gemmOptions, type linear as schemas } from '../schemas/linear.ts'
import type { Value } from '../value.ts'
import { unbroadcast } from './shape.ts'

/** Returns x with its last two axes exchanged. */
function swapped(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis)
  return transpose(x, [...axes.slice(0, -2), axes[axes.length - 1], axes[axes.length - 2]])
}

/** d(AB)/dA: g B^T, summed over the batches that A was broadcast to. */
function left(g: Value, a: Value, b: Value): Value {
  if (a.shape.length === 2 && b.shape.length === 2) return gemm(g, b, null, { transB: true })
  return unbroadcast(matMul(g, swapped(b)), a)
}

/** d(AB)/dB: A^T g; where B is one matrix for all batches, the batches become rows of one product. */
function right(g: Value, a: Value, b: Value): Value {
  if (b.shape.length === 2) {
    const [rows, cotangents] = [asRows(a), asRows(g)]
    return gemm(rows, cotangents, null, { transA: true })
  }
  return unbroadcast(matMul(swapped(a), g), b)
}

/** Returns x as a matrix whose rows are all its batches. */
const asRows = (x: Value): Value => (x.shape.length === 2 ? x : flatten(x, { axis: x.shape.length - 1 }))

/** Products of vectors are products of matrices with an axis of size 1. */
const widen = (a: Value, b: Value): { a: Value; b: Value; g: (g: Value) => Value } => {
  const [row, column] = [a.shape.length === 1, b.shape.length === 1]
  return {
    a: row ? unsqueeze(a, [0]) : a,
    b: column ? unsqueeze(b, [1]) : b,
    g: (g) => (column ? unsqueeze(row ? unsqueeze(g, [-1]) : g, [-1]) : row ? unsqueeze(g, [-2]) : g),
  }
}

/** Rules of the matrix products. */
export const linear: { readonly [O in keyof typeof schemas]: Rule } = {
  MatMul: {
    vjp: ({ g, x: [a, b] }) => {
      const wide = widen(a, b)
      const cotangent = wide.g(g)
      return [
        () => (a.shape.length === 1 ? squeeze(left(cotangent, wide.a, wide.b), [0]) : left(cotangent, a, wide.b)),
        () => (b.shape.length === 1 ? squeeze(right(cotangent, wide.a, wide.b), [-1]) : right(cotangent, wide.a, b)),
      ]
    },
  },
  Gemm: {
    vjp: ({ g, x: [a, b, c], operation }) => {
      const { alpha, beta, transA, transB } = gemmOptions(operation)
      return [
        () =>
          transA
            ? gemm(b, g, null, { alpha, transA: transB, transB: true })
            : gemm(g, b, null, { alpha, transB: !transB }),
        () =>
          transB
            ? gemm(g, a, null, { alpha, transA: true, transB: transA })
            : gemm(a, g, null, { alpha, transA: !transA }),
        () => c && unbroadcast(beta === 1 ? g : mul(beta, g), c),
      ]
    },
  },
}
