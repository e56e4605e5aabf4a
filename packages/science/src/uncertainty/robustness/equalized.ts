import { PodError } from '@mlpod/contract'
import { betaCdf } from '@mlpod/math'
import { type Calibration, calibrateScores } from '../calibrate/calibrate.ts'
import { levelsOf } from '../calibrate/levels.ts'

/** One group's threshold, and what is sure of its coverage. */
export interface EqualizedGroup {
  readonly group: string
  readonly n: number
  /** Above `n` where there are too few rows: the threshold is then infinite. */
  readonly rank: number
  readonly threshold: number
}

/** Thresholds under which every group is covered at once. */
export interface EqualizedCoverage {
  readonly level: number
  readonly confidence: number
  readonly groups: readonly EqualizedGroup[]
  /** As plain group thresholds, at the ranks above: what `thresholdsOf` reads. */
  readonly calibration: Calibration
}

/**
 * Returns thresholds by group such that, with probability at least `confidence` over the calibration rows, every group's coverage is at least
 * `level`: the coverage of a group at rank k of n is Beta(k, n + 1 - k), and each group may fail with probability (1 - confidence) / groups.
 * Scores need no ties' distribution: ties only raise coverage. A new group gets an infinite threshold. Throws `CONFIDENCE_INVALID`, `LEVEL_INVALID`,
 * and what `calibrateScores` throws. Source: Romano, Barber, Sabatti, Candes 2020; Vovk 2012 for coverage given the calibration rows.
 */
export function equalizedCoverage(
  scores: ArrayLike<number>,
  groups: readonly string[],
  { level, confidence = 0.9 }: { readonly level: number; readonly confidence?: number },
): EqualizedCoverage {
  const [wanted] = levelsOf({ level })
  if (!(confidence > 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not between 0 and 1`)
  const plain = calibrateScores(scores, { level: wanted, groups, unseenGroup: 'infinite' })
  const failing = (1 - confidence) / (plain.groups.length - 1)
  const found = plain.groups.map((group) => {
    // the least rank whose coverage is below the level with small enough a probability; it falls with the rank
    let [low, high] = [1, group.n + 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (betaCdf(wanted, middle, group.n + 1 - middle) <= failing) high = middle
      else low = middle + 1
    }
    const threshold = low > group.n ? Number.POSITIVE_INFINITY : group.scores[low - 1]
    return { ...group, ranks: [low], thresholds: [threshold] }
  })
  return {
    level: wanted,
    confidence,
    groups: found.slice(1).map(({ group, n, ranks, thresholds }) => ({
      group: group as string,
      n,
      rank: ranks[0],
      threshold: thresholds[0],
    })),
    calibration: { ...plain, groups: found },
  }
}
