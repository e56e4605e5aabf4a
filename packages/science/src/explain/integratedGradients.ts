import { add, constant, grad, mul, reduceSum, reshape, sub, unsqueeze, type Value } from '@mlpod/graph'
import { type QuadratureRule, quadrature } from './quadrature.ts'

/** Settings of `integratedGradients`. */
export interface IntegratedGradientsOptions {
  /** Points on the path; 16 by default. */
  readonly steps?: number
  readonly rule?: QuadratureRule
}

/**
 * Returns attributions [n, d] as a Value: (x - baseline) times the integral of the gradient of `target` along the straight
 * path from the baseline. They sum to target(x) - target(baseline), up to the rule's error. All steps are one batch.
 * `target` maps features [m, d] to one number a row [m, 1]; `x` is [n, d]; `baseline` has d numbers.
 * Source: Sundararajan, Taly, Yan 2017; rules as captum 0.9.
 */
export function integratedGradients(
  target: (features: Value) => Value,
  x: Value,
  baseline: readonly number[],
  { steps = 16, rule = 'gausslegendre' }: IntegratedGradientsOptions = {},
): Value {
  const d = baseline.length
  const { points, weights } = quadrature(steps, rule)
  const column = (list: readonly number[]): Value =>
    constant({ dtype: 'float32', shape: [steps, 1, 1], data: Float32Array.from(list) })
  const start = constant({ dtype: 'float32', shape: [1, d], data: Float32Array.from(baseline) })
  const distance = sub(x, start)
  const path = reshape(add(start, mul(column(points), unsqueeze(distance, [0]))), [-1, d])
  const [gradient] = grad(reduceSum(target(path)), [path])
  const mean = reduceSum(mul(column(weights), reshape(gradient, [steps, -1, d])), { axes: [0], keepDims: false })
  return mul(distance, mean)
}
