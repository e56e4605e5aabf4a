import { type Claim, didYouMean, type MeasuredPart, type Measurement, PodError } from '@mlpod/contract'
import { type Answers, answersOf, groupsOf } from '../../guard/answers.ts'
import type { ModelAndData, ModelAndRows } from '../covers.ts'
import { ABSTAINED, OUTCOME_RISKS, type OutcomeRisk } from '../risk/outcomeRisks.ts'

/** What a claim about a risk says. */
export interface ControlsOptions extends ModelAndData {
  /** A risk of the table, whose positive class is the model's last one, or one of your own. */
  readonly risk: keyof typeof OUTCOME_RISKS | OutcomeRisk
  /** In the risk's own units: a lower limit of recall or accuracy, an upper limit of a rate of errors. */
  readonly target: number
  /** Predicts the last class where its probability is at least this; by default the model's own prediction is taken. */
  readonly lambda?: number
  /** Counts rows from which the model abstains as abstained; true by default. */
  readonly abstaining?: boolean
  readonly by?: readonly string[]
}

/** Counts of a risk on some rows. */
interface RiskCount {
  n: number
  sum: number
  squares: number
}

/**
 * Returns the claim that a risk of the model is within its target on new rows, in each group of `by` if given. Only rows that the
 * risk is about count; rows without a label are dropped. Throws `RISK_UNKNOWN`.
 */
export function controls({ model, data, risk, target, lambda, abstaining = true, by }: ControlsOptions): Claim {
  const used: OutcomeRisk | undefined = typeof risk === 'string' ? OUTCOME_RISKS[risk] : risk
  if (used === undefined)
    throw new PodError(
      'RISK_UNKNOWN',
      `there is no risk "${risk}"${didYouMean(String(risk), Object.keys(OUTCOME_RISKS))}`,
    )
  const name = typeof risk === 'string' ? risk : 'risk'
  const operator = used.higherIsBetter ? '>=' : '<='
  return {
    statement: `${name} ${operator} ${target}${lambda === undefined ? '' : ` at ${lambda}`}${by ? ` by ${by.join(' and ')}` : ''}`,
    quantity: name,
    operator,
    threshold: target,
    ...(by ? { by } : {}),
    data: { model, data },
    async measure(inputs) {
      const { model, data } = inputs as ModelAndRows
      const answers = await answersOf(model, data)
      const groups = by && (await groupsOf(data, by))
      const { whole, cells, dropped } = countRisk(used, answers, { lambda, abstaining, groups })
      const parts: MeasuredPart[] = [...cells]
        .filter(([, { n }]) => n > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([group, count]) => ({ name: group, measurement: measured(count) }))
      return {
        ...(by ? { parts, n: whole.n } : { whole: measured(whole) }),
        dropped,
        method: `mean of ${name} over the rows that it is about`,
      }
    },
  }
}

/** A share where all values were 0 or 1, else a mean with its error, which is not taken to be below 1 / n. */
function measured({ n, sum, squares }: RiskCount): Measurement {
  if (squares === sum) return { kind: 'proportion', successes: sum, n }
  const variance = (squares - (sum * sum) / n) / (n - 1)
  return { kind: 'mean', estimate: sum / n, standardError: Math.max(1 / n, Math.sqrt(Math.max(0, variance) / n)), n }
}

/** Returns the counts of a risk, whole and by group; the positive class is the last one, as class 1, where there are two. */
function countRisk(
  { occurrence, condition }: OutcomeRisk,
  { truth, prediction, positive, abstain, classes }: Answers,
  { lambda, abstaining, groups }: { lambda?: number; abstaining: boolean; groups?: readonly string[] },
): { whole: RiskCount; cells: ReadonlyMap<string, RiskCount>; dropped: number } {
  const whole = { n: 0, sum: 0, squares: 0 }
  const cells = new Map<string, RiskCount>()
  let dropped = 0
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] < 0) {
      dropped++
      continue
    }
    const made = lambda === undefined ? prediction[i] : positive[i] >= lambda ? classes - 1 : 0
    const predicted = abstaining && abstain[i] ? ABSTAINED : made
    if (condition && !condition(truth[i], predicted)) continue
    const value = Number(occurrence(truth[i], predicted))
    const cell = groups && (cells.get(groups[i]) ?? { n: 0, sum: 0, squares: 0 })
    if (groups && cell) cells.set(groups[i], cell)
    for (const count of cell ? [whole, cell] : [whole]) {
      count.n++
      count.sum += value
      count.squares += value * value
    }
  }
  return { whole, cells, dropped }
}
