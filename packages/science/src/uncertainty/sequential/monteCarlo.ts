import { binomialTail } from '@mlpod/math'

/** How wealth is bet on whether the next permutation's statistic is at least the one seen. */
export type MonteCarloStrategy = 'binomial' | 'binomialMixture' | 'aggressive'

/** A Monte Carlo test after some permutations; plain data. */
export interface MonteCarloState {
  readonly t: number
  /** One, and permutations whose statistic was at least the one seen. */
  readonly rank: number
  readonly wealth: number
  readonly largest: number
}

/** Nothing drawn yet. */
export const noPermutations: MonteCarloState = { t: 0, rank: 1, wealth: 1, largest: 1 }

/**
 * Returns the state after one more permutation, whose statistic was at least the one seen (`reached`) or not. 1 / `largest` is
 * a p-value at any time. Bets of `binomial` and limits of `binomialMixture` are tuned to `level`.
 * Source: Fischer, Ramdas (2025), "Sequential Monte-Carlo testing by betting"; MAPIE 1.6 `SequentialMonteCarloTest`.
 */
export function nextPermutation(
  { t, rank, wealth, largest }: MonteCarloState,
  reached: boolean,
  { strategy, level }: { readonly strategy: MonteCarloStrategy; readonly level: number },
): MonteCarloState {
  const after = { t: t + 1, rank: rank + (reached ? 1 : 0) }
  const next = WEALTHS[strategy]({ t: t + 1, rank, wealth, largest }, reached, level)
  return { ...after, wealth: next, largest: Math.max(largest, next) }
}

/** Wealth after permutation t, from the rank before it. */
const WEALTHS: Readonly<
  Record<MonteCarloStrategy, (before: MonteCarloState, reached: boolean, level: number) => number>
> = {
  binomial({ t, rank, wealth }, reached, level) {
    const least = 1 / Math.ceil(Math.sqrt(2 * Math.PI * Math.exp(1 / 6)) / level)
    // nothing is left for a permutation that would end the test
    const p = (wealth * least * (t + 1)) / rank < level ? 0 : least
    return wealth * (reached ? (p * (t + 1)) / rank : ((1 - p) * (t + 1)) / (t - (rank - 1)))
  },
  binomialMixture({ t, rank }, reached, level) {
    const limit = 0.9 * level
    return binomialTail(rank + (reached ? 1 : 0), t + 1, limit) / limit
  },
  aggressive: ({ t, wealth }, reached) => (reached ? 0 : (wealth * (t + 1)) / t),
}
