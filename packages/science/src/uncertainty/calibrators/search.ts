import { add, cast, constant, gather, less, lessOrEqual, type Value, where } from '@mlpod/graph'

/** A float64 list as a constant Value [n]. */
export const listValue = (values: ArrayLike<number>): Value =>
  constant({ dtype: 'float64', shape: [values.length], data: Float64Array.from(values) })

const whole = (value: number): Value => constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) })

/**
 * Returns how many of the ascending numbers are at or below (`'right'`) or below (`'left'`) each element of a float64 Value,
 * int64 of its shape: binary search written out, as there is no such operator; log2(n) lookups an element and no n x m
 * comparisons.
 */
export function countBelow(sorted: ArrayLike<number>, x: Value, side: 'left' | 'right'): Value {
  let size = 1
  while (size <= sorted.length) size *= 2
  // beyond the list nothing is below anything
  const padded = listValue(Float64Array.from({ length: size }, (_, i) => (i < sorted.length ? sorted[i] : Infinity)))
  const reaches = side === 'right' ? lessOrEqual : less
  // zeros of the shape of x
  let place = cast(less(x, constant(-Infinity, 'float64')), 'int64')
  for (let step = size / 2; step >= 1; step /= 2) {
    // after adding `step`, that many are below: the last of them is at place + step - 1
    const tried = add(place, whole(step))
    place = where(reaches(gather(padded, add(place, whole(step - 1))), x), tried, place)
  }
  return place
}
