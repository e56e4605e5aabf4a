import { PodError } from '@mlpod/contract'
import { argMax, cast, constant, greaterOrEqual, reduceMax, type Value } from '@mlpod/graph'
import type { RiskControl } from './controlRisk.ts'

/** The threshold chosen, in double precision. Throws `RISK_NOT_CONTROLLED`. */
function thresholdOf({ lambda, reason }: RiskControl): Value {
  if (typeof lambda !== 'number')
    throw new PodError('RISK_NOT_CONTROLLED', 'no threshold keeps the risks within their targets', { because: reason })
  return constant(lambda, 'float64')
}

/** Returns whether the score reaches the threshold chosen, 1 or 0 (int64) of its shape, as a Value. Throws `RISK_NOT_CONTROLLED`. */
export const decisionValue = (control: RiskControl, score: Value): Value =>
  cast(greaterOrEqual(cast(score, 'float64'), thresholdOf(control)), 'int64')

/**
 * Returns the class of the largest of probabilities [n, k], and whether the model answers at all: both int64 [n, 1], as Values.
 * A row that is not answered goes to the next model of a cascade, or to people. Throws `RISK_NOT_CONTROLLED`.
 */
export const selectiveValue = (control: RiskControl, probabilities: Value): { label: Value; answered: Value } => ({
  label: argMax(probabilities, { axis: 1, keepDims: true }),
  answered: decisionValue(control, reduceMax(probabilities, { axes: [1], keepDims: true })),
})
