import { PodError } from '@mlpod/contract'
import { rankThreshold } from '@mlpod/math'

/** The calibration of one group: its scores in ascending order. */
export interface CalibratedGroup {
  /** The group's name; null is the pool of all groups, used for groups that calibration has not seen. */
  readonly group: string | null
  readonly scores: readonly number[]
  readonly threshold: number
}

/** Split conformal prediction, calibrated: enough to make sets at any level. */
export interface SplitConformal {
  readonly score: 'lac'
  readonly level: number
  readonly classes: number
  /** The pool first, then the Mondrian groups by name. */
  readonly groups: readonly CalibratedGroup[]
  /** Rows whose score was NaN, left out. */
  readonly dropped: number
}

/** Settings of `calibrateSplit`. */
export interface SplitOptions {
  /** Coverage promised to exchangeable rows, in (0, 1). */
  readonly level: number
  /** The Mondrian group of each row (Vovk et al. 2005): each group gets its own threshold. */
  readonly groups?: readonly string[]
}

/**
 * Returns the calibration of split conformal sets with the LAC score 1 - p_y (Sadinle, Lei, Wasserman 2019):
 * the threshold is the k-th smallest score, k = ceil((n + 1) level), infinite when k > n (the set is then all classes).
 * A set is {y: 1 - p_y <= threshold}; it covers an exchangeable row with probability at least `level`, in each group.
 * `probabilities` is [n, k] row-major, each row summing to 1 within 1e-5; `labels` are class indices.
 * Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`.
 */
export function calibrateSplit(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { level, groups }: SplitOptions,
): SplitConformal {
  const n = labels.length
  if (!(level > 0 && level < 1))
    throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`, { hint: 'write 0.9 for 90 %' })
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const classes = probabilities.length / n
  if (!Number.isInteger(classes) || classes < 1)
    throw new PodError('LENGTH_MISMATCH', `${probabilities.length} probabilities do not fall into ${n} rows`)
  if (groups && groups.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${groups.length} groups do not match ${n} rows`)
  checkProbabilities(probabilities, classes)
  const scores = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      throw new PodError(
        'LABEL_UNKNOWN',
        `the label ${labels[i]} of row ${i} is no class index from 0 to ${classes - 1}`,
      )
    scores[i] = 1 - probabilities[i * classes + labels[i]]
  }
  const names = groups ? [...new Set(groups)].sort() : []
  const calibrated = [null, ...names].map((group): CalibratedGroup => {
    const members = group === null ? scores : scores.filter((_, i) => (groups as readonly string[])[i] === group)
    return {
      group,
      scores: [...members].filter((s) => !Number.isNaN(s)).sort((a, b) => a - b),
      threshold: rankThreshold(members, level).threshold,
    }
  })
  return { score: 'lac', level, classes, groups: calibrated, dropped: scores.filter((s) => Number.isNaN(s)).length }
}

/** Returns the sets as [n, k] of 0 and 1 at the calibrated level. Groups that calibration has not seen use the pool. */
export function splitSets(
  conformal: SplitConformal,
  probabilities: ArrayLike<number>,
  { groups }: { groups?: readonly string[] } = {},
): Uint8Array {
  const { classes } = conformal
  const byName = new Map(conformal.groups.map(({ group, threshold }) => [group, threshold]))
  const pooled = byName.get(null) as number
  const sets = new Uint8Array(probabilities.length)
  for (let i = 0; i < sets.length; i++) {
    const threshold = groups ? (byName.get(groups[Math.floor(i / classes)]) ?? pooled) : pooled
    sets[i] = 1 - probabilities[i] <= threshold ? 1 : 0
  }
  return sets
}

/** Throws `PROBABILITY_INVALID` naming the first row that is no distribution; NaN rows pass (they are dropped and counted). */
function checkProbabilities(probabilities: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < probabilities.length / classes; i++) {
    let total = 0
    for (let j = 0; j < classes; j++) {
      const p = probabilities[i * classes + j]
      if (p < 0 || p > 1)
        throw new PodError('PROBABILITY_INVALID', `${p} of row ${i} is no probability`, {
          hint: 'pass probabilities, not logits',
        })
      total += p
    }
    if (Math.abs(total - 1) > 1e-5)
      throw new PodError('PROBABILITY_INVALID', `the probabilities of row ${i} sum to ${total}, not to 1`, {
        hint: 'normalise them, or pass a softmax',
      })
  }
}
