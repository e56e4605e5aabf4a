import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  constant,
  gather,
  gatherElements,
  less,
  logSoftmax,
  max,
  mul,
  neg,
  reduceSum,
  relu,
  reshape,
  softplus,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { checkShapes, type Loss, perRow } from './loss.ts'

const refuse = (loss: string, message: string): PodError => new PodError('LOSS_INVALID', `${loss}: ${message}`)

/** An elementwise loss of prediction and target of one shape; a row's loss is the mean over its values. */
const elementwise = (
  name: string,
  prediction: Loss['prediction'],
  compute: (p: Value, t: Value) => Value,
  takes?: Loss['takes'],
): Loss => ({
  name,
  target: 'float32',
  takes,
  prediction,
  rows(p, t) {
    checkShapes(name, p, t)
    return { losses: perRow(compute(p, t)) }
  },
})

/**
 * Returns minus the log probability of the right class, from logits [batch, classes] and class numbers [batch] (int64).
 * `classWeights` weigh rows by their class; `labelSmoothing` e moves a share e of the target to all classes alike.
 * Source: torch.nn.CrossEntropyLoss 2.15 (its mean divides by the weights of the right classes).
 */
export function crossEntropy({
  classWeights,
  labelSmoothing = 0,
}: {
  readonly classWeights?: readonly number[]
  readonly labelSmoothing?: number
} = {}): Loss {
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw refuse('crossEntropy', `labelSmoothing is ${labelSmoothing}, not in [0, 1]`)
  if (classWeights?.some((w) => !(w >= 0 && Number.isFinite(w))))
    throw refuse('crossEntropy', 'a class weight is negative')
  if (classWeights?.every((w) => w === 0)) throw refuse('crossEntropy', 'every class weighs nothing')
  return {
    name: 'crossEntropy',
    target: 'int64',
    prediction: 'logits',
    rows(logits, target) {
      const classes = logits.shape[1]
      if (logits.shape.length !== 2 || target.shape.length !== 1)
        throw new PodError(
          'SHAPE_MISMATCH',
          `crossEntropy takes logits [batch, classes] and class numbers [batch], not [${logits.shape.join(', ')}] and [${target.shape.join(', ')}]`,
        )
      if (classWeights && typeof classes === 'number' && classWeights.length !== classes)
        throw refuse('crossEntropy', `${classWeights.length} class weights for ${classes} classes`)
      const logs = logSoftmax(logits)
      const picked = reshape(gatherElements(logs, reshape(target, [-1, 1]), { axis: 1 }), [-1])
      const table = classWeights && constant(classWeights, 'float32')
      const weights = table && gather(table, target)
      const hard = neg(weights ? mul(weights, picked) : picked)
      if (labelSmoothing === 0) return { losses: hard, weights }
      if (typeof classes !== 'number') throw refuse('crossEntropy', 'labelSmoothing needs a known number of classes')
      const all = neg(reduceSum(table ? mul(logs, table) : logs, { axes: [1] }))
      return { losses: add(mul(hard, 1 - labelSmoothing), mul(all, labelSmoothing / classes)), weights }
    },
  }
}

/**
 * Returns minus the log likelihood of targets (0, 1, or a share between) under logits of the same shape; `positiveWeight` multiplies the part of
 * the positives. Computed without overflow. Source: torch.nn.BCEWithLogitsLoss 2.15.
 */
export function binaryCrossEntropyWithLogits({ positiveWeight = 1 }: { readonly positiveWeight?: number } = {}): Loss {
  if (!(positiveWeight > 0)) throw refuse('binaryCrossEntropyWithLogits', `positiveWeight is ${positiveWeight}`)
  const compute = (z: Value, y: Value): Value => {
    const softplusOfMinus = softplus(neg(z)) // log(1 + e^-z), which the runtime computes by the sign of z
    if (positiveWeight === 1) return add(mul(sub(1, y), z), softplusOfMinus)
    return add(mul(sub(1, y), z), mul(add(mul(y, positiveWeight - 1), 1), softplusOfMinus))
  }
  const takes = { what: 'from 0 to 1', test: (y: number) => y >= 0 && y <= 1 }
  return elementwise('binaryCrossEntropyWithLogits', 'logits', compute, takes)
}

/** Returns the squared error. */
export const mse = (): Loss =>
  elementwise('mse', 'value', (p, t) => {
    const d = sub(p, t)
    return mul(d, d)
  })

/** Returns the absolute error; its derivative at 0 is 0. */
export const mae = (): Loss => elementwise('mae', 'value', (p, t) => abs(sub(p, t)))

/** Returns d^2 / 2 up to |d| = delta, then delta (|d| - delta / 2). Source: Huber (1964); torch.nn.HuberLoss. */
export function huber({ delta = 1 }: { readonly delta?: number } = {}): Loss {
  if (!(delta > 0)) throw refuse('huber', `delta is ${delta}`)
  return elementwise('huber', 'value', (p, t) => {
    const size = abs(sub(p, t))
    return where(less(size, delta), mul(mul(size, size), 0.5), mul(sub(size, delta / 2), delta))
  })
}

/**
 * Returns the loss whose minimum is the quantile: max(tau r, (tau - 1) r), r = target - prediction. With several levels
 * the prediction has one column a level and the target one column. Source: Koenker, Bassett (1978).
 */
export function pinball(levels: number | readonly number[]): Loss {
  const list = typeof levels === 'number' ? [levels] : levels
  if (list.length === 0 || list.some((tau) => !(tau > 0 && tau < 1)))
    throw refuse('pinball', `the levels ${list} are not in (0, 1)`)
  const tau = constant(list, 'float32')
  return {
    name: 'pinball',
    target: 'float32',
    prediction: 'value',
    rows(p, t) {
      if (
        p.shape.length !== 2 ||
        t.shape.length !== 2 ||
        (typeof p.shape[1] === 'number' && p.shape[1] !== list.length)
      )
        throw new PodError(
          'SHAPE_MISMATCH',
          `pinball of ${list.length} levels takes [batch, ${list.length}] and a target [batch, 1]`,
        )
      const r = sub(t, p)
      return { losses: perRow(max(mul(r, tau), mul(r, sub(tau, 1)))) }
    },
  }
}

/** Returns max(0, 1 - s z) for logits z and 0/1 targets, s = 1 or -1. Source: Cortes, Vapnik (1995). */
export const hinge = (): Loss =>
  elementwise('hinge', 'logits', (z, y) => relu(sub(1, mul(sub(mul(y, 2), 1), z))), {
    what: '0 or 1',
    test: (y) => y === 0 || y === 1,
  })

/** Every loss by its name. */
export const losses = {
  crossEntropy,
  binaryCrossEntropyWithLogits,
  mse,
  mae,
  huber,
  pinball,
  hinge,
} as const

export { type Loss, type LossOptions, lossSums, lossValue, type Reduction } from './loss.ts'
