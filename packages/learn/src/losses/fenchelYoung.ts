import {
  abs,
  add,
  exp,
  greater,
  greaterOrEqual,
  less,
  logSoftmax,
  mul,
  neg,
  reduceMax,
  reduceSum,
  softmax,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { sparsemax } from '../layers/activations.ts'
import { finite } from '../optimizers/option.ts'
import { elementwise, expectShapes, loss } from './define.ts'
import type { Loss } from './loss.ts'
import { hot, pick, square, xLogX } from './maths.ts'
import { NONE, TARGETS } from './settings.ts'

const LAST = { axes: [-1] }
const shares = { prediction: 'logits', takes: TARGETS.share } as const
const labels = { prediction: 'logits', target: 'int64' } as const

/** The cross entropy of shares y with logits; a class of share 0 counts nothing, even where its logit is -infinity. */
const safeEntropy = (logits: Value, y: Value): Value =>
  neg(reduceSum(where(greater(y, 0), mul(y, logSoftmax(logits)), 0), LAST))

/** Returns the cross entropy of logits [N, ..., C] and shares of classes; a class of share 0 may have the logit -infinity. Source: optax.losses.safe_softmax_cross_entropy 0.2.8. */
export const safeSoftmaxCrossEntropy = loss({
  name: 'safeSoftmaxCrossEntropy',
  source: 'optax.losses.safe_softmax_cross_entropy 0.2.8',
  parameters: NONE,
  of: () => shares,
  rows: () => (logits, y) => {
    expectShapes('safeSoftmaxCrossEntropy', { logits: [logits, 'N ... C'], target: [y, 'N ... C'] })
    return { losses: safeEntropy(logits, y) }
  },
})

/** Returns the cross entropy and epsilon times the probability that is missed, sum(y (1 - p)). Source: Leng et al. (2022); optax.losses.poly_loss_cross_entropy 0.2.8. */
export const poly = loss({
  name: 'poly',
  source: 'optax.losses.poly_loss_cross_entropy 0.2.8',
  parameters: { epsilon: finite(2) },
  of: () => shares,
  rows:
    ({ epsilon }) =>
    (logits, y) => {
      expectShapes('poly', { logits: [logits, 'N ... C'], target: [y, 'N ... C'] })
      const missed = reduceSum(mul(y, sub(1, softmax(logits))), LAST)
      return { losses: add(safeEntropy(logits, y), mul(missed, epsilon)) }
    },
})

/** Returns (x + 1)^2 / 4 between -1 and 1, 0 below and x above, x the logit with the sign that is wrong. Source: Blondel et al. (2020), 4.4; optax.losses.sparsemax_loss 0.2.8. */
export const binarySparsemax = elementwise({
  name: 'binarySparsemax',
  source: 'optax.losses.sparsemax_loss 0.2.8',
  parameters: NONE,
  of: () => ({ prediction: 'logits', takes: TARGETS.binary }),
  each: () => (z, y) => {
    const x = mul(z, sub(1, mul(y, 2)))
    return where(less(abs(x), 1), mul(square(add(x, 1)), 0.25), where(greaterOrEqual(x, 1), x, 0))
  },
})

/** Losses of scores [N, C] and labels [N]: what the table's entries say of both. */
const ofLabels = (name: string, source: string, each: (scores: Value, target: Value) => Value) =>
  loss({
    name,
    source,
    parameters: NONE,
    of: () => labels,
    rows: () => (scores, target) => {
      expectShapes(name, { scores: [scores, 'N C'], target: [target, 'N'] })
      return { losses: each(scores, target) }
    },
  })

/** Returns max(x[i] + 1 where i is wrong) - x[y], at least 0. Source: Crammer, Singer (2001); optax.losses.multiclass_hinge_loss 0.2.8. */
export const multiclassHinge = ofLabels('multiclassHinge', 'optax.losses.multiclass_hinge_loss 0.2.8', (x, y) =>
  sub(reduceMax(sub(add(x, 1), hot(y, x)), LAST), pick(x, y)),
)

/** Returns max(x) - x[y]. Source: optax.losses.multiclass_perceptron_loss 0.2.8. */
export const multiclassPerceptron = ofLabels(
  'multiclassPerceptron',
  'optax.losses.multiclass_perceptron_loss 0.2.8',
  (x, y) => sub(reduceMax(x, LAST), pick(x, y)),
)

/** max over p of the simplex of <p, x> + (1 - |p|^2) / 2, which sparsemax attains. */
const sparsePlus = (x: Value): Value => {
  const p = sparsemax(x)
  return add(reduceSum(mul(p, x), LAST), mul(sub(1, reduceSum(square(p), LAST)), 0.5))
}

/** Returns the loss of which sparsemax is the link. Source: Martins, Astudillo (2016); optax.losses.multiclass_sparsemax_loss 0.2.8. */
export const multiclassSparsemax = ofLabels(
  'multiclassSparsemax',
  'optax.losses.multiclass_sparsemax_loss 0.2.8',
  // the loss does not change when all scores move alike: that of the right class moves to 0
  (x, y) => sparsePlus(sub(x, reduceSum(mul(x, hot(y, x)), { ...LAST, keepDims: true }))),
)

/**
 * Returns the loss max(scores) - <targets, scores> of scores and targets [N, C]: `max` gives [N], a smooth or hard maximum over
 * the last axis; its gradient is the link. Log-sum-exp gives the cross entropy. Source: Blondel et al. (2020);
 * optax.losses.make_fenchel_young_loss 0.2.8.
 */
export function fenchelYoung(max: (scores: Value) => Value): Loss {
  return {
    name: 'fenchelYoung',
    target: 'float32',
    prediction: 'logits',
    rows(scores, targets) {
      expectShapes('fenchelYoung', { scores: [scores, 'N C'], targets: [targets, 'N C'] })
      return { losses: sub(max(scores), reduceSum(mul(targets, scores), LAST)) }
    },
  }
}

/**
 * Returns the divergence of measures that need not sum to 1, over the last axis, from logarithms x of predictions:
 * sum(y log y - y x + e^x - y). Source: optax.losses.generalized_kl_divergence 0.2.8 (convex_kl_divergence before).
 */
export const generalizedKl = loss({
  name: 'generalizedKl',
  source: 'optax.losses.generalized_kl_divergence 0.2.8',
  parameters: NONE,
  of: () => ({ takes: TARGETS.nonNegative }),
  rows: () => (x, y) => {
    expectShapes('generalizedKl', { 'log prediction': [x, 'N ... C'], target: [y, 'N ... C'] })
    const divergence = where(greater(y, 0), sub(xLogX(y), mul(y, x)), 0)
    return { losses: reduceSum(add(divergence, sub(exp(x), y)), LAST) }
  },
})
