import { intsOf } from '../known.ts'
import { axisIn, type Call, type DTypeSet, dtypeIn, int, type Schema, same, to } from '../schema.ts'
import { type AttributeKind, type Dim, freshDim, type Value } from '../value.ts'

/**
 * Returns the axes that a reduction reduces, counted from the front and sorted; undefined when they are only known in a
 * run. No axes given means all axes, or none with `noop_with_empty_axes`.
 */
export function reducedAxes(
  call: Pick<Call, 'attributes'>,
  x: Value,
  axes: Value | null | undefined,
): readonly number[] | undefined {
  const rank = x.shape.length
  const known = axes ? intsOf(axes) : []
  if (known === undefined) return undefined
  if (known.length > 0) return [...new Set(known.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b)
  return int(call, 'noop_with_empty_axes', 0) === 1 ? [] : x.shape.map((_, axis) => axis)
}

function reducedShape(call: Call): readonly Dim[] {
  const [x, axes] = call.inputs as readonly [Value, Value | undefined]
  const keep = int(call, 'keepdims', 1) === 1
  for (const axis of (axes && intsOf(axes)) ?? []) axisIn(call, axis, x.shape.length)
  const reduced = reducedAxes(call, x, axes)
  if (reduced !== undefined) return x.shape.flatMap((dim, axis) => (reduced.includes(axis) ? (keep ? [1] : []) : [dim]))
  if (keep) return x.shape.map((dim) => (dim === 1 ? 1 : freshDim()))
  const count = axes!.shape[0]
  return typeof count === 'number' ? Array.from({ length: x.shape.length - count }, freshDim) : x.shape.slice(0, 0)
}

const ATTRIBUTES: Record<string, AttributeKind> = { keepdims: 'int', noop_with_empty_axes: 'int' }

const reduce = (since: number, set: DTypeSet = 'number'): Schema => ({
  since,
  inputs: [1, 2],
  attributes: ATTRIBUTES,
  types: (call) => {
    if (call.inputs[1]) dtypeIn(call, 1, 'int64')
    return same(set, 1)(call)
  },
  shapes: (call) => [reducedShape(call)],
})

const arg: Schema = {
  since: 13,
  inputs: [1, 1],
  attributes: { axis: 'int', keepdims: 'int', select_last_index: 'int' },
  types: to('int64', 'number'),
  shapes: (call) => {
    const { shape } = call.inputs[0]!
    const axis = axisIn(call, int(call, 'axis', 0), shape.length)
    return [int(call, 'keepdims', 1) === 1 ? shape.with(axis, 1) : shape.toSpliced(axis, 1)]
  },
}

const along = (since: number): Schema => ({
  since,
  inputs: [1, 1],
  attributes: { axis: 'int' },
  types: same('float'),
  shapes: (call) => {
    const { shape } = call.inputs[0]!
    axisIn(call, int(call, 'axis', -1), shape.length)
    return [shape]
  },
})

const running = (since: number): Schema => ({
  since,
  inputs: [2, 2],
  attributes: { exclusive: 'int', reverse: 'int' },
  types: (call) => {
    dtypeIn(call, 1, 'index')
    return same('number', 1)(call)
  },
  shapes: (call) => {
    const axis = intsOf(call.inputs[1])?.[0]
    if (axis !== undefined) axisIn(call, axis, call.inputs[0]!.shape.length)
    return [call.inputs[0]!.shape]
  },
})

/** Operators that sum up along axes. */
export const reduction = {
  ReduceSum: reduce(13),
  ReduceMean: reduce(18),
  ReduceMax: reduce(20, 'ordered'),
  ReduceMin: reduce(20, 'ordered'),
  ReduceSumSquare: reduce(18),
  ReduceL2: reduce(18),
  ReduceLogSumExp: reduce(18),
  ReduceLogSum: reduce(18),
  ReduceL1: reduce(18),
  ReduceProd: reduce(18),
  ArgMax: arg,
  ArgMin: arg,
  Softmax: along(13),
  LogSoftmax: along(13),
  Hardmax: along(13),
  CumSum: running(14),
  CumProd: running(26),
} as const satisfies Record<string, Schema>
