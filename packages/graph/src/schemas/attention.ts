import { agree, type Call, dtypeIn, int, refuse, type Schema } from '../schema.ts'
import { type Dim, dtypeOf, freshDim, tensorType, type Value } from '../value.ts'

/** Returns the size of one part of an axis that is cut into `parts`; undefined when they do not fit. */
function part(size: Dim, parts: number): Dim | undefined {
  if (parts === 1) return size
  if (typeof size === 'string') return freshDim()
  return size % parts === 0 ? size / parts : undefined
}

const times = (size: Dim, factor: number): Dim =>
  factor === 1 ? size : typeof size === 'number' ? size * factor : freshDim()

const plus = (a: Dim, b: Dim): Dim =>
  typeof a === 'number' && typeof b === 'number' ? a + b : a === 0 ? b : b === 0 ? a : freshDim()

/** Returns [batch, heads, time, features] of queries, keys or values; three axes are [batch, time, heads * features]. */
function headed(call: Call, position: number, heads: number): readonly Dim[] {
  const { shape } = call.inputs[position]!
  if (shape.length === 4) return shape
  const size = heads > 0 ? part(shape[2], heads) : undefined
  if (size === undefined)
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `${heads > 0 ? `${shape[2]} features are no ${heads} heads` : 'the number of heads is not told'}`,
      'tensors of three axes need q_num_heads and kv_num_heads that divide their features',
    )
  return [shape[0], heads, shape[1], size]
}

function attentionShapes(call: Call): readonly (readonly Dim[])[] {
  const [q, k, v, mask, pastKey, pastValue, lengths] = call.inputs as readonly (Value | null | undefined)[]
  const rank = q!.shape.length
  if ((rank !== 3 && rank !== 4) || k!.shape.length !== rank || v!.shape.length !== rank)
    throw refuse(call, 'SHAPE_MISMATCH', 'queries, keys and values all have three axes, or four')
  if (!pastKey !== !pastValue) throw refuse(call, 'INPUT_MISSING', 'past keys and past values come together')
  if (pastKey && lengths)
    throw refuse(call, 'SHAPE_MISMATCH', 'a cache is inside (past keys and values) or outside (lengths), not both')
  const [heads, keyHeads] = [int(call, 'q_num_heads', 0), int(call, 'kv_num_heads', 0)]
  const [queries, keys, values] = [headed(call, 0, heads), headed(call, 1, keyHeads), headed(call, 2, keyHeads)]
  if (typeof queries[1] === 'number' && typeof keys[1] === 'number' && (keys[1] === 0 || queries[1] % keys[1] !== 0))
    throw refuse(call, 'SHAPE_MISMATCH', `${queries[1]} heads of queries do not share ${keys[1]} heads of keys evenly`)
  if (mask && mask.shape.length > 4) throw refuse(call, 'SHAPE_MISMATCH', 'a mask has at most four axes')
  const all = plus(pastKey?.shape[2] ?? 0, keys[2])
  const y =
    rank === 4
      ? [queries[0], queries[1], queries[2], values[3]]
      : [queries[0], queries[2], heads === keyHeads ? v!.shape[2] : times(values[3], heads)]
  return [
    y,
    [keys[0], keys[1], all, keys[3]],
    [values[0], values[1], all, values[3]],
    [queries[0], queries[1], queries[2], all],
  ]
}

/** Operators that attend. */
export const attention = {
  Attention: {
    since: 24,
    inputs: [3, 7],
    attributes: {
      is_causal: 'int',
      kv_num_heads: 'int',
      left_window_size: 'int',
      q_num_heads: 'int',
      qk_matmul_output_mode: 'int',
      right_window_size: 'int',
      scale: 'float',
      softcap: 'float',
      softmax_precision: 'int',
    },
    types: (call) => {
      const dtype = agree(call, 'float', 0, 2)
      const values = dtypeIn(call, 2, 'float')
      const mask = call.inputs[3]
      if (mask && dtypeOf(mask) !== 'bool' && dtypeOf(mask) !== dtype)
        throw refuse(call, 'DTYPE_MISMATCH', 'a mask is bool, or has the element type of the queries')
      if (call.inputs[6]) dtypeIn(call, 6, 'int64')
      return [dtype, dtype, values, dtype].map(tensorType)
    },
    shapes: attentionShapes,
  },
  RotaryEmbedding: {
    since: 23,
    inputs: [3, 4],
    attributes: { interleaved: 'int', num_heads: 'int', rotary_embedding_dim: 'int' },
    types: (call) => {
      if (call.inputs[3]) dtypeIn(call, 3, 'int64')
      return [tensorType(agree(call, 'float', 0, 3))]
    },
    shapes: (call) => {
      const [x, cos, sin, places] = call.inputs as readonly (Value | null | undefined)[]
      if (x!.shape.length !== 3 && x!.shape.length !== 4)
        throw refuse(call, 'SHAPE_MISMATCH', 'what is turned is [batch, heads, time, features] or [batch, time, all]')
      const size = headed(call, 0, int(call, 'num_heads', 0))[3]
      const turned = int(call, 'rotary_embedding_dim', 0) || size
      const rank = places ? 2 : 3
      const half = cos!.shape.at(-1)!
      if (cos!.shape.length !== rank || sin!.shape.length !== rank)
        throw refuse(call, 'SHAPE_MISMATCH', `cosines and sines are [${places ? 'positions' : 'batch, time'}, half]`)
      if (typeof turned === 'number' && typeof half === 'number' && turned !== 2 * half)
        throw refuse(call, 'SHAPE_MISMATCH', `${turned} features are turned by ${half} angles, half as many are needed`)
      return [x!.shape]
    },
  },
} as const satisfies Record<string, Schema>
