import { PodError } from '@mlpod/contract'
import {
  type AttentionCache,
  add,
  attention as attend,
  cachedAttention as attendAfter,
  concat,
  constant,
  constantOfShape,
  dtypeOf,
  expand,
  not,
  pad,
  reshape,
  shape,
  type Value,
  where,
} from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { alibi, turned } from './positional.ts'
import { known, unfit, whole } from './shape.ts'
import { writtenAttention } from './writtenAttention.ts'

/** Settings of `multiHeadAttention`. */
export interface AttentionLayerOptions {
  /** Heads of keys and values; fewer than `heads` share them (Keras' GroupQueryAttention). Default `heads`. */
  readonly keyHeads?: number
  /** Features of each head of queries and keys. Default features / heads. */
  readonly headSize?: number
  /** Features of each head of values. Default `headSize`. */
  readonly valueSize?: number
  /** Features that come out. Default those of the queries. */
  readonly outputSize?: number
  /** Whether a position sees only itself and those before it. */
  readonly causal?: boolean
  /** How many keys before and after its own place a query sees. Default all. */
  readonly window?: { readonly before?: number; readonly after?: number }
  /** Which keys may be seen: bool, or numbers added to the scores; broadcast to [batch, heads, queries, keys]. */
  readonly mask?: Value
  /** What true in the mask means: `keep` (ONNX, Keras; default) or `drop` (torch). */
  readonly maskMeans?: 'keep' | 'drop'
  readonly softcap?: number
  readonly bias?: boolean
  /** Rate at which training drops the weights of attention; the times must be known then. Default 0. */
  readonly weightDropout?: number
  /** Adds one learned key and value to each sequence, which all queries see. Source: torch's `add_bias_kv`. */
  readonly biasKeyValue?: boolean
  /** Adds a key and a value of zeros to each sequence, which all queries see. Source: torch's `add_zero_attn`. */
  readonly zeroKeyValue?: boolean
  /** Turns queries and keys by their positions, up to so many. Source: Su et al. (2021). */
  readonly rotary?: number
  /** Lowers the scores by the distance of query and key, each head by a slope of its own. Source: Press et al. (2022). */
  readonly alibi?: boolean
}

/** Attention of queries to keys and values, each [batch, time, features]; without them the queries attend to themselves. */
export type Attention = (queries: Value, scope: Scope, keys?: Value, values?: Value) => Value

/**
 * Returns attention of queries to keys and values, which may have other numbers of features (torch's `kdim`, `vdim`).
 * Throws `LAYER_INVALID` for heads that do not divide the features, `SHAPE_MISMATCH`. Source: Vaswani et al. (2017);
 * torch.nn.MultiheadAttention, with `query`, `key`, `value` and `output` apart; Keras MultiHeadAttention.
 */
export function multiHeadAttention(heads: number, options: AttentionLayerOptions = {}): Attention {
  const attention = attentionOf(heads, options)
  return (queries, scope, keys = queries, values = keys) => attention(queries, scope, keys, values).y
}

/** Attention of a sequence to itself, as a layer. */
export const selfAttention = (heads: number, options: AttentionLayerOptions = {}): Layer => {
  const attention = multiHeadAttention(heads, options)
  return (x, scope) => attention(x, scope)
}

/**
 * Returns `multiHeadAttention` that also gives its weights [batch, heads, queries, keys], added keys first: how much each query
 * takes of each value. torch's are their mean over the heads. Source: torch's `need_weights`, Keras' `return_attention_scores`.
 */
export function attentionWithWeights(
  heads: number,
  options: AttentionLayerOptions = {},
): (queries: Value, scope: Scope, keys?: Value, values?: Value) => { readonly y: Value; readonly weights: Value } {
  const attention = attentionOf(heads, options, true)
  return (queries, scope, keys = queries, values = keys) => {
    const { y, weights } = attention(queries, scope, keys, values)
    return { y, weights: weights! }
  }
}

/** What a step of a sequence gives: its own output, and keys and values of all steps so far. */
export interface Cached {
  readonly y: Value
  readonly cache: AttentionCache
}

/**
 * Returns self-attention of what is new [batch, time, features] to the past [batch, keyHeads, past, headSize] (of 0 steps at
 * first) and to itself, causal by default, with the parameters of `selfAttention`: step by step it gives what that gives at
 * once. Throws `LAYER_INVALID` with `biasKeyValue`, `zeroKeyValue` or a window.
 */
export function cachedSelfAttention(
  heads: number,
  options: AttentionLayerOptions = {},
): (x: Value, scope: Scope, past: AttentionCache) => Cached {
  if (options.biasKeyValue || options.zeroKeyValue || options.window)
    throw new PodError('LAYER_INVALID', 'attention with a past has no window and no keys that are not of the sequence')
  const attention = attentionOf(heads, { causal: true, ...options })
  return (x, scope, past) => {
    const { y, cache } = attention(x, scope, x, x, past)
    return { y, cache: cache! }
  }
}

