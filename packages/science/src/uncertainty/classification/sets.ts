import { PodError } from '@mlpod/contract'
import { checkLength, type NewRows, thresholdsOf } from '../calibrate/calibrate.ts'
import { type ClassifierConformal, classGroupName } from './classifier.ts'
import { forAllLabels } from './labelParts.ts'
import { uniformOfNew } from './randomize.ts'
import { forRankedLabels, type RankedLabels } from './rankedLabels.ts'
import type { RankThresholds } from './rankThresholds.ts'
import { type ClassRows, checkWidth, classRows } from './rows.ts'
import { entryOf } from './scores.ts'

/** What is known of new rows beside their probabilities. */
export interface NewClassRows extends NewRows {
  /** A whole number for each row, where the calibration was randomised by a seed; the row's place by default. */
  readonly keys?: ArrayLike<number>
  /** The rows' uniform numbers, where the calibration was randomised by given ones. */
  readonly uniform?: ArrayLike<number>
}

/** Returns the rows of a conformal classifier for reading. Throws `LENGTH_MISMATCH`. */
export function newRowsOf(conformal: ClassifierConformal, probabilities: ArrayLike<number>): ClassRows {
  const { score, transform, normalise, classes } = conformal
  checkWidth(probabilities, classes)
  const distributions = entryOf(score).takes === 'probabilities'
  return classRows(probabilities, classes, { transform, normalise, distributions })
}

/**
 * Returns the prediction sets of new rows [n, classes] of 0 and 1, one array a level. Of a row with NaN nothing is known: its set has
 * all labels. Throws `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `GROUP_INVALID`, `WEIGHT_INVALID`, `PART_MISSING`.
 */
export function classifierSets(
  conformal: ClassifierConformal,
  probabilities: ArrayLike<number>,
  rows: NewClassRows = {},
): readonly Uint8Array[] {
  const { score, classes, levels, calibration, byClass, classInGroup, lastLabel, allowEmpty, randomized } = conformal
  const read = newRowsOf(conformal, probabilities)
  const { n } = read
  checkGroups(conformal, n, rows)
  const sets = levels.map(() => new Uint8Array(n * classes))
  const fixed = lastLabel === 'include' || lastLabel === 'exclude'
  const u = randomized && !fixed ? uniformOfNew(n, randomized, rows) : undefined
  const options = u ? { u } : {}
  const plain = conformal.classGroups === undefined && rows.groups === undefined && rows.weights === undefined
  const thresholds = conformal.classGroups || plain ? undefined : thresholdsOf(calibration, n, rows)
  const limits = calibration.groups[0].thresholds
  const thresholdAt = (row: number, l: number): number =>
    thresholds === undefined ? limits[l] : thresholds[row * levels.length + l]
  const { parts } = entryOf(score)
  if (conformal.classGroups === undefined && (parts.includes('rank') || parts.includes('mass'))) {
    const always = fixed || !allowEmpty
    const most = (row: number): number => {
      let largest = Number.NEGATIVE_INFINITY
      for (let l = 0; l < levels.length; l++) largest = Math.max(largest, thresholdAt(row, l))
      return largest
    }
    forRankedLabels(read, score, { ...options, most }, (block) => {
      for (let l = 0; l < levels.length; l++)
        for (let row = block.from; row < block.to; row++)
          markRanked(sets[l], classes, block, row, thresholdAt(row, l), always, lastLabel === 'include')
    })
    return sets
  }
  const ranked = byClass?.[0].ranks !== undefined
  const ofGroup = classInGroup ? classThresholds(conformal) : undefined
  forAllLabels(read, score, { ...options, ranks: ranked }, ({ from, scores, ranks }) => {
    for (let l = 0; l < levels.length; l++) {
      if (plain) mark(sets[l], from * classes, scores, limits[l])
      else if (thresholds) markByRow(sets[l], from, classes, scores, (row) => thresholdAt(row, l))
      else if (byClass) markByClass(sets[l], from * classes, scores, byClass[l], ranks)
      else if (ofGroup)
        for (let i = 0; i < scores.length; i += classes) {
          const row = from + i / classes
          const own = ofGroup((rows.groups as readonly string[])[row])[l]
          markByClass(sets[l], row * classes, scores.subarray(i, i + classes), own, undefined)
        }
      if (!allowEmpty) markLeast(sets[l], from * classes, classes, scores)
    }
  })
  return sets
}

