import { PodError } from '@mlpod/contract'
import {
  cast,
  constantOfShape,
  div,
  dtypeOf,
  equal,
  expand,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  shape,
  size,
  type Value,
  where,
} from '@mlpod/graph'

/**
 * How losses become fewer: `none` leaves one for each element, `rows` gives the mean over each row's elements [batch], `mean`
 * divides the sum by the sum of all weights, `sumOverBatchSize` by the number of losses whatever they weigh (Keras' default).
 */
export type Reduction = 'none' | 'rows' | 'mean' | 'sum' | 'sumOverBatchSize'

/** What a loss says of a batch. */
export interface Losses {
  /** One loss a row, [batch], or for each of its elements, [batch, ...]; or one number for a batch that is judged as a whole. */
  readonly losses: Value
  /** The weights that the losses already hold where those are not 1 (class weights, 0 for what is ignored): a mean divides by their sum. */
  readonly weights?: Value
}

/** A loss of one prediction and one target, as `fit` takes it. */
export interface Loss {
  readonly name: string
  /** The element type of targets: class numbers, or numbers. */
  readonly target: 'int64' | 'float32'
  /** Which targets it takes, and how messages say so. Default: every finite number, and class numbers of 0 or more. */
  readonly takes?: { readonly what: string; readonly test: (target: number) => boolean }
  /** How many classes so many scores of the last axis tell apart. Default: as many. Undefined: they tell none. */
  readonly classes?: (scores: number) => number | undefined
  /** A class number that does not count. */
  readonly ignored?: number
  /** What the prediction is: raw scores whose link is part of the loss, or the predicted value itself. */
  readonly prediction: 'logits' | 'value'
  /** Returns the losses of the rows. Throws `SHAPE_MISMATCH`. */
  readonly rows: (prediction: Value, target: Value) => Losses
}

/** A loss of several values by name: each has the rows on its first axis unless told otherwise. */
export interface JointLoss<Values> {
  readonly name: string
  /** Returns the losses of the rows. Throws `SHAPE_MISMATCH`. */
  readonly rows: (values: Values) => Losses
}

/** Settings of `lossValue`. */
export interface LossOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction
  /** How much each row counts, [batch]. */
  readonly weights?: Value
  /** Which losses count (bool): [batch], or of the shape of the losses. The others are 0 and weigh nothing. */
  readonly mask?: Value
  /** What a mean is of which nothing counts. Default `nan`, as 0 / 0 is in torch. */
  readonly emptyMean?: 'nan' | 'zero'
}

const told = (value: Value): string => `[${value.shape.join(', ')}]`

/** Returns weights or a mask [batch] with the axes of the losses. */
function alongRows(what: string, rows: Value, losses: Value): Value {
  // a column would broadcast with the losses to a matrix
  if (rows.shape.length !== 1) throw new PodError('SHAPE_MISMATCH', `${what} are [batch], not ${told(rows)}`)
  if (losses.shape.length === 0)
    throw new PodError('SHAPE_MISMATCH', `${what} of rows do not go with a loss that judges the batch as a whole`)
  return losses.shape.length === 1 ? rows : reshape(rows, [-1, ...losses.shape.slice(1).map(() => 1)])
}

/** Returns losses that hold the weights of the rows and the mask, and all weights, where some are not 1. */
function weighed({ losses, weights: own }: Losses, { weights, mask }: Pick<LossOptions, 'weights' | 'mask'>): Losses {
  let [each, all] = [losses, own]
  if (weights) {
    const rows = alongRows('weights', weights, losses)
    each = mul(losses, rows)
    all = own ? mul(own, rows) : losses.shape.length === 1 ? rows : expand(rows, shape(losses))
  }
  if (!mask) return { losses: each, weights: all }
  const counts = mask.shape.length === losses.shape.length ? mask : alongRows('masks', mask, losses)
  const ones = all ?? constantOfShape(shape(losses), 1, dtypeOf(losses))
  // what is masked is not multiplied by 0: it may be no number
  return { losses: where(counts, each, 0), weights: where(counts, ones, 0) }
}

const sumsOf = ({ losses, weights }: Losses): { sum: Value; total: Value } => ({
  sum: reduceSum(losses),
  total: weights ? reduceSum(weights) : cast(size(losses), dtypeOf(losses)!),
})

const quotient = (sum: Value, total: Value, emptyMean: 'nan' | 'zero'): Value =>
  div(sum, emptyMean === 'zero' ? where(equal(total, 0), 1, total) : total)

const axesButFirst = (x: Value): number[] => x.shape.slice(1).map((_, i) => i + 1)

function byRow({ losses, weights }: Losses, emptyMean: 'nan' | 'zero'): Value {
  if (losses.shape.length < 2) return losses
  if (!weights) return perRow(losses)
  const axes = axesButFirst(losses)
  return quotient(reduceSum(losses, { axes }), reduceSum(weights, { axes }), emptyMean)
}

/** Returns losses reduced. Throws `SHAPE_MISMATCH`. */
export function reduced(
  own: Losses,
  { reduction = 'mean', weights, mask, emptyMean = 'nan' }: LossOptions = {},
): Value {
  const all = weighed(own, { weights, mask })
  switch (reduction) {
    case 'none':
      return all.losses
    case 'rows':
      return byRow(all, emptyMean)
    case 'sum':
      return reduceSum(all.losses)
    case 'sumOverBatchSize':
      return reduceMean(all.losses)
    case 'mean': {
      if (!all.weights) return all.losses.shape.length === 0 ? all.losses : reduceMean(all.losses)
      const { sum, total } = sumsOf(all)
      return quotient(sum, total, emptyMean)
    }
  }
}

/**
 * Returns the weighted sum of the losses and the sum of the weights (of elements, classes and rows): sums of parts add up to
 * the sums of the whole. Throws `SHAPE_MISMATCH`.
 */
export const lossSums = (
  loss: Loss,
  prediction: Value,
  target: Value,
  weights?: Value,
): { readonly sum: Value; readonly total: Value } => sumsOf(weighed(loss.rows(prediction, target), { weights }))

/**
 * Returns a loss as one number (or, by `reduction`, as several). A `mean` divides by the sum of all weights, so equal weights
 * of any size change nothing. Throws `SHAPE_MISMATCH`.
 */
export const lossValue = (loss: Loss, prediction: Value, target: Value, options: LossOptions = {}): Value =>
  reduced(loss.rows(prediction, target), options)

/** Returns a loss of several values as `lossValue` does. Throws `SHAPE_MISMATCH`. */
export const jointLossValue = <Values>(loss: JointLoss<Values>, values: Values, options: LossOptions = {}): Value =>
  reduced(loss.rows(values), options)

/** Returns the mean over all axes but the first. */
export const perRow = (x: Value): Value =>
  x.shape.length === 1
    ? x
    : x.shape.length === 2 && x.shape[1] === 1
      ? reshape(x, [-1])
      : reduceMean(x, { axes: axesButFirst(x) })
