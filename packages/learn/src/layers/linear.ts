import { add, einsum, gemm, matMul, type Value } from '@mlpod/graph'
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
