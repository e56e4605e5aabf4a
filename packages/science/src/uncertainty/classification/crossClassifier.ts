import { PodError } from '@mlpod/contract'
import { conformalRank, countBelow, sortedWithoutNaN } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { complement, levelsOf } from '../calibrate/levels.ts'
import { type ClassifierConformal, type ClassifierOptions, calibrateClassifier } from './classifier.ts'
import { forAllLabels } from './labelParts.ts'
import { uniformOfNew } from './randomize.ts'
import { classifierSets, type NewClassRows, newRowsOf } from './sets.ts'

/**
 * How the models of the folds answer together: each label is compared with the scores of each fold by that fold's model (`crossval`), or
 * the mean of their probabilities is one model's (`mean`, without a guarantee: no model has it).
 */
export type CrossAggregate = 'crossval' | 'mean'

/** Settings of `calibrateCrossClassifier`. */
export interface CrossClassifierOptions
  extends Omit<ClassifierOptions, 'method' | 'clusters' | 'groups' | 'weights' | 'lastLabel'> {
  /** The fold of each row: the model that gave its probabilities had not seen it. */
  readonly folds: ArrayLike<number>
  /** `crossval` by default. */
  readonly aggregate?: CrossAggregate
  /** How ranks are counted: as the theory has it, or as MAPIE does (for `lac` and `aps`), which differs by a row. */
  readonly rule?: 'plus' | 'mapie'
}

/** Cross-conformal prediction sets, calibrated: plain data. */
export interface CrossClassifierConformal {
  /** The calibration as if one model had answered. */
  readonly pooled: ClassifierConformal
  readonly aggregate: CrossAggregate
  readonly rule: 'plus' | 'mapie'
  /** Scores of each fold, ascending. */
  readonly folds: readonly Float64Array[]
}

/**
 * Returns the calibration of cross-conformal sets: no row is lost to calibration. `probabilities` [n, classes] are those that each row
 * had from the model of the other folds. A label is in the set unless (1 - alpha) (n + 1) rows or more have smaller scores than it by
 * their fold's model: coverage is at least 1 - 2 alpha - sqrt(2 / n) for any data, and near 1 - alpha in practice.
 * Throws what `calibrateClassifier` throws, `FOLD_INVALID`, and `OPTION_CONFLICT` for MAPIE's rule with another score.
 * Source: Romano, Sesia, Candes 2020; Barber et al. 2021; MAPIE 1.6.0 `CrossConformalClassifier`.
 */
export function calibrateCrossClassifier(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { folds, aggregate = 'crossval', rule = 'plus', ...options }: CrossClassifierOptions,
): CrossClassifierConformal {
  const n = labels.length
  checkLength(folds.length, n, 'folds')
  const levels = levelsOf(options)
  for (let i = 0; i < n; i++)
    if (!(Number.isInteger(folds[i]) && folds[i] >= 0))
      throw new PodError('FOLD_INVALID', `the fold ${folds[i]} of row ${i} is no whole number >= 0`)
  const count = Array.from(folds).reduce((most, fold) => Math.max(most, fold + 1), 0)
  // groups keep the folds apart; the pool is what `mean` reads
  const grouped = calibrateClassifier(probabilities, labels, {
    ...options,
    alpha: undefined,
    level: levels,
    groups: Array.from(folds, (fold) => `${fold}`),
  })
  if (rule === 'mapie' && !['lac', 'aps'].includes(grouped.score.name))
    throw new PodError('OPTION_CONFLICT', `MAPIE has no cross-conformal sets by "${grouped.score.name}"`, {
      hint: 'rule: "plus"',
    })
  const byFold = new Map(grouped.calibration.groups.map(({ group, scores }) => [group, scores]))
  const { groups } = grouped.calibration
  return {
    pooled: { ...grouped, calibration: { ...grouped.calibration, groups: [groups[0]] } },
    aggregate,
    rule,
    folds: Array.from({ length: count }, (_, fold) => sortedWithoutNaN(byFold.get(`${fold}`) ?? [])),
  }
}

/**
 * Returns the sets of m new rows [m, classes], one array a level. `probabilities` holds an array [m, classes] for the model of each
 * fold. Throws `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `PART_MISSING`.
 */
export function crossClassifierSets(
  { pooled, aggregate, rule, folds }: CrossClassifierConformal,
  probabilities: readonly ArrayLike<number>[],
  rows: Pick<NewClassRows, 'keys' | 'uniform'> = {},
): readonly Uint8Array[] {
  const { score, classes, levels, randomized } = pooled
  if (probabilities.length !== folds.length)
    throw new PodError('LENGTH_MISMATCH', `${probabilities.length} arrays do not match ${folds.length} folds`)
  const size = probabilities[0].length
  for (const array of probabilities) checkLength(array.length, size, 'probabilities of a fold')
  if (aggregate === 'mean') {
    const mean = new Float64Array(size)
    for (const array of probabilities) for (let i = 0; i < size; i++) mean[i] += array[i] / folds.length
    return classifierSets(
      rule === 'mapie' && score.name === 'aps' ? { ...pooled, lastLabel: 'include' } : pooled,
      mean,
      rows,
    )
  }
  const m = size / classes
  const plain = rule === 'mapie' || !randomized
  const u = plain ? undefined : uniformOfNew(m, randomized, rows)
  const n = folds.reduce((sum, scores) => sum + scores.length, 0)
  /** For each label how many rows have smaller scores (or by MAPIE's rule for `aps`, no larger ones). */
  const below = new Int32Array(size)
  const orEqual = rule === 'mapie' && score.name === 'aps'
  // scores that differ by rounding are equal
  const slack = orEqual ? 1e-12 : -1e-12
  folds.forEach((sorted, fold) => {
    forAllLabels(newRowsOf(pooled, probabilities[fold]), score, u ? { u } : {}, ({ from, scores }) => {
      for (let i = 0; i < scores.length; i++)
        below[from * classes + i] += Number.isNaN(scores[i]) ? 0 : countBelow(sorted, scores[i] + slack)
    })
  })
  return levels.map((level) => {
    const most = rule === 'plus' ? conformalRank(n, level) - 1 : mapieLimit(n, level, orEqual)
    return Uint8Array.from(below, (count) => (count <= most ? 1 : 0))
  })
}

/** The largest count with which a label is in MAPIE's set: (n + 1) level for `aps`; n - alpha (n - 1) for `lac`. */
const mapieLimit = (n: number, level: number, orEqual: boolean): number =>
  Math.floor((orEqual ? (n + 1) * level : n - complement(level) * (n - 1)) + 1e-8)
