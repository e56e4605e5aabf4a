import { PodError } from '@mlpod/contract'
import { sortedWithoutNaN } from './rank.ts'

/** How a quantile between two order statistics is read; names as in numpy. */
export type QuantileMethod = 'linear' | 'lower' | 'higher'

/**
 * Returns the quantiles of the values that are not NaN, at position (n - 1) p of the sorted values (NaN of none).
 * `method` says what is read between two positions. Throws `LEVEL_INVALID` for p outside [0, 1].
 * Source: numpy `nanquantile`, methods of the same names (Hyndman, Fan 1996, type 7).
 */
export function quantiles(
  values: ArrayLike<number>,
  probabilities: readonly number[],
  options?: { method?: QuantileMethod },
): number[] {
  return quantilesOfSorted(sortedWithoutNaN(values), probabilities, options)
}

/** Returns the quantiles of values in ascending order without NaN; see `quantiles`. */
export function quantilesOfSorted(
  sorted: Float64Array,
  probabilities: readonly number[],
  { method = 'linear' }: { method?: QuantileMethod } = {},
): number[] {
  return probabilities.map((p) => {
    if (!(p >= 0 && p <= 1)) throw new PodError('LEVEL_INVALID', `the quantile ${p} is not between 0 and 1`)
    return sorted.length === 0 ? Number.NaN : read[method](sorted, (sorted.length - 1) * p)
  })
}

/** Returns one quantile; see `quantiles`. */
export const quantile = (values: ArrayLike<number>, p: number, options?: { method?: QuantileMethod }): number =>
  quantiles(values, [p], options)[0]

const read: Readonly<Record<QuantileMethod, (sorted: Float64Array, position: number) => number>> = {
  linear(sorted, position) {
    const below = Math.floor(position)
    const share = position - below
    const [a, b] = [sorted[below], sorted[Math.ceil(position)]]
    if (a === b || share === 0) return a
    // from the nearer end, so that the result is monotone in the position
    return share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share)
  },
  lower: (sorted, position) => sorted[Math.floor(position)],
  higher: (sorted, position) => sorted[Math.ceil(position)],
}
