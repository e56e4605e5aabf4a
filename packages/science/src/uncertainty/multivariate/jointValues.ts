import { constant, dtypeOf, type Value } from '@mlpod/graph'
import { valueAlgebra } from '../algebra/values.ts'
import { nextFloat32 } from '../calibrate/thresholdValue.ts'
import { type IntervalValues, outward } from '../regression/intervalValues.ts'
import type { RegressionPart, RegressionParts } from '../regression/scores.ts'
import { checkPresent } from '../regression/splitRegression.ts'
import type { JointConformal } from './jointIntervals.ts'

/** Returns thresholds as a row [1, n] of a graph; single precision is rounded outward. */
export function thresholdRow(thresholds: ArrayLike<number>, dtype: 'float32' | 'float64'): Value {
  const shape = [1, thresholds.length]
  return dtype === 'float32'
    ? constant({ dtype, shape, data: Float32Array.from(thresholds, nextFloat32) })
    : constant({ dtype, shape, data: Float64Array.from(thresholds) })
}

/**
 * Returns the boxes as values of the graph that the parts [m, outputs] belong to, one pair of bounds [m, outputs] a level: outputs of a model that
 * carries its joint intervals. Throws `PART_MISSING`.
 */
export function jointIntervalValues(
  { score, outputs, symmetric, joint }: JointConformal,
  parts: RegressionParts<Value>,
): readonly IntervalValues[] {
  checkPresent(score, parts)
  const given = parts as Readonly<Record<RegressionPart, Value>>
  const dtype = dtypeOf(given[score.parts[0]]) === 'float64' ? 'float64' : 'float32'
  const algebra = valueAlgebra(dtype)
  return joint.levels.map((level, l) => {
    const q = (side: number): Value => {
      const from = l * joint.coordinates + side * outputs
      return thresholdRow(joint.thresholds.subarray(from, from + outputs), dtype)
    }
    return {
      level,
      lower: outward(dtype, score.lower(algebra, q(symmetric ? 0 : 1), given), -1),
      upper: outward(dtype, score.upper(algebra, q(0), given), 1),
    }
  })
}
