import { PodError } from '@mlpod/contract'
import type { RiskControl } from './controlRisk.ts'
import type { RiskCurve, RiskCurves } from './riskCurve.ts'

/** Returns the mean loss at each setting, 1 where there is no row: what nothing speaks for counts as bad. */
export const meanLoss = ({ n, sum }: RiskCurve): Float64Array => sum.map((s, j) => (n[j] > 0 ? s / n[j] : 1))

/** A risk with its target, as a limit of its loss. */
export interface RiskGoal {
  readonly curve: RiskCurve
  readonly target: number
  readonly alpha: number
}

/** What a method chooses. */
export type ChosenSetting = Pick<
  RiskControl,
  'pValues' | 'bounds' | 'valid' | 'best' | 'lambda' | 'notControlled' | 'reason' | 'warnings'
>

/** Warns where every setting is valid. */
export const tooEasy = (valid: readonly unknown[], curves: RiskCurves): string[] =>
  valid.length === curves.lambdas.length
    ? ['every setting is valid: the target may be too easy, or the settings too few']
    : []

/** The safe end: declared, or by the direction that the risk has whatever the data. */
export function safeEndOf({ name, direction }: RiskCurve, safeEnd?: 'first' | 'last'): 'first' | 'last' {
  if (safeEnd !== undefined) return safeEnd
  if (direction === undefined)
    throw new PodError('RISK_NOT_MONOTONE', `the risk "${name}" need not go one way along the settings`, {
      hint: "use method 'ltt' with 'holm', an order learned on other rows (learnRiskOrder), or declare safeEnd",
    })
  return direction === 'increasing' ? 'first' : 'last'
}
