import { PodError } from '@mlpod/contract'
import type { ControlRiskOptions } from './controlRisk.ts'
import type { RiskCurves } from './riskCurve.ts'
import { type ChosenSetting, type RiskGoal, safeEndOf, tooEasy } from './riskGoal.ts'
import { RISK_BOUNDS } from './riskTables.ts'

/** The settings from the safe end on while each is within its target. */
export function controlMonotone(
  curves: RiskCurves,
  goals: readonly RiskGoal[],
  delta: number,
  { method, bound = 'wsr', safeEnd, strict = false }: ControlRiskOptions,
): ChosenSetting {
  const [{ curve, alpha }] = goals
  if (goals.length > 1)
    throw new PodError('RISK_SEVERAL', `method "${method}" controls one risk, not ${goals.length}`, {
      hint: "method 'ltt' controls several",
    })
  if (curve.conditional)
    throw new PodError('RISK_CONDITIONAL', `the risk "${curve.name}" is about rows that meet a condition`, {
      because: `method "${method}" needs a loss of every row`,
      hint: "use method 'ltt', which counts the rows that it is about",
    })
  const end = safeEndOf(curve, safeEnd)
  const bounds = Float64Array.from(curve.n, (n, j) =>
    // crc: the loss of the row to come is at most 1
    method === 'crc' ? (curve.sum[j] + 1) / (n + 1) : RISK_BOUNDS[bound](curve, j, delta),
  )
  const within = (j: number): boolean => (strict ? bounds[j] < alpha : bounds[j] <= alpha)
  const order = [...bounds.keys()]
  if (end === 'last') order.reverse()
  const stop = order.findIndex((j) => !within(j))
  const walked = stop < 0 ? order : order.slice(0, stop)
  const best = walked.at(-1) ?? order[0]
  const notControlled = walked.length === 0
  return {
    bounds,
    valid: walked.toSorted((a, b) => a - b),
    best,
    lambda: curves.lambdas[best],
    notControlled,
    ...(notControlled
      ? { reason: `the bound of "${curve.name}" is ${bounds[best]} at the safest setting, above ${alpha}` }
      : {}),
    warnings: tooEasy(walked, curves),
  }
}
