import { PodError, tensor } from '@mlpod/contract'
import {
  type AttentionCache,
  abs,
  add,
  cast,
  concat,
  constant,
  expand,
  mul,
  neg,
  range,
  reshape,
  rotaryEmbedding,
  shape,
  slice,
  squeeze,
  sub,
  type Value,
} from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, whole } from './shape.ts'

/** Returns how many positions came before (int64 [1]): none without a past. */
export const before = (past?: AttentionCache): Value =>
  past === undefined ? constant([0], 'int64') : shape(past.keys, 2, 3)

/** Returns x [batch, time, heads size] with each head's features turned by the angles of their positions. Source: Su et al. (2021). */
export function turned(x: Value, heads: number, size: number, positions: number, past?: AttentionCache): Value {
  if (size % 2 !== 0)
    throw new PodError('LAYER_INVALID', `rotary positions turn pairs of features, and a head has ${size}`)
  const half = size / 2
  const angles = Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) / 10_000 ** ((2 * (i % half)) / size),
  )
  const examples = concat([shape(x, 0, 1), constant([1, 1], 'int64')])
  const first = before(past)
  const last = past === undefined ? shape(x, 1, 2) : add(first, shape(x, 1, 2))
  const table = (of: (angle: number) => number): Value => {
    const all = constant(tensor('float32', [1, positions, half], Float32Array.from(angles, of)))
    return expand(slice(all, first, last, { axes: [1] }), examples)
  }
  return rotaryEmbedding(x, table(Math.cos), table(Math.sin), { heads })
}

/**
 * Returns the slopes of ALiBi's heads: 2^(-8 i / heads) for i = 1 .. heads; for a number that is no power of two those of the
 * power below, and then every second one of the power above. Source: Press, Smith, Lewis (2022).
 */
export function alibiSlopes(heads: number): number[] {
  whole('bias of distances', { heads })
  const power = 2 ** Math.floor(Math.log2(heads))
  const of = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count))
  return [...of(power), ...of(2 * power).filter((_, i) => i % 2 === 0)].slice(0, heads)
}

/**
 * Returns what ALiBi adds to scores: -slope |i - j| for query i and key j of sequences [batch, time, ...], as
 * [1, heads, queries, keys] in float32; queries are counted after the past. Source: Press, Smith, Lewis (2022).
 */
export function alibi(heads: number, queries: Value, keys: Value, past?: AttentionCache): Value {
  const slopes = constant(tensor('float32', [1, heads, 1, 1], Float32Array.from(alibiSlopes(heads))))
  const first = squeeze(before(past), [0])
  const [rows, columns] = [queries, keys].map((x) => squeeze(shape(x, 1, 2), [0]))
  const i = reshape(range(first, add(first, rows)), [-1, 1])
  const j = range(constant(0, 'int64'), add(first, columns))
  return mul(slopes, neg(cast(abs(sub(i, j)), 'float32')))
}

/** Returns learned vectors of the positions added to [batch, time, features], `weight` [most, features]; positions count after a past. */
export function positions(most: number, { past }: { readonly past?: AttentionCache } = {}): Layer {
  whole('table of positions', { most })
  return (x, scope) => {
    const features = known(x, 2, 'table of positions', scope)
    const weight = scope.parameter('weight', [most, features], initializers.smallNormal, {
      fanIn: most,
      fanOut: features,
    })
    const first = before(past)
    const last = past === undefined ? shape(x, 1, 2) : add(first, shape(x, 1, 2))
    return add(x, slice(weight, first, last, { axes: [0] }))
  }
}
