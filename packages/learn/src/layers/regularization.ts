import { PodError } from '@mlpod/contract'
import { abs, add, div, mul, reduceSum, type Value, where } from '@mlpod/graph'
import type { Layer } from './layer.ts'

// masks are drawn from 16 bits a value; the factor is that of the probability they have
const keepOf = (rate: number, what: string): number => {
  if (!(rate >= 0 && rate < 1)) throw new PodError('LAYER_INVALID', `a ${what} rate of ${rate} is not in [0, 1)`)
  return Math.max(1, Math.round((1 - rate) * 65536)) / 65536
}

/**
 * Returns the layer that in training sets each value to 0 with probability `rate` and divides the others by 1 - rate; a
 * trained network leaves values as they are. Source: Srivastava et al. (2014), scaled in training.
 */
export function dropout(rate: number): Layer {
  const keep = keepOf(rate, 'dropout')
  return (x, scope) => (!scope.training || rate === 0 ? x : where(scope.mask(x, keep), div(x, keep), 0))
}

/** Axes of x that a mask has; the others are of size 1, so that what it drops is dropped whole. */
const over = (x: Value, axes: readonly number[]): Value =>
  ({ ...x, shape: x.shape.map((dim, i) => (axes.includes(i) ? dim : 1)) }) as Value

/** Returns a dropout of whole channels [batch, channels, ...]. Source: torch.nn.Dropout1d to Dropout3d. */
export function channelDropout(rate: number): Layer {
  const keep = keepOf(rate, 'channel dropout')
  return (x, scope) => (!scope.training || rate === 0 ? x : where(scope.mask(over(x, [0, 1]), keep), div(x, keep), 0))
}

/** Returns a dropout of whole examples of a residual branch: stochastic depth. Source: Huang et al. (2016). */
export function dropPath(rate: number): Layer {
  const keep = keepOf(rate, 'drop path')
  return (x, scope) => (!scope.training || rate === 0 ? x : where(scope.mask(over(x, [0]), keep), div(x, keep), 0))
}

// selu's limit for large negative values
const SATURATED = -1.7580993408473766

/** What `alphaDropout` does, with the mask of `masked`. */
function saturating(rate: number, what: string, masked: (x: Value) => Value): Layer {
  const keep = keepOf(rate, what)
  return (x, scope) => {
    if (!scope.training || rate === 0) return x
    const a = 1 / Math.sqrt(keep * (1 + (1 - keep) * SATURATED ** 2))
    const b = -a * (1 - keep) * SATURATED
    return add(mul(where(scope.mask(masked(x), keep), x, SATURATED), a), b)
  }
}

/** Returns a dropout that keeps mean and variance of what `selu` gives. Source: Klambauer et al. (2017); torch.nn.AlphaDropout. */
export const alphaDropout = (rate: number): Layer => saturating(rate, 'alpha dropout', (x) => x)

/** Returns `alphaDropout` of whole channels [batch, channels, ...]. Source: torch.nn.FeatureAlphaDropout. */
export const featureAlphaDropout = (rate: number): Layer =>
  saturating(rate, 'feature alpha dropout', (x) => over(x, [0, 1]))

/**
 * Returns the layer that leaves x as it is and adds l1 sum |x| + l2 sum x^2 to the loss in training, divided by the number of rows
 * in the batch. Source: Keras ActivityRegularization.
 */
export function activityRegularization({ l1 = 0, l2 = 0 }: { readonly l1?: number; readonly l2?: number }): Layer {
  for (const [name, value] of Object.entries({ l1, l2 }))
    if (!(value >= 0 && Number.isFinite(value)))
      throw new PodError('LAYER_INVALID', `${name} of an activity regularization is ${value}, no number >= 0`)
  return (x, scope) => {
    const axes = x.shape.map((_, i) => i).slice(1)
    const ofRows = (each: Value): Value => (axes.length === 0 ? each : reduceSum(each, { axes }))
    if (l1 > 0) scope.penalty(mul(ofRows(abs(x)), l1))
    if (l2 > 0) scope.penalty(mul(ofRows(mul(x, x)), l2))
    return x
  }
}
