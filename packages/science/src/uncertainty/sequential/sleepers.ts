import { PodError } from '@mlpod/contract'
import { checkPValue, logSumExp, type Martingale, type Wealth } from './martingale.ts'

/** Bets of steps: b / a on p <= a, (1 - b) / (1 - a) above, for each cut a and height b. */
export interface StepOptions {
  /** 0.1, 0.2, ..., 0.9 by default. */
  readonly heights?: readonly number[]
  /** The heights by default. */
  readonly cuts?: readonly number[]
}

const tenths = Array.from({ length: 9 }, (_, i) => (i + 1) / 10)

/** All pairs of a cut and a height, cut by cut. */
function pairsOf({
  heights = tenths,
  cuts = heights,
}: StepOptions): readonly (readonly [cut: number, height: number])[] {
  if ([...heights, ...cuts].some((x) => !(x > 0 && x < 1)) || heights.length === 0 || cuts.length === 0)
    throw new PodError('STEP_INVALID', 'cuts and heights of steps are not numbers in (0, 1)')
  return cuts.flatMap((cut) => heights.map((height) => [cut, height] as const))
}

const stepReward = (p: number, cut: number, height: number): number =>
  p <= cut ? height / cut : (1 - height) / (1 - cut)

const checkRate = (rate: number): void => {
  if (!(rate > 0 && rate < 1)) throw new PodError('SLEEPER_INVALID', `the rate ${rate} is not between 0 and 1`)
}

/** Wealth asleep, and the logarithm of what each expert awake has. */
export interface StayerWealth extends Wealth {
  readonly asleep: number
  readonly awake: readonly number[]
}

/**
 * Returns the sleeper/stayer on p-values: wealth sleeps, and at each step a share `rate` (0.001) of it wakes and bets on steps
 * from then on. Throws `SLEEPER_INVALID`, `STEP_INVALID`. Source: Vovk et al. (2021); crepes 0.9 `SleeperStayer`.
 */
export function sleeperStayer({
  rate = 0.001,
  ...steps
}: StepOptions & { readonly rate?: number } = {}): Martingale<StayerWealth> {
  checkRate(rate)
  const pairs = pairsOf(steps)
  const logs = pairs.map(([cut, height]) => [Math.log(height / cut), Math.log((1 - height) / (1 - cut))])
  const share = Math.log(rate / pairs.length)
  return {
    start: { t: 0, logWealth: 0, asleep: Math.log1p(-rate), awake: pairs.map(() => share) },
    next({ t, asleep, awake }, p) {
      checkPValue(p)
      const grown = awake.map((log, e) => log + logs[e][p <= pairs[e][0] ? 0 : 1])
      const logWealth = logSumExp([asleep, ...grown])
      const woken = asleep + share
      return {
        t: t + 1,
        logWealth,
        asleep: asleep + Math.log1p(-rate),
        awake: grown.map((log) => logSumExp([log, woken])),
      }
    },
  }
}

/** Wealth asleep, and for each cohort that woke the logarithm of what its experts have. */
export interface DrifterWealth extends Wealth {
  readonly asleep: number
  readonly cohorts: readonly (readonly number[])[]
}

/** Settings of `sleeperDrifter`. */
export interface DrifterOptions extends StepOptions {
  /** Share of what sleeps that wakes each time; 0.1 by default. */
  readonly rate?: number
  /** Steps between two wakings; 100 by default. */
  readonly every?: number
  /** The cut of a cohort drifts from a to b as it grows older: a change that calibration slowly takes in; true by default. */
  readonly drift?: boolean
}

/**
 * Returns the sleeper/drifter on p-values: each `every` steps a share of what sleeps wakes as a cohort and bets on steps. A step
 * costs one update of each cohort, t / every of them. Throws `SLEEPER_INVALID`, `STEP_INVALID`.
 * Source: Vovk et al. (2021); crepes 0.9 `SleeperDrifter`.
 */
export function sleeperDrifter({
  rate = 0.1,
  every = 100,
  drift = true,
  ...steps
}: DrifterOptions = {}): Martingale<DrifterWealth> {
  checkRate(rate)
  if (!(Number.isInteger(every) && every >= 1))
    throw new PodError('SLEEPER_INVALID', `${every} is no number of steps between wakings`)
  const pairs = pairsOf(steps)
  const share = Math.log(rate / pairs.length)
  return {
    start: { t: 0, logWealth: 0, asleep: Math.log1p(-rate), cohorts: [pairs.map(() => share)] },
    next({ t, asleep, cohorts }, p) {
      checkPValue(p)
      const grown = cohorts.map((cohort, c) => {
        // a cohort born at step s counts s + 1 steps of calibration, and one more each step
        const born = (c + 1) * every
        const weight = drift ? born / (born + t - c * every) : 1
        return cohort.map((log, e) => {
          const [cut, height] = pairs[e]
          return log + Math.log(stepReward(p, cut * weight + height * (1 - weight), height))
        })
      })
      const logWealth = logSumExp([asleep, ...grown.map(logSumExp)])
      const wakes = (t + 1) % every === 0
      return {
        t: t + 1,
        logWealth,
        asleep: wakes ? asleep + Math.log1p(-rate) : asleep,
        cohorts: wakes ? [...grown, pairs.map(() => asleep + share)] : grown,
      }
    },
  }
}
