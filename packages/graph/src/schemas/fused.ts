import { agree, broadcastShapes, type Call, differ, dtypeIn, int, need, refuse, type Schema, same } from '../schema.ts'
import { type AttributeKind, type Dim, tensorType, type Value } from '../value.ts'
import { matMulShape } from './linear.ts'

const microsoft = { domain: 'com.microsoft', since: 1 } as const

/** The axes of an operand as FusedMatMul reads them. */
export function readOrder(rank: number, transposed: boolean, batches: boolean): readonly number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  // with its batches in the middle: [rows, batches..., columns] becomes [batches..., rows, columns]
  const order = batches ? [...axes.slice(1, -1), 0, rank - 1] : axes
  return transposed ? [...order.slice(0, -2), order[rank - 1], order[rank - 2]] : order
}

/** FusedMatMul's attributes for one operand. */
export const readingOf = (use: Pick<Call, 'attributes'>, operand: 'A' | 'B') => ({
  transposed: int(use, `trans${operand}`, 0) === 1,
  batches: int(use, `transBatch${operand}`, 0) === 1,
})

function productShape(call: Call): readonly Dim[] {
  const [a, b] = (['A', 'B'] as const).map((name, i) => {
    const value = need(call, i)
    const { transposed, batches } = readingOf(call, name)
    if (value.shape.length < 2) return value
    return { ...value, shape: readOrder(value.shape.length, transposed, batches).map((axis) => value.shape[axis]) }
  })
  return matMulShape({ ...call, inputs: [a, b] })
}

const byLast = (call: Call, x: Value, positions: readonly number[]): void => {
  for (const position of positions) {
    const value = call.inputs[position]
    if (value && (value.shape.length !== 1 || differ(value.shape[0], x.shape.at(-1)!)))
      throw refuse(call, 'SHAPE_MISMATCH', `input ${position} has one number for each place of the last axis`)
  }
}

const skipped = (inputs: readonly [number, number]): Schema => ({
  ...microsoft,
  inputs,
  attributes: { epsilon: 'float' },
  types: (call) => new Array(4).fill(tensorType(agree(call, 'float', 0, call.inputs.length))),
  shapes: (call) => {
    const [x, skip] = call.inputs as readonly [Value, Value]
    if (broadcastShapes(x.shape, skip.shape)?.length !== x.shape.length)
      throw refuse(call, 'SHAPE_MISMATCH', 'what is added does not fit')
    byLast(call, x, [2, 3, 4])
    const means = x.shape.with(-1, 1)
    return [x.shape, means, means, x.shape]
  },
})

const biased: Schema = {
  ...microsoft,
  inputs: [2, 2],
  attributes: {},
  types: same('float'),
  shapes: (call) => {
    byLast(call, need(call, 0), [1])
    return [need(call, 0).shape]
  },
}

/** Operators of ONNX Runtime that it makes of several of ONNX's, and that exporters write. */
export const fused = {
  FusedMatMul: {
    ...microsoft,
    inputs: [2, 2],
    attributes: {
      alpha: 'float',
      transA: 'int',
      transB: 'int',
      transBatchA: 'int',
      transBatchB: 'int',
    } as Record<string, AttributeKind>,
    types: same('float'),
    shapes: (call) => [productShape(call)],
  },
  FastGelu: { ...biased, inputs: [1, 2] },
  BiasGelu: biased,
  QuickGelu: { ...biased, inputs: [1, 1], attributes: { alpha: 'float' } },
  SkipLayerNormalization: skipped([3, 5]),
  SkipSimplifiedLayerNormalization: skipped([3, 4]),
  SimplifiedLayerNormalization: {
    since: 1,
    inputs: [2, 2],
    attributes: { axis: 'int', epsilon: 'float', stash_type: 'int' },
    types: (call) => {
      const dtype = dtypeIn(call, 0, 'float')
      return [tensorType(dtypeIn(call, 1, 'float')), tensorType(dtype === 'float64' ? 'float64' : 'float32')]
    },
    shapes: (call) => {
      const { shape } = need(call, 0)
      const given = int(call, 'axis', -1)
      const axis = given < 0 ? given + shape.length : given
      return [shape, shape.map((dim, i) => (i < axis ? dim : 1))]
    },
  },
} as const satisfies Record<string, Schema>
