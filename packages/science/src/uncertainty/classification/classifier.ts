import { PodError } from '@mlpod/contract'
import { type CalibrateOptions, type Calibration, calibrateScores, checkLength } from '../calibrate/calibrate.ts'
import { levelsOf } from '../calibrate/levels.ts'
import { type ClusterOptions, clusterClasses } from './clusters.ts'
import { trueLabelScores } from './labelParts.ts'
import { type Randomize, type RandomSource, sourceOf, uniformOf } from './randomize.ts'
import { type RankThresholds, rankThresholds } from './rankThresholds.ts'
import { type ClassTransform, checkLabels, classCount, classRows } from './rows.ts'
import { type ClassScore, type ClassScoreName, classScoreOf, entryOf } from './scores.ts'

/**
 * Whose coverage is promised: that of all rows (`marginal`; with groups, of each group), of the rows of each `class`, of the classes of
 * each `cluster`, or of each class with labels of low rank alone (`ranks`).
 */
export type ClassifierMethod = 'marginal' | 'class' | 'cluster' | 'ranks'

/**
 * What becomes of the label at which the running mass crosses the threshold, where calibration is randomised and prediction is not:
 * it is in the set (MAPIE's default, a little too safe), it is not (unless it is the first; not valid), or the row's uniform number decides.
 */
export type LastLabel = 'include' | 'exclude' | 'randomize'

/** Prediction sets, calibrated: plain data. */
export interface ClassifierConformal {
  readonly score: ClassScore
  readonly transform: ClassTransform
  readonly normalise: boolean
  readonly classes: number
  readonly levels: readonly number[]
  readonly method: ClassifierMethod
  /** Thresholds of the pool, and by group, class or cluster. */
  readonly calibration: Calibration
  /** For each class the calibration group that its labels are compared with, null for none (an infinite threshold). */
  readonly classGroups?: readonly (string | null)[]
  /** For each level the threshold of each class, and the largest rank of its labels in a set. */
  readonly byClass?: readonly RankThresholds[]
  /** Whether calibration groups are those of a class and a row's group together (`classGroupName`), and not of a class. */
  readonly classInGroup?: boolean
  readonly randomized?: RandomSource
  readonly lastLabel?: LastLabel
  /** Whether a set may be empty; else it has the most likely label at least. */
  readonly allowEmpty: boolean
}

/** Settings of `calibrateClassifier`. */
export interface ClassifierOptions extends CalibrateOptions {
  /** `lac` by default. */
  readonly score?: ClassScoreName | ClassScore
  /** What is done with the numbers of a row first: nothing (they are probabilities), or a softmax of logits and the like. */
  readonly transform?: ClassTransform
  /** Divides each row by its sum, where rows are not quite distributions. */
  readonly normalise?: boolean
  /** `marginal` by default. */
  readonly method?: ClassifierMethod
  /** Of the method `cluster`. */
  readonly clusters?: ClusterOptions
  /** Makes scores that have ties of mass (`aps`, `raps`, `saps`, `topK`) exact: coverage is then the level, and no more. Not by default. */
  readonly randomize?: Randomize
  /** By default prediction is randomised as calibration is. */
  readonly lastLabel?: LastLabel
  readonly allowEmpty?: boolean
}

/**
 * Returns the calibration of prediction sets {y: score <= threshold}, which hold the label of a new exchangeable row with probability
 * at least `level`: of all rows, in each group (`groups`), in each class, or (by class, with groups) in each class of each group. `probabilities` is [n, classes] row-major (any numbers for
 * scores that compare, logits with a transform), `labels` are class indices; rows with NaN are dropped and counted.
 * Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`, `SCORE_UNKNOWN`,
 * `OPTION_INVALID`, `OPTION_CONFLICT` for clusters by group or a mass of logarithms, and what `calibrateScores` throws.
 */
