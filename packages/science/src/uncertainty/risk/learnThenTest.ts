import { didYouMean, PodError } from '@mlpod/contract'
import { bonferroni, type FamilywiseTest, fixedSequence, holm } from '@mlpod/math'
import type { ControlRiskOptions } from './controlRisk.ts'
import type { RiskCurves } from './riskCurve.ts'
import { riskGapPValues } from './riskGap.ts'
import { type ChosenSetting, meanLoss, type RiskGoal, safeEndOf, tooEasy } from './riskGoal.ts'
import { RISK_TESTS } from './riskTables.ts'

/** Secondary risks: what is best among settings that are within the target of the first. Source: MAPIE 1.6. */
const SECONDARY: Readonly<Record<string, string>> = {
  precision: 'recall',
  positivePredictiveValue: 'recall',
  recall: 'precision',
  fpr: 'recall',
  predictedPositiveFraction: 'recall',
}

const byCorrection =
  (correct: typeof holm): FamilywiseTest =>
  (pValues, delta) =>
    correct(pValues).flatMap((p, i) => (p <= delta ? [i] : []))

const FAMILYWISE: Readonly<Record<string, FamilywiseTest>> = {
  bonferroni: byCorrection(bonferroni),
  holm: byCorrection(holm),
}

/** The settings whose hypotheses "some risk is above its target" are rejected together. */
export function learnThenTest(
  curves: RiskCurves,
  goals: readonly RiskGoal[],
  delta: number,
  { test = 'hoeffdingBentkus', familywise = 'holm', safeEnd, best, gaps = [] }: ControlRiskOptions,
): ChosenSetting {
  const apart = gaps.map((gap) => riskGapPValues(curves, gap))
  const pValues = Float64Array.from(curves.lambdas, (_, j) =>
    goals.reduce(
      (p, { curve, alpha }) => Math.max(p, RISK_TESTS[test](curve, j, alpha, delta)),
      apart.reduce((p, column) => Math.max(p, column[j]), 0),
    ),
  )
  const reject = typeof familywise === 'function' ? familywise : testNamed(familywise, curves, goals, safeEnd)
  const valid = reject([...pValues], delta)
  if (valid.length === 0)
    return {
      pValues,
      valid,
      best: null,
      lambda: null,
      notControlled: true,
      reason: whyNone(goals, pValues, delta),
      warnings: [],
    }
  const first = goals[0].curve
  const secondary = best ?? (goals.length === 1 ? (SECONDARY[first.name] ?? first.name) : first.name)
  const wanted = meanLoss(curves.curve(secondary))
  const spent = meanLoss(first)
  // ties: the setting that spends most of the first risk is the least cautious
  const chosen = valid.reduce((a, b) =>
    wanted[b] < wanted[a] || (wanted[b] === wanted[a] && spent[b] > spent[a]) ? b : a,
  )
  return {
    pValues,
    valid,
    best: chosen,
    lambda: curves.lambdas[chosen],
    notControlled: false,
    warnings: tooEasy(valid, curves),
  }
}

function testNamed(
  name: string,
  curves: RiskCurves,
  goals: readonly RiskGoal[],
  safeEnd?: 'first' | 'last',
): FamilywiseTest {
  const named = FAMILYWISE[name]
  if (named) return named
  if (name !== 'fixedSequence')
    throw new PodError(
      'FAMILYWISE_UNKNOWN',
      `there is no test "${name}"${didYouMean(name, [...Object.keys(FAMILYWISE), 'fixedSequence'])}`,
    )
  if (goals.length > 1 || curves.lambdas.some((lambda) => typeof lambda !== 'number'))
    throw new PodError('RISK_SEVERAL', 'several risks or dimensions have no natural order to walk in', {
      hint: 'learn one on other rows: fixedSequence({ order: learnRiskOrder(...) })',
    })
  const order = [...curves.lambdas.keys()]
  return fixedSequence({ order: safeEndOf(goals[0].curve, safeEnd) === 'first' ? order : order.reverse() })
}

/** Says what stood in the way: too few rows to ever refuse, or a risk that is nowhere low enough. */
function whyNone(goals: readonly RiskGoal[], pValues: Float64Array, delta: number): string {
  for (const { curve, alpha, target } of goals) {
    const mean = meanLoss(curve)
    if (!mean.some((m) => m <= alpha)) return `no setting has "${curve.name}" within ${target} on the calibration rows`
    const rows = Math.max(...curve.n)
    if ((1 - alpha) ** rows > delta)
      return `even ${rows} rows without any loss would not show "${curve.name}" within ${target} at error ${delta}`
  }
  return `the smallest p-value, ${Math.min(...pValues)}, does not reach the error ${delta} of all ${pValues.length} settings`
}

/**
 * Returns an order of settings for `fixedSequence({ order })`, learned on rows other than those tested: those whose p-values
 * are nearest to each of `betas`, from the smallest up. Source: MAPIE 1.6 `learn_fixed_sequence_order`.
 */
export function learnRiskOrder(
  curves: RiskCurves,
  {
    targets,
    test = 'hoeffdingBentkus',
    betas = Array.from({ length: 1000 }, (_, i) => 10 ** (-25 + (25 * i) / 999)),
  }: Pick<ControlRiskOptions, 'targets' | 'test'> & { readonly betas?: readonly number[] },
): number[] {
  const columns = Object.entries(targets).map(([name, target]) => {
    const curve = curves.curve(name)
    const alpha = curve.higherIsBetter ? 1 - target : target
    return Float64Array.from(curves.lambdas, (_, j) => RISK_TESTS[test](curve, j, alpha, 0.05))
  })
  const order = new Set<number>()
  for (const beta of betas) {
    const distance = (j: number): number =>
      columns.reduce((far, pValues) => Math.max(far, Math.abs(pValues[j] - beta)), 0)
    let nearest = 0
    for (let j = 1; j < curves.lambdas.length; j++) if (distance(j) < distance(nearest)) nearest = j
    order.add(nearest)
  }
  return [...order]
}
