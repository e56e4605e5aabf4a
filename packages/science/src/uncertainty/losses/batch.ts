import { PodError } from '@mlpod/contract'
import { cast, constant, dtypeOf, floor, gatherElements, mul, reshape, shape, slice, type Value } from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'
import { levelsOf } from '../calibrate/levels.ts'
import { scoresByClass, transformedValue } from '../classification/labelScoreValues.ts'
import type { ClassTransform } from '../classification/rows.ts'
import { type ClassScore, type ClassScoreName, classScoreOf, entryOf } from '../classification/scores.ts'

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

export const asColumn = (labels: Value): Value => reshape(labels, [-1, 1])

export function classesOf(logits: Value): number {
  const classes = logits.shape[1]
  if (logits.shape.length === 2 && typeof classes === 'number') return classes
  throw new PodError('SHAPE_MISMATCH', `sets are made of logits [batch, classes], not of [${logits.shape.join(', ')}]`)
}

export function batchScores(logits: Value, labels: Value, score: ClassScore, transform: ClassTransform): BatchScores {
  const dtype = dtypeOf(logits) === 'float64' ? 'float64' : 'float32'
  const classes = classesOf(logits)
  const all = scoresByClass(transformedValue(logits, transform), score, classes, dtype)
  return { all, own: reshape(gatherElements(all, asColumn(labels), { axis: 1 }), [-1]) }
}

/** Returns the first share of a batch and the rest. */
export function parted(x: Value, fraction: number): readonly [Value, Value] {
  const n = x.shape[0]
  if (typeof n === 'number') {
    const cut = Math.floor(fraction * n)
    return [slice(x, [0], [cut], { axes: [0] }), slice(x, [cut], [n], { axes: [0] })]
  }
  const size = shape(x, 0, 1)
  const cut = cast(floor(mul(cast(size, 'float64'), constant(fraction, 'float64'))), 'int64')
  return [slice(x, constant([0], 'int64'), cut, { axes: [0] }), slice(x, cut, size, { axes: [0] })]
}

export function between(what: string, value: number): number {
  if (value > 0 && value < 1) return value
  throw new PodError('OPTION_INVALID', `"${what}" is ${value}`, { hint: 'a number between 0 and 1' })
}

export function positive(what: string, value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw new PodError('OPTION_INVALID', `"${what}" is ${value}`, { hint: 'a number above 0' })
}

export function oneLevel(option: Pick<ConformalLossOptions, 'level' | 'alpha'>): number {
  return levelsOf(option)[0]
}

/** Refuses a score that has no derivative. */
export function trainable(given: ClassScoreName | ClassScore): ClassScore {
  const score = classScoreOf(given)
  const { parts } = entryOf(score)
  if (parts.every((part) => part === 'rank' || part === 'u'))
    throw new PodError('OPTION_CONFLICT', `the score "${score.name}" has no derivative`, {
      hint: 'score: "aps", or "lac"',
    })
  return score
}

export const classLoss = (name: string, rows: (logits: Value, labels: Value) => Value): Loss => ({
  name,
  target: 'int64',
  prediction: 'logits',
  rows: (logits, labels) => ({ losses: rows(logits, reshape(labels, [-1])) }),
})