export function calibrateClassifier(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  {
    score = 'lac',
    transform = 'identity',
    normalise = false,
    method = 'marginal',
    clusters,
    randomize,
    lastLabel,
    allowEmpty = true,
    ...options
  }: ClassifierOptions,
): ClassifierConformal {
  const levels = levelsOf(options)
  const n = labels.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const classes = classCount(probabilities, n)
  checkLabels(labels, classes)
  const used = classScoreOf(score)
  checkOptions(used, transform, method, lastLabel, options)
  const rows = classRows(probabilities, classes, { transform, normalise, distributions: isMass(used) })
  const u = randomize && uniformOf(n, randomize, 'calibration')
  const byRank = method === 'ranks'
  const { scores, ranks } = trueLabelScores(rows, labels, used, { ...(u ? { u } : {}), ranks: byRank })
  const shared = {
    score: used,
    transform,
    normalise,
    classes,
    levels,
    method,
    allowEmpty,
    ...(randomize ? { randomized: sourceOf(randomize) } : {}),
    ...(lastLabel ? { lastLabel } : {}),
  }
  const classInGroup = method === 'class' && options.groups !== undefined
  const grouping = groupings[method](scores, labels, classes, levels, clusters)
  const calibration = calibrateScores(grouping?.scores ?? scores, {
    ...options,
    ...(grouping ? { groups: grouping.groups, unseenGroup: 'infinite' } : {}),
    ...(classInGroup ? { groups: namesInGroups(labels, options.groups as readonly string[]) } : {}),
  })
  if (grouping === undefined) return { ...shared, calibration }
  const { classGroups } = grouping
  if (classInGroup) return { ...shared, calibration, classGroups, classInGroup }
  const byClass = ranks
    ? rankThresholds(calibration, labels, ranks, classes)
    : levels.map((_, l) => ({ thresholds: thresholdsByClass(calibration, classGroups, l) }))
  return { ...shared, calibration, classGroups, byClass }
}

/** Whose scores each class's labels are compared with. */
interface Grouping {
  readonly groups: readonly string[]
  readonly classGroups: readonly (string | null)[]
  /** The scores that are left to calibrate with. */
  readonly scores: Float64Array
}

/** Returns the calibration group of the rows of a class in a group. */
export const classGroupName = (label: number, group: string): string => `${label} of ${group}`

type Group = (
  scores: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
  levels: readonly number[],
  clusters?: ClusterOptions,
) => Grouping | undefined

function namesInGroups(labels: ArrayLike<number>, groups: readonly string[]): readonly string[] {
  checkLength(groups.length, labels.length, 'groups')
  return groups.map((group, i) => classGroupName(labels[i], group))
}

const byLabel: Group = (scores, labels, classes) => ({
  groups: Array.from(labels, (y) => `${y}`),
  classGroups: Array.from({ length: classes }, (_, y) => `${y}`),
  scores,
})

const groupings: Readonly<Record<ClassifierMethod, Group>> = {
  marginal: () => undefined,
  class: byLabel,
  ranks: byLabel,
  cluster: (scores, labels, classes, levels, clusters) => clusterClasses(scores, labels, classes, levels, clusters),
}

const isMass = (score: ClassScore): boolean => entryOf(score).takes === 'probabilities'

/** Returns the threshold of each class at the l-th level: infinite for a class without rows; null is the pool where that is the name. */
function thresholdsByClass(
  { groups, unseenGroup }: Calibration,
  classGroups: readonly (string | null)[],
  l: number,
): readonly number[] {
  const byName = new Map(groups.map(({ group, thresholds }) => [group, thresholds[l]]))
  const otherwise = unseenGroup === 'infinite' ? Number.POSITIVE_INFINITY : groups[0].thresholds[l]
  return classGroups.map((name) => (name === null ? groups[0].thresholds[l] : (byName.get(name) ?? otherwise)))
}

function checkOptions(
  score: ClassScore,
  transform: ClassTransform,
  method: ClassifierMethod,
  lastLabel: LastLabel | undefined,
  { groups, weights }: CalibrateOptions,
): void {
  const conflict = (what: string, hint: string): PodError => new PodError('OPTION_CONFLICT', what, { hint })
  if (!(method in groupings))
    throw new PodError('OPTION_INVALID', `there is no method "${method}"`, {
      hint: Object.keys(groupings).join(', '),
    })
  if (isMass(score) && (transform === 'log' || transform === 'logSoftmax'))
    throw conflict(`the score "${score.name}" adds up probabilities, not their logarithms`, 'transform: "softmax"')
  const grouped = groups !== undefined && method !== 'marginal' && method !== 'class'
  if (grouped || (method !== 'marginal' && weights !== undefined))
    throw conflict(
      `the method "${method}" has no ${grouped ? 'groups' : 'weights'} of rows`,
      `method: "marginal"${grouped ? ', or "class"' : ''}`,
    )
  if (lastLabel !== undefined && (!entryOf(score).parts.includes('mass') || method !== 'marginal'))
    throw conflict(
      `lastLabel is for running masses ("aps", "raps"), not for "${score.name}" by ${method}`,
      'leave it out',
    )
}
