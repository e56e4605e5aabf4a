import { PodError } from '@mlpod/contract'
import { incompleteBeta } from './beta.ts'
import { binomialCdf, binomialPmf } from './binomial.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** A number of losses in [0, 1] and their sum: what bounds of their mean need when they do not look at single losses. */
export interface LossCount {
  readonly n: number
  readonly sum: number
}

function checkError(delta: number): void {
  if (!(delta > 0 && delta <= 1))
    throw new PodError('CONFIDENCE_INVALID', `the error ${delta} is not in (0, 1]`, {
      hint: 'the error is one minus the confidence: 0.05 for 95 %',
    })
}

/** Returns the upper bound of the mean of losses in [0, 1] at error `delta`, not above 1. Source: Hoeffding (1963). */
export function hoeffdingBound({ n, sum }: LossCount, delta: number): number {
  checkError(delta)
  return n > 0 ? Math.min(1, sum / n + Math.sqrt(Math.log(1 / delta) / (2 * n))) : 1
}

/**
 * Returns the upper bound of the mean of losses in [0, 1] by their sample variance, not above 1; 1 for fewer than two losses.
 * Source: Maurer, Pontil (2009), theorem 4, in the form of Bates et al. (2021).
 */
export function empiricalBernsteinBound(losses: ArrayLike<number>, delta: number): number {
  checkError(delta)
  const n = losses.length
  if (n < 2) return 1
  const { mean, variance } = meanAndVariance(losses)
  const log = Math.log(2 / delta)
  return Math.min(1, mean + Math.sqrt((2 * variance * log) / n) + (7 * log) / (3 * (n - 1)))
}

/** Returns the approximate upper bound of the mean of losses by the central limit theorem; 1 for losses without spread. */
export function cltBound(losses: ArrayLike<number>, delta: number): number {
  checkError(delta)
  const n = losses.length
  const { mean, variance } = meanAndVariance(losses)
  // a sample without spread says nothing of its own error
  if (!(variance > 0)) return 1
  return Math.min(1, mean - normalQuantile(delta) * Math.sqrt(variance / n))
}

function meanAndVariance(losses: ArrayLike<number>): { mean: number; variance: number } {
  const n = losses.length
  let sum = 0
  for (let i = 0; i < n; i++) sum += losses[i]
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (losses[i] - mean) ** 2
  return { mean, variance: squares / (n - 1) }
}

/**
 * The shares of wealth that the betting test of Waudby-Smith and Ramdas stakes on each loss: each by what was seen before it,
 * min(1, sqrt(2 log(1 / delta) / (n variance so far))).
 */
function stakes(losses: ArrayLike<number>, delta: number): Float64Array {
  const n = losses.length
  const stake = new Float64Array(n)
  const numerator = (2 * Math.log(1 / delta)) / n
  let [sum, squares, variance] = [0.5, 0.25, 0.25]
  for (let i = 0; i < n; i++) {
    stake[i] = Math.min(1, Math.sqrt(numerator / variance))
    sum += losses[i]
    squares += (losses[i] - sum / (i + 2)) ** 2
    variance = squares / (i + 2)
  }
  return stake
}

const TINY = 1e-200

/** Tells whether the wealth of betting that the mean is below `mean` ever exceeds `goal`. */
function everExceeds(losses: ArrayLike<number>, stake: Float64Array, mean: number, goal: number): boolean {
  // the wealth is wealth * TINY^lost: products of thousands of factors leave the range of doubles
  let [wealth, lost] = [1, 0]
  for (let i = 0; i < stake.length; i++) {
    wealth *= 1 - stake[i] * (losses[i] - mean)
    if (wealth > goal && lost === 0) return true
    if (wealth < TINY) {
      wealth /= TINY
      lost++
    } else if (wealth > 1 && lost > 0) {
      wealth *= TINY
      lost--
    }
  }
  return false
}

/**
 * Returns the upper bound of the mean of losses in [0, 1] by betting: the least mean R against which the wealth
 * prod (1 - v_i (L_i - R)) ever exceeds 1 / delta, found by bisection to 1e-10; 1 if there is none. The losses are taken in
 * their order, in O(n) memory. Source: Waudby-Smith, Ramdas (2024); Bates et al. (2021), theorem 4.
 */
export function wsrBound(losses: ArrayLike<number>, delta: number): number {
  checkError(delta)
  if (losses.length === 0) return 1
  const stake = stakes(losses, delta)
  const goal = 1 / delta
  if (!everExceeds(losses, stake, 1, goal)) return 1
  let [low, high] = [0, 1]
  while (high - low > 1e-10) {
    const middle = (low + high) / 2
    if (everExceeds(losses, stake, middle, goal)) high = middle
    else low = middle
  }
  return high
}

