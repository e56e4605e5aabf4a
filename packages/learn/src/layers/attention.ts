import { PodError, tensor } from '@mlpod/contract'
import {
  add,
  attention as attend,
  concat,
  constant,
  expand,
  not,
  rotaryEmbedding,
  shape,
  slice,
  type Value,
} from '@mlpod/graph'
import { type ActivationName, activations } from './activations.ts'
import { initializers } from './initializers.ts'
import type { Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { layerNorm } from './normalization.ts'
import { dropout } from './regularization.ts'
import { known, unfit, whole } from './shape.ts'

/** Settings of `multiHeadAttention`. */
export interface AttentionLayerOptions {
  /** Heads of keys and values; fewer than `heads` share them. Default `heads`. */
  readonly keyHeads?: number
  /** Features of each head. Default features / heads. */
  readonly headSize?: number
  /** Whether a position sees only itself and those before it. */
  readonly causal?: boolean
  /** Which keys may be seen: bool, broadcast to [batch, heads, queries, keys]. */
  readonly mask?: Value
  /** What true in the mask means: `keep` (ONNX, Keras; default) or `drop` (torch). */
  readonly maskMeans?: 'keep' | 'drop'
  readonly softcap?: number
  readonly bias?: boolean
  /** Turns queries and keys by their positions, up to so many. Source: Su et al. (2021). */
  readonly rotary?: number
}

/**
 * Returns attention of queries to keys and values: each [batch, time, features]; without keys and values the queries attend to
 * themselves. Source: Vaswani et al. (2017); torch.nn.MultiheadAttention, with `query`, `key`, `value` and `output` apart.
 */
export function multiHeadAttention(
  heads: number,
  {
    keyHeads = heads,
    headSize,
    causal = false,
    mask,
    maskMeans = 'keep',
    softcap,
    bias = true,
    rotary,
  }: AttentionLayerOptions = {},
): (queries: Value, scope: Scope, keys?: Value, values?: Value) => Value {
  whole('multi-head attention', { heads, keyHeads })
  if (heads % keyHeads !== 0)
    throw new PodError('LAYER_INVALID', `${heads} heads do not share ${keyHeads} heads of keys evenly`)
  return (queries, scope, keys = queries, values = keys) => {
    if (queries.shape.length !== 3) throw unfit('multi-head attention', '[batch, time, features]', queries, scope)
    const features = known(queries, 2, 'multi-head attention', scope)
    if (headSize === undefined && features % heads !== 0)
      throw new PodError('LAYER_INVALID', `${features} features do not divide into ${heads} heads at "${scope.path}"`, {
        hint: 'give a headSize',
      })
    const size = headSize ?? features / heads
    // as torch: Glorot for the weights, 0 for the biases
    const part = (name: string, x: Value, units: number): Value =>
      dense(units, { bias, weightInitializer: 'glorotUniform', biasInitializer: 'zeros' })(x, scope.at(name))
    const [q, k, v] = [
      part('query', queries, heads * size),
      part('key', keys, keyHeads * size),
      part('value', values, keyHeads * size),
    ]
    const [tq, tk] = rotary === undefined ? [q, k] : [turned(q, heads, size, rotary), turned(k, keyHeads, size, rotary)]
    const seen = mask && (maskMeans === 'drop' ? not(mask) : mask)
    const y = attend(tq, tk, v, {
      heads,
      keyHeads,
      causal,
      ...(seen && { mask: seen }),
      ...(softcap !== undefined && { softcap }),
    })
    return part('output', y, features)
  }
}

/** Attention of a sequence to itself, as a layer. */
export const selfAttention = (heads: number, options: AttentionLayerOptions = {}): Layer => {
  const attention = multiHeadAttention(heads, options)
  return (x, scope) => attention(x, scope)
}

function turned(x: Value, heads: number, size: number, positions: number): Value {
  const half = size / 2
  const angles = Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) / 10_000 ** ((2 * (i % half)) / size),
  )
  const examples = concat([shape(x, 0, 1), constant([1, 1], 'int64')])
  const table = (of: (angle: number) => number): Value => {
    const all = constant(tensor('float32', [1, positions, half], Float32Array.from(angles, of)))
    return expand(slice(all, [0], shape(x, 1, 2), { axes: [1] }), examples)
  }
  return rotaryEmbedding(x, table(Math.cos), table(Math.sin), { heads })
}

/** Settings of `transformerEncoder`. */
export interface TransformerOptions extends Omit<AttentionLayerOptions, 'bias'> {
  /** Units of the inner dense layer. Default 4 times the features. */
  readonly hidden?: number
  readonly activation?: ActivationName
  readonly dropout?: number
  /** Whether what goes into attention and dense layers is normalised (default), or what comes out. */
  readonly normFirst?: boolean
}

/**
 * Returns a block of a transformer's encoder (with `causal`, of a decoder without a source): attention and two dense layers,
 * each added to what it read. Source: torch.nn.TransformerEncoderLayer, by default with norm_first.
 */
export function transformerEncoder(
  heads: number,
  { hidden, activation = 'relu', dropout: rate = 0, normFirst = true, ...options }: TransformerOptions = {},
): Layer {
  const attention = selfAttention(heads, options)
  return (x, scope) => {
    const features = known(x, 2, 'transformer', scope)
    const drop = (value: Value, name: string): Value => (rate > 0 ? dropout(rate)(value, scope.at(name)) : value)
    const norm = (value: Value, name: string): Value => layerNorm()(value, scope.at(name))
    const inner = (value: Value): Value => {
      const wide = activations[activation](dense(hidden ?? 4 * features)(value, scope.at('linear1')))
      return dense(features)(drop(wide, 'dropout'), scope.at('linear2'))
    }
    const seen = (value: Value): Value => drop(attention(value, scope.at('attention')), 'dropout1')
    const worked = (value: Value): Value => drop(inner(value), 'dropout2')
    if (normFirst) {
      const y = add(x, seen(norm(x, 'norm1')))
      return add(y, worked(norm(y, 'norm2')))
    }
    const y = norm(add(x, seen(x)), 'norm1')
    return norm(add(y, worked(y)), 'norm2')
  }
}

/** Returns learned vectors of the positions added to [batch, time, features], `weight` [most, features]. */
export function positions(most: number): Layer {
  whole('table of positions', { most })
  return (x, scope) => {
    const features = known(x, 2, 'table of positions', scope)
    const weight = scope.parameter('weight', [most, features], initializers.smallNormal, {
      fanIn: most,
      fanOut: features,
    })
    return add(x, slice(weight, [0], shape(x, 1, 2), { axes: [0] }))
  }
}
