import { apply, applyOne } from '../apply.ts'
import { flag, float, int } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { type Attribute, type Dim, dtypeOf, type Value } from '../value.ts'
import { add } from './elementwise.ts'
import type { Indices } from './indexing.ts'
import { concat, expand, shape } from './structure.ts'

/** How queries attend to keys. */
export interface AttentionOptions {
  /**
   * Broadcast to [batch, heads, queries, keys]: bool (true: may attend), or floating and added to the scores. A query that
   * may attend to nothing gives zeros.
   */
  readonly mask?: Value
  /** Default false. Else query i attends to key j <= i, counted after the past. */
  readonly causal?: boolean
  /** How many keys before and after its own place a query attends to. Default all. Written in plainer operators. */
  readonly window?: { readonly before?: number; readonly after?: number }
  /** Factor of the products. Default 1 / sqrt(features). */
  readonly scale?: number
  /** Scores are kept within [-softcap, softcap] by a tanh. Default 0: they are not. */
  readonly softcap?: number
  /** Number of heads of queries; needed for tensors of three axes. */
  readonly heads?: number
  /** Number of heads of keys and values, which `heads` is a multiple of. Default `heads`. */
  readonly keyHeads?: number
  /** How many keys of each example are no padding (int64 list). */
  readonly lengths?: Operand
}

function attributesOf({ causal = false, window = {}, scale, softcap = 0, heads, keyHeads = heads }: AttentionOptions) {
  const attributes: Record<string, Attribute> = {}
  if (causal) attributes.is_causal = flag(true)
  if (window.before !== undefined) attributes.left_window_size = int(window.before)
  if (window.after !== undefined) attributes.right_window_size = int(window.after)
  if (scale !== undefined) attributes.scale = float(scale)
  if (softcap !== 0) attributes.softcap = float(softcap)
  if (heads !== undefined) attributes.q_num_heads = int(heads)
  if (keyHeads !== undefined) attributes.kv_num_heads = int(keyHeads)
  return attributes
}

/** The runtime broadcasts a mask over examples and heads alone: its rows and columns are written out. */
function fitted(mask: Value | undefined, q: Value, k: Value, past?: AttentionCache): Value | null {
  if (mask === undefined) return null
  const along = q.shape.length === 3 ? 1 : 2
  const [row, column] = [mask.shape.at(-2) ?? 1, mask.shape.at(-1) ?? 1]
  const told = (size: Dim, wanted: Dim | undefined): boolean =>
    size === wanted || (typeof size === 'number' && size > 1)
  const [rows, columns] = [told(row, q.shape[along]), told(column, past ? undefined : k.shape[along])]
  if (rows && columns) return mask
  const once = constant([1], 'int64')
  const own = shape(k, along, along + 1)
  const keys = past ? add(own, shape(past.keys, 2, 3)) : own
  return expand(mask, concat([rows ? once : shape(q, along, along + 1), columns ? once : keys]))
}

function trimmed(inputs: readonly (Value | null)[]): readonly (Value | null)[] {
  return inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1)
}

/**
 * Returns softmax(Q K^T scale) V by head. Queries, keys and values are [batch, heads, time, features], or
 * [batch, time, heads * features] with `heads`; so is the result. Opset 24, one fused operator in single precision.
 * Throws `SHAPE_MISMATCH`, `DTYPE_MISMATCH`.
 */
export function attention(q: Value, k: Value, v: Value, options: AttentionOptions = {}): Value {
  const { mask, lengths } = options
  const inputs = [q, k, v, fitted(mask, q, k), null, null, lengths === undefined ? null : lift(lengths, 'int64')]
  return applyOne('Attention', trimmed(inputs), attributesOf(options))
}

/** Keys and values by head: [batch, heads, time, features]. */
export interface AttentionCache {
  readonly keys: Value
  readonly values: Value
}

/** Returns attention to the past and to what is new, and both together as the past of the next call. */
export function cachedAttention(
  q: Value,
  k: Value,
  v: Value,
  past: AttentionCache,
  options: Omit<AttentionOptions, 'lengths'> = {},
): { readonly y: Value; readonly cache: AttentionCache } {
  const inputs = [q, k, v, fitted(options.mask, q, k, past), past.keys, past.values]
  const [y, keys, values] = apply('Attention', inputs, attributesOf(options), { outputs: 3 })
  return { y, cache: { keys, values } }
}

/** How features are turned. */
export interface RotaryOptions {
  /** Positions [batch, time] (int64) in tables of cosines and sines; without them those are given for every step. */
  readonly positions?: Indices
  /** Pairs are neighbours, not the halves. Default false. */
  readonly interleaved?: boolean
  /** Number of heads; needed for tensors of three axes. */
  readonly heads?: number
  /** How many features of each head are turned. Default all. */
  readonly features?: number
}

/**
 * Returns x with pairs of features turned by angles. x is [batch, heads, time, features], or
 * [batch, time, heads * features] with `heads`; cosines and sines are [positions, features / 2] with `positions`, else
 * [batch, time, features / 2]. Opset 23. Source: Su et al. 2021. Throws `SHAPE_MISMATCH`.
 */
export function rotaryEmbedding(
  x: Value,
  cosines: Operand,
  sines: Operand,
  { positions, interleaved = false, heads, features }: RotaryOptions = {},
): Value {
  const attributes: Record<string, Attribute> = {}
  if (interleaved) attributes.interleaved = flag(true)
  if (heads !== undefined) attributes.num_heads = int(heads)
  if (features !== undefined) attributes.rotary_embedding_dim = int(features)
  const inputs = [x, lift(cosines, dtypeOf(x)), lift(sines, dtypeOf(x))]
  if (positions !== undefined) inputs.push(lift(positions, 'int64'))
  return applyOne('RotaryEmbedding', inputs, attributes)
}
