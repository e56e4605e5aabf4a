import { PodError } from '@mlpod/contract'
import { levelsOf } from '../calibrate/levels.ts'
import { BLOCK, checkWidth, classRows } from './rows.ts'
import { sortClasses } from './sortClasses.ts'

/**
 * Returns for each row the most likely labels until their probabilities are at least `level`, [n, classes], one array a level: what a model
 * that was right about its own doubts would need. Nothing is calibrated, and nothing is promised: a yardstick for what calibration adds.
 * Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`. Source: MAPIE 1.6.0 `naive`.
 */
export function naiveSets(
  probabilities: ArrayLike<number>,
  {
    classes,
    ...option
  }: {
    readonly classes: number
    readonly level?: number | readonly number[]
    readonly alpha?: number | readonly number[]
  },
): readonly Uint8Array[] {
  const levels = levelsOf(option)
  if (!(Number.isInteger(classes) && classes > 0))
    throw new PodError('OPTION_INVALID', `${classes} is no number of classes`, { hint: 'a whole number > 0' })
  checkWidth(probabilities, classes)
  const rows = classRows(probabilities, classes, { distributions: true })
  const sets = levels.map(() => new Uint8Array(probabilities.length))
  const [order, spare] = [new Int32Array(classes), new Int32Array(classes)]
  for (let from = 0; from < rows.n; from += BLOCK) {
    const to = Math.min(rows.n, from + BLOCK)
    const block = rows.block(from, to)
    for (let i = 0; i < to - from; i++) {
      for (let j = 0; j < classes; j++) order[j] = j
      const sorted = sortClasses(block, i * classes, order, spare)
      levels.forEach((level, l) => {
        let mass = 0
        // adding up must not miss the level by its rounding
        for (let r = 0; r < classes && !(mass >= level - 1e-12); r++) {
          sets[l][(from + i) * classes + sorted[r]] = 1
          mass += block[i * classes + sorted[r]]
        }
      })
    }
  }
  return sets
}
