import { dimsOf, intsOf } from '../known.ts'
import { agree, axisIn, type Call, dtypeIn, int, need, refuse, type Schema, same, to } from '../schema.ts'
import { type Dim, freshDim, tensorType, type Value } from '../value.ts'

function sliceShape(call: Call): readonly Dim[] {
  const [x, starts, ends, axes, steps] = call.inputs as readonly (Value | undefined)[]
  const [from, until, by] = [intsOf(starts), intsOf(ends), steps ? intsOf(steps) : undefined]
  const known = axes ? intsOf(axes) : (from ?? until)?.map((_, i) => i)
  if (known === undefined) return x!.shape.map(freshDim)
  const at = known.map((axis) => axisIn(call, axis, x!.shape.length))
  return x!.shape.map((dim, axis) => {
    const i = at.indexOf(axis)
    if (i < 0) return dim
    if (!from || !until || (steps && !by)) return freshDim()
    return sliceSize(dim, from[i], until[i], by?.[i] ?? 1)
  })
}

function sliceSize(dim: Dim, from: number, until: number, step: number): Dim {
  if (typeof dim === 'string') return from === 0 && step === 1 && until > Number.MAX_SAFE_INTEGER / 2 ? dim : freshDim()
  const [start, end] = sliceBounds(dim, from, until, step)
  return Math.max(0, Math.ceil((end - start) / step))
}

/** Returns the first index and the one past the last that a slice takes from an axis of `size`. */
function sliceBounds(size: number, from: number, until: number, step: number): [number, number] {
  const clamp = (i: number, low: number, high: number): number => Math.min(Math.max(i < 0 ? i + size : i, low), high)
  return step > 0
    ? [clamp(from, 0, size), clamp(until, 0, size)]
    : [clamp(from, 0, size - 1), clamp(until, -1, size - 1)]
}

const dataAndIndices = (call: Call) => {
  dtypeIn(call, 1, 'index')
  return same('any', 1)(call)
}

function scatterTypes(call: Call) {
  dtypeIn(call, 1, 'index')
  const dtype = dtypeIn(call, 0, 'any')
  if (dtypeIn(call, 2, 'any') !== dtype)
    throw refuse(call, 'DTYPE_MISMATCH', 'data and updates must have one element type')
  return [tensorType(dtype)]
}

function sameRank(call: Call, a: number, b: number): void {
  if (need(call, a).shape.length !== need(call, b).shape.length)
    throw refuse(call, 'SHAPE_MISMATCH', `inputs ${a} and ${b} must have one number of axes`)
}

function gatherNdShape(call: Call): readonly Dim[] {
  const [data, indices] = call.inputs as readonly [Value, Value]
  const batch = int(call, 'batch_dims', 0)
  const depth = indices.shape.at(-1)
  if (typeof depth !== 'number') throw refuse(call, 'RANK_UNKNOWN', 'the last size of the indices must be known')
  if (batch + depth > data.shape.length)
    throw refuse(call, 'SHAPE_MISMATCH', `indices of ${depth} places point into ${data.shape.length - batch} axes`)
  return [...indices.shape.slice(0, -1), ...data.shape.slice(batch + depth)]
}

