import { PodError } from '@mlpod/contract'
import { checkPValue, logSumExp, type Martingale, type Wealth } from './martingale.ts'

/** Wealth shared among experts: the share of each, summing to 1, beside the whole. */
export interface ExpertWealth extends Wealth {
  readonly shares: readonly number[]
}

/**
 * Returns the martingale of several experts, each multiplying its part of the wealth by `rewards(value)`; after each bet a share
 * `jump` of the whole is dealt out again in equal parts. Whole and shares are kept apart, so that long streams do not overflow.
 */
export function expertMartingale(
  experts: number,
  rewards: (value: number, expert: number) => number,
  { jump = 0 }: { readonly jump?: number } = {},
): Martingale<ExpertWealth> {
  return {
    start: { t: 0, logWealth: 0, shares: new Array<number>(experts).fill(1 / experts) },
    next({ t, logWealth, shares }, value) {
      let total = 0
      const grown = shares.map((share, e) => {
        const next = share * rewards(value, e)
        total += next
        return next
      })
      // a wealth of nothing stays nothing
      const scale = total > 0 ? 1 / total : 0
      return {
        t: t + 1,
        logWealth: total > 0 ? logWealth + Math.log(total) : -Infinity,
        shares: grown.map((share) => (1 - jump) * share * scale + jump / experts),
      }
    },
  }
}

/** Settings of `simpleJumper`. */
export interface JumperOptions {
  /** Slopes e of the bets 1 + e (p - 1/2), in [-2, 2]; -1, -1/2, 0, 1/2, 1 by default (MAPIE: -1, 0, 1). */
  readonly slopes?: readonly number[]
  /** Share of the wealth dealt out again after each bet, in (0, 1); 0.01 by default. */
  readonly jump?: number
}

/**
 * Returns the simple jumper on p-values. Throws `JUMPER_INVALID`, and `P_VALUE_INVALID` while it runs. Source: Vovk et al.
 * (2021), "Retrain or not retrain"; crepes 0.9 `SimpleJumper`, MAPIE 1.6 `jumper_martingale` (which deals out before betting:
 * the same path, as the start is equal).
 */
export function simpleJumper({
  slopes = [-1, -0.5, 0, 0.5, 1],
  jump = 0.01,
}: JumperOptions = {}): Martingale<ExpertWealth> {
  if (slopes.length === 0 || slopes.some((e) => !(e >= -2 && e <= 2)))
    throw new PodError('JUMPER_INVALID', 'the slopes of a jumper are not numbers in [-2, 2]')
  if (!(jump > 0 && jump < 1)) throw new PodError('JUMPER_INVALID', `the jump ${jump} is not between 0 and 1`)
  return expertMartingale(
    slopes.length,
    (p, e) => {
      if (e === 0) checkPValue(p)
      return 1 + slopes[e] * (p - 0.5)
    },
    { jump },
  )
}

/**
 * Returns the mixture of the power martingales k p^(k - 1) on p-values, which bet on small ones; exponents 0.1, 0.2, ..., 0.9 and
 * 1 by default. Source: Vovk, Nouretdinov, Gammerman (2003).
 */
export function powerMixture({
  exponents = Array.from({ length: 10 }, (_, i) => (i + 1) / 10),
}: {
  readonly exponents?: readonly number[]
} = {}): Martingale<ExpertWealth> {
  if (exponents.length === 0 || exponents.some((k) => !(k > 0)))
    throw new PodError('JUMPER_INVALID', 'the exponents of a power mixture are not positive')
  return expertMartingale(exponents.length, (p, e) => {
    if (e === 0) checkPValue(p)
    // p = 0 would be infinite wealth, which then swallows all that comes
    return exponents[e] * Math.max(p, 1e-15) ** (exponents[e] - 1)
  })
}

/**
 * Returns the mixture of bets 1 + stake (e - 1) on e-values (numbers >= 0 whose mean is at most 1 if nothing is wrong); stakes 0,
 * 0.1, ..., 1 by default. Throws `E_VALUE_INVALID` while it runs. Source: Waudby-Smith, Ramdas (2024); Vovk, Wang (2021).
 */
export function eValueMixture({
  stakes = Array.from({ length: 11 }, (_, i) => i / 10),
}: {
  readonly stakes?: readonly number[]
} = {}): Martingale<ExpertWealth> {
  if (stakes.length === 0 || stakes.some((s) => !(s >= 0 && s <= 1)))
    throw new PodError('STAKE_INVALID', 'the stakes are not numbers in [0, 1]')
  return expertMartingale(stakes.length, (value, expert) => {
    if (!(value >= 0)) throw new PodError('E_VALUE_INVALID', `${value} is no e-value`)
    return 1 + stakes[expert] * (value - 1)
  })
}

/** States of the martingales of a composite. */
export interface CompositeWealth extends Wealth {
  readonly parts: readonly Wealth[]
}

/** Returns the mean of several martingales' wealth. Source: crepes 0.9 `CompositeMartingale`. */
export function compositeMartingale(members: readonly Martingale<Wealth>[]): Martingale<CompositeWealth> {
  const logCount = Math.log(members.length)
  return {
    start: { t: 0, logWealth: 0, parts: members.map(({ start }) => start) },
    next(state, value) {
      const after = members.map((member, i) => member.next(state.parts[i], value))
      return { t: state.t + 1, logWealth: logSumExp(after.map(({ logWealth }) => logWealth)) - logCount, parts: after }
    },
  }
}
