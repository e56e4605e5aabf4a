import { PodError } from '@mlpod/contract'
import { gammaln } from '@mlpod/math'

/** What was done to the data: each step draws each row with probability `rate` and adds `noise` times the clip to the sum. */
export interface EpsilonOptions {
  readonly steps: number
  /** batch / rows. */
  readonly rate: number
  readonly noise: number
  /** The probability that is left out of account; below one over the number of rows. */
  readonly delta: number
}

/** How far one row can be told from what was learnt. */
export interface PrivacyLoss {
  readonly epsilon: number
  /** The order of Renyi's divergence that gives it. */
  readonly order: number
}

const ORDERS: readonly number[] = [...Array.from({ length: 127 }, (_, i) => i + 2), 160, 192, 256, 384, 512, 768, 1024]

/**
 * Returns the epsilon such that training is (epsilon, delta) differentially private for adding or leaving out one row: the sum of
 * the Renyi divergences of the steps at the whole order from 2 to 1024 that is best. Without noise it is infinite. Throws
 * `OPTION_INVALID`. Sources: Mironov (2017); Mironov, Talwar, Zhang (2019), the sampled Gaussian at whole orders; Balle et al.
 * (2020), theorem 21, from divergence to epsilon.
 */
export function epsilon({ steps, rate, noise, delta }: EpsilonOptions): PrivacyLoss {
  check({ steps, rate, noise, delta })
  let best: PrivacyLoss = { epsilon: Number.POSITIVE_INFINITY, order: ORDERS[0] }
  if (steps === 0) return { epsilon: 0, order: ORDERS[0] }
  if (noise === 0) return best
  for (const order of ORDERS) {
    const divergence = steps * divergenceOf(order, rate, noise)
    const found = divergence + Math.log1p(-1 / order) - (Math.log(delta) + Math.log(order)) / (order - 1)
    if (found < best.epsilon) best = { epsilon: Math.max(0, found), order }
  }
  return best
}

/** Returns the least noise, up to a thousandth, that stays within an epsilon. Throws `OPTION_INVALID` for one that none keeps. */
export function noiseFor({
  epsilon: wanted,
  ...options
}: Omit<EpsilonOptions, 'noise'> & { readonly epsilon: number }): number {
  if (!(wanted > 0)) throw new PodError('OPTION_INVALID', `an epsilon of ${wanted} is no number above 0`)
  const within = (noise: number): boolean => epsilon({ ...options, noise }).epsilon <= wanted
  let [low, high] = [0, 1]
  while (!within(high)) {
    if (high > 1e6)
      throw new PodError('OPTION_INVALID', `no noise keeps an epsilon of ${wanted} at a delta of ${options.delta}`)
    ;[low, high] = [high, 2 * high]
  }
  while (high - low > 1e-3 * high) {
    const middle = (low + high) / 2
    if (within(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * Renyi's divergence of order a between (1 - q) N(0, s^2) + q N(1, s^2) and N(0, s^2):
 * log(sum_k C(a, k) (1 - q)^(a - k) q^k exp((k^2 - k) / (2 s^2))) / (a - 1).
 */
function divergenceOf(order: number, rate: number, noise: number): number {
  if (rate === 0) return 0
  if (rate === 1) return order / (2 * noise ** 2)
  const terms = Array.from({ length: order + 1 }, (_, k) => {
    const ways = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
    return ways + k * Math.log(rate) + (order - k) * Math.log1p(-rate) + (k * (k - 1)) / (2 * noise ** 2)
  })
  // the terms of k = 0 and 1 are those of a binomial law, whose sum is 1: what is more than 1 is summed alone
  const excess = terms.map((term, k) => Math.exp(term) * -Math.expm1((-k * (k - 1)) / (2 * noise ** 2)))
  const sum = excess.reduce((a, b) => a + b)
  if (sum < 1) return Math.log1p(sum) / (order - 1)
  const most = Math.max(...terms)
  return (most + Math.log(terms.reduce((total, term) => total + Math.exp(term - most), 0))) / (order - 1)
}

function check({ steps, rate, noise, delta }: EpsilonOptions): void {
  const right: Readonly<Record<string, boolean>> = {
    [`${steps} steps are no whole number >= 0`]: Number.isSafeInteger(steps) && steps >= 0,
    [`a rate of ${rate} is not in [0, 1]`]: rate >= 0 && rate <= 1,
    [`a noise of ${noise} is no number >= 0`]: noise >= 0 && Number.isFinite(noise),
    [`a delta of ${delta} is not in (0, 1)`]: delta > 0 && delta < 1,
  }
  for (const [message, holds] of Object.entries(right)) if (!holds) throw new PodError('OPTION_INVALID', message)
}
