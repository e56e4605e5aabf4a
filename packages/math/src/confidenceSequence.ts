import { PodError } from '@mlpod/contract'
import { gammaln, incompleteGamma } from './gamma.ts'

/** Settings of a boundary: the error of one side, and the variance sum at which it is narrowest (1 by default). */
export interface BoundaryOptions {
  readonly error: number
  readonly bestAt?: number
}

/** A boundary of sums of centred losses, by their variance sum. */
export interface MixtureBoundary {
  /** The sum at which the boundary lies. */
  at(variance: number): number
  /** Whether a sum is on or beyond it: cheaper than where it lies. */
  reached(variance: number, sum: number): boolean
}

/**
 * Returns the boundary s(V) that the sum of centred losses in [0, 1] crosses with probability at most `error`, at any time,
 * when its variance sum is V: where the gamma-exponential mixture supermartingale (c = 1) reaches 1 / error. By secants inside
 * a bracket, to 1e-13 relative. Throws `CONFIDENCE_INVALID` unless 0 < error < 1/2.
 * Source: Howard, Ramdas, McAuliffe, Sekhon (2021), proposition 9 and theorem 4.
 */
export function mixtureBoundary({ error, bestAt = 1 }: BoundaryOptions): MixtureBoundary {
  if (!(error > 0 && error < 0.5))
    throw new PodError('CONFIDENCE_INVALID', `the error ${error} of one side is not between 0 and 1/2`)
  const log = 2 * Math.log(1 / (2 * error))
  const rho = bestAt / (log + Math.log1p(log))
  const lead = rho * Math.log(rho) - gammaln(rho) - Math.log(incompleteGamma(rho, rho).lower)
  const goal = Math.log(1 / error)
  /** Logarithm of the supermartingale over its goal. */
  const excess = (s: number, variance: number): number => {
    const w = variance + rho
    const x = s + variance + rho
    return lead + gammaln(w) + Math.log(incompleteGamma(w, x).lower) - w * Math.log(x) + s + variance - goal
  }
  return {
    reached: (variance, sum) => sum >= 0 && excess(sum, variance) >= 0,
    at(variance) {
      let [low, below] = [0, excess(0, variance)]
      let high = Math.max(variance, 1)
      let above = excess(high, variance)
      while (above <= 0) {
        low = high
        below = above
        high *= 2
        above = excess(high, variance)
      }
      // regula falsi; the end that stays is weighed half (Dowell, Jarratt 1971)
      for (let i = 0; i < 200 && high - low > 1e-13 * high; i++) {
        const tried = low - (below * (high - low)) / (above - below)
        const s = tried > low && tried < high ? tried : (low + high) / 2
        const value = excess(s, variance)
        if (value > 0) {
          if (high - s < 1e-13 * high) return s
          high = s
          above = value
          below /= 2
        } else {
          if (value === 0) return s
          low = s
          below = value
          above /= 2
        }
      }
      return (low + high) / 2
    },
  }
}

/** What is known of the mean of losses seen so far; plain data. The bounds hold at all times together. */
export interface MeanSequence {
  readonly n: number
  readonly sum: number
  /** Sum of squares of (loss - mean before it). */
  readonly variance: number
  readonly lower: number
  readonly upper: number
}

/** Nothing seen yet. */
export const noLosses: MeanSequence = { n: 0, sum: 0, variance: 0, lower: 0, upper: 1 }

/**
 * Returns the function that takes in one more loss in [0, 1]: the confidence sequence of the running mean by its empirical
 * variance, each side with its own error, intersected with all before. Throws `LOSS_INVALID` for a loss outside [0, 1].
 * Source: Howard et al. (2021), equation (11); MAPIE 1.6 `conjugate_mixture_empirical_bernstein_bound`.
 */
