import { abs, argMax, cast, equal, greater, mul, reduceSum, size, sub, type Value } from '@mlpod/graph'
import { perRow } from './losses/loss.ts'

/** What a metric sees of a batch. */
export interface Judged {
  /** The output and its target. */
  readonly prediction: Value
  readonly target: Value
  /** Weights of the rows [batch]. */
  readonly weights?: Value
}

/** A metric: a sum over rows and what it is divided by, so that parts add up to the whole. */
export interface Metric {
  /** Which output it judges; the first by default. */
  readonly output?: string
  readonly compute: (judged: Judged) => { readonly sum: Value; readonly total: Value }
}

/** Returns a metric that is the weighted mean of one number a row. */
export const meanOf = (rows: (prediction: Value, target: Value) => Value, output?: string): Metric => ({
  output,
  compute({ prediction, target, weights }) {
    const values = rows(prediction, target)
    return weights
      ? { sum: reduceSum(mul(values, weights)), total: reduceSum(weights) }
      : { sum: reduceSum(values), total: cast(size(values), 'float32') }
  },
})

/**
 * Returns the share of rows that are told right: the largest of several scores against class numbers [batch], or a score
 * above 0 (of probabilities, `threshold` 0.5) against a target of 1.
 */
export const accuracy = ({
  output,
  threshold = 0,
}: {
  readonly output?: string
  readonly threshold?: number
} = {}): Metric =>
  meanOf((prediction, target) => {
    if (target.shape.length === prediction.shape.length - 1)
      return cast(equal(argMax(prediction, { axis: -1 }), target), 'float32')
    return perRow(cast(equal(greater(prediction, threshold), greater(cast(target, 'float32'), 0.5)), 'float32'))
  }, output)

/** Returns the mean distance between prediction and target. */
export const absoluteError = ({ output }: { readonly output?: string } = {}): Metric =>
  meanOf((prediction, target) => perRow(abs(sub(prediction, target))), output)

/** Returns the mean squared distance between prediction and target. */
export const squaredError = ({ output }: { readonly output?: string } = {}): Metric =>
  meanOf((prediction, target) => {
    const d = sub(prediction, target)
    return perRow(mul(d, d))
  }, output)
