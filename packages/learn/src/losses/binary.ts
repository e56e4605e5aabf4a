import {
  add,
  clip,
  exp,
  greater,
  like,
  log,
  mul,
  neg,
  reduceMean,
  reduceSum,
  relu,
  softplus,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { finite, flag, oneOf } from '../optimizers/option.ts'
import { checkAlike, elementwise, expectShapes, loss } from './define.ts'
import { logAbove, logistic, xLogX } from './maths.ts'
import { columnWeights, NONE, positiveEach, TARGETS } from './settings.ts'

const ofLogits = { prediction: 'logits', takes: TARGETS.share } as const

/**
 * Returns minus the log likelihood of targets (0, 1, or a share between) under logits of the same shape. `positiveWeight`
 * multiplies the part of the positives, `columnWeights` the losses of the columns: one a column of the last axis; a mean divides
 * by the number of losses. Computed without overflow. Source: torch.nn.BCEWithLogitsLoss 2.15.
 */
export const binaryCrossEntropyWithLogits = elementwise({
  name: 'binaryCrossEntropyWithLogits',
  source: 'torch.nn.BCEWithLogitsLoss 2.15',
  parameters: { positiveWeight: positiveEach, columnWeights },
  of: () => ofLogits,
  each:
    ({ positiveWeight, columnWeights: weights }) =>
    (z, y) => {
      const each =
        positiveWeight === 1
          ? logistic(z, y)
          : add(mul(sub(1, y), z), mul(add(mul(y, sub(like(z, positiveWeight), 1)), 1), softplus(neg(z))))
      return weights ? mul(each, like(z, weights)) : each
    },
})

/**
 * Returns minus the log likelihood of targets (0, 1, or a share between) under probabilities of the same shape.
 * `clip: 'logarithm'` keeps logarithms at -100 or above (torch; the derivative at 0 and 1 is that of what is kept, where torch
 * gives up to 1e12), `probability` keeps probabilities 1e-7 from 0 and 1 (Keras): at 0 and 1 the losses differ.
 * Source: torch.nn.BCELoss 2.15; keras.losses.BinaryCrossentropy 3.15.
 */
export const binaryCrossEntropy = elementwise({
  name: 'binaryCrossEntropy',
  source: 'torch.nn.BCELoss 2.15',
  parameters: { clip: oneOf(['logarithm', 'probability'], 'logarithm'), columnWeights },
  of: () => ({ takes: TARGETS.share }),
  each: ({ clip: kept, columnWeights: weights }) => {
    const logarithm = (x: Value): Value => (kept === 'logarithm' ? logAbove(x, 1.2e-38, -100) : log(x))
    return (prediction, y) => {
      const p = kept === 'logarithm' ? prediction : clip(prediction, 1e-7, 1 - 1e-7)
      const each = neg(add(mul(y, logarithm(p)), mul(sub(1, y), logarithm(sub(1, p)))))
      return weights ? mul(each, like(p, weights)) : each
    }
  },
})

/** Returns the mean over classes of the logistic losses [N, C], each class with its weight. Source: torch.nn.MultiLabelSoftMarginLoss 2.15. */
export const multiLabelSoftMargin = loss({
  name: 'multiLabelSoftMargin',
  source: 'torch.nn.MultiLabelSoftMarginLoss 2.15',
  parameters: { columnWeights },
  of: () => ofLogits,
  rows:
    ({ columnWeights: weights }) =>
    (z, y) => {
      checkAlike('multiLabelSoftMargin', z, y)
      const each = logistic(z, y)
      return { losses: reduceMean(weights ? mul(each, like(z, weights)) : each, { axes: [-1] }) }
    },
})

/** Returns log(1 + e^(-y x)) for targets -1 and 1. Source: torch.nn.SoftMarginLoss 2.15. */
export const softMargin = elementwise({
  name: 'softMargin',
  source: 'torch.nn.SoftMarginLoss 2.15',
  parameters: NONE,
  of: () => ({ prediction: 'logits', takes: TARGETS.sign }),
  each: () => (x, y) => softplus(neg(mul(y, x))),
})

/** Returns x for the target 1 and max(0, margin - x) for -1, x a distance. Source: torch.nn.HingeEmbeddingLoss 2.15. */
export const hingeEmbedding = elementwise({
  name: 'hingeEmbedding',
  source: 'torch.nn.HingeEmbeddingLoss 2.15',
  parameters: { margin: finite(1) },
  of: () => ({ takes: TARGETS.sign }),
  each:
    ({ margin }) =>
    (x, y) =>
      where(greater(y, 0), x, relu(sub(margin, x))),
})

/** Targets of a hinge: 0 and 1, or (`signed`) -1 and 1. */
const hinged = (signed: boolean) => (z: Value, y: Value) => relu(sub(1, mul(signed ? y : sub(mul(y, 2), 1), z)))
const takesOf = ({ signed }: { readonly signed: boolean }) =>
  ({ prediction: 'logits', takes: signed ? TARGETS.sign : TARGETS.binary }) as const

/** Returns max(0, 1 - s z) for logits z and targets 0 and 1 (s = -1, 1), or with `signed` s itself. Source: Cortes, Vapnik (1995); keras.losses.Hinge 3.15. */
export const hinge = elementwise({
  name: 'hinge',
  source: 'keras.losses.Hinge 3.15',
  parameters: { signed: flag(false) },
  of: takesOf,
  each: ({ signed }) => hinged(signed),
})

/** Returns the square of `hinge`. Source: keras.losses.SquaredHinge 3.15. */
export const squaredHinge = elementwise({
  name: 'squaredHinge',
  source: 'keras.losses.SquaredHinge 3.15',
  parameters: { signed: flag(false) },
  of: takesOf,
  each: ({ signed }) => {
    const short = hinged(signed)
    return (z, y) => {
      const value = short(z, y)
      return mul(value, value)
    }
  },
})

/**
 * Returns y (log y - x) for logarithms x of predicted probabilities and targets y, or (`logarithm`) their logarithms. Losses are
 * those of the elements, or (`batchMean`) their sums over each row, whose mean is the divergence. Source: torch.nn.KLDivLoss 2.15.
 */
export const klDivergence = loss({
  name: 'klDivergence',
  source: 'torch.nn.KLDivLoss 2.15',
  parameters: { logarithm: flag(false), batchMean: flag(false) },
  of: ({ logarithm }) => (logarithm ? {} : { takes: TARGETS.nonNegative }),
  rows:
    ({ logarithm, batchMean }) =>
    (x, y) => {
      checkAlike('klDivergence', x, y)
      const each = logarithm ? mul(exp(y), sub(y, x)) : where(greater(y, 0), sub(xLogX(y), mul(y, x)), 0)
      return {
        losses:
          batchMean && x.shape.length > 1 ? reduceSum(each, { axes: x.shape.slice(1).map((_, i) => i + 1) }) : each,
      }
    },
})

/** Returns the sum over the last axis of y log(y / p), both kept in [1e-7, 1]. Source: keras.losses.KLDivergence 3.15. */
export const klDivergenceOfProbabilities = loss({
  name: 'klDivergenceOfProbabilities',
  source: 'keras.losses.KLDivergence 3.15',
  parameters: NONE,
  of: () => ({ takes: TARGETS.nonNegative }),
  rows: () => (prediction, target) => {
    expectShapes('klDivergenceOfProbabilities', { prediction: [prediction, 'N ... C'], target: [target, 'N ... C'] })
    const [p, y] = [prediction, target].map((x) => clip(x, 1e-7, 1))
    return { losses: reduceSum(mul(y, sub(log(y), log(p))), { axes: [-1] }) }
  },
})
