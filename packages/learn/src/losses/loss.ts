import { PodError } from '@mlpod/contract'
import { cast, div, equal, mul, reduceMean, reduceSum, reshape, size, type Value, where } from '@mlpod/graph'

/** How the losses of the rows become one number. */
export type Reduction = 'none' | 'mean' | 'sum'

/** A loss: from predictions and targets to one number a row. */
export interface Loss {
  readonly name: string
  /** The element type of targets: class numbers, or numbers of the prediction's shape. */
  readonly target: 'int64' | 'float32'
  /** Which targets it takes, and how messages say so. Default: every finite number. */
  readonly takes?: { readonly what: string; readonly test: (target: number) => boolean }
  /** What the prediction is: raw scores whose link is part of the loss, or the predicted value itself. */
  readonly prediction: 'logits' | 'value'
  /**
   * Returns the loss of each row [batch], and the weight that the loss already holds where it is not 1 (class weights):
   * a mean divides by the sum of those.
   */
  readonly rows: (prediction: Value, target: Value) => { readonly losses: Value; readonly weights?: Value }
}

/** Settings of `lossValue`. `weights` are of shape [batch]. */
export interface LossOptions {
  readonly reduction?: Reduction
  readonly weights?: Value
}

/**
 * Returns the weighted sum of the losses of the rows and the sum of the weights (rows, class weights, sample weights):
 * sums of parts add up to the sums of the whole.
 */
export function lossSums(loss: Loss, prediction: Value, target: Value, weights?: Value): { sum: Value; total: Value } {
  const { losses, weights: own } = loss.rows(prediction, target)
  checkWeights(weights)
  const all = own && weights ? mul(own, weights) : (own ?? weights)
  return {
    sum: reduceSum(weights ? mul(losses, weights) : losses),
    total: all ? reduceSum(all) : cast(size(losses), 'float32'),
  }
}

/**
 * Returns a loss as one number: `mean` divides by the sum of all weights, so equal weights of any size change nothing, and
 * rows that all weigh nothing lose 0; `none` gives [batch]. Throws `SHAPE_MISMATCH`.
 */
export function lossValue(
  loss: Loss,
  prediction: Value,
  target: Value,
  { reduction = 'mean', weights }: LossOptions = {},
): Value {
  if (reduction === 'mean') {
    const { losses, weights: own } = loss.rows(prediction, target)
    if (!own && !weights) return reduceMean(losses)
    const { sum, total } = lossSums(loss, prediction, target, weights)
    return div(sum, where(equal(total, 0), 1, total))
  }
  if (reduction === 'sum') return lossSums(loss, prediction, target, weights).sum
  const { losses } = loss.rows(prediction, target)
  checkWeights(weights)
  return weights ? mul(losses, weights) : losses
}

// A column of weights would broadcast with the losses to a matrix.
function checkWeights(weights: Value | undefined): void {
  if (weights && weights.shape.length !== 1)
    throw new PodError('SHAPE_MISMATCH', `weights are [batch], not [${weights.shape.join(', ')}]`)
}

/** Returns the mean over all axes but the first. */
export const perRow = (x: Value): Value =>
  x.shape.length === 1
    ? x
    : x.shape.length === 2 && x.shape[1] === 1
      ? reshape(x, [-1])
      : reduceMean(x, { axes: x.shape.slice(1).map((_, i) => i + 1) })

/** Throws `SHAPE_MISMATCH` unless prediction and target have the same number of axes and the same known sizes. */
export function checkShapes(name: string, prediction: Value, target: Value): void {
  const same =
    prediction.shape.length === target.shape.length &&
    prediction.shape.every(
      (dim, i) => typeof dim === 'string' || typeof target.shape[i] === 'string' || dim === target.shape[i],
    )
  if (!same)
    throw new PodError(
      'SHAPE_MISMATCH',
      `${name} compares [${prediction.shape.join(', ')}] with a target of [${target.shape.join(', ')}]`,
      {
        hint: 'give both the same shape: [batch, 1] for one number a row',
      },
    )
}
