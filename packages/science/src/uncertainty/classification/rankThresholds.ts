import { conformalRank } from '@mlpod/math'
import type { Calibration } from '../calibrate/calibrate.ts'

/** The thresholds of the classes at one level, and the largest ranks of their labels in a set. */
export interface RankThresholds {
  readonly thresholds: readonly number[]
  readonly ranks?: readonly number[]
}

/**
 * Returns for each level and class the smallest rank k that misses fewer than 1 - level of the class's rows, and the threshold of its
 * scores at what that leaves of the error: both rules together cover each class, where there are many classes often with fewer labels than the threshold alone.
 * Source: Shi et al. 2024 (RC3P), its option II.
 */
export function rankThresholds(
  { groups, levels }: Calibration,
  labels: ArrayLike<number>,
  ranks: Float64Array,
  classes: number,
): readonly RankThresholds[] {
  const counts = Array.from({ length: classes }, () => new Float64Array(classes + 1))
  const sizes = new Float64Array(classes)
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(ranks[i])) continue
    counts[labels[i]][ranks[i]]++
    sizes[labels[i]]++
  }
  const byName = new Map(groups.map((group) => [group.group, group]))
  return levels.map((level) => {
    const [thresholds, largest] = [new Array<number>(classes), new Array<number>(classes)]
    for (let y = 0; y < classes; y++) {
      const own = byName.get(`${y}`)
      if (own === undefined || own.n === 0) {
        ;[thresholds[y], largest[y]] = [Number.POSITIVE_INFINITY, classes]
        continue
      }
      let [k, missed] = [0, sizes[y]]
      // counted in rows, so that an error of exactly 1 - level is not below it
      while (k < classes && !(missed < sizes[y] * (1 - level) - 1e-9)) missed -= counts[y][++k]
      largest[y] = k
      const rank = conformalRank(own.n, Math.min(1, Number((level + missed / sizes[y]).toPrecision(15))))
      thresholds[y] = rank > own.n ? Number.POSITIVE_INFINITY : own.scores[rank - 1]
    }
    return { thresholds, ranks: largest }
  })
}
