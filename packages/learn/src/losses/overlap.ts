import { add, div, mul, reduceSum, sub, type Value } from '@mlpod/graph'
import type { Chosen } from '../optimizers/option.ts'
import { nonNegative, oneOf } from '../optimizers/option.ts'
import { checkAlike, loss } from './define.ts'
import type { Losses } from './loss.ts'
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