export function meanSequence(options: BoundaryOptions): (state: MeanSequence, loss: number) => MeanSequence {
  const boundary = mixtureBoundary(options)
  return ({ n, sum, variance, lower, upper }, loss) => {
    if (!(loss >= 0 && loss <= 1))
      throw new PodError('LOSS_INVALID', `the loss ${loss} is not between 0 and 1`, { hint: 'divide by the largest' })
    const before = n > 0 ? sum / n : 0.5
    const squares = variance + (loss - before) ** 2
    const total = sum + loss
    const t = n + 1
    const mean = total / t
    // bounds only ever move inwards: most rows move neither, and one look at the boundary tells so
    const moves = boundary.reached(squares, (mean - lower) * t) || boundary.reached(squares, (upper - mean) * t)
    const width = moves ? boundary.at(squares) / t : Infinity
    return {
      n: t,
      sum: total,
      variance: squares,
      lower: Math.max(lower, mean - width),
      upper: Math.min(upper, mean + width),
    }
  }
}

/** Wealths of bets that the mean is above or below each place of a grid on [0, 1]; plain data. */
export interface BettingSequence {
  readonly n: number
  readonly sum: number
  readonly variance: number
  /** Logarithms of the largest mean of both wealths so far, by place. */
  readonly largest: readonly number[]
  /** Logarithms of the wealth of each side, by place. */
  readonly up: readonly number[]
  readonly down: readonly number[]
}

/** Settings of `bettingSequence`: its error, and the number of places of its grid, 200 by default. */
export interface BettingOptions {
  readonly error: number
  readonly places?: number
}

/**
 * Returns the start of a confidence sequence by betting, its next state and its bounds: places whose hedged wealth
 * never reached 1 / error, widened by one place. Narrower than `meanSequence` for few losses; a step costs the grid.
 * Throws `CONFIDENCE_INVALID`, `LOSS_INVALID`. Source: Waudby-Smith, Ramdas (2024), section 4.4, stakes of remark 3.
 */
export function bettingSequence({ error, places = 200 }: BettingOptions): {
  readonly start: BettingSequence
  next(state: BettingSequence, loss: number): BettingSequence
  bounds(state: BettingSequence): { lower: number; upper: number }
} {
  if (!(error > 0 && error < 1)) throw new PodError('CONFIDENCE_INVALID', `the error ${error} is not between 0 and 1`)
  const zeros = new Array<number>(places + 1).fill(0)
  const half = Math.log(0.5)
  return {
    start: { n: 0, sum: 0.5, variance: 0.25, largest: zeros, up: zeros, down: zeros },
    next(state, loss) {
      if (!(loss >= 0 && loss <= 1)) throw new PodError('LOSS_INVALID', `the loss ${loss} is not between 0 and 1`)
      const n = state.n + 1
      const spread = state.variance / n
      const stake = Math.sqrt((2 * Math.log(2 / error)) / (spread * n * Math.log(n + 1)))
      const up = state.up.map((wealth, j) => {
        const m = j / places
        return wealth + Math.log1p(Math.min(stake, m > 0 ? 0.5 / m : stake) * (loss - m))
      })
      const down = state.down.map((wealth, j) => {
        const m = j / places
        return wealth + Math.log1p(-Math.min(stake, m < 1 ? 0.5 / (1 - m) : stake) * (loss - m))
      })
      const sum = state.sum + loss
      return {
        n,
        sum,
        variance: state.variance + (loss - sum / (n + 1)) ** 2,
        largest: state.largest.map((most, j) => Math.max(most, half + Math.max(up[j], down[j]))),
        up,
        down,
      }
    },
    bounds({ largest }) {
      const goal = Math.log(1 / error)
      const left = largest.findIndex((wealth) => wealth < goal)
      const right = largest.findLastIndex((wealth) => wealth < goal)
      if (left < 0) return { lower: 0, upper: 1 }
      return { lower: Math.max(0, (left - 1) / places), upper: Math.min(1, (right + 1) / places) }
    },
  }
}
