import { PodError } from '@mlpod/contract'
import { countBelow, sortedWithoutNaN } from '@mlpod/math'
import { checkLength, groupPlaces, type UnseenGroup } from '../calibrate/calibrate.ts'
import type { ScoredGroups } from '../calibrate/thresholdValue.ts'
import { type ClassifierConformal, classGroupName } from '../classification/classifier.ts'
import { forAllLabels } from '../classification/labelParts.ts'
import { type Randomize, uniformOf, uniformOfNew } from '../classification/randomize.ts'
import { checkGroups, type NewClassRows, newRowsOf } from '../classification/sets.ts'

/** Scores to compare with, by group: plain data. A `Calibration` is one too. */
export interface ScoreReference extends ScoredGroups {
  readonly dropped: number
}

/**
 * Returns the scores of calibration rows, sorted, of all of them and of each group. NaN are dropped and counted.
 * Throws `CALIBRATION_EMPTY`, `SCORES_NAN`, `LENGTH_MISMATCH`.
 */
export function scoreReference(
  scores: ArrayLike<number>,
  { groups, unseenGroup = 'pooled' }: { readonly groups?: readonly string[]; readonly unseenGroup?: UnseenGroup } = {},
): ScoreReference {
  if (scores.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration score')
  checkLength(groups?.length, scores.length, 'groups')
  const pool = sortedWithoutNaN(scores)
  if (pool.length === 0) throw new PodError('SCORES_NAN', `all ${scores.length} calibration scores are NaN`)
  const members = new Map<string, number[]>()
  groups?.forEach((name, i) => {
    const found = members.get(name)
    if (found) found.push(scores[i])
    else members.set(name, [scores[i]])
  })
  const named = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    groups: [
      { group: null, scores: pool },
      ...named.map(([group, values]) => ({ group, scores: sortedWithoutNaN(values) })),
    ],
    unseenGroup,
    dropped: scores.length - pool.length,
  }
}

/** Settings of `conformalPValues`. */
export interface PValueOptions {
  /** The group of each new score. */
  readonly groups?: readonly string[]
  /**
   * Breaks ties by uniform numbers, so that p-values of exchangeable rows are uniform exactly; without, they are a little too large
   * (and safe). With given numbers, one a score.
   */
  readonly smoothed?: Randomize
}

/**
 * Returns the p-value of each score: the share of calibration scores (and of itself) that are as large, (#{s_i >= s} + 1) / (n + 1), or
 * smoothed, (#{s_i > s} + u (#{s_i = s} + 1)) / (n + 1). Of a NaN nothing is known: 1. In a group that calibration has not seen it is that of
 * the pool, or 1. One sort and a search a score: O((n + m) log n), where crepes and TorchCP compare all with all.
 * Throws `CALIBRATION_EMPTY`, `SCORES_NAN`, `LENGTH_MISMATCH`, `GROUP_INVALID`. Source: Vovk, Gammerman, Shafer 2005.
 */
export function conformalPValues(
  reference: ScoredGroups | ArrayLike<number>,
  scores: ArrayLike<number>,
  { groups, smoothed }: PValueOptions = {},
): Float64Array {
  const known = 'groups' in reference ? reference : scoreReference(reference)
  const placeOf = groupPlaces({ ...known, unseenGroup: known.unseenGroup ?? 'pooled' }, scores.length, groups)
  const u = smoothed && uniformOf(scores.length, smoothed, 'pValue')
  const found = new Float64Array(scores.length)
  for (let i = 0; i < found.length; i++) found[i] = pValueOf(known.groups[placeOf(i)]?.scores ?? [], scores[i], u?.[i])
  return found
}

/** The p-value of a score against ascending ones, smoothed where there is a u. */
export function pValueOf(sorted: ArrayLike<number>, score: number, u?: number): number {
  const n = sorted.length
  if (Number.isNaN(score)) return 1
  const below = countBelow(sorted, score)
  if (u === undefined) return (n - below + 1) / (n + 1)
  const upTo = countBelow(sorted, score, { orEqual: true })
  return (n - upTo + u * (upTo - below + 1)) / (n + 1)
}

/**
 * Returns the p-value of each label of each new row [n, classes], against the scores of all rows, of the row's group, or of the label's class
 * or cluster, as the classifier was calibrated; `smoothed` by a number for each row, or for each label where given so.
 * Throws `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `GROUP_INVALID`, `PART_MISSING`.
 */
export function classifierPValues(
  conformal: ClassifierConformal,
  probabilities: ArrayLike<number>,
  { smoothed, ...rows }: Omit<NewClassRows, 'weights'> & { readonly smoothed?: Randomize } = {},
): Float64Array {
  const { score, classes, calibration, classGroups, classInGroup, randomized } = conformal
  const read = newRowsOf(conformal, probabilities)
  checkGroups(conformal, read.n, rows)
  if (rows.groups && calibration.groups.length === 1)
    throw new PodError('GROUP_INVALID', 'the new rows have groups, but calibration had none')
  const perLabel = smoothed !== undefined && 'uniform' in smoothed && smoothed.uniform.length === probabilities.length
  const v = smoothed && uniformOf(perLabel ? probabilities.length : read.n, smoothed, 'pValue')
  const u = randomized ? uniformOfNew(read.n, randomized, rows) : undefined
  const byName = new Map(calibration.groups.map((own) => [own.group, own.scores]))
  const pool = calibration.groups[0].scores
  const otherwise = calibration.unseenGroup === 'infinite' ? [] : pool
  const ofClass = classInGroup ? undefined : classGroups?.map((name) => byName.get(name) ?? otherwise)
  const nameOf = (row: number, y: number): string => {
    const group = (rows.groups as readonly string[])[row]
    return classInGroup ? classGroupName(y, group) : group
  }
  const found = new Float64Array(probabilities.length)
  forAllLabels(read, score, u ? { u } : {}, ({ from, scores }) => {
    for (let i = 0; i < scores.length; i++) {
      const at = from * classes + i
      const row = Math.floor(at / classes)
      const sorted = ofClass
        ? ofClass[at % classes]
        : rows.groups
          ? (byName.get(nameOf(row, at % classes)) ?? otherwise)
          : pool
      found[at] = pValueOf(sorted, scores[i], v?.[perLabel ? at : row])
    }
  })
  return found
}
