import {
  abs,
  add,
  castLike,
  concat,
  cumSum,
  div,
  equal,
  flatten,
  gatherElements,
  mul,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  shape,
  slice,
  stopGradient,
  sub,
  topK,
  transpose,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import type { Chosen } from '../optimizers/option.ts'
import { nonNegative, oneOf } from '../optimizers/option.ts'
import { checkAlike, expectShapes, loss } from './define.ts'
import type { Losses } from './loss.ts'
import { positions } from './maths.ts'
import { TARGETS } from './settings.ts'

const common = {
  /** Added to numerator and denominator. */
  smooth: nonNegative(0),
  /** Added to the denominator. */
  epsilon: nonNegative(1e-7),
  /** What is judged as one: all there is, each row, or each class of each row (axis 1). */
  over: oneOf(['batch', 'row', 'class'], 'batch'),
}

/** 1 - (T + smooth) / (T + a missed + b false + smooth + epsilon): T what is in both, missed only in the target. */
function overlap(
  p: Value,
  y: Value,
  missed: number,
  wrong: number,
  { smooth, epsilon, over }: Chosen<typeof common>,
): Losses {
  const first = { batch: 0, row: 1, class: 2 }[over]
  const axes = p.shape.slice(first).map((_, i) => i + first)
  const total = (x: Value): Value => (axes.length === 0 ? x : reduceSum(x, { axes }))
  const both = total(mul(p, y))
  const errors = add(mul(total(mul(sub(1, p), y)), missed), mul(total(mul(p, sub(1, y))), wrong))
  return { losses: sub(1, div(add(both, smooth), add(add(both, errors), smooth + epsilon))) }
}

/**
 * Returns 1 - T / (T + missed M + wrong F): T the overlap of probabilities and targets of one shape, M what only the target has,
 * F what only the prediction has. Source: Salehi et al. (2017); keras.losses.Tversky 3.15, whose alpha weighs what is missed and
 * beta what is wrong.
 */
export const tversky = loss({
  name: 'tversky',
  source: 'keras.losses.Tversky 3.15',
  parameters: { missed: nonNegative(0.5), wrong: nonNegative(0.5), ...common },
  of: () => ({ takes: TARGETS.share }),
  rows:
    ({ missed, wrong, ...options }) =>
    (prediction, target) => {
      checkAlike('tversky', prediction, target)
      return overlap(prediction, target, missed, wrong, options)
    },
})

/**
 * Returns 1 - 2 T / (sum p + sum y): T the overlap of probabilities and targets of one shape. Source: keras.losses.Dice 3.15;
 * with `smooth: 1, epsilon: 0`, over classes, optax.losses.dice_loss 0.2.8.
 */
export const dice = loss({
  name: 'dice',
  source: 'keras.losses.Dice 3.15',
  parameters: common,
  of: () => ({ takes: TARGETS.share }),
  rows: (options) => (prediction, target) => {
    checkAlike('dice', prediction, target)
    // T / (T + M / 2 + F / 2): both counts are half of Keras', and so is its epsilon
    return overlap(prediction, target, 0.5, 0.5, { ...options, epsilon: options.epsilon / 2 })
  },
})

/** Returns what the Jaccard loss grows by with each error, of errors that fall, for labels of ones and zeros [..., P]. */
function growth(labels: Value): Value {
  const right = reduceSum(labels, { axes: [-1], keepDims: true })
  const missed = cumSum(labels, -1)
  const wrong = cumSum(sub(1, labels), -1)
  const jaccard = sub(1, div(sub(right, missed), add(right, wrong)))
  const before = concat([mul(slice(jaccard, [0], [1], { axes: [-1] }), 0), slice(jaccard, [0], [-1], { axes: [-1] })], {
    axis: -1,
  })
  return sub(jaccard, before)
}

/** The errors by falling size, each with what the loss grows by there: [..., P] to [...]. */
function lovasz(errors: Value, labels: Value): Value {
  const count = shape(errors, errors.shape.length - 1)
  const { values, indices } = topK(errors, count)
  const grows = stopGradient(growth(gatherElements(labels, indices, { axis: errors.shape.length - 1 })))
  return reduceSum(mul(relu(values), grows), { axes: [-1] })
}

/** Returns each row's (or the batch's) elements on one axis. */
const flatRows = (x: Value, over: 'batch' | 'row'): Value => (over === 'batch' ? reshape(x, [-1]) : flatten(x))

/**
 * Returns the extension of the Jaccard loss (one minus intersection over union) to logits of two classes: hinge errors
 * 1 - s z in falling order, each by what it adds to the loss. Source: Berman et al. (2018).
 */
export const lovaszHinge = loss({
  name: 'lovaszHinge',
  source: 'Berman et al. (2018)',
  parameters: { over: oneOf(['batch', 'row'], 'row') },
  of: () => ({ prediction: 'logits', takes: TARGETS.binary }),
  rows:
    ({ over }) =>
    (logits, target) => {
      checkAlike('lovaszHinge', logits, target)
      const [z, y] = [flatRows(logits, over), flatRows(target, over)]
      return { losses: lovasz(sub(1, mul(z, sub(mul(y, 2), 1))), y) }
    },
})

/**
 * Returns the extension of the Jaccard loss to probabilities [N, C, ...] and labels [N, ...]: the mean over the classes that
 * the labels have of the errors |1[y = c] - p_c| in falling order, each by what it adds to the loss.
 * Source: Berman et al. (2018).
 */
export const lovaszSoftmax = loss({
  name: 'lovaszSoftmax',
  source: 'Berman et al. (2018)',
  parameters: { over: oneOf(['batch', 'row'], 'batch') },
  of: () => ({ target: 'int64' }),
  rows:
    ({ over }) =>
    (prediction, target) => {
      expectShapes('lovaszSoftmax', { probabilities: [prediction, 'N C ...'], target: [target, 'N ...'] })
      const ones = castLike(equal(unsqueeze(target, [1]), alongClasses(prediction)), prediction)
      // [N, C, P], or [C, N P]
      const wide = (x: Value): Value => {
        const three = reshape(x, [0, 0, -1])
        return over === 'row' ? three : flatten(transpose(three, [1, 0, 2]))
      }
      const [p, y] = [wide(prediction), wide(ones)]
      const each = lovasz(abs(sub(y, p)), y)
      const there = reduceMax(y, { axes: [-1] })
      const axes = [-1]
      return { losses: div(reduceSum(mul(each, there), { axes }), reduceSum(there, { axes })) }
    },
})

/** 0, 1, ... along axis 1 of x. */
const alongClasses = (x: Value): Value => reshape(positions(x, 1), [-1, ...x.shape.slice(2).map(() => 1)])
