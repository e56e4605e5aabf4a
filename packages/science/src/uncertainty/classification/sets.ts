import { type NewRows, thresholdsOf } from '../calibrate/calibrate.ts'
import type { ClassifierConformal } from './classifier.ts'
import { type BlockScores, forAllLabels } from './labelParts.ts'
import { uniformOfNew } from './randomize.ts'
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
  const { score, classes, levels, calibration, byClass, lastLabel, allowEmpty, randomized } = conformal
  const read = newRowsOf(conformal, probabilities)
  const { n } = read
  const sets = levels.map(() => new Uint8Array(n * classes))
  const fixed = lastLabel === 'include' || lastLabel === 'exclude'
  const u = randomized && !fixed ? uniformOfNew(n, randomized, rows) : undefined
  const ranked = fixed || !allowEmpty || byClass?.[0].ranks !== undefined
  const plain = byClass === undefined && rows.groups === undefined && rows.weights === undefined
  if (plain && !ranked) {
    const limits = calibration.groups[0].thresholds
    forAllLabels(read, score, u ? { u } : {}, ({ from, scores }) => {
      for (let l = 0; l < limits.length; l++) mark(sets[l], from * classes, scores, limits[l])
    })
    return sets
  }
  const thresholds = byClass ? undefined : thresholdsOf(calibration, n, rows)
  const sorted = new Float64Array(classes)
  forAllLabels(read, score, { ...(u ? { u } : {}), ranks: ranked }, (block) => {
    if (lastLabel === 'include') shiftByRank(block, classes, sorted)
    const { from, scores, ranks } = block
    levels.forEach((_, l) => {
      const out = sets[l]
      const [limits, largest] = [byClass?.[l].thresholds, byClass?.[l].ranks]
      for (let i = 0; i < scores.length; i += classes) {
        const row = from + i / classes
        const q = thresholds === undefined ? 0 : thresholds[row * levels.length + l]
        const at = row * classes
        for (let y = 0; y < classes; y++) {
          const s = scores[i + y]
          const beyond = lastLabel === 'include' ? s >= q : s > (limits === undefined ? q : limits[y])
          out[at + y] = beyond || (largest !== undefined && (ranks as Float64Array)[i + y] > largest[y]) ? 0 : 1
          if (ranks !== undefined && ranks[i + y] === 1 && (fixed || !allowEmpty)) out[at + y] = 1
        }
      }
    })
  })
  return sets
}

/** Marks what is not above the threshold. */
function mark(out: Uint8Array, start: number, scores: Float64Array, q: number): void {
  for (let i = 0; i < scores.length; i++) out[start + i] = scores[i] > q ? 0 : 1
}

/** Gives each label the score of the one before it, which is what decides whether the label that crosses the threshold is included. */
function shiftByRank({ scores, ranks }: BlockScores, classes: number, sorted: Float64Array): void {
  const rank = ranks as Float64Array
  for (let i = 0; i < scores.length; i += classes) {
    if (Number.isNaN(scores[i])) continue
    for (let y = i; y < i + classes; y++) sorted[rank[y] - 1] = scores[y]
    for (let y = i; y < i + classes; y++) scores[y] = rank[y] === 1 ? Number.NEGATIVE_INFINITY : sorted[rank[y] - 2]
  }
}
