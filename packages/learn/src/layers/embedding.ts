import { PodError } from '@mlpod/contract'
import {
  constant,
  div,
  equal,
  gather,
  matMul,
  max,
  mul,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape as reshapeValue,
  tanh,
  transpose,
  type Value,
  where,
} from '@mlpod/graph'
import { type InitializerChoice, initializerOf, initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { whole } from './shape.ts'

/** Settings of `embedding`. */
export interface EmbeddingOptions {
  /** The index whose vector is 0 and stays so. */
  readonly padding?: number
  /** Vectors longer than this are shortened to it when they are looked up. */
  readonly maxNorm?: number
  readonly initializer?: InitializerChoice
}

/**
 * Returns the layer that looks up vectors: int64 [...] to [..., features], `weight` stored [count, features], drawn from
 * N(0, 1). Source: torch.nn.Embedding (but `maxNorm` shortens what is looked up and leaves the table).
 */
export function embedding(
  count: number,
  features: number,
  { padding, maxNorm, initializer = 'standardNormal' }: EmbeddingOptions = {},
): Layer {
  whole('embedding', { count, features })
  if (padding !== undefined && !(Number.isInteger(padding) && padding >= -count && padding < count))
    throw new PodError('LAYER_INVALID', `the padding ${padding} is no index of ${count} vectors`)
  return (x, scope) => {
    const weight = scope.parameter('weight', [count, features], initializerOf(initializer), {
      fanIn: count,
      fanOut: features,
    })
    const found = gather(weight, x)
    const short = maxNorm === undefined ? found : mul(found, shortening(found, maxNorm))
    if (padding === undefined) return short
    const index = constant(padding < 0 ? padding + count : padding, 'int64')
    return where(equal(reshapeValue(x, [...zerosOf(x), 1]), index), 0, short)
  }
}

// In the target of a reshape 0 keeps a size.
const zerosOf = (x: Value): number[] => x.shape.map(() => 0)

function shortening(x: Value, maxNorm: number): Value {
  const norm = reduceL2(x, { axes: [-1], keepDims: true })
  return div(maxNorm, max(norm, maxNorm))
}

/**
 * Returns the layer that looks up bags: int64 [batch, k] to [batch, features], the sum, mean or maximum of each bag's vectors.
 * A bag ends where its index is `padding`; an empty one gives 0. Source: torch.nn.EmbeddingBag.
 */
export function embeddingBag(
  count: number,
  features: number,
  { mode = 'mean', padding }: { readonly mode?: 'sum' | 'mean' | 'max'; readonly padding?: number } = {},
): Layer {
  whole('embedding bag', { count, features })
  return (x, scope) => {
    const weight = scope.parameter('weight', [count, features], initializers.standardNormal, {
      fanIn: count,
      fanOut: features,
    })
    const found = gather(weight, x)
    if (padding === undefined) return { sum: reduceSum, mean: reduceMean, max: reduceMax }[mode](found, { axes: [1] })
    const absent = equal(reshapeValue(x, [...zerosOf(x), 1]), constant(padding, 'int64'))
    const size = reduceSum(where(absent, 0, 1), { axes: [1] })
    const sum = reduceSum(where(absent, 0, found), { axes: [1] })
    if (mode === 'sum') return sum
    if (mode === 'mean') return div(sum, max(size, 1))
    return where(equal(size, 0), 0, reduceMax(where(absent, -3.4e38, found), { axes: [1] }))
  }
}

/**
 * Returns an embedding and what takes its vectors back to logits of the indices, [..., features] to [..., count], by the same
 * weights (or, without `tied`, by `reverse` [features, count]): give both the same scope. Source: Press, Wolf (2017); Keras
 * ReversibleEmbedding.
 */
export function reversibleEmbedding(
  count: number,
  features: number,
  {
    tied = true,
    softcap,
    initializer = 'standardNormal',
  }: { readonly tied?: boolean; readonly softcap?: number; readonly initializer?: InitializerChoice } = {},
): { readonly embed: Layer; readonly logits: Layer } {
  const fans = { fanIn: count, fanOut: features }
  return {
    embed: embedding(count, features, { initializer }),
    logits: (x, scope) => {
      const weight = tied
        ? transpose(scope.parameter('weight', [count, features], initializerOf(initializer), fans))
        : scope.parameter('reverse', [features, count], initializerOf(initializer), fans)
      const found = matMul(x, weight)
      return softcap === undefined ? found : mul(tanh(div(found, softcap)), softcap)
    },
  }
}
