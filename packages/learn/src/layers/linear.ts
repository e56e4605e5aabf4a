import { PodError } from '@mlpod/contract'
import {
  add,
  cast,
  concat,
  constant,
  div,
  einsum,
  equal,
  flatten as flattenValue,
  gather,
  gemm,
  matMul,
  max,
  mul,
  not,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape as reshapeValue,
  shape,
  tanh,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { type ActivationName, activations } from './activations.ts'
import { type InitializerChoice, initializerOf, initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, unfit, whole } from './shape.ts'

/** Settings of `dense`. */
export interface DenseOptions {
  readonly bias?: boolean
  readonly activation?: ActivationName
  readonly weightInitializer?: InitializerChoice
  readonly biasInitializer?: InitializerChoice
}

/**
 * Returns the layer x W + b: [batch, ..., n] to [batch, ..., units], `weight` stored [n, units] and `bias` [units].
 * Throws when it is built: `SHAPE_MISMATCH` unless x has two axes or more, the last of known size.
 */
export function dense(
  units: number,
  { bias = true, activation: name, weightInitializer = 'torch', biasInitializer = 'torch' }: DenseOptions = {},
): Layer {
  whole('dense layer', { units })
  return (x, scope) => {
    const fanIn = x.shape.at(-1)
    if (x.shape.length < 2 || typeof fanIn !== 'number')
      throw unfit('dense layer', '[batch, ..., n]', x, scope, 'put flatten() before it, or give the last axis a size')
    const fans = { fanIn, fanOut: units }
    const weight = scope.parameter('weight', [fanIn, units], initializerOf(weightInitializer), fans)
    const b = bias ? scope.parameter('bias', [units], initializerOf(biasInitializer), fans) : null
    const y = x.shape.length === 2 ? gemm(x, weight, b) : b === null ? matMul(x, weight) : add(matMul(x, weight), b)
    return name ? activations[name](y) : y
  }
}

/** Returns y_k = a^T W_k b + bias_k of two values [batch, n] and [batch, m]: [batch, units]. Source: torch.nn.Bilinear. */
export function bilinear(units: number): (a: Value, b: Value, scope: Parameters<Layer>[1]) => Value {
  whole('bilinear layer', { units })
  return (a, b, scope) => {
    const [n, m] = [known(a, -1, 'bilinear layer', scope), known(b, -1, 'bilinear layer', scope)]
    const fans = { fanIn: n, fanOut: units }
    const weight = scope.parameter('weight', [units, n, m], initializers.torch, fans)
    return add(einsum('bi,kij,bj->bk', a, weight, b), scope.parameter('bias', [units], initializers.torch, fans))
  }
}

/** Returns the product of x with a weight of a shape by an equation such as `abc,cd->abd`. Source: Keras EinsumDense. */
export const einsumDense =
  (equation: string, shape: readonly number[]): Layer =>
  (x, scope) => {
    const fanIn = shape.slice(0, -1).reduce((product, dim) => product * dim, 1)
    const weight = scope.parameter('weight', shape, initializers.glorotUniform, { fanIn, fanOut: shape.at(-1)! })
    return einsum(equation, x, weight)
  }

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

/** Returns the layer that makes [batch, ...] a matrix [batch, n]. */
export const flatten = (): Layer => (x) => flattenValue(x)

/** Returns the layer that gives each example another shape; one size may be -1. Source: Keras Reshape, torch Unflatten. */
export const reshape =
  (shape: readonly number[]): Layer =>
  (x) =>
    reshapeValue(x, [0, ...shape])

/** Returns the layer that cuts one axis into several; one size may be -1. Source: torch.nn.Unflatten. */
export function unflatten(axis: number, sizes: readonly number[]): Layer {
  return (x) => {
    const place = axis < 0 ? axis + x.shape.length : axis
    const after = x.shape.slice(place + 1)
    const last = after.map((dim) => (typeof dim === 'number' ? dim : undefined))
    // behind the cut a 0 would keep another axis' size
    if (last.every((dim) => dim !== undefined))
      return reshapeValue(x, [...x.shape.slice(0, place).map(() => 0), ...sizes, ...last])
    const [front, back] = [shape(x, 0, place), shape(x, place + 1)]
    return reshapeValue(x, concat([front, constant(sizes, 'int64'), back]))
  }
}

/** Returns the layer that puts the axes of each example into another order, counted from 1. Source: Keras Permute. */
export const permute =
  (order: readonly number[]): Layer =>
  (x) =>
    transpose(x, [0, ...order])

/** Returns the layer that repeats [batch, n] in time: [batch, times, n]. Source: Keras RepeatVector. */
export const repeatVector =
  (times: number): Layer =>
  (x) =>
    mul(
      reshapeValue(x, [0, 1, -1]),
      constant({ dtype: 'float32', shape: [1, times, 1], data: new Float32Array(times).fill(1) }),
    )

/**
 * Returns a sequence [batch, time, features] with zeros where all features of a step are `value`, and which steps are not
 * (bool [batch, time]), as attention and recurrent layers take it. Source: Keras Masking.
 */
export function masking(x: Value, value = 0): { readonly y: Value; readonly mask: Value } {
  const mask = not(equal(reduceMax(cast(not(equal(x, value)), 'int32'), { axes: [-1] }), constant(0, 'int32')))
  return { y: where(unsqueeze(mask, [-1]), x, 0), mask }
}

/** Returns a function of values as a layer without parameters. */
export const lambda =
  (make: (x: Value) => Value): Layer =>
  (x) =>
    make(x)

/** Returns the layer that leaves x as it is. */
export const identity = (): Layer => (x) => x