/** Throws where new rows have groups or weights that calibration had not, or lack those that it had. */
export function checkGroups({ classGroups, classInGroup }: ClassifierConformal, n: number, rows: NewRows): void {
  checkLength(rows.groups?.length, n, 'groups')
  if (classGroups === undefined) return
  if (classInGroup && rows.groups === undefined)
    throw new PodError('GROUP_INVALID', 'calibration had groups, and the new rows have none', {
      hint: 'give { groups }, one a row',
    })
  if ((!classInGroup && rows.groups !== undefined) || rows.weights !== undefined)
    throw new PodError('GROUP_INVALID', `calibration by class had no ${rows.weights ? 'weights' : 'groups'} of rows`)
}

/** Returns the function from a group to the thresholds of its classes, one list a level; infinite for what calibration has not seen. */
function classThresholds({ classes, levels, calibration }: ClassifierConformal): (group: string) => RankThresholds[] {
  const byName = new Map(calibration.groups.map(({ group, thresholds }) => [group, thresholds]))
  const known = new Map<string, RankThresholds[]>()
  return (group) => {
    const found = known.get(group)
    if (found) return found
    const made = levels.map((_, l) => ({
      thresholds: Array.from(
        { length: classes },
        (_, y) => byName.get(classGroupName(y, group))?.[l] ?? Number.POSITIVE_INFINITY,
      ),
    }))
    known.set(group, made)
    return made
  }
}

/** Marks what is not above the threshold. */
function mark(out: Uint8Array, start: number, scores: Float64Array, q: number): void {
  for (let i = 0; i < scores.length; i++) out[start + i] = scores[i] > q ? 0 : 1
}

function markByRow(
  out: Uint8Array,
  from: number,
  classes: number,
  scores: Float64Array,
  thresholdOf: (row: number) => number,
): void {
  for (let i = 0; i < scores.length; i += classes) {
    const row = from + i / classes
    mark(out, row * classes, scores.subarray(i, i + classes), thresholdOf(row))
  }
}

function markByClass(
  out: Uint8Array,
  start: number,
  scores: Float64Array,
  { thresholds, ranks: largest }: RankThresholds,
  ranks: Float64Array | undefined,
): void {
  for (let i = 0; i < scores.length; i++) {
    const y = i % thresholds.length
    const tooLow = largest !== undefined && ranks !== undefined && ranks[i] > largest[y]
    out[start + i] = scores[i] > thresholds[y] || tooLow ? 0 : 1
  }
}

/** Marks the label of each row that is least strange. */
function markLeast(out: Uint8Array, start: number, classes: number, scores: Float64Array): void {
  for (let i = 0; i < scores.length; i += classes) {
    let least = i
    for (let j = i + 1; j < i + classes; j++) if (scores[j] < scores[least]) least = j
    out[start + least] = 1
  }
}

/** Scores rise with the rank but for their rounding: what is this far above the threshold ends a set. */
const BEYOND = 1e-9

/** Marks the labels of a row's set: those whose score (or, `including` the last, whose predecessor's) is within the threshold. */
function markRanked(
  out: Uint8Array,
  classes: number,
  { from, starts, labels, scores }: RankedLabels,
  row: number,
  q: number,
  always: boolean,
  including: boolean,
): void {
  const [first, end] = [starts[row - from], starts[row - from + 1]]
  const at = row * classes
  if (first === end) {
    out.fill(1, at, at + classes)
    return
  }
  for (let r = first; r < end; r++) {
    const s = including ? (r === first ? Number.NEGATIVE_INFINITY : scores[r - 1]) : scores[r]
    if ((including ? s < q || q === Number.POSITIVE_INFINITY : s <= q) || (always && r === first))
      out[at + labels[r]] = 1
    else if (s > q + BEYOND) return
  }
}
