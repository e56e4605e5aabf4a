import { apply, applyOne } from '../apply.ts'
import { flag, float, int, ints } from '../attribute.ts'
import { lift, type Operand } from '../leaf.ts'
import { dtypeOf, type Value } from '../value.ts'
import { applyComposed } from './composed.ts'

const EPSILON = 1e-5

/**
 * Returns (x - mean) / sqrt(variance + epsilon) * scale + bias by statistics that are given, one number a channel
 * (axis 1) of x [N, C, ...]; all four differentiable. Throws `SHAPE_MISMATCH`.
 */
export const batchNormalization = (
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  { epsilon = EPSILON }: { readonly epsilon?: number } = {},
): Value => applyOne('BatchNormalization', [x, scale, bias, mean, variance], { epsilon: float(epsilon) })

/** What training a batch normalisation gives. */
export interface BatchStatistics {
  readonly y: Value
  /** old * momentum + that of the batch * (1 - momentum); they carry no derivative. */
  readonly mean: Value
  /** As `mean`; the batch's variance divides by the number of elements, not by one less. */
  readonly variance: Value
}

/**
 * Returns x [N, C, ...] standardised by the mean and variance of the batch itself, one a channel, scaled and shifted; and
 * the running statistics after it. `momentum` (default 0.9) is what the old ones keep: PyTorch's is 1 - momentum, and
 * its variance divides by one less than the number of elements. Throws `SHAPE_MISMATCH`.
 */
export function batchNormalizationInTraining(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  { epsilon = EPSILON, momentum = 0.9 }: { readonly epsilon?: number; readonly momentum?: number } = {},
): BatchStatistics {
  const attributes = { epsilon: float(epsilon), momentum: float(momentum), training_mode: flag(true) }
  const outputs = apply('BatchNormalization', [x, scale, bias, mean, variance], attributes, { outputs: 3 })
  return { y: outputs[0], mean: outputs[1], variance: outputs[2] }
}

const affine = (x: Value, scale: Operand, bias: Operand | null | undefined): Value[] =>
  [scale, ...(bias === undefined || bias === null ? [] : [bias])].map((operand) => lift(operand, dtypeOf(x)))

/** Over which axes a layer is normalised. */
export interface LayerOptions {
  /** The first axis normalised over; all after it are too. Default the last alone. */
  readonly axis?: number
  readonly epsilon?: number
}

/** Returns x brought to mean 0 and deviation 1 over the axes from `axis` on, times scale, plus bias; both broadcast. */
export const layerNormalization = (
  x: Value,
  scale: Operand,
  bias?: Operand | null,
  { axis = -1, epsilon = EPSILON }: LayerOptions = {},
): Value => applyOne('LayerNormalization', [x, ...affine(x, scale, bias)], { axis: int(axis), epsilon: float(epsilon) })

/** Returns what `layerNormalization` gives, with the mean and 1 / sqrt(variance + epsilon) of each layer. */
export function layerNormalizationWithStatistics(
  x: Value,
  scale: Operand,
  bias?: Operand | null,
  { axis = -1, epsilon = EPSILON }: LayerOptions = {},
): { readonly y: Value; readonly mean: Value; readonly inverseDeviation: Value } {
  const attributes = { axis: int(axis), epsilon: float(epsilon) }
  const outputs = apply('LayerNormalization', [x, ...affine(x, scale, bias)], attributes, { outputs: 3 })
  return { y: outputs[0], mean: outputs[1], inverseDeviation: outputs[2] }
}

/** Returns x / sqrt(mean(x^2) + epsilon) * scale over the axes from `axis` on. Asks for opset 23. */
export const rmsNormalization = (
  x: Value,
  scale: Operand,
  { axis = -1, epsilon = EPSILON }: LayerOptions = {},
): Value =>
  applyComposed('RMSNormalization', [x, lift(scale, dtypeOf(x))], { axis: int(axis), epsilon: float(epsilon) })[0]

/** Returns x [N, C, ...] standardised over each of `groups` parts of the channels; scale and bias have one number a channel. */
export const groupNormalization = (
  x: Value,
  scale: Value,
  bias: Value,
  groups: number,
  { epsilon = EPSILON }: { readonly epsilon?: number } = {},
): Value =>
  applyComposed('GroupNormalization', [x, scale, bias], { epsilon: float(epsilon), num_groups: int(groups) })[0]

/** Returns x [N, C, ...] standardised over the spatial axes; scale and bias have one number a channel. */
export const instanceNormalization = (
  x: Value,
  scale: Value,
  bias: Value,
  { epsilon = EPSILON }: { readonly epsilon?: number } = {},
): Value => applyComposed('InstanceNormalization', [x, scale, bias], { epsilon: float(epsilon) })[0]

/**
 * Returns x [N, C, ...] divided by (bias + alpha / size * sum of the squares of `size` channels around)^beta.
 * Source: Krizhevsky et al. 2012.
 */
export const lrn = (x: Value, size: number, { alpha = 1e-4, beta = 0.75, bias = 1 } = {}): Value =>
  applyComposed('LRN', [x], { size: int(size), alpha: float(alpha), beta: float(beta), bias: float(bias) })[0]

/** Returns x divided by its p-norm (1 or 2) along an axis; zeros stay zeros. */
export const lpNormalization = (
  x: Value,
  { axis = -1, p = 2 }: { readonly axis?: number; readonly p?: 1 | 2 } = {},
): Value => applyOne('LpNormalization', [x], { axis: int(axis), p: int(p) })

/** Returns (x - mean) / (deviation + 1e-9) over axes (default 0, 2, 3). */
export const meanVarianceNormalization = (
  x: Value,
  { axes = [0, 2, 3] }: { readonly axes?: readonly number[] } = {},
): Value => applyComposed('MeanVarianceNormalization', [x], { axes: ints(axes) })[0]
