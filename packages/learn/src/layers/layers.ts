import { PodError } from '@mlpod/contract'
import {
  div,
  elu,
  flatten as flattenValue,
  gelu,
  gemm,
  leakyRelu,
  relu,
  sigmoid,
  softmax,
  softplus,
  tanh,
  type Value,
  where,
} from '@mlpod/graph'
import { type InitializerName, initializers } from './initializers.ts'
import type { Layer } from './layer.ts'

/** The activations by name. */
export const activations = {
  relu: (x: Value) => relu(x),
  gelu: (x: Value) => gelu(x),
  tanh: (x: Value) => tanh(x),
  sigmoid: (x: Value) => sigmoid(x),
  softplus: (x: Value) => softplus(x),
  elu: (x: Value) => elu(x),
  leakyRelu: (x: Value) => leakyRelu(x),
  softmax: (x: Value) => softmax(x),
} as const

/** The name of an activation. */
export type ActivationName = keyof typeof activations

/** Returns an elementwise layer without parameters. */
export const activation =
  (name: ActivationName): Layer =>
  (x) =>
    activations[name](x)

/** Settings of `dense`. */
export interface DenseOptions {
  readonly bias?: boolean
  readonly activation?: ActivationName
  readonly weightInitializer?: InitializerName
  readonly biasInitializer?: InitializerName
}

/**
 * Returns the layer x W + b: [batch, n] to [batch, units], `weight` stored [n, units] and `bias` [units].
 * Throws when it is built: `SHAPE_MISMATCH` unless x has two axes, the second of known size.
 */
export function dense(
  units: number,
  { bias = true, activation: name, weightInitializer = 'torch', biasInitializer = 'torch' }: DenseOptions = {},
): Layer {
  if (!(Number.isSafeInteger(units) && units > 0))
    throw new PodError('LAYER_INVALID', `a dense layer of ${units} units is not possible`)
  return (x, scope) => {
    const fanIn = x.shape[1]
    if (x.shape.length !== 2 || typeof fanIn !== 'number')
      throw new PodError(
        'SHAPE_MISMATCH',
        `the dense layer "${scope.path}" takes [batch, n], not [${x.shape.join(', ')}]`,
        {
          hint: 'put flatten() before it',
        },
      )
    const fans = { fanIn, fanOut: units }
    const weight = scope.parameter('weight', [fanIn, units], initializers[weightInitializer], fans)
    const y = gemm(x, weight, bias ? scope.parameter('bias', [units], initializers[biasInitializer], fans) : null)
    return name ? activations[name](y) : y
  }
}

/** Returns the layer that makes [batch, ...] a matrix [batch, n]. */
export const flatten = (): Layer => (x) => flattenValue(x)

/**
 * Returns the layer that in training sets each value to 0 with probability `rate` and divides the others by 1 - rate; a
 * trained network leaves values as they are. Source: Srivastava et al. (2014), scaled in training.
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) throw new PodError('LAYER_INVALID', `a dropout rate of ${rate} is not in [0, 1)`)
  return (x, scope) => {
    if (!scope.training || rate === 0) return x
    // masks are drawn from 16 bits a value; the factor is that of the probability they have
    const keep = Math.max(1, Math.round((1 - rate) * 65536)) / 65536
    return where(scope.mask(x, keep), div(x, keep), 0)
  }
}

/** Returns the layers one after the other; parameters are named by position, as `0.weight`. */
export const sequential =
  (...layers: readonly Layer[]): Layer =>
  (x, scope) =>
    layers.reduce((value, layer, i) => layer(value, scope.at(String(i))), x)

/** Returns a dense network: hidden layers of these sizes with an activation (and dropout), then `outputs` units. */
export const mlp = (
  hidden: readonly number[],
  outputs: number,
  {
    activation: name = 'relu',
    dropout: rate = 0,
  }: { readonly activation?: ActivationName; readonly dropout?: number } = {},
): Layer =>
  sequential(
    ...hidden.flatMap((units) => [dense(units, { activation: name }), ...(rate > 0 ? [dropout(rate)] : [])]),
    dense(outputs),
  )
