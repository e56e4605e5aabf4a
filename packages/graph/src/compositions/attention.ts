import { constant } from '../leaf.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import {
  add,
  and,
  cast,
  div,
  equal,
  less,
  lessOrEqual,
  mul,
  reciprocal,
  sqrt,
  sub,
  tanh,
  where,
} from '../operators/elementwise.ts'
import { gather, slice } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { reduceMax, softmax } from '../operators/reduction.ts'
import {
  concat,
  expand,
  pad,
  range,
  reshape,
  shape,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from '../operators/structure.ts'
import { float, int } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

const NOTHING = Number.NEGATIVE_INFINITY

/** Returns the size of an axis as an int64 scalar. */
const length = (x: Value, axis: number): Value => squeeze(shape(x, axis, axis + 1), [0])

/** Returns [batch, heads, time, features]. */
const headed = (x: Value, heads: number): Value =>
  x.shape.length === 4 ? x : transpose(reshape(x, [0, 0, heads, -1]), [0, 2, 1, 3])

/** Returns each head of keys or values as often as there are heads of queries for it. */
function shared(x: Value, q: Value): Value {
  const [own, wanted] = [x.shape[1], q.shape[1]]
  if (own === wanted) return x
  const times = div(shape(q, 1, 2), shape(x, 1, 2))
  const wide = unsqueeze(x, [2])
  const once = constant([1, 1], 'int64')
  const copies = expand(wide, concat([once, times, once]))
  return reshape(copies, concat([shape(x, 0, 1), shape(q, 1, 2), shape(x, 2)]))
}

/** Returns the mask over all keys: what a shorter one does not tell is left out. */
function widened(mask: Value, keys: Value): Value {
  const [own, all] = [mask.shape.at(-1)!, keys.shape[2]]
  if (own === all || mask.shape.length === 0) return mask
  const rank = mask.shape.length
  const missing = sub(shape(keys, 2, 3), shape(mask, rank - 1, rank))
  const none = new Array<number>(rank).fill(0)
  const pads =
    typeof own === 'number' && typeof all === 'number'
      ? [...none, ...none.slice(1), all - own]
      : concat([...[...none, ...none.slice(1)].map(() => sub(missing, missing)), missing])
  return pad(mask, pads, { value: dtypeOf(mask) === 'bool' ? false : NOTHING })
}

/** How far before and after its own place a query attends; below 0, without end. */
const windowOf = (use: Use): readonly [left: number, right: number] => [
  int(use, 'left_window_size', -1),
  int(use, 'right_window_size', -1),
]

function attended(use: Use): readonly Value[] {
  const [q, k, v, mask, pastKey, pastValue, lengths] = use.inputs as readonly [
    Value,
    Value,
    Value,
    ...(Value | null | undefined)[],
  ]
  const [heads, keyHeads] = [int(use, 'q_num_heads', 0), int(use, 'kv_num_heads', 0)]
  const queries = headed(q, heads)
  const newKeys = headed(k, keyHeads)
  const newValues = headed(v, keyHeads)
  const keys = pastKey ? concat([pastKey, newKeys], { axis: 2 }) : newKeys
  const values = pastValue ? concat([pastValue, newValues], { axis: 2 }) : newValues
  const products = matMul(mul(queries, scaleOf(use, queries)), transpose(shared(keys, queries), [0, 1, 3, 2]))
  const cap = float(use, 'softcap', 0)
  const capped = cap > 0 ? mul(cap, tanh(div(products, cap))) : products

  const tests: Value[] = []
  const places = unsqueeze(range(0, length(keys, 2)), [0])
  if (mask && dtypeOf(mask) === 'bool') tests.push(widened(mask, keys))
  const [left, right] = windowOf(use)
  if (int(use, 'is_causal', 0) === 1 || left >= 0 || right >= 0) {
    const own = unsqueeze(range(0, length(queries, 2)), [1])
    const before = lengths
      ? reshape(sub(lengths, length(queries, 2)), [-1, 1, 1, 1])
      : pastKey
        ? length(pastKey, 2)
        : undefined
    const at = before ? add(own, before) : own
    if (int(use, 'is_causal', 0) === 1) tests.push(lessOrEqual(places, at))
    if (left >= 0) tests.push(lessOrEqual(sub(at, left), places))
    if (right >= 0) tests.push(lessOrEqual(places, add(at, right)))
  }
  if (lengths) tests.push(less(places, reshape(lengths, [-1, 1, 1, 1])))
  const added = mask && dtypeOf(mask) !== 'bool' ? add(capped, widened(mask, keys)) : capped
  const scores =
    tests.length === 0
      ? added
      : where(
          tests.reduce((a, b) => and(a, b)),
          added,
          NOTHING,
        )
  const weights = shares(scores, use, Boolean(mask ?? lengths) || left >= 0 || right >= 0)
  const y = matMul(weights, shared(values, queries))
  const kept = [products, capped, scores, weights][int(use, 'qk_matmul_output_mode', 0)]
  return [q.shape.length === 4 ? y : reshape(transpose(y, [0, 2, 1, 3]), [0, 0, -1]), keys, values, kept]
}

/** Softmax; a query that may attend to nothing does not. */
function shares(scores: Value, use: Use, masked: boolean): Value {
  const dtype = dtypeOf(scores)!
  const precise = DATA_TYPE_OF_CODE[int(use, 'softmax_precision', 0)] ?? dtype
  const wide = cast(scores, precise)
  if (!masked) return cast(softmax(wide), dtype)
  const idle = equal(reduceMax(wide, { axes: [-1], keepDims: true }), NOTHING)
  return cast(where(idle, 0, softmax(where(idle, 0, wide))), dtype)
}

function scaleOf(use: Use, queries: Value): Value | number {
  const given = float(use, 'scale', 0)
  const size = queries.shape[3]
  if (given !== 0) return given
  if (typeof size === 'number') return 1 / Math.sqrt(size)
  return reciprocal(sqrt(cast(length(queries, 3), dtypeOf(queries)!)))
}

/** Turns pairs of features by angles: (a, b) becomes (a cos - b sin, a sin + b cos). */
function rotated(use: Use): Value {
  const [x, cosines, sines, places] = use.inputs as readonly [Value, Value, Value, Value | null | undefined]
  const joined = x.shape.length === 3
  // three axes: [batch, time, heads, features], the angles the same for all heads
  const heads = joined ? reshape(x, [0, 0, int(use, 'num_heads', 1), -1]) : x
  const angles = (cache: Value): Value => unsqueeze(places ? gather(cache, places) : cache, [joined ? 2 : 1])
  const [cos, sin] = [angles(cosines), angles(sines)]
  const count = int(use, 'rotary_embedding_dim', 0)
  const part = (from: number, to: number): Value => slice(heads, [from], [to], { axes: [3] })
  const whole = count === 0 || count === heads.shape[3]
  const turned = whole ? heads : part(0, count)
  const interleaved = int(use, 'interleaved', 0) === 1
  const [a, b] = interleaved
    ? [0, 1].map((start) => slice(turned, [start], [Number.MAX_SAFE_INTEGER], { axes: [3], steps: [2] }))
    : split(turned, 2, { axis: 3 })
  const [real, imaginary] = [sub(mul(cos, a), mul(sin, b)), add(mul(sin, a), mul(cos, b))]
  const pairs = interleaved
    ? reshape(concat([unsqueeze(real, [4]), unsqueeze(imaginary, [4])], { axis: 4 }), [0, 0, 0, -1])
    : concat([real, imaginary], { axis: 3 })
  const y = whole ? pairs : concat([pairs, part(count, Number.MAX_SAFE_INTEGER)], { axis: 3 })
  return joined ? reshape(y, [0, 0, -1]) : y
}

/** What operators that attend are made of. */
export const attention: Compositions = {
  Attention: attended,
  RotaryEmbedding: (use) => [rotated(use)],
}