/** Operators that pick and place elements. */
export const indexing = {
  Slice: {
    since: 13,
    inputs: [3, 5],
    attributes: {},
    types: (call) => {
      for (let i = 1; i < call.inputs.length; i++) if (call.inputs[i]) dtypeIn(call, i, 'index')
      return same('any', 1)(call)
    },
    shapes: (call) => [sliceShape(call)],
  },
  Gather: {
    since: 13,
    inputs: [2, 2],
    attributes: { axis: 'int' },
    types: dataAndIndices,
    shapes: (call) => {
      const [data, indices] = call.inputs as readonly [Value, Value]
      const axis = axisIn(call, int(call, 'axis', 0), data.shape.length)
      return [[...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)]]
    },
  },
  GatherElements: {
    since: 13,
    inputs: [2, 2],
    attributes: { axis: 'int' },
    types: dataAndIndices,
    shapes: (call) => {
      sameRank(call, 0, 1)
      axisIn(call, int(call, 'axis', 0), call.inputs[0]!.shape.length)
      return [call.inputs[1]!.shape]
    },
  },
  GatherND: {
    since: 13,
    inputs: [2, 2],
    attributes: { batch_dims: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      return same('any', 1)(call)
    },
    shapes: (call) => [gatherNdShape(call)],
  },
  ScatterElements: {
    since: 18,
    inputs: [3, 3],
    attributes: { axis: 'int', reduction: 'string' },
    types: scatterTypes,
    shapes: (call) => {
      sameRank(call, 0, 1)
      sameRank(call, 1, 2)
      axisIn(call, int(call, 'axis', 0), call.inputs[0]!.shape.length)
      return [call.inputs[0]!.shape]
    },
    unranked: (call) => [call.inputs[0]!.shape],
  },
  ScatterND: {
    since: 18,
    inputs: [3, 3],
    attributes: { reduction: 'string' },
    types: scatterTypes,
    shapes: (call) => {
      const [data, indices, updates] = call.inputs as readonly [Value, Value, Value]
      const depth = indices.shape.at(-1)
      if (typeof depth === 'number' && updates.shape.length !== indices.shape.length - 1 + data.shape.length - depth)
        throw refuse(call, 'SHAPE_MISMATCH', 'updates must have the shape indices.shape[:-1] + data.shape[depth:]')
      return [data.shape]
    },
    unranked: (call) => [call.inputs[0]!.shape],
  },
  TopK: {
    since: 11,
    inputs: [2, 2],
    attributes: { axis: 'int', largest: 'int', sorted: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      return [tensorType(dtypeIn(call, 0, 'number')), tensorType('int64')]
    },
    shapes: (call) => {
      const [{ shape }, k] = call.inputs as readonly [Value, Value]
      const axis = axisIn(call, int(call, 'axis', -1), shape.length)
      const size = dimsOf(k)?.[0] ?? freshDim()
      const all = shape[axis]
      if (typeof size === 'number' && typeof all === 'number' && size > all)
        throw refuse(call, 'SHAPE_MISMATCH', `the top ${size} of ${all} elements cannot be taken`)
      return [shape.with(axis, size), shape.with(axis, size)]
    },
  },
  OneHot: {
    since: 11,
    inputs: [3, 3],
    attributes: { axis: 'int' },
    types: (call) => {
      dtypeIn(call, 0, 'number')
      dtypeIn(call, 1, 'number')
      return [tensorType(agree(call, 'any', 2, 3))]
    },
    shapes: (call) => {
      const [{ shape }, depth] = call.inputs as readonly [Value, Value]
      const axis = axisIn(call, int(call, 'axis', -1), shape.length + 1)
      return [shape.toSpliced(axis, 0, dimsOf(depth)?.[0] ?? freshDim())]
    },
  },
  NonZero: {
    since: 13,
    inputs: [1, 1],
    attributes: {},
    types: to('int64'),
    shapes: (call) => [[call.inputs[0]!.shape.length, freshDim()]],
  },
  Compress: {
    since: 11,
    inputs: [2, 2],
    attributes: { axis: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'bool')
      return same('any', 1)(call)
    },
    shapes: (call) => {
      const [{ shape }, condition] = call.inputs as readonly [Value, Value]
      if (condition.shape.length !== 1) throw refuse(call, 'SHAPE_MISMATCH', 'a condition is a list')
      if (call.attributes.axis === undefined) return [[freshDim()]]
      return [shape.with(axisIn(call, int(call, 'axis', 0), shape.length), freshDim())]
    },
  },
  Unique: {
    since: 11,
    inputs: [1, 1],
    attributes: { axis: 'int', sorted: 'int' },
    types: (call) => [tensorType(dtypeIn(call, 0, 'any')), ...new Array(3).fill(tensorType('int64'))],
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      const count = freshDim()
      if (call.attributes.axis === undefined) return [[count], [count], [freshDim()], [count]]
      const axis = axisIn(call, int(call, 'axis', 0), shape.length)
      return [shape.with(axis, count), [count], [shape[axis]], [count]]
    },
  },
  ReverseSequence: {
    since: 10,
    inputs: [2, 2],
    attributes: { batch_axis: 'int', time_axis: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      return same('any', 1)(call)
    },
    shapes: (call) => {
      const [{ shape }, lengths] = call.inputs as readonly [Value, Value]
      const axes = [int(call, 'batch_axis', 1), int(call, 'time_axis', 0)]
      if (axes[0] + axes[1] !== 1 || axes[0] * axes[1] !== 0 || shape.length < 2)
        throw refuse(call, 'SHAPE_MISMATCH', 'the examples and the time are axes 0 and 1, or 1 and 0')
      if (lengths.shape.length !== 1) throw refuse(call, 'SHAPE_MISMATCH', 'the lengths are a list')
      return [shape]
    },
  },
  TensorScatter: {
    since: 24,
    inputs: [2, 3],
    attributes: { axis: 'int', mode: 'string' },
    types: (call) => {
      if (call.inputs[2]) dtypeIn(call, 2, 'int64')
      return [tensorType(agree(call, 'any', 0, 2))]
    },
    shapes: (call) => {
      sameRank(call, 0, 1)
      const { shape } = call.inputs[0]!
      if (axisIn(call, int(call, 'axis', -2), shape.length) === 0)
        throw refuse(call, 'AXIS_OUT_OF_RANGE', 'axis 0 counts the examples, and a cache grows along another')
      return [shape]
    },
  },
  NonMaxSuppression: {
    since: 11,
    inputs: [2, 5],
    attributes: { center_point_box: 'int' },
    types: (call) => {
      agree(call, 'float', 0, 2)
      if (call.inputs[2]) dtypeIn(call, 2, 'int64')
      return [tensorType('int64')]
    },
    shapes: (call) => {
      const [boxes, scores] = call.inputs as readonly [Value, Value]
      if (boxes.shape.length !== 3 || scores.shape.length !== 3)
        throw refuse(call, 'SHAPE_MISMATCH', 'boxes are [images, boxes, 4] and scores [images, classes, boxes]')
      return [[freshDim(), 3]]
    },
  },
  Trilu: {
    since: 14,
    inputs: [1, 2],
    attributes: { upper: 'int' },
    types: (call) => {
      if (call.inputs[1]) dtypeIn(call, 1, 'int64')
      return same('any', 1)(call)
    },
    shapes: (call) => {
      if (call.inputs[0]!.shape.length < 2) throw refuse(call, 'SHAPE_MISMATCH', 'a triangle is cut from matrices')
      return [call.inputs[0]!.shape]
    },
  },
} as const satisfies Record<string, Schema>
