import {
  add,
  and,
  castLike,
  cumSum,
  div,
  equal,
  gather,
  less,
  like,
  logSoftmax,
  mul,
  neg,
  not,
  range,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  shape,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { finite, flag, share } from '../optimizers/option.ts'
import { expectShapes, loss, refuse } from './define.ts'
import type { Loss, Losses } from './loss.ts'
import { hot, pairs, pick, square } from './maths.ts'
import { classWeights, label, NONE, oneOrTwo } from './settings.ts'

/** How classes count. */
export interface ClassOptions {
  readonly classWeights?: readonly number[]
  readonly ignoreIndex?: number
  readonly labelSmoothing?: number
}

/** Throws unless there is one weight a class. */
function checkWeights(name: string, scores: Value, weights: readonly number[] | undefined): void {
  const classes = scores.shape[1]
  if (weights && typeof classes === 'number' && weights.length !== classes)
    throw refuse(name, `${weights.length} class weights for ${classes} classes`)
}

/** Returns how much each label counts, where that is not 1: the weight of its class, 0 for the label to ignore. */
export function countsOf(
  labels: Value,
  logs: Value,
  { classWeights: weights, ignoreIndex }: ClassOptions,
): Value | undefined {
  if (weights === undefined && ignoreIndex === undefined) return undefined
  const ignored = ignoreIndex === undefined ? undefined : equal(labels, BigInt(ignoreIndex))
  if (weights === undefined) return castLike(not(ignored!), logs)
  const table = like(logs, weights)
  return ignored ? where(ignored, 0, gather(table, where(ignored, 0n, labels))) : gather(table, labels)
}

/**
 * Returns the losses of logarithms of probabilities [N, C, ...] at labels [N, ...]: -w[y] log p[y] with the weights w[y], and
 * (1 - e) of it and e / C of -sum(w log p) with label smoothing e. What has the label to ignore is 0 and weighs nothing.
 */
export function likelihood(name: string, logs: Value, target: Value, options: ClassOptions): Losses {
  const { classWeights: weights, ignoreIndex, labelSmoothing = 0 } = options
  checkWeights(name, logs, weights)
  const counts = countsOf(target, logs, options)
  const ignored = ignoreIndex === undefined ? undefined : equal(target, BigInt(ignoreIndex))
  const kept = (value: Value): Value => (ignored ? where(ignored, 0, value) : value)
  const picked = pick(logs, ignored ? where(ignored, 0n, target) : target)
  const hard = neg(weights ? mul(counts!, picked) : picked)
  if (labelSmoothing === 0) return { losses: kept(hard), weights: counts }
  const classes = logs.shape[1]
  if (typeof classes !== 'number') throw refuse(name, 'labelSmoothing needs a known number of classes')
  const all = neg(reduceSum(weights ? mul(logs, alongClasses(logs, like(logs, weights))) : logs, { axes: [1] }))
  return { losses: kept(add(mul(hard, 1 - labelSmoothing), mul(all, labelSmoothing / classes))), weights: counts }
}

/** Returns one number a class with the axes of scores [N, C, ...]. */
const alongClasses = (scores: Value, table: Value): Value =>
  scores.shape.length === 2 ? table : reshape(table, [-1, ...scores.shape.slice(2).map(() => 1)])

/** Shares of classes in place of labels: -sum(w y log p), y smoothed. A mean divides by the number of rows, whatever the weights. */
function ofShares(
  name: string,
  logs: Value,
  y: Value,
  { classWeights: weights, labelSmoothing = 0 }: ClassOptions,
): Losses {
  checkWeights(name, logs, weights)
  const classes = logs.shape[1]
  if (labelSmoothing > 0 && typeof classes !== 'number')
    throw refuse(name, 'labelSmoothing needs a known number of classes')
  const smoothed = labelSmoothing === 0 ? y : add(mul(y, 1 - labelSmoothing), labelSmoothing / (classes as number))
  const weighed = weights ? mul(smoothed, alongClasses(logs, like(logs, weights))) : smoothed
  // a class of share 0 counts nothing, however improbable
  const each = where(equal(weighed, 0), 0, mul(weighed, logs))
  return { losses: neg(reduceSum(each, { axes: [1] })) }
}

const classSettings = { classWeights, ignoreIndex: label, labelSmoothing: share(0), soft: flag(false) }

const SHARES = { what: 'shares from 0 to 1', test: (y: number) => y >= 0 && y <= 1 }

/**
 * Returns minus the log probability of the right class, from logits [batch, classes, ...] and class numbers [batch, ...]
 * (int64). `classWeights` weigh rows by their class; `ignoreIndex` is a label that does not count (torch's default is -100;
 * none here); `labelSmoothing` e moves a share e of the target to all classes alike; `soft` takes shares of classes of the
 * logits' shape as targets. Source: torch.nn.CrossEntropyLoss 2.15 (its mean divides by the weights of the right classes).
 */
export const crossEntropy = loss({
  name: 'crossEntropy',
  source: 'torch.nn.CrossEntropyLoss 2.15',
  parameters: classSettings,
  refuses: ({ soft, ignoreIndex }) =>
    soft && ignoreIndex !== undefined ? 'shares have no label to ignore' : undefined,
  of: ({ soft, ignoreIndex }) => ({
    prediction: 'logits',
    ...(soft ? { takes: SHARES } : { target: 'int64', ignored: ignoreIndex }),
  }),
  rows:
    ({ soft, ...options }) =>
    (logits, target) => {
      expectShapes('crossEntropy', { logits: [logits, 'N C ...'], target: [target, soft ? 'N C ...' : 'N ...'] })
      const logs = logSoftmax(logits, { axis: 1 })
      return (soft ? ofShares : likelihood)('crossEntropy', logs, target, options)
    },
})

/** Returns minus the logarithm of the right class's probability, from logarithms [batch, classes, ...]. Settings as `crossEntropy`. Source: torch.nn.NLLLoss 2.15. */
export const nll = loss({
  name: 'nll',
  source: 'torch.nn.NLLLoss 2.15',
  parameters: { classWeights, ignoreIndex: label },
  of: ({ ignoreIndex }) => ({ target: 'int64', ignored: ignoreIndex }),
  rows: (options) => (logs, target) => {
    expectShapes('nll', { 'log probabilities': [logs, 'N C ...'], target: [target, 'N ...'] })
    return likelihood('nll', logs, target, options)
  },
})

const classNumbers = (): Partial<Loss> => ({ prediction: 'logits', target: 'int64' })

/**
 * Returns sum over the wrong classes of max(0, margin - x[y] + x[i])^p / C, times the right class's weight; a mean divides by
 * the rows. Source: Crammer, Singer (2001); torch.nn.MultiMarginLoss 2.15.
 */
export const multiMargin = loss({
  name: 'multiMargin',
  source: 'torch.nn.MultiMarginLoss 2.15',
  parameters: { power: oneOrTwo, margin: finite(1), classWeights },
  of: classNumbers,
  rows:
    ({ power, margin, classWeights: weights }) =>
    (scores, target) => {
      expectShapes('multiMargin', { scores: [scores, 'N C'], target: [target, 'N'] })
      checkWeights('multiMargin', scores, weights)
      const short = relu(add(sub(scores, unsqueeze(pick(scores, target), [1])), margin))
      const powered = power === 2 ? square(short) : short
      const wrong = where(equal(hot(target, scores), 1), 0, powered)
      const mean = div(reduceSum(wrong, { axes: [1] }), classesOf(scores))
      return { losses: weights ? mul(mean, gather(like(scores, weights), target)) : mean }
    },
})

/** Returns the number of classes [1] of scores [N, C], in their element type. */
const classesOf = (scores: Value): Value => castLike(shape(scores, 1, 2), scores)

/**
 * Returns the sum over right classes j and wrong ones i of max(0, 1 - (x[j] - x[i])) / C. Targets [N, C] (int64) list the right
 * classes and end at the first -1. Source: torch.nn.MultiLabelMarginLoss 2.15.
 */
export const multiLabelMargin = loss({
  name: 'multiLabelMargin',
  source: 'torch.nn.MultiLabelMarginLoss 2.15',
  parameters: NONE,
  of: () => ({ ...classNumbers(), takes: { what: 'class numbers, and -1 behind the last', test: (y) => y >= -1 } }),
  rows: () => (scores, target) => {
    expectShapes('multiLabelMargin', { scores: [scores, 'N C'], target: [target, 'N C'] })
    const ends = castLike(less(target, 0n), scores)
    const listed = equal(cumSum(ends, 1), 0)
    const labels = where(listed, target, 0n)
    const hits = and(
      equal(unsqueeze(labels, [2]), range(0, reshape(shape(scores, 1, 2), []), 1)),
      unsqueeze(listed, [2]),
    )
    const right = reduceMax(castLike(hits, scores), { axes: [1] }) // [N, C]: 1 where the class is listed
    const own = reduceSum(where(hits, unsqueeze(scores, [1]), 0), { axes: [2] }) // [N, C]: the score of each listed class
    const short = relu(
      add(
        pairs(own, (j, i) => sub(i, j), scores),
        1,
      ),
    )
    const counts = and(unsqueeze(listed, [2]), unsqueeze(equal(right, 0), [1]))
    return { losses: div(reduceSum(where(counts, short, 0), { axes: [1, 2] }), classesOf(scores)) }
  },
})
