import { didYouMean, PodError } from '@mlpod/contract'
import { bonferroni, type FamilywiseTest, fixedSequence, holm } from '@mlpod/math'
import type { Lambda, RiskCurve, RiskCurves } from './riskCurve.ts'
import { type RiskGap, riskGapPValues } from './riskGap.ts'
import { RISK_BOUNDS, RISK_TESTS } from './riskTables.ts'

/**
 * - `crc`: the risk is at most its target on average over calibration sets (Angelopoulos et al. 2024).
 * - `rcps`: it is so with probability `confidence` (Bates et al. 2021). Both need one risk that goes one way with lambda.
 * - `ltt`: all risks are so at every setting called valid, with probability `confidence` (Angelopoulos et al. 2021).
 */
export type RiskMethod = 'crc' | 'rcps' | 'ltt'

/** Settings of `controlRisk`. */
export interface ControlRiskOptions {
  readonly method: RiskMethod
  /** Limits by risk, each in the risk's own units: a lower limit of recall or accuracy, an upper limit of a rate of errors. */
  readonly targets: Readonly<Record<string, number>>
  /** Probability that the promise holds, for `rcps` and `ltt`; 0.95 by default. */
  readonly confidence?: number
  /** `rcps`: the upper bound, `wsr` by default. */
  readonly bound?: keyof typeof RISK_BOUNDS
  /** `ltt`: the p-value, `hoeffdingBentkus` by default. */
  readonly test?: keyof typeof RISK_TESTS
  /**
   * `ltt`: the test of all settings together; `holm` by default. `fixedSequence` walks from the safe end, which the risk
   * must have; an order learned elsewhere is `fixedSequence({ order })` of `@mlpod/math`.
   */
  readonly familywise?: 'bonferroni' | 'holm' | 'fixedSequence' | FamilywiseTest
  /** The end at which the risk is least, where the risk does not tell. */
  readonly safeEnd?: 'first' | 'last'
  /** `ltt`: limits of differences of risks, that hold together with the targets. */
  readonly gaps?: readonly RiskGap[]
  /** `ltt`: the risk that decides among valid settings; by default recall for precision and the other way round, else itself. */
  readonly best?: string
  /** Bounds must be below their target, not at it; for parity with MAPIE. */
  readonly strict?: boolean
}

/** What a risk was at each setting. */
export interface ControlledRisk {
  readonly name: string
  readonly target: number
  /** The limit of the loss: the target, or one minus it. */
  readonly alpha: number
  /** Rows, and mean loss (1 where there is no row), at each setting. */
  readonly n: Float64Array
  readonly mean: Float64Array
}

/** Settings that keep risks within their targets; plain data. */
export interface RiskControl {
  readonly method: RiskMethod
  readonly confidence?: number
  readonly lambdas: readonly Lambda[]
  readonly risks: readonly ControlledRisk[]
  /** `ltt`: the largest p-value over risks, at each setting. */
  readonly pValues?: Float64Array
  /** `crc`, `rcps`: the upper bound at each setting. */
  readonly bounds?: Float64Array
  /** Places in `lambdas` of the settings within all targets, ascending. */
  readonly valid: readonly number[]
  /** The place chosen: null where `ltt` found none. */
  readonly best: number | null
  readonly lambda: Lambda | null
  /** The promise could not be made: `lambda` is then the safest one (`crc`, `rcps`) or null (`ltt`). */
  readonly notControlled: boolean
  /** Why nothing is controlled. */
  readonly reason?: string
  readonly warnings: readonly string[]
  readonly dropped: number
}

/** Secondary risks: what is best among settings that are within the target of the first. Source: MAPIE 1.6. */
const SECONDARY: Readonly<Record<string, string>> = {
  precision: 'recall',
  positivePredictiveValue: 'recall',
  recall: 'precision',
  fpr: 'recall',
  predictedPositiveFraction: 'recall',
}

/** Returns the mean loss at each setting, 1 where there is no row: what nothing speaks for counts as bad. */
const meanLoss = ({ n, sum }: RiskCurve): Float64Array => sum.map((s, j) => (n[j] > 0 ? s / n[j] : 1))

