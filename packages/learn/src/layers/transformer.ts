import { type AttentionCache, add, type Value } from '@mlpod/graph'
import { type ActivationName, activations } from './activations.ts'
import {
  type AttentionLayerOptions,
  type Cached,
  cachedSelfAttention,
  multiHeadAttention,
  selfAttention,
} from './attention.ts'
import type { Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { layerNorm } from './normalization.ts'
import { dropout } from './regularization.ts'
import { known } from './shape.ts'

/** Settings of `transformerEncoder`. */
export interface TransformerOptions extends AttentionLayerOptions {
  /** Units of the inner dense layer. Default 4 times the features. */
  readonly hidden?: number
  readonly activation?: ActivationName
  /** Of what attention and the dense layers give; torch's `dropout` is also `weightDropout`. */
  readonly dropout?: number
  /** Whether what goes into attention and dense layers is normalised (default), or what comes out. */
  readonly normFirst?: boolean
  /** Of the normalisations. Default 1e-5. */
  readonly epsilon?: number
}

/** Settings of `transformerDecoder`: those of attention are of its own sequence; it attends to the whole memory or by `memoryMask`. */
export interface DecoderOptions extends TransformerOptions {
  /** Which steps of the memory may be seen. */
  readonly memoryMask?: Value
  /** What true in `memoryMask` means. Default `keep`. */
  readonly memoryMaskMeans?: 'keep' | 'drop'
}

/** A part of a block: what it makes of what it reads, by its place. */
type Part = readonly [norm: string, name: string, make: (x: Value) => Value]

/** Each part is added to what it read, normalised before it or after it: `parts` of a block one after the other. */
function block(
  x: Value,
  scope: Scope,
  parts: readonly Part[],
  { dropout: rate = 0, normFirst = true, epsilon }: TransformerOptions,
): Value {
  return parts.reduce((value, [norm, drop, make]) => {
    const normed = (y: Value): Value => layerNorm({ ...(epsilon !== undefined && { epsilon }) })(y, scope.at(norm))
    const made = (y: Value): Value => (rate > 0 ? dropout(rate)(make(y), scope.at(drop)) : make(y))
    return normFirst ? add(value, made(normed(value))) : normed(add(value, made(value)))
  }, x)
}

/** Two dense layers with an activation between them. */
const inner =
  (
    scope: Scope,
    features: number,
    { hidden = 4 * features, activation = 'relu', dropout: rate = 0, bias = true }: TransformerOptions,
  ) =>
  (x: Value): Value => {
    const wide = activations[activation](dense(hidden, { bias })(x, scope.at('linear1')))
    return dense(features, { bias })(rate > 0 ? dropout(rate)(wide, scope.at('dropout')) : wide, scope.at('linear2'))
  }

/**
 * Returns a block of a transformer's encoder (with `causal`, of a decoder without a memory): attention and two dense layers,
 * each added to what it read. Source: torch.nn.TransformerEncoderLayer, by default with norm_first.
 */
export function transformerEncoder(heads: number, options: TransformerOptions = {}): Layer {
  const attention = selfAttention(heads, options)
  return (x, scope) => {
    const features = known(x, 2, 'transformer', scope)
    const parts: readonly Part[] = [
      ['norm1', 'dropout1', (y) => attention(y, scope.at('attention'))],
      ['norm2', 'dropout2', inner(scope, features, options)],
    ]
    return block(x, scope, parts, options)
  }
}

/**
 * Returns a block of a transformer's decoder: attention of a sequence to itself (causal by default), attention of it to the
 * memory (what an encoder gave, [batch, steps, any features]), and two dense layers, each added to what it read. `attention`,
 * `cross`, `linear1`, `linear2`, `norm1` to `norm3`. Source: torch.nn.TransformerDecoderLayer, by default with norm_first.
 */
export function transformerDecoder(
  heads: number,
  options: DecoderOptions = {},
): (x: Value, scope: Scope, memory: Value) => Value {
  const attention = selfAttention(heads, { causal: true, ...options })
  const rest = afterAttention(heads, options)
  return (x, scope, memory) =>
    block(
      x,
      scope,
      [['norm1', 'dropout1', (y) => attention(y, scope.at('attention'))], ...rest(x, scope, memory)],
      options,
    )
}

/**
 * Returns a block of a transformer that goes on from a past: the next steps [batch, time, features], with the keys and values
 * of all steps before, give their outputs and the keys and values of the next call. It has the parameters of
 * `transformerEncoder` with `causal`, or with a memory of `transformerDecoder`, and step by step gives what those give at once.
 */
export function cachedTransformer(
  heads: number,
  options: DecoderOptions = {},
): (x: Value, scope: Scope, past: AttentionCache, memory?: Value) => Cached {
  const attention = cachedSelfAttention(heads, options)
  const rest = afterAttention(heads, options)
  return (x, scope, past, memory) => {
    let cache = past
    const attended = (y: Value): Value => {
      const found = attention(y, scope.at('attention'), past)
      cache = found.cache
      return found.y
    }
    const y = block(x, scope, [['norm1', 'dropout1', attended], ...rest(x, scope, memory)], options)
    return { y, cache }
  }
}

/**
 * Returns a whole transformer: encoders read the source, decoders (causal) the target and what the encoders made of the source,
 * each stack with a normalisation at its end. `encoder.0` .., `encoder.norm`, `decoder.0` .., `decoder.norm`. Source: Vaswani
 * et al. (2017); torch.nn.Transformer.
 */
export function transformer(
  heads: number,
  {
    encoders = 6,
    decoders = 6,
    ...options
  }: TransformerOptions & { readonly encoders?: number; readonly decoders?: number } = {},
): (source: Value, target: Value, scope: Scope) => Value {
  const [encode, decode] = [transformerEncoder(heads, options), transformerDecoder(heads, options)]
  const norm = layerNorm(options.epsilon === undefined ? {} : { epsilon: options.epsilon })
  const stack = (x: Value, scope: Scope, count: number, layer: Layer): Value => {
    let y = x
    for (let i = 0; i < count; i++) y = layer(y, scope.at(String(i)))
    return norm(y, scope.at('norm'))
  }
  return (source, target, scope) => {
    const memory = stack(source, scope.at('encoder'), encoders, encode)
    return stack(target, scope.at('decoder'), decoders, (y, at) => decode(y, at, memory))
  }
}

/** The parts of a decoder after its attention to itself. */
function afterAttention(
  heads: number,
  options: DecoderOptions,
): (x: Value, scope: Scope, memory?: Value) => readonly Part[] {
  const { memoryMask, memoryMaskMeans, bias, headSize, softcap, weightDropout } = options
  const cross = multiHeadAttention(heads, {
    ...(memoryMask && { mask: memoryMask }),
    ...(memoryMaskMeans && { maskMeans: memoryMaskMeans }),
    ...(bias !== undefined && { bias }),
    ...(headSize !== undefined && { headSize }),
    ...(softcap !== undefined && { softcap }),
    ...(weightDropout !== undefined && { weightDropout }),
  })
  return (x, scope, memory) => {
    const work = inner(scope, known(x, 2, 'transformer', scope), options)
    if (memory === undefined) return [['norm2', 'dropout2', work]]
    return [
      ['norm2', 'dropout2', (y) => cross(y, scope.at('cross'), memory)],
      ['norm3', 'dropout3', work],
    ]
  }
}
