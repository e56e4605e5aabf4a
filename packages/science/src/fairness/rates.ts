import { type Count, PodError } from '@mlpod/contract'

/** Counts of one group: rows, predictions for class 1, and both by the true class. */
export interface GroupCounts {
  readonly group: string
  readonly n: number
  readonly selected: number
  /** Predicted 1 among truly 1. */
  readonly truePositive: Count
  /** Predicted 1 among truly 0. */
  readonly falsePositive: Count
}

/** The rates of a group as counts: what a metric is made of. */
export const groupRates = {
  selectionRate: ({ selected, n }: GroupCounts): Count => ({ successes: selected, n }),
  truePositiveRate: ({ truePositive }: GroupCounts): Count => truePositive,
  falsePositiveRate: ({ falsePositive }: GroupCounts): Count => falsePositive,
} as const

/** The name of a group rate. */
export type GroupRate = keyof typeof groupRates

/**
 * Returns the counts of each group, by name. `predictions` and `outcomes` are 0 or 1.
 * Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, and `GROUP_MISSING` for rows without a group.
 */
export function countGroups(
  predictions: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  groups: readonly (string | null)[],
): readonly GroupCounts[] {
  if (predictions.length !== outcomes.length || groups.length !== outcomes.length)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${predictions.length} predictions, ${outcomes.length} outcomes and ${groups.length} groups do not match`,
    )
  const cells = new Map<string, [number, number, number, number]>()
  for (let i = 0; i < outcomes.length; i++) {
    const group = groups[i]
    if (group === null || group === '')
      throw new PodError('GROUP_MISSING', `row ${i} has no group`, {
        hint: 'give rows without a value a group of their own',
      })
    for (const value of [predictions[i], outcomes[i]])
      if (value !== 0 && value !== 1) throw new PodError('LABEL_UNKNOWN', `${value} of row ${i} is neither 0 nor 1`)
    const cell = cells.get(group) ?? [0, 0, 0, 0]
    cells.set(group, cell)
    cell[2 * outcomes[i] + predictions[i]]++
  }
  return [...cells]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, [trueNegative, falsePositive, falseNegative, truePositive]]) => ({
      group,
      n: trueNegative + falsePositive + falseNegative + truePositive,
      selected: falsePositive + truePositive,
      truePositive: { successes: truePositive, n: truePositive + falseNegative },
      falsePositive: { successes: falsePositive, n: falsePositive + trueNegative },
    }))
}

/** The value of a count: NaN where the group has no such row, never a made-up 0. */
export const rateOf = ({ successes, n }: Count): number => (n === 0 ? Number.NaN : successes / n)

/**
 * Returns the largest difference of a rate between two groups, and the pair. Groups in which the rate is undefined are left out.
 * Source: fairlearn 0.15 `difference(method="between_groups")`.
 */
export function largestDifference(
  counts: readonly GroupCounts[],
  rate: GroupRate,
): { readonly value: number; readonly groups: readonly [string, string] } | undefined {
  const defined = counts.filter((group) => groupRates[rate](group).n > 0)
  if (defined.length < 2) return undefined
  const value = (group: GroupCounts): number => rateOf(groupRates[rate](group))
  const most = defined.reduce((a, b) => (value(b) > value(a) ? b : a))
  const least = defined.reduce((a, b) => (value(b) < value(a) ? b : a))
  return { value: value(most) - value(least), groups: [most.group, least.group] }
}