/**
 * Returns the settings at which every risk is within its target, with the promise of `method`; see `RiskMethod`.
 * The rows must be exchangeable with those to come and not be those that chose model or settings.
 * Throws `LEVEL_INVALID`, `CONFIDENCE_INVALID`, `RISK_UNKNOWN`, `RISKS_EMPTY`; `RISK_SEVERAL`, `RISK_CONDITIONAL` and
 * `RISK_NOT_MONOTONE` where a method does not allow the risk.
 */
export function controlRisk(curves: RiskCurves, options: ControlRiskOptions): RiskControl {
  const targets = Object.entries(options.targets)
  if (targets.length === 0)
    throw new PodError('RISKS_EMPTY', 'there is no risk to control', { hint: 'targets: { recall: 0.9 }' })
  const { confidence = 0.95 } = options
  if (options.method !== 'crc' && !(confidence >= 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not in [0, 1)`, {
      hint: 'write 0.95 for 95 %',
    })
  const goals = targets.map(([name, target]): Goal => {
    const curve = curves.curve(name)
    if (!(target > 0 && target < 1))
      throw new PodError('LEVEL_INVALID', `the target ${target} of "${name}" is not between 0 and 1`)
    return { curve, target, alpha: curve.higherIsBetter ? 1 - target : target }
  })
  const control = options.method === 'ltt' ? learnThenTest : controlMonotone
  return {
    method: options.method,
    ...(options.method === 'crc' ? {} : { confidence }),
    lambdas: curves.lambdas,
    risks: goals.map(({ curve, target, alpha }) => ({
      name: curve.name,
      target,
      alpha,
      n: curve.n,
      mean: meanLoss(curve),
    })),
    dropped: curves.dropped,
    ...control(curves, goals, 1 - confidence, options),
  }
}

interface Goal {
  readonly curve: RiskCurve
  readonly target: number
  readonly alpha: number
}

type Chosen = Pick<
  RiskControl,
  'pValues' | 'bounds' | 'valid' | 'best' | 'lambda' | 'notControlled' | 'reason' | 'warnings'
>

const tooEasy = (valid: readonly unknown[], curves: RiskCurves): string[] =>
  valid.length === curves.lambdas.length
    ? ['every setting is valid: the target may be too easy, or the settings too few']
    : []

/** The safe end: declared, or by the direction that the risk has whatever the data. */
function safeEndOf({ name, direction }: RiskCurve, safeEnd?: 'first' | 'last'): 'first' | 'last' {
  if (safeEnd !== undefined) return safeEnd
  if (direction === undefined)
    throw new PodError('RISK_NOT_MONOTONE', `the risk "${name}" need not go one way along the settings`, {
      hint: "use method 'ltt' with 'holm', an order learned on other rows (learnRiskOrder), or declare safeEnd",
    })
  return direction === 'increasing' ? 'first' : 'last'
}

/** The settings from the safe end on while each is within its target. */
function controlMonotone(
  curves: RiskCurves,
  goals: readonly Goal[],
  delta: number,
  { method, bound = 'wsr', safeEnd, strict = false }: ControlRiskOptions,
): Chosen {
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

const byCorrection =
  (correct: typeof holm): FamilywiseTest =>
  (pValues, delta) =>
    correct(pValues).flatMap((p, i) => (p <= delta ? [i] : []))

const FAMILYWISE: Readonly<Record<string, FamilywiseTest>> = {
  bonferroni: byCorrection(bonferroni),
  holm: byCorrection(holm),
}

function learnThenTest(
  curves: RiskCurves,
  goals: readonly Goal[],
  delta: number,
  { test = 'hoeffdingBentkus', familywise = 'holm', safeEnd, best, gaps = [] }: ControlRiskOptions,
): Chosen {
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
  goals: readonly Goal[],
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
function whyNone(goals: readonly Goal[], pValues: Float64Array, delta: number): string {
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

/** Returns the prediction of "class 1 if and only if score >= lambda"; NaN scores abstain (-1). Throws `RISK_NOT_CONTROLLED`. */
export function predictControlled({ lambda, reason }: RiskControl, scores: ArrayLike<number>): Int8Array {
  if (typeof lambda !== 'number')
    throw new PodError('RISK_NOT_CONTROLLED', 'no threshold keeps the risks within their targets', { because: reason })
  return Int8Array.from(scores, (score) => (Number.isNaN(score) ? -1 : score >= lambda ? 1 : 0))
}
