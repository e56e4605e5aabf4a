import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  cast,
  constant,
  div,
  dtypeOf,
  floor,
  gather,
  gatherElements,
  like,
  log,
  mul,
  neg,
  oneHot,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  shape,
  sigmoid,
  slice,
  sub,
  type Value,
} from '@mlpod/graph'
import { crossEntropy, type Loss, lossValue } from '@mlpod/learn'
import { levelsOf } from '../calibrate/levels.ts'
import { scoresByClass, transformedValue } from '../classification/labelScoreValues.ts'
import type { ClassTransform } from '../classification/rows.ts'
import { type ClassScore, type ClassScoreName, classScoreOf, entryOf } from '../classification/scores.ts'
import { softQuantile } from './softSort.ts'

/** What losses of conformal sets have in common. */
export interface ConformalLossOptions {
  readonly level?: number
  readonly alpha?: number
  /** The score of the sets (`aps` by default, not randomised). */
  readonly score?: ClassScoreName | ClassScore
  /** From the network's numbers to what the score reads: `softmax` of logits by default. */
  readonly transform?: ClassTransform
  /** Share of a batch that calibrates; the rest is predicted. 0.5 by default. */
  readonly fraction?: number
  /** Of the soft quantile, 0.1 by default. */
  readonly temperature?: number
}

/** Scores of a batch: of all labels [n, classes], and of each row's own [n]. */
interface BatchScores {
  readonly all: Value
  readonly own: Value
}

const asColumn = (labels: Value): Value => reshape(labels, [-1, 1])

function classesOf(logits: Value): number {
  const classes = logits.shape[1]
  if (logits.shape.length === 2 && typeof classes === 'number') return classes
  throw new PodError('SHAPE_MISMATCH', `sets are made of logits [batch, classes], not of [${logits.shape.join(', ')}]`)
}

function batchScores(logits: Value, labels: Value, score: ClassScore, transform: ClassTransform): BatchScores {
  const dtype = dtypeOf(logits) === 'float64' ? 'float64' : 'float32'
  const classes = classesOf(logits)
  const all = scoresByClass(transformedValue(logits, transform), score, classes, dtype)
  return { all, own: reshape(gatherElements(all, asColumn(labels), { axis: 1 }), [-1]) }
}

/** Returns the first share of a batch and the rest. */
function parted(x: Value, fraction: number): readonly [Value, Value] {
  const n = x.shape[0]
  if (typeof n === 'number') {
    const cut = Math.floor(fraction * n)
    return [slice(x, [0], [cut], { axes: [0] }), slice(x, [cut], [n], { axes: [0] })]
  }
  const size = shape(x, 0, 1)
  const cut = cast(floor(mul(cast(size, 'float64'), constant(fraction, 'float64'))), 'int64')
  return [slice(x, constant([0], 'int64'), cut, { axes: [0] }), slice(x, cut, size, { axes: [0] })]
}

function between(what: string, value: number): number {
  if (value > 0 && value < 1) return value
  throw new PodError('OPTION_INVALID', `"${what}" is ${value}`, { hint: 'a number between 0 and 1' })
}

function positive(what: string, value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw new PodError('OPTION_INVALID', `"${what}" is ${value}`, { hint: 'a number above 0' })
}

function oneLevel(option: Pick<ConformalLossOptions, 'level' | 'alpha'>): number {
  return levelsOf(option)[0]
}

/** Refuses a score that has no derivative. */
function trainable(given: ClassScoreName | ClassScore): ClassScore {
  const score = classScoreOf(given)
  const { parts } = entryOf(score)
  if (parts.every((part) => part === 'rank' || part === 'u'))
    throw new PodError('OPTION_CONFLICT', `the score "${score.name}" has no derivative`, {
      hint: 'score: "aps", or "lac"',
    })
  return score
}

const classLoss = (name: string, rows: (logits: Value, labels: Value) => Value): Loss => ({
  name,
  target: 'int64',
  prediction: 'logits',
  rows: (logits, labels) => ({ losses: rows(logits, reshape(labels, [-1])) }),
})

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
 * Returns the loss of conformal training, which calibrates on a part of each batch and judges the sets of the rest: a network trained
 * with it makes smaller sets. Its off-label part counts every wrong label of a set, where TorchCP 1.2.1 multiplies it by 0.
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

function sizeTerm(inside: Value, targetSize: number, kind: 'square' | 'abs' | 'log'): Value {
  const sizes = reduceSum(inside, { axes: [1], keepDims: false })
  return reduceMean(sizeTransforms[kind](relu(sub(sizes, targetSize))), { keepDims: false })
}

