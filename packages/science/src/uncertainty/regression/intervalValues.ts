import { abs, add, constant, dtypeOf, isNaN, mul, sub, type Value, where } from '@mlpod/graph'
import { valueAlgebra } from '../algebra/values.ts'
import { type GroupColumn, thresholdValue } from '../calibrate/thresholdValue.ts'
import type { RegressionPart, RegressionParts } from './scores.ts'
import { checkPresent, type RegressionConformal } from './splitRegression.ts'

/** One interval as values of a graph, shaped as the parts are. */
export interface IntervalValues {
  readonly level: number
  readonly lower: Value
  readonly upper: Value
}

/** Returns a bound with what is not known infinite, and in single precision moved outward by what three roundings may have cost. */
export function outward(dtype: 'float32' | 'float64', bound: Value, sign: 1 | -1): Value {
  const told = where(isNaN(bound), constant(sign * Number.POSITIVE_INFINITY, dtype), bound)
  if (dtype === 'float64') return told
  const step = mul(abs(told), 2 ** -22)
  return sign > 0 ? add(told, step) : sub(told, step)
}

/**
 * Returns the intervals as values of the graph that the parts belong to, one a level: outputs of a model that carries its intervals.
 * In single precision bounds are rounded outward, so that no interval loses a y that the calibration covers.
 * Throws `PART_MISSING`, and `GROUP_INVALID` when the groups are no values of the column.
 */
export function intervalValues(
  { score, levels, above, below }: RegressionConformal,
  parts: RegressionParts<Value>,
  { group }: { readonly group?: GroupColumn } = {},
): readonly IntervalValues[] {
  checkPresent(score, parts)
  const given = parts as Readonly<Record<RegressionPart, Value>>
  const dtype = dtypeOf(given[score.parts[0]]) === 'float64' ? 'float64' : 'float32'
  const algebra = valueAlgebra(dtype)
  return levels.map((level, l) => ({
    level,
    lower: outward(dtype, score.lower(algebra, thresholdValue(below, l, { dtype, group }), given), -1),
    upper: outward(dtype, score.upper(algebra, thresholdValue(above, l, { dtype, group }), given), 1),
  }))
}
