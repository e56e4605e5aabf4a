import { PodError } from '@mlpod/contract'
import { countBelow, quantilesOfSorted, sortedWithoutNaN } from '@mlpod/math'

/** How numbers become groups. */
export interface NumberGroupOptions {
  /** Groups of about equally many calibration rows; 10 by default. */
  readonly groups?: number
  /** Instead: as many groups as there can be of at least so many rows each. */
  readonly leastRows?: number
}

/**
 * Returns the edges that cut numbers (a difficulty, a prediction, an age) into groups of about equally many rows, from -Infinity to
 * Infinity; equal edges are one, so that ties never fall into two groups. Throws `BINS_INVALID`, `CALIBRATION_EMPTY`.
 * Source: crepes 0.9 `binning`, which shakes the numbers at random to part ties.
 */
export function groupEdges(values: ArrayLike<number>, { groups = 10, leastRows }: NumberGroupOptions = {}): number[] {
  const sorted = sortedWithoutNaN(values)
  if (sorted.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no number to make groups of')
  const count = leastRows === undefined ? groups : Math.max(1, Math.floor(sorted.length / leastRows))
  if (!(Number.isInteger(count) && count >= 1))
    throw new PodError('BINS_INVALID', `${count} is no number of groups`, { hint: 'a whole number >= 1' })
  const inner = quantilesOfSorted(
    sorted,
    Array.from({ length: count - 1 }, (_, i) => (i + 1) / count),
  )
  // no group is without a number
  const kept: number[] = []
  let seen = 0
  for (const edge of inner) {
    let upTo = seen
    while (upTo < sorted.length && sorted[upTo] <= edge) upTo++
    if (upTo === seen || upTo === sorted.length) continue
    kept.push(edge)
    seen = upTo
  }
  return [Number.NEGATIVE_INFINITY, ...kept, Number.POSITIVE_INFINITY]
}

/**
 * Returns the group of each number as text, the place of (edges[g], edges[g + 1]] that holds it; NaN is the group "". Give it to
 * calibration and new rows alike. Throws `BINS_INVALID` unless edges ascend.
 */
export function groupsOfNumbers(values: ArrayLike<number>, edges: readonly number[]): string[] {
  if (edges.length < 2 || edges.some((edge, i) => !(i === 0 || edge > edges[i - 1])))
    throw new PodError('BINS_INVALID', `the ${edges.length} edges of groups do not ascend`)
  const inner = edges.slice(1, -1)
  return Array.from(values, (value) => (Number.isNaN(value) ? '' : `${countBelow(inner, value)}`))
}
