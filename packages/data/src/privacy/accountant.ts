import { PodError } from '@mlpod/contract'
import { discreteGaussian, discreteLaplace, type Uniform } from './noise.ts'

/** What was asked of a table, and what its answer cost. */
export interface PrivacySpent {
  readonly about: string
  /** Pure differential privacy; undefined for what is only concentrated. */
  readonly epsilon?: number
  /** Zero-concentrated differential privacy. */
  readonly rho: number
}

/** Keeps account of what answers cost, and gives no more of them than the budget has. */
export interface PrivacyBudget {
  readonly epsilon: number
  /** 0: everything is by Laplace noise; above: by Gaussian noise, which composes better. */
  readonly delta: number
  /** Returns how much noise an answer gets that costs this share of the budget, and books it. Throws `BUDGET_SPENT`. */
  spend(about: string, share: number): PrivateAnswer
  readonly spent: readonly PrivacySpent[]
  /** What all answers so far cost together. */
  total(): { readonly epsilon: number; readonly delta: number; readonly rho: number }
}

/** How an answer is made private. */
export interface PrivateAnswer {
  /** What the exponential mechanism may take. */
  readonly epsilon: number
  /** Adds noise to a whole number which one row changes by at most `sensitivity`, a whole number. */
  readonly whole: (value: number, sensitivity: number, uniform: Uniform) => number
  /** The standard deviation of that noise. */
  readonly sd: (sensitivity: number) => number
}

/** The rho of a budget: the greatest with rho + 2 sqrt(rho ln(1 / delta)) <= epsilon. Source: Bun, Steinke (2016), proposition 1.3. */
export const rhoOf = (epsilon: number, delta: number): number => {
  const l = Math.log(1 / delta)
  return (Math.sqrt(l + epsilon) - Math.sqrt(l)) ** 2
}

/** Returns an empty account. Throws `OPTION_INVALID` unless epsilon is above 0 and delta in [0, 1). */
export function privacyBudget({
  epsilon,
  delta = 0,
}: {
  readonly epsilon: number
  readonly delta?: number
}): PrivacyBudget {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new PodError('OPTION_INVALID', `a privacy budget of epsilon ${epsilon} is none`)
  if (!(delta >= 0 && delta < 1)) throw new PodError('OPTION_INVALID', `a privacy budget of delta ${delta} is none`)
  const rho = delta === 0 ? epsilon ** 2 / 2 : rhoOf(epsilon, delta)
  const spent: PrivacySpent[] = []
  let used = 0
  return {
    epsilon,
    delta,
    spent,
    spend(about, share) {
      // shares are sums of fractions, whose rounding is no breach
      if (!(share > 0 && used + share <= 1 + 1e-9))
        throw new PodError(
          'BUDGET_SPENT',
          `"${about}" would take ${share} of the privacy budget, of which ${Math.max(0, 1 - used)} is left`,
        )
      used += share
      if (delta === 0) {
        const e = epsilon * share
        spent.push({ about, epsilon: e, rho: e ** 2 / 2 })
        return {
          epsilon: e,
          whole: (value, sensitivity, uniform) => value + discreteLaplace(sensitivity / e, uniform),
          sd: (sensitivity) => discreteLaplaceSd(sensitivity / e),
        }
      }
      const r = rho * share
      spent.push({ about, rho: r })
      const sdOf = (sensitivity: number) => sensitivity / Math.sqrt(2 * r)
      return {
        // an exponential mechanism of epsilon is of rho = epsilon^2 / 8: its range is bounded. Source: Cesar, Rogers (2021)
        epsilon: Math.sqrt(8 * r),
        whole: (value, sensitivity, uniform) => value + discreteGaussian(sdOf(sensitivity), uniform),
        sd: sdOf,
      }
    },
    total() {
      if (delta === 0) {
        const e = spent.reduce((sum, one) => sum + (one.epsilon ?? 0), 0)
        return { epsilon: e, delta, rho: spent.reduce((sum, one) => sum + one.rho, 0) }
      }
      const r = spent.reduce((sum, one) => sum + one.rho, 0)
      return { epsilon: r + 2 * Math.sqrt(r * Math.log(1 / delta)), delta, rho: r }
    },
  }
}

/** sqrt(2 p) / (1 - p) with p = exp(-1 / scale). */
const discreteLaplaceSd = (scale: number): number => {
  const p = Math.exp(-1 / scale)
  return Math.sqrt(2 * p) / (1 - p)
}
