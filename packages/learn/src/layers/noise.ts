import { PodError } from '@mlpod/contract'
import { add, constant, greater, mul, type Value, where } from '@mlpod/graph'
import type { Layer } from './layer.ts'

/** Returns the layer that in training adds normal noise of this standard deviation. Source: Keras GaussianNoise. */
export function gaussianNoise(stddev: number): Layer {
  if (!(stddev >= 0 && Number.isFinite(stddev)))
    throw new PodError('LAYER_INVALID', `a standard deviation of ${stddev} is no number >= 0`)
  return (x, scope) => (!scope.training || stddev === 0 ? x : add(x, mul(scope.noise(x, 'normal'), stddev)))
}

/**
 * Returns the layer that in training multiplies each value with a normal number of mean 1 and variance rate / (1 - rate), which
 * are those of `dropout(rate)`. Source: Srivastava et al. (2014); Keras GaussianDropout.
 */
export function gaussianDropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1))
    throw new PodError('LAYER_INVALID', `a Gaussian dropout rate of ${rate} is not in [0, 1)`)
  const stddev = Math.sqrt(rate / (1 - rate))
  return (x, scope) => (!scope.training || rate === 0 ? x : mul(x, add(mul(scope.noise(x, 'normal'), stddev), 1)))
}

/**
 * Returns a rectifier whose slope below 0 is drawn in training between two numbers, for each value by itself; a trained network
 * takes their mean. Source: Xu et al. (2015); torch.nn.RReLU.
 */
export function rrelu({
  lower = 1 / 8,
  upper = 1 / 3,
}: {
  readonly lower?: number
  readonly upper?: number
} = {}): Layer {
  if (!(lower <= upper && Number.isFinite(upper - lower)))
    throw new PodError('LAYER_INVALID', `slopes between ${lower} and ${upper} are no range`)
  return (x, scope) => {
    const slope: Value = scope.training
      ? add(mul(scope.noise(x, 'uniform'), upper - lower), lower)
      : constant((lower + upper) / 2)
    return where(greater(x, 0), x, mul(x, slope))
  }
}
