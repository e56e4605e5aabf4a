import { adjugate } from '../compositions/linear.ts'
import { contractionOf, equationOf, LETTERS } from '../contraction.ts'
import { mul, neg } from '../operators/elementwise.ts'
import { einsum, gemm, inverse, matMul } from '../operators/linear.ts'
import { eye, flatten, shape, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import type { Rule } from '../rule.ts'
import { gemmOptions, type linear as schemas } from '../schemas/linear.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { onEach } from './law.ts'
import { expandTo, unbroadcast } from './shape.ts'

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
    jvp: onEach,
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
  Einsum: {
    vjp: ({ g, x, operation }) => x.map((_, i) => () => uncontracted(g, operation, i)),
    jvp: onEach,
  },
  // d(det A) = tr(adj(A) dA)
  Det: { vjp: ({ g, x: [a], y: [det] }) => [() => mul(unsqueeze(g, [-2, -1]), cofactors(a, det))] },
  // d(A^-1) = -A^-1 dA A^-1
  Inverse: {
    vjp: ({ g, y: [y] }) => [() => neg(matMul(swapped(y), matMul(g, swapped(y))))],
    jvp: ({ ts: [t], y: [y] }) => [t && neg(matMul(y, matMul(t, y)))],
  },
}

// Up to here the adjugate by products of matrices is as exact as the inverse.
const SMALL = 8

/** The transposed adjugate; of large matrices, or of an unknown size, det A A^-T, which singular ones do not have. */
function cofactors(a: Value, det: Value): Value {
  const size = a.shape.at(-1)!
  if (typeof size === 'number' && size <= SMALL) return swapped(adjugate(a).adjugate)
  return mul(unsqueeze(det, [-2, -1]), swapped(inverse(a)))
}

/** The cotangent of one operand of an Einstein sum: the operand and the result change places. */
function uncontracted(g: Value, operation: Operation, position: number): Value {
  const { terms, result } = contractionOf({ ...operation, outputs: 1, site: operation.meta.site })
  const x = operation.inputs as readonly Value[]
  const [own, dtype] = [x[position], dtypeOf(g)!]
  const labels: string[] = []
  const [values, parts]: [Value[], (readonly string[])[]] = [[g], [result]]
  for (const [i, value] of x.entries())
    if (i !== position) {
      values.push(value)
      parts.push(terms[i])
    }
  const free = LETTERS.filter((letter) => ![...terms.flat(), ...result].includes(letter)).values()
  for (const [axis, label] of terms[position].entries()) {
    if (!labels.includes(label)) {
      labels.push(label)
      continue
    }
    // A diagonal: the second axis of a label gets one of its own, which an identity ties to the first.
    const other = free.next().value as string
    const length = own.shape[axis]
    values.push(eye(typeof length === 'number' ? length : squeeze(shape(own, axis, axis + 1), [0]), { dtype }))
    parts.push([label, other])
    labels.push(other)
  }
  const known = new Set(parts.flat())
  const kept = labels.filter((label) => known.has(label))
  const y = einsum(equationOf({ terms: parts, result: kept }), ...values)
  const summed = labels.flatMap((label, axis) => (known.has(label) ? [] : [axis]))
  return unbroadcast(expandTo(summed.length === 0 ? y : unsqueeze(y, summed), own), own)
}