/**
 * Returns the p-value of "the mean of the losses is above `alpha`" by the same bets: one over the largest wealth, so that it
 * holds at any time. `delta` only tunes the stakes. Source: Waudby-Smith, Ramdas (2024).
 */
export function wsrPValue(losses: ArrayLike<number>, alpha: number, { delta = 0.05 }: { delta?: number } = {}): number {
  const stake = stakes(losses, delta)
  let [log, best] = [0, 0]
  for (let i = 0; i < stake.length && log > -Infinity; i++) {
    log += Math.log(1 - stake[i] * (losses[i] - alpha))
    if (log > best) best = log
  }
  return Math.exp(-best)
}

/** Returns the approximate p-value of "the mean is above `alpha`" by the central limit theorem; 1 for losses without spread. */
export function cltPValue(losses: ArrayLike<number>, alpha: number): number {
  const { mean, variance } = meanAndVariance(losses)
  return variance > 0 ? normalCdf((mean - alpha) / Math.sqrt(variance / losses.length)) : 1
}

/** a log(a / b) + (1 - a) log((1 - a) / (1 - b)), with 0 log 0 = 0. */
const relativeEntropy = (a: number, b: number): number =>
  (a > 0 ? a * Math.log(a / b) : 0) + (a < 1 ? (1 - a) * Math.log((1 - a) / (1 - b)) : 0)

/** The next whole number, but not for what rounding left above one. */
const wholeAbove = (sum: number): number => Math.ceil(sum - 1e-9 * Math.max(1, sum))

/**
 * Returns the Hoeffding-Bentkus p-value of "the mean of n losses in [0, 1] is above `alpha`", by their sum alone: the smaller
 * of exp(-n h(min(mean, alpha), alpha)) and c P(Bin(n, alpha) <= ceil(sum)), c = e, or 1 for losses that are 0 or 1
 * (`binary`). 1 for no losses. Source: Angelopoulos et al. (2021), Learn then Test; the sum is taken as counted, where MAPIE
 * 1.6 multiplies the mean by n again, whose rounding may add one to the ceiling.
 */
export function hoeffdingBentkusPValue(
  { n, sum }: LossCount,
  alpha: number,
  { binary = false }: { binary?: boolean } = {},
): number {
  if (n === 0) return 1
  const hoeffding = Math.exp(-n * relativeEntropy(Math.min(sum / n, alpha), alpha))
  const bentkus = (binary ? 1 : Math.E) * binomialCdf(wholeAbove(sum), n, alpha)
  return Math.min(1, hoeffding, bentkus)
}

/**
 * Returns the p-value of "the mean of n losses in [0, 1] is above `alpha`", by the best of the bounds
 * E (s - B)+ / (s - sum), B ~ Bin(n, alpha), over whole s > sum: of all sums of n independent losses with that mean, the
 * binomial one is the largest in convex order. Never above Bentkus's e P(B <= sum) for a whole sum. 1 for no losses.
 * Source: Pelekis, Ramon, Wang (2015), the Bernstein-Hoeffding method; as a p-value, Alvarez (2024).
 */
export function pelekisRamonWangPValue({ n, sum }: LossCount, alpha: number): number {
  if (n === 0 || sum >= n * alpha) return 1
  // E (s - B)+ = (s - n a) P(B < s) + n a (1 - a) P(Bin(n - 1, a) = s - 1)
  const bound = (s: number): number =>
    ((s - n * alpha) * lowerTail(s - 1, n, alpha) + n * alpha * (1 - alpha) * binomialPmf(s - 1, n - 1, alpha)) /
    (s - sum)
  // the ratio falls, then rises: a convex function over a line
  let [low, high] = [Math.floor(sum) + 1, n + 1]
  while (high > low) {
    const middle = Math.floor((low + high) / 2)
    if (bound(middle) <= bound(middle + 1)) high = middle
    else low = middle + 1
  }
  return Math.min(1, bound(low))
}

const lowerTail = (k: number, n: number, p: number): number => (k >= n ? 1 : incompleteBeta(k + 1, n - k, p).upper)

/**
 * Returns the upper bound that a p-value gives: the least mean that it does not refuse at error `delta`, by bisection to
 * 1e-10. `pValue(mean)` falls as the mean grows.
 */
export function boundOfPValue(pValue: (mean: number) => number, delta: number): number {
  checkError(delta)
  let [low, high] = [0, 1]
  while (high - low > 1e-10) {
    const middle = (low + high) / 2
    if (pValue(middle) <= delta) high = middle
    else low = middle
  }
  return high
}
