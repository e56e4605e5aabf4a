import { add, clip, div, exp, log, mul, neg, pow, reduceMax, reduceSum, relu, sub, type Value } from '@mlpod/graph'
import { flag, nonNegative, type Option, share } from '../optimizers/option.ts'
import { elementwise, expectShapes, loss } from './define.ts'
import { logistic, logSigmoid, pick } from './maths.ts'
import { between, NONE, TARGETS } from './settings.ts'

const KERAS_EPSILON = 1e-7
const clipped = (p: Value): Value => clip(p, KERAS_EPSILON, 1 - KERAS_EPSILON)

/** How shares of positives weigh: alpha y + (1 - alpha) (1 - y). */
const balance = (y: Value, alpha: number): Value => add(mul(y, 2 * alpha - 1), 1 - alpha)

/**
 * Returns (1 - p_t)^gamma times the cross entropy of probabilities, p_t that of the target; `balanced` weighs positives by alpha
 * and negatives by 1 - alpha. Source: Lin et al. (2017); keras.losses.BinaryFocalCrossentropy 3.15. See `sigmoidFocal` for logits.
 */
export const binaryFocal = elementwise({
  name: 'binaryFocal',
  source: 'keras.losses.BinaryFocalCrossentropy 3.15',
  parameters: { gamma: nonNegative(2), alpha: share(0.25), balanced: flag(false), labelSmoothing: share(0) },
  of: () => ({ takes: TARGETS.share }),
  each:
    ({ gamma, alpha, balanced, labelSmoothing }) =>
    (p, target) => {
      const y = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / 2)
      const q = clipped(p)
      const entropy = neg(add(mul(y, log(q)), mul(sub(1, y), log(sub(1, q)))))
      const missed = sub(1, add(mul(y, p), mul(sub(1, y), sub(1, p))))
      const focal = mul(pow(missed, gamma), entropy)
      return balanced ? mul(balance(y, alpha), focal) : focal
    },
})

const alphaOrNone: Option<number | undefined> = {
  default: undefined,
  takes: 'in [0, 1]',
  test: (given) => given !== undefined && given >= 0 && given <= 1,
}

/**
 * Returns (1 - p_t)^gamma times the cross entropy of logits; `alpha` weighs positives, 1 - alpha negatives (none: all 1; the
 * paper takes 0.25). Source: Lin et al. (2017); optax.losses.sigmoid_focal_loss 0.2.8.
 */
export const sigmoidFocal = elementwise({
  name: 'sigmoidFocal',
  source: 'optax.losses.sigmoid_focal_loss 0.2.8',
  parameters: { gamma: nonNegative(2), alpha: alphaOrNone },
  of: () => ({ prediction: 'logits', takes: TARGETS.share }),
  each:
    ({ gamma, alpha }) =>
    (z, y) => {
      // 1 - p_t = (1 - y) p + y (1 - p), as logarithm
      const [hit, missed] = [logSigmoid(z), logSigmoid(neg(z))]
      const share = add(mul(sub(1, y), exp(hit)), mul(y, exp(missed)))
      const focal = mul(pow(share, gamma), logistic(z, y))
      return alpha === undefined ? focal : mul(balance(y, alpha), focal)
    },
})

/**
 * Returns the sum over the last axis of -alpha (1 - p)^gamma y log p for probabilities p, which are divided by their sum, and
 * shares y of classes. Source: keras.losses.CategoricalFocalCrossentropy 3.15.
 */
export const categoricalFocal = loss({
  name: 'categoricalFocal',
  source: 'keras.losses.CategoricalFocalCrossentropy 3.15',
  parameters: { gamma: nonNegative(2), alpha: nonNegative(0.25), labelSmoothing: share(0) },
  of: () => ({ takes: TARGETS.share }),
  rows:
    ({ gamma, alpha, labelSmoothing }) =>
    (prediction, target) => {
      expectShapes('categoricalFocal', { prediction: [prediction, 'N ... C'], target: [target, 'N ... C'] })
      const classes = prediction.shape.at(-1)
      const y =
        labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / (classes as number))
      const p = clipped(div(prediction, reduceSum(prediction, { axes: [-1], keepDims: true })))
      const each = mul(mul(pow(sub(1, p), gamma), alpha), mul(y, log(p)))
      return { losses: neg(reduceSum(each, { axes: [-1] })) }
    },
})

/**
 * Returns (1 - p^q) / q, p the probability of the right class: the cross entropy as q nears 0, the absolute error at 1.
 * Source: Zhang, Sabuncu (2018); keras.losses.CategoricalGeneralizedCrossEntropy 3.15. See `generalizedCrossEntropy` for logits.
 */
export const categoricalGeneralizedCrossEntropy = loss({
  name: 'categoricalGeneralizedCrossEntropy',
  source: 'keras.losses.CategoricalGeneralizedCrossEntropy 3.15',
  parameters: { q: between(0.5) },
  of: () => ({ target: 'int64' }),
  rows:
    ({ q }) =>
    (prediction, target) => {
      expectShapes('categoricalGeneralizedCrossEntropy', { prediction: [prediction, 'N C'], target: [target, 'N'] })
      return { losses: div(sub(1, pow(pick(prediction, target), q)), q) }
    },
})

/** Returns max(0, 1 + max((1 - y) p) - sum(y p)) over the last axis, y of ones and zeros. Source: keras.losses.CategoricalHinge 3.15. */
export const categoricalHinge = loss({
  name: 'categoricalHinge',
  source: 'keras.losses.CategoricalHinge 3.15',
  parameters: NONE,
  of: () => ({ prediction: 'logits', takes: TARGETS.share }),
  rows: () => (p, y) => {
    expectShapes('categoricalHinge', { prediction: [p, 'N ... C'], target: [y, 'N ... C'] })
    const right = reduceSum(mul(y, p), { axes: [-1] })
    const wrong = reduceMax(mul(sub(1, y), p), { axes: [-1] })
    return { losses: relu(add(sub(wrong, right), 1)) }
  },
})
