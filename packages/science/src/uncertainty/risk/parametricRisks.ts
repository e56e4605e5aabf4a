import { PodError } from '@mlpod/contract'
import { ABSTAINED, OUTCOME_RISKS, type OutcomeRisk } from './outcomeRisks.ts'
import { type Lambda, lazyCurves, type RiskCurve, type RiskCurves } from './riskCurve.ts'
import { checkRows } from './thresholdRisks.ts'

/** A loss of a number predicted; divided by `largest`, beyond which it is cut, it lies in [0, 1]. */
export interface NumberRisk {
  loss(truth: number, prediction: number): number
  readonly largest: number
}

/** Returns the absolute error as a risk; targets are in shares of `largest`, the error beyond which all are equally bad. */
export const absoluteErrorRisk = (largest: number): NumberRisk => ({ loss: (y, yhat) => Math.abs(y - yhat), largest })

/** Returns the squared error as a risk; targets are in shares of `largest`. */
export const squaredErrorRisk = (largest: number): NumberRisk => ({ loss: (y, yhat) => (y - yhat) ** 2, largest })

/** Settings of risks of any rule with settings of any dimension. */
export interface ParametricRiskOptions {
  /** The settings to try. */
  readonly lambdas: readonly Lambda[]
  /** Risks beside those of the table. */
  readonly risks?: Readonly<Record<string, OutcomeRisk | NumberRisk>>
}

/**
 * Returns the risks of `predict(lambda)`, which gives a prediction for each row: a class index (NaN or -1 abstains), or a
 * number for risks of numbers. Predictions of one setting at a time are held. Throws `LENGTH_MISMATCH`, `RISK_INVALID`.
 * Source: MAPIE 1.6 multi-dimensional `predict_params`; `mae`, `mse` scaled into [0, 1], without which the p-values of
 * bounded losses would not hold.
 */
export function parametricRisks(
  labels: ArrayLike<number>,
  predict: (lambda: Lambda) => ArrayLike<number>,
  { lambdas, risks = {} }: ParametricRiskOptions,
): RiskCurves {
  if (lambdas.length === 0) throw new PodError('LAMBDAS_INVALID', 'there is no setting to try')
  const table: Readonly<Record<string, OutcomeRisk | NumberRisk>> = { ...OUTCOME_RISKS, ...risks }
  const predictions = (j: number): ArrayLike<number> => {
    const made = predict(lambdas[j])
    checkRows(made.length, labels)
    return made
  }
  return lazyCurves(lambdas, Object.keys(table), 0, (name) => {
    const risk = table[name]
    return risk && parametricCurve(name, risk, labels, predictions, lambdas.length)
  })
}

function parametricCurve(
  name: string,
  risk: OutcomeRisk | NumberRisk,
  labels: ArrayLike<number>,
  predictions: (j: number) => ArrayLike<number>,
  count: number,
): RiskCurve {
  const [n, sum] = [new Float64Array(count), new Float64Array(count)]
  const losses = (j: number): Float64Array => lossesOf(name, risk, labels, predictions(j))
  let binary = true
  for (let j = 0; j < count; j++) {
    const row = losses(j)
    n[j] = row.length
    for (const loss of row) {
      sum[j] += loss
      if (loss !== 0 && loss !== 1) binary = false
    }
  }
  const outcome = 'occurrence' in risk
  return {
    name,
    higherIsBetter: outcome && (risk.higherIsBetter ?? false),
    // that losses are 0 or 1 must not be read off the data of a risk of numbers
    binary: outcome && binary,
    conditional: outcome && risk.condition !== undefined,
    n,
    sum,
    losses,
  }
}

function lossesOf(
  name: string,
  risk: OutcomeRisk | NumberRisk,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
): Float64Array {
  const out: number[] = []
  for (let i = 0; i < labels.length; i++) {
    if ('loss' in risk) {
      const loss = risk.loss(labels[i], predictions[i])
      if (!(loss >= 0))
        throw new PodError('RISK_INVALID', `the risk "${name}" of row ${i} is ${loss}`, { hint: 'losses are >= 0' })
      out.push(Math.min(1, loss / risk.largest))
      continue
    }
    const prediction = Number.isNaN(predictions[i]) ? ABSTAINED : predictions[i]
    if (risk.condition && !risk.condition(labels[i], prediction)) continue
    const value = Number(risk.occurrence(labels[i], prediction))
    if (!(value >= 0 && value <= 1))
      throw new PodError('RISK_INVALID', `the risk "${name}" of row ${i} is ${value}`, {
        hint: 'losses lie between 0 and 1: divide by the largest',
      })
    out.push(risk.higherIsBetter ? 1 - value : value)
  }
  return Float64Array.from(out)
}
