import { contractionOf, labelSizes } from '../contraction.ts'
import { broadcastShapes, type Call, float, int, refuse, type Schema, same } from '../schema.ts'
import type { Dim, Value } from '../value.ts'

/** Tells whether two sizes may be the same size in a run. */
const mayEqual = (a: Dim, b: Dim): boolean => a === b || typeof a === 'string' || typeof b === 'string'

function contraction(call: Call, a: Dim, b: Dim): void {
  if (!mayEqual(a, b))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the inner sizes ${a} and ${b} differ`,
      'the columns of a must be the rows of b',
    )
}

/** Returns the shape of the product of inputs 0 and 1. */
export function matMulShape(call: Call): readonly Dim[] {
  const [{ shape: a }, { shape: b }] = call.inputs as readonly [Value, Value]
  if (a.length === 0 || b.length === 0)
    throw refuse(call, 'SHAPE_MISMATCH', 'a matrix product takes no scalars', 'use mul')
  contraction(call, a[a.length - 1], b.length === 1 ? b[0] : b[b.length - 2])
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2))
  if (batch === undefined) throw refuse(call, 'SHAPE_MISMATCH', 'the batch axes do not broadcast')
  return [...batch, ...(a.length === 1 ? [] : [a[a.length - 2]]), ...(b.length === 1 ? [] : [b[b.length - 1]])]
}

function gemmShape(call: Call): readonly Dim[] {
  const [{ shape: a }, { shape: b }] = call.inputs as readonly [Value, Value]
  if (a.length !== 2 || b.length !== 2)
    throw refuse(call, 'SHAPE_MISMATCH', 'gemm takes matrices', 'use matMul for other ranks')
  const [m, k] = int(call, 'transA', 0) === 1 ? [a[1], a[0]] : a
  const [inner, n] = int(call, 'transB', 0) === 1 ? [b[1], b[0]] : b
  contraction(call, k, inner)
  const c = call.inputs[2]
  if (
    c &&
    (c.shape.length > 2 || !c.shape.every((dim, i) => dim === 1 || mayEqual(dim, i === c.shape.length - 1 ? n : m)))
  )
    throw refuse(call, 'SHAPE_MISMATCH', `c must broadcast to [${m}, ${n}]`)
  return [m, n]
}

function squareIn(call: Call): readonly Dim[] {
  const { shape } = call.inputs[0]!
  const [rows, columns] = shape.slice(-2)
  if (shape.length < 2 || !mayEqual(rows, columns))
    throw refuse(call, 'SHAPE_MISMATCH', 'only square matrices have a determinant or an inverse')
  return shape
}

/** Products of matrices. */
export const linear = {
  MatMul: { since: 13, inputs: [2, 2], attributes: {}, types: same('number'), shapes: (call) => [matMulShape(call)] },
  Gemm: {
    since: 13,
    inputs: [2, 3],
    attributes: { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' },
    types: same('number'),
    shapes: (call) => [gemmShape(call)],
  },
  Einsum: {
    since: 12,
    inputs: [1, 1 << 30],
    attributes: { equation: 'string' },
    types: same('number'),
    shapes: (call) => {
      const contraction = contractionOf(call)
      const sizes = labelSizes(call, contraction)
      return [contraction.result.map((label) => sizes.get(label)!)]
    },
  },
  Det: {
    since: 11,
    inputs: [1, 1],
    attributes: {},
    types: same('float'),
    shapes: (call) => [squareIn(call).slice(0, -2)],
  },
  Inverse: {
    domain: 'com.microsoft',
    since: 1,
    inputs: [1, 1],
    attributes: {},
    types: same('float'),
    shapes: (call) => [squareIn(call)],
  },
} as const satisfies Record<string, Schema>

/** Gemm's attributes with ONNX's defaults filled in. */
export const gemmOptions = (call: Pick<Call, 'attributes'>) => ({
  alpha: float(call, 'alpha', 1),
  beta: float(call, 'beta', 1),
  transA: int(call, 'transA', 0) === 1,
  transB: int(call, 'transB', 0) === 1,
})
