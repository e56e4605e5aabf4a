import { PodError } from '@mlpod/contract'
import type { FamilywiseTest } from '@mlpod/math'
import { controlMonotone } from './controlMonotone.ts'
import { learnThenTest } from './learnThenTest.ts'
import type { Lambda, RiskCurves } from './riskCurve.ts'
import type { RiskGap } from './riskGap.ts'
import { meanLoss, type RiskGoal } from './riskGoal.ts'
import type { RISK_BOUNDS, RISK_TESTS } from './riskTables.ts'

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
  const goals = targets.map(([name, target]): RiskGoal => {
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

/** Returns the prediction of "class 1 if and only if score >= lambda"; NaN scores abstain (-1). Throws `RISK_NOT_CONTROLLED`. */
export function predictControlled({ lambda, reason }: RiskControl, scores: ArrayLike<number>): Int8Array {
  if (typeof lambda !== 'number')
    throw new PodError('RISK_NOT_CONTROLLED', 'no threshold keeps the risks within their targets', { because: reason })
  return Int8Array.from(scores, (score) => (Number.isNaN(score) ? -1 : score >= lambda ? 1 : 0))
}
