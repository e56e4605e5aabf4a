import { PodError } from '@mlpod/contract'
import type { OutcomeRisk } from './outcomeRisks.ts'
import { lazyCurves, type RiskCurve, type RiskCurves } from './riskCurve.ts'

/** What each row's prediction is on either side of its threshold. */
export interface ThresholdRows {
  /** Thresholds reached by each row. */
  readonly cells: Uint32Array
  /** Each row's place in `kinds`, and its group if there are groups. */
  readonly kind: Uint32Array
  /** All that may be, whether rows are so or not. */
  readonly kinds: readonly { readonly truth: number; readonly reached: number; readonly below: number }[]
  readonly groups?: readonly string[]
  /** Rows that each stands for, where rows that are alike were counted. */
  readonly counts?: ArrayLike<number>
}

/** Returns the curves of risks of rows with thresholds; `recall@a` is recall in group "a". */
export function thresholdCurves(
  rows: ThresholdRows,
  risks: Readonly<Record<string, OutcomeRisk>>,
  lambdas: readonly number[],
): RiskCurves {
  const groups = [...new Set(rows.groups ?? [])].sort()
  const names = Object.keys(risks).flatMap((name) => [name, ...groups.map((group) => `${name}@${group}`)])
  return lazyCurves(lambdas, names, 0, (name) => {
    const at = name.indexOf('@')
    const group = at < 0 ? undefined : name.slice(at + 1)
    const risk = risks[at < 0 ? name : name.slice(0, at)]
    return risk && (group === undefined || groups.includes(group))
      ? thresholdCurve(name, risk, rows, lambdas.length, group)
      : undefined
  })
}

/** A row's loss on one side of its threshold; NaN where the risk is not about it. */
function lossOf({ occurrence, condition, higherIsBetter = false }: OutcomeRisk, truth: number, prediction: number) {
  if (condition && !condition(truth, prediction)) return Number.NaN
  const value = Number(occurrence(truth, prediction))
  if (!(value >= 0 && value <= 1))
    throw new PodError('RISK_INVALID', `a risk is ${value} for truth ${truth} and prediction ${prediction}`, {
      hint: 'losses lie between 0 and 1: divide by the largest',
    })
  return higherIsBetter ? 1 - value : value
}

function thresholdCurve(
  name: string,
  risk: OutcomeRisk,
  { cells, kind, kinds, groups, counts }: ThresholdRows,
  count: number,
  group?: string,
): RiskCurve {
  const reached = Float64Array.from(kinds, (k) => lossOf(risk, k.truth, k.reached))
  const below = Float64Array.from(kinds, (k) => lossOf(risk, k.truth, k.below))
  // a row counts as `reached` up to its cell and as `below` from there on: differences, then running sums
  const [n, sum] = [new Float64Array(count + 1), new Float64Array(count + 1)]
  for (let i = 0; i < kind.length; i++) {
    if (group !== undefined && groups?.[i] !== group) continue
    const [a, b, cell] = [reached[kind[i]], below[kind[i]], cells[i]]
    const rows = counts === undefined ? 1 : counts[i]
    if (!Number.isNaN(a)) {
      n[0] += rows
      n[cell] -= rows
      sum[0] += rows * a
      sum[cell] -= rows * a
    }
    if (!Number.isNaN(b)) {
      n[cell] += rows
      sum[cell] += rows * b
    }
  }
  for (let j = 1; j < count; j++) {
    n[j] += n[j - 1]
    sum[j] += sum[j - 1]
  }
  const losses = [...reached, ...below]
  const pairs = kinds.map((_, k) => [reached[k], below[k]])
  const stays = pairs.every(([a, b]) => Number.isNaN(a) === Number.isNaN(b))
  const rises = stays && pairs.every(([a, b]) => !(a > b))
  const falls = stays && pairs.every(([a, b]) => !(a < b))
  return {
    name,
    higherIsBetter: risk.higherIsBetter ?? false,
    binary: losses.every((loss) => Number.isNaN(loss) || loss === 0 || loss === 1),
    conditional: group !== undefined || losses.some(Number.isNaN),
    ...(rises ? { direction: 'increasing' as const } : falls ? { direction: 'decreasing' as const } : {}),
    n: n.slice(0, count),
    sum: sum.slice(0, count),
    losses(j) {
      if (counts)
        throw new PodError('RISK_COUNTED', `the losses of "${name}" were counted, and their order is not known`, {
          hint: 'take a bound or test that needs counts alone: hoeffdingBentkus, binomial, hoeffding, clopperPearson',
        })
      const out: number[] = []
      for (let i = 0; i < kind.length; i++) {
        const loss = cells[i] > j ? reached[kind[i]] : below[kind[i]]
        if (!Number.isNaN(loss) && (group === undefined || groups?.[i] === group)) out.push(loss)
      }
      return Float64Array.from(out)
    },
  }
}
