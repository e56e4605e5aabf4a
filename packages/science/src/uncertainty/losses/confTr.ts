import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  div,
  dtypeOf,
  gather,
  gatherElements,
  like,
  log,
  mul,
  oneHot,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  sub,
  type Value,
} from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'
import {
  asColumn,
  batchScores,
  between,
  type ConformalLossOptions,
  classesOf,
  classLoss,
  oneLevel,
  parted,
  positive,
  trainable,
} from './batch.ts'
import { softQuantile } from './softSort.ts'

const sizeTransforms: Readonly<Record<'square' | 'abs' | 'log', (x: Value) => Value>> = {
  square: (x) => mul(x, x),
  abs,
  log,
}

/** Mean share of rows whose label is (softly) inside, [n, classes] to a scalar. */
const softCoverage = (inside: Value, labels: Value): Value =>
  reduceMean(gatherElements(inside, asColumn(labels), { axis: 1 }), { keepDims: false })

/** Settings of `confTrLoss`. */
export interface ConfTrOptions extends ConformalLossOptions {
  /** How much each part counts: the `size` of the sets (1 by default), what labels are in them that should not (`classification`), and how far their `coverage` is from the level. */
  readonly size?: number
  readonly classification?: number
  readonly coverage?: number
  /** How softly labels are inside: sigmoid((threshold - score) / softness). 0.1 by default. */
  readonly softness?: number
  /** A set of so many labels costs nothing (1 by default). */
  readonly targetSize?: number
  readonly sizeTransform?: 'square' | 'abs' | 'log'
  /** What it costs that label k is in the set of a row of class y, [classes][classes]; on the diagonal, that y is not. 1 by default. */
  readonly lossMatrix?: readonly (readonly number[])[]
  /** Returns the logarithm of the sum. */
  readonly logarithm?: boolean
}

/**
 * Returns the loss of conformal training, which calibrates on a part of each batch and judges the sets of the rest, so that a network
 * learns to make small ones. Its off-label part counts every wrong label of a set, where TorchCP 1.2.1 multiplies it by 0.
 * For `fit`; the batch is judged as a whole. Throws `LEVEL_INVALID`, `OPTION_INVALID`, `OPTION_CONFLICT` for a score without a derivative.
 * Source: Stutz, Dvijotham, Cemgil, Doucet 2022, Learning optimal conformal classifiers.
 */
export function confTrLoss({
  score = 'aps',
  transform = 'softmax',
  fraction = 0.5,
  temperature = 0.1,
  size = 1,
  classification = 0,
  coverage = 0,
  softness = 0.1,
  targetSize = 1,
  sizeTransform = 'square',
  lossMatrix,
  logarithm = false,
  ...option
}: ConfTrOptions): Loss {
  const level = oneLevel(option)
  const used = trainable(score)
  const share = between('fraction', fraction)
  const soft = positive('softness', softness)
  positive('temperature', temperature)
  return classLoss('confTr', (logits, labels) => {
    const { all, own } = batchScores(logits, labels, used, transform)
    const [known] = parted(own, share)
    const [, fresh] = parted(all, share)
    const [, truth] = parted(labels, share)
    const inside = sigmoid(div(sub(softQuantile(known, level, { temperature }), fresh), soft))
    const terms: Value[] = []
    if (size !== 0) terms.push(mul(sizeTerm(inside, targetSize, sizeTransform), size))
    if (classification !== 0)
      terms.push(mul(classificationTerm(inside, truth, classesOf(logits), lossMatrix), classification))
    if (coverage !== 0) terms.push(mul(coverageTerm(inside, truth, level), coverage))
    if (terms.length === 0) throw new PodError('OPTION_INVALID', 'no part of the loss counts', { hint: 'size: 1' })
    const sum = terms.reduce((a, b) => add(a, b))
    return logarithm ? log(sum) : sum
  })
}

export function sizeTerm(inside: Value, targetSize: number, kind: 'square' | 'abs' | 'log'): Value {
  const sizes = reduceSum(inside, { axes: [1], keepDims: false })
  return reduceMean(sizeTransforms[kind](relu(sub(sizes, targetSize))), { keepDims: false })
}

export function coverageTerm(inside: Value, labels: Value, level: number): Value {
  const off = sub(softCoverage(inside, labels), level)
  return mul(off, off)
}

/** Mean over rows of L[y][y] (1 - C_y) + sum over k != y of L[y][k] C_k. */
function classificationTerm(
  inside: Value,
  labels: Value,
  classes: number,
  matrix: readonly (readonly number[])[] | undefined,
): Value {
  if (matrix && (matrix.length !== classes || matrix.some((row) => row.length !== classes)))
    throw new PodError('LENGTH_MISMATCH', `the loss matrix is not ${classes} x ${classes}`)
  const dtype = dtypeOf(inside) === 'float64' ? 'float64' : 'float32'
  const own = oneHot(labels, classes, { dtype })
  const wrong = add(mul(own, sub(1, inside)), mul(sub(1, own), inside))
  const costs = matrix && gather(reshape(like(inside, matrix.flat()), [classes, classes]), labels)
  return reduceMean(reduceSum(costs ? mul(wrong, costs) : wrong, { axes: [1], keepDims: false }), { keepDims: false })
}
