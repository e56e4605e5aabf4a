import { add, cast, div, inverse, matMul, mul, reduceSum, shape, sqrt, transpose, type Value } from '@mlpod/graph'
import type { Posterior } from './gaussianProcess.ts'
import type { Initializer, Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { randomFourier } from './radial.ts'
import { whole } from './shape.ts'

/** Settings of `randomFeatureProcess`. */
export interface RandomFeatureOptions {
  /** Random features. Default 256. */
  readonly features?: number
  /** Of the Gaussian kernel exp(-gamma |x - y|^2). Default 0.5. */
  readonly gamma?: number
  /** What the precision begins with on its diagonal. Default 1. */
  readonly ridge?: number
  /** How much of the old precision a batch leaves. Default 0.999. */
  readonly momentum?: number
}

/**
 * Returns a Gaussian process of random features, which trains as any layer: logits are linear in the features, the variance
 * is ridge f P^-1 f^T, and in training P moves towards the mean of f^T f. [batch, n] to a mean [batch, outputs] and a
 * variance [batch, 1]. Source: Liu et al. (2020), SNGP; put `spectralNorm` on the layers before it.
 */
export function randomFeatureProcess(
  outputs: number,
  { features = 256, gamma = 0.5, ridge = 1, momentum = 0.999 }: RandomFeatureOptions = {},
): (x: Value, scope: Scope) => Posterior {
  whole('process of random features', { outputs, features })
  return (x, scope) => {
    const f = randomFourier(features, { gamma })(x, scope.at('features'))
    const mean = dense(outputs, { weightInitializer: 'glorotUniform', biasInitializer: 'zeros' })(f, scope.at('output'))
    const initial: Initializer = (_, [n]) =>
      Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? ridge : 0))
    const next = (old: Value): Value => {
      const batch = div(matMul(transpose(f), f), cast(shape(f, 0, 1), 'float32'))
      return add(mul(old, momentum), mul(batch, 1 - momentum))
    }
    const precision = scope.state('precision', [features, features], initial, next)
    const wide = cast(f, 'float64')
    const reach = matMul(wide, inverse(cast(precision, 'float64')))
    const spread = mul(reduceSum(mul(reach, wide), { axes: [1], keepDims: true }), ridge)
    return { mean, variance: cast(spread, 'float32') }
  }
}

/**
 * Returns the logits of a process of random features as a layer: outside of training divided by sqrt(1 + factor variance),
 * so that their softmax is less sure far from the data. Source: Liu et al. (2020), with the mean-field factor pi / 8.
 */
export function meanFieldLogits(
  outputs: number,
  { factor = Math.PI / 8, ...options }: RandomFeatureOptions & { readonly factor?: number } = {},
): Layer {
  const process = randomFeatureProcess(outputs, options)
  return (x, scope) => {
    const { mean, variance } = process(x, scope)
    return scope.training ? mean : div(mean, sqrt(add(mul(variance, factor), 1)))
  }
}