/** What attention gives, and as the case may be its weights or the past of the next call. */
interface Attended {
  readonly y: Value
  readonly weights?: Value
  readonly cache?: AttentionCache
}

function attentionOf(
  heads: number,
  {
    keyHeads = heads,
    headSize,
    valueSize,
    outputSize,
    causal = false,
    window,
    mask,
    maskMeans = 'keep',
    softcap,
    bias = true,
    biasKeyValue = false,
    zeroKeyValue = false,
    rotary,
    alibi: distances = false,
    weightDropout: rate = 0,
  }: AttentionLayerOptions,
  written = false,
): (queries: Value, scope: Scope, keys: Value, values: Value, past?: AttentionCache) => Attended {
  whole('multi-head attention', { heads, keyHeads })
  if (heads % keyHeads !== 0)
    throw new PodError('LAYER_INVALID', `${heads} heads do not share ${keyHeads} heads of keys evenly`)
  const extra = Number(biasKeyValue) + Number(zeroKeyValue)
  if (extra > 0 && (window || rotary !== undefined || distances))
    throw new PodError('LAYER_INVALID', 'keys that are not of the sequence have no place for a window or for positions')
  return (queries, scope, keys, values, past) => {
    for (const x of [queries, keys, values])
      if (x.shape.length !== 3) throw unfit('multi-head attention', '[batch, time, features]', x, scope)
    const features = known(queries, 2, 'multi-head attention', scope)
    if (headSize === undefined && features % heads !== 0)
      throw new PodError('LAYER_INVALID', `${features} features do not divide into ${heads} heads at "${scope.path}"`, {
        hint: 'give a headSize',
      })
    const size = headSize ?? features / heads
    const wide = valueSize ?? size
    // as torch: Glorot for the weights, 0 for the biases
    const part = (name: string, x: Value, units: number): Value =>
      dense(units, { bias, weightInitializer: 'glorotUniform', biasInitializer: 'zeros' })(x, scope.at(name))
    const [q, k, v] = [
      part('query', queries, heads * size),
      part('key', keys, keyHeads * size),
      part('value', values, keyHeads * wide),
    ]
    const [tq, tk] =
      rotary === undefined ? [q, k] : [turned(q, heads, size, rotary, past), turned(k, keyHeads, size, rotary, past)]
    const added = extra > 0 ? addedKeys() : past
    const allowed = mask && (maskMeans === 'drop' && dtypeOf(mask) === 'bool' ? not(mask) : mask)
    const seen = distances ? lowered(alibi(heads, queries, keys, past), allowed) : widened(allowed)
    const settings = {
      heads,
      keyHeads,
      causal,
      ...(window && { window }),
      ...(seen && { mask: seen }),
      ...(softcap !== undefined && { softcap }),
    }
    const writes = written || (scope.training && rate > 0)
    const found: Attended = writes
      ? writtenAttention([tq, tk, v], settings, added, scope.at('weights'), rate)
      : added === undefined
        ? { y: attend(tq, tk, v, settings) }
        : attendAfter(tq, tk, v, added, settings)
    return { ...found, y: part('output', found.y, outputSize ?? features) }

    // attention does not see the order of keys: added ones come first, as a past does, so that a causal query sees them
    function addedKeys(): AttentionCache {
      const batch = shape(queries, 0, 1)
      const one = (name: string, width: number): Value => {
        const learned: Value[] = []
        if (biasKeyValue)
          learned.push(
            scope.parameter(name, [keyHeads * width], initializers.glorotNormal, {
              fanIn: keyHeads * width,
              fanOut: keyHeads * width,
            }),
          )
        const rows = learned.map((b) => reshape(b, [1, keyHeads, 1, width]))
        if (zeroKeyValue) rows.push(constantOfShape([1, keyHeads, 1, width]))
        const all = rows.length === 1 ? rows[0] : concat(rows, { axis: 2 })
        return expand(all, concat([batch, constant([1, 1, 1], 'int64')]))
      }
      return { keys: one('key_added', size), values: one('value_added', wide) }
    }
  }

  /** A mask that also has columns for the added keys. */
  function widened(allowed: Value | undefined): Value | undefined {
    if (allowed === undefined || extra === 0 || allowed.shape.at(-1) === 1) return allowed
    const pads = [
      ...allowed.shape.map((_, i) => (i === allowed.shape.length - 1 ? extra : 0)),
      ...allowed.shape.map(() => 0),
    ]
    return dtypeOf(allowed) === 'bool' ? pad(allowed, pads, { value: true }) : pad(allowed, pads)
  }
}

/** Numbers that are added to scores, where a mask allows it. */
function lowered(scores: Value, allowed: Value | undefined): Value {
  if (allowed === undefined) return scores
  return dtypeOf(allowed) === 'bool' ? where(allowed, scores, Number.NEGATIVE_INFINITY) : add(scores, allowed)
}
