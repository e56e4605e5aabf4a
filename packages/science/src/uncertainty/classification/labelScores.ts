import { PodError } from '@mlpod/contract'
import { forAllLabels, trueLabelScores } from './labelParts.ts'
import { type Randomize, uniformOf } from './randomize.ts'
import { type ClassRows, type ClassTransform, checkLabels, checkWidth, classCount, classRows } from './rows.ts'
import { type ClassScore, type ClassScoreName, classScoreOf, entryOf } from './scores.ts'

/** What a score is read from. */
export interface LabelScoreOptions {
  /** `lac` by default. */
  readonly score?: ClassScoreName | ClassScore
  readonly transform?: ClassTransform
  readonly normalise?: boolean
  readonly randomize?: Randomize
}

function rowsFor(
  numbers: ArrayLike<number>,
  classes: number,
  { score = 'lac', transform = 'identity', normalise = false, randomize }: LabelScoreOptions,
): { readonly rows: ClassRows; readonly used: ClassScore; readonly u: { readonly u?: Float64Array } } {
  const used = classScoreOf(score)
  const distributions = entryOf(used).takes === 'probabilities'
  const rows = classRows(numbers, classes, { transform, normalise, distributions })
  return { rows, used, u: randomize ? { u: uniformOf(rows.n, randomize, 'new') } : {} }
}

/**
 * Returns the scores of all labels [n, classes]: what p-values are made of, and what is diffused over a graph. NaN throughout a row that holds
 * one. Throws `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `SCORE_UNKNOWN`, `OPTION_INVALID`, `TRANSFORM_UNKNOWN`.
 */
export function labelScores(
  probabilities: ArrayLike<number>,
  { classes, ...options }: LabelScoreOptions & { readonly classes: number },
): Float64Array {
  if (!(Number.isInteger(classes) && classes > 0))
    throw new PodError('OPTION_INVALID', `${classes} is no number of classes`, { hint: 'a whole number > 0' })
  checkWidth(probabilities, classes)
  const { rows, used, u } = rowsFor(probabilities, classes, options)
  const found = new Float64Array(probabilities.length)
  forAllLabels(rows, used, u, ({ from, scores }) => found.set(scores, from * classes))
  return found
}

/**
 * Returns the score of each row's own label [n], without a matrix of all: the same numbers as in `labelScores`. Throws as that, and
 * `LABEL_UNKNOWN`.
 */
export function ownLabelScores(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: LabelScoreOptions = {},
): Float64Array {
  if (labels.length === 0) return new Float64Array(0)
  const classes = classCount(probabilities, labels.length)
  checkLabels(labels, classes)
  const { rows, used, u } = rowsFor(probabilities, classes, options)
  return trueLabelScores(rows, labels, used, u).scores
}
