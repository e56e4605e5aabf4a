import { PodError } from '@mlpod/contract'
import type { RiskCurve, RiskCurves } from './riskCurve.ts'

/** A limit of the difference of two risks over rows that they do not share: recall of two groups. */
export interface RiskGap {
  readonly between: readonly [string, string]
  readonly limit: number
}

/**
 * Returns the p-value at each setting of "the two risks differ by more than the limit": the larger of both one-sided ones,
 * exp(-2 (limit - difference)^2 / (1 / n + 1 / m)) where the difference is below the limit. 1 where a risk has no rows.
 * Throws `RISK_UNKNOWN`, `LEVEL_INVALID`. Source: Hoeffding (1963), corollary of theorem 1; both sides by union of hypotheses
 * (Berger 1982).
 */
export function riskGapPValues(curves: RiskCurves, { between, limit }: RiskGap): Float64Array {
  if (!(limit > 0 && limit < 1))
    throw new PodError('LEVEL_INVALID', `the limit ${limit} of a gap is not between 0 and 1`)
  const [first, second] = between.map((name) => curves.curve(name)) as [RiskCurve, RiskCurve]
  return Float64Array.from(curves.lambdas, (_, j) => {
    const [n, m] = [first.n[j], second.n[j]]
    if (n === 0 || m === 0) return 1
    const room = limit - Math.abs(first.sum[j] / n - second.sum[j] / m)
    return room > 0 ? Math.exp((-2 * room * room) / (1 / n + 1 / m)) : 1
  })
}
