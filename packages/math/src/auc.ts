import { PodError } from '@mlpod/contract'
import { normalCdf } from './normal.ts'
import { midranks } from './rank.ts'

/** The area under the ROC curve with its standard error. */
export interface Auc {
  readonly auc: number
  /** NaN when a class has fewer than two rows. */
  readonly standardError: number
  readonly positives: number
  readonly negatives: number
}

/**
 * Returns P(score of a positive > score of a negative), ties counting one half, and its standard error in O(n log n).
 * `labels`: 1 or true for a positive. Throws `LENGTH_MISMATCH`, `VALUE_NAN`, `ONE_CLASS` when a class has no rows.
 * Source: DeLong, DeLong, Clarke-Pearson (1988), computed by midranks as Sun, Xu (2014).
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): Auc {
  if (scores.length !== labels.length)
    throw new PodError('LENGTH_MISMATCH', `${scores.length} scores do not match ${labels.length} labels`)
  const classes = [[], []] as [number[], number[]]
  for (let i = 0; i < scores.length; i++) classes[labels[i] ? 1 : 0].push(scores[i])
  const [negative, positive] = classes
  const [n, m] = [negative.length, positive.length]
  if (n === 0 || m === 0)
    throw new PodError('ONE_CLASS', `all ${n + m} labels are ${n === 0 ? 'positive' : 'negative'}`, {
      hint: 'the area under the ROC curve needs rows of both classes',
    })
  const all = midranks([...positive, ...negative])
  const within = [midranks(positive), midranks(negative)]
  // placement of a positive among the negatives, and of a negative among the positives
  const above = Float64Array.from(within[0], (rank, i) => (all[i] - rank) / n)
  const below = Float64Array.from(within[1], (rank, i) => 1 - (all[m + i] - rank) / m)
  const area = above.reduce((sum, v) => sum + v, 0) / m
  const spread = (placements: Float64Array): number =>
    placements.reduce((sum, v) => sum + (v - area) ** 2, 0) / (placements.length - 1)
  return {
    auc: area,
    standardError: Math.sqrt(spread(above) / m + spread(below) / n),
    positives: m,
    negatives: n,
  }
}

/**
 * Returns the probability that scores which tell nothing have an area at least this large, for n and m rows without ties.
 * Source: Mann, Whitney (1947), normal limit.
 */
export const aucPValue = (area: number, n: number, m: number): number =>
  normalCdf(-(area - 0.5) / Math.sqrt((n + m + 1) / (12 * n * m)))