function coverageTerm(inside: Value, labels: Value, level: number): Value {
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

/**
 * Returns the mean share of labels whose score is (softly) no larger than that of the row's own label: what a set has whose threshold
 * is the row's own score. Trains an adapter of logits for small sets. TorchCP 1.2.1 takes the difference the other way round, which grows
 * as sets shrink. Throws `OPTION_INVALID`, `OPTION_CONFLICT`. Source: Liu et al. 2024, C-Adapter.
 */
export function cdLoss({
  score = 'aps',
  transform = 'softmax',
  softness = 1e-4,
}: Pick<ConformalLossOptions, 'score' | 'transform'> & { readonly softness?: number } = {}): Loss {
  const used = trainable(score)
  const soft = positive('softness', softness)
  return classLoss('cd', (logits, labels) => {
    const { all, own } = batchScores(logits, labels, used, transform)
    return reduceMean(sigmoid(div(sub(asColumn(own), all), soft)), { keepDims: false })
  })
}

/**
 * Returns log(size + lambda (coverage - level)^2), or minus its inverse, of soft sets {score <= 1}: threshold and scores are learnt
 * together, so the batch needs no calibration part. Throws `LEVEL_INVALID`, `OPTION_INVALID`, `OPTION_CONFLICT`.
 * Source: Bellotti 2021 (SCPO).
 */
export function scpoLoss({
  score = 'lac',
  transform = 'identity',
  lambda = 500,
  steepness = 5,
  form = 'logarithm',
  ...option
}: Pick<ConformalLossOptions, 'level' | 'alpha' | 'score' | 'transform'> & {
  readonly lambda?: number
  readonly steepness?: number
  readonly form?: 'logarithm' | 'negativeInverse'
}): Loss {
  const level = oneLevel(option)
  const used = trainable(score)
  positive('lambda', lambda)
  positive('steepness', steepness)
  return classLoss('scpo', (logits, labels) => {
    const { all } = batchScores(logits, labels, used, transform)
    const inside = sigmoid(mul(sub(1, all), steepness))
    const sum = add(sizeTerm(inside, 0, 'abs'), mul(coverageTerm(inside, labels, level), lambda))
    return form === 'logarithm' ? log(sum) : neg(div(1, sum))
  })
}

/**
 * Returns the mean squared distance between the soft threshold of a part of the batch and the scores of the rest's labels: what a
 * temperature (or another calibrator of logits) is trained by. Throws as `confTrLoss`. Source: Xi et al. 2024 (ConfTS).
 */
export function confTsLoss({
  score = 'aps',
  transform = 'softmax',
  fraction = 0.5,
  temperature = 0.1,
  ...option
}: ConformalLossOptions): Loss {
  const level = oneLevel(option)
  const used = trainable(score)
  const share = between('fraction', fraction)
  positive('temperature', temperature)
  return classLoss('confTs', (logits, labels) => {
    const [known, fresh] = parted(batchScores(logits, labels, used, transform).own, share)
    const gap = sub(softQuantile(known, level, { temperature }), fresh)
    return reduceMean(mul(gap, gap), { keepDims: false })
  })
}

/** Settings of `uncertaintyAwareLoss`. */
export interface UncertaintyAwareOptions {
  /** Share of a batch whose scores are to be uniform (0.2 by default); the rest is classified. */
  readonly fraction?: number
  /** How much that counts beside the cross entropy (1 by default). */
  readonly weight?: number
  /** Places at which distributions are compared (20 by default). */
  readonly places?: number
}

/**
 * Returns the cross entropy of a part of the batch and, of the rest, the Kolmogorov distance between the distribution of randomised APS
 * scores and the uniform one that they have when the probabilities are right. The distribution is averaged over the random numbers
 * (a row's score is uniform over its label's part of the mass), so that nothing is drawn and nothing has to be sorted softly.
 * Throws `OPTION_INVALID`. Source: Einbinder, Romano, Sesia, Zhou 2022.
 */
export function uncertaintyAwareLoss({ fraction = 0.2, weight = 1, places = 20 }: UncertaintyAwareOptions = {}): Loss {
  const share = between('fraction', fraction)
  positive('weight', weight)
  if (!(Number.isInteger(places) && places > 0))
    throw new PodError('OPTION_INVALID', `"places" is ${places}`, { hint: 'a whole number above 0' })
  return classLoss('uncertaintyAware', (logits, labels) => {
    const [judged, rest] = parted(logits, share)
    const [truth, others] = parted(labels, share)
    const distance = uniformDistance(judged, truth, places)
    return add(lossValue(crossEntropy(), rest, others), mul(distance, weight))
  })
}

/** The largest distance between F(t) = mean of clip((t - before) / p, 0, 1) and t at places in (0, 1). */
function uniformDistance(logits: Value, labels: Value, places: number): Value {
  const dtype = dtypeOf(logits) === 'float64' ? 'float64' : 'float32'
  const probability = transformedValue(logits, 'softmax')
  const masses = scoresByClass(probability, classScoreOf('aps'), classesOf(logits), dtype)
  const ofOwn = (x: Value): Value => gatherElements(x, asColumn(labels), { axis: 1 })
  const own = add(ofOwn(probability), 1e-6)
  const before = sub(ofOwn(masses), own)
  const grid = Array.from({ length: places }, (_, i) => (i + 0.5) / places)
  const t = reshape(like(logits, grid), [1, places])
  // clip as a difference of ramps, which has derivatives of all orders almost everywhere
  const share = div(sub(t, before), own)
  const F = reduceMean(sub(relu(share), relu(sub(share, 1))), { axes: [0], keepDims: false })
  return reduceMax(abs(sub(F, like(logits, grid))), { keepDims: false })
}
