import { PodError } from '@mlpod/contract'
import { random, rankThreshold } from '@mlpod/math'
import { levelsOf } from '../calibrate/levels.ts'
import { type ClassifierOptions, calibrateClassifier } from './classifier.ts'
import { trueLabelScores } from './labelParts.ts'
import { checkLabels, classCount, classRows } from './rows.ts'
import { type ClassScore, classScoreOf } from './scores.ts'
import { classifierSets } from './sets.ts'

/** Settings of `tuneRaps`. */
export interface TuneRapsOptions extends Pick<ClassifierOptions, 'level' | 'alpha'> {
  /** Penalties to choose from; those of the paper by default. */
  readonly penalties?: readonly number[]
}

/**
 * Returns the score RAPS with the settings that make the smallest sets on these rows, which must not calibrate: ranks are free up to
 * the one that holds the label in `level` of the rows, and the penalty is the first of the best. MAPIE 1.6.0 puts the penalty in the
 * place of the free ranks when it compares penalties. Throws `LEVEL_INVALID` for more levels than one, and what `calibrateClassifier` throws.
 * Source: Angelopoulos, Bates, Malik, Jordan 2021, appendix E.
 */
export function tuneRaps(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { penalties = [0.001, 0.01, 0.1, 0.2, 0.5], ...option }: TuneRapsOptions,
): ClassScore & { readonly penalty: number; readonly freeRanks: number } {
  const levels = levelsOf(option)
  if (levels.length > 1) throw new PodError('LEVEL_INVALID', `RAPS is tuned for one level, not for ${levels.length}`)
  const n = labels.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row to tune RAPS on')
  const classes = classCount(probabilities, n)
  checkLabels(labels, classes)
  const rows = classRows(probabilities, classes, { distributions: true })
  const ranks = trueLabelScores(rows, labels, classScoreOf('topK')).scores
  const freeRanks = Math.min(classes, rankThreshold(ranks, levels[0]).threshold)
  let [best, size] = [penalties[0], Number.POSITIVE_INFINITY]
  for (const penalty of penalties) {
    const score = { name: 'raps', penalty, freeRanks } as const
    const conformal = calibrateClassifier(probabilities, labels, { level: levels, score, lastLabel: 'include' })
    const total = classifierSets(conformal, probabilities)[0].reduce((sum, inside) => sum + inside, 0)
    if (total < size) [best, size] = [penalty, total]
  }
  return { name: 'raps', penalty: best, freeRanks }
}

/**
 * Returns a random share of the rows, as near as can be the same share of each class, and the rest: row indices in ascending order.
 * Throws `OPTION_INVALID` for a share that is none. Source: MAPIE 1.6.0 (`size_raps` 0.2).
 */
export function stratifiedRows(
  labels: ArrayLike<number>,
  { share = 0.2, seed = 0 }: { readonly share?: number; readonly seed?: number } = {},
): { readonly part: Uint32Array; readonly rest: Uint32Array } {
  if (!(share > 0 && share < 1))
    throw new PodError('OPTION_INVALID', `${share} is no share of the rows`, { hint: 'a number between 0 and 1' })
  const order = random({ seed, path: 'conformal/strata' }).permutation(labels.length)
  const byClass = new Map<number, number[]>()
  for (const i of order) byClass.set(labels[i], [...(byClass.get(labels[i]) ?? []), i])
  const taken = new Uint8Array(labels.length)
  for (const members of byClass.values())
    for (const i of members.slice(0, Math.round(members.length * share))) taken[i] = 1
  const rowsWhere = (mark: number): Uint32Array => Uint32Array.from(taken.keys()).filter((i) => taken[i] === mark)
  return { part: rowsWhere(1), rest: rowsWhere(0) }
}
