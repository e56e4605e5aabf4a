import { PodError } from '@mlpod/contract'
import { normalCdf } from '@mlpod/math'
import { checkPValue, type Martingale, type Wealth } from './martingale.ts'

/** Places of [0, 1] at which past p-values are counted. */
const PLACES = 200

/** Past p-values as counts at equal places, and their sums; plain data of fixed size. */
export interface PluginWealth extends Wealth {
  readonly counts: readonly number[]
  readonly sum: number
  readonly squares: number
}

/**
 * Returns the plug-in martingale on p-values: the bet is the density of the past ones, a Gaussian kernel reflected at 0 and 1
 * with Silverman's width, shrunk to the uniform law by min(1, burnIn / t). Past values are shared between the two nearest of
 * 200 places, so that a step costs O(200) whatever t, and the density has the integral 1 exactly. `burnIn` is 100 by default.
 * Throws `BURN_IN_INVALID`. Source: Fedorova et al. (2012); MAPIE 1.6 `plugin_martingale` (O(t) a step, and an integral by 200
 * trapezoids).
 */
export function pluginMartingale({ burnIn = 100 }: { readonly burnIn?: number } = {}): Martingale<PluginWealth> {
  if (!(burnIn >= 0)) throw new PodError('BURN_IN_INVALID', `the burn-in ${burnIn} is not >= 0`)
  return {
    start: { t: 0, logWealth: 0, counts: new Array<number>(PLACES + 1).fill(0), sum: 0, squares: 0 },
    next(state, p) {
      checkPValue(p)
      const { t, logWealth, counts, sum, squares } = state
      const shrunk = t > 0 ? Math.min(1, burnIn / t) : 1
      const bet = shrunk < 1 ? (1 - shrunk) * density(state, p) + shrunk : 1
      const place = Math.min(PLACES - 1, Math.floor(p * PLACES))
      const share = p * PLACES - place
      const next = counts.slice()
      next[place] += 1 - share
      next[place + 1] += share
      return { t: t + 1, logWealth: logWealth + Math.log(bet), counts: next, sum: sum + p, squares: squares + p * p }
    },
  }
}

/** The reflected kernel density of past p-values at p. */
function density({ t, counts, sum, squares }: PluginWealth, p: number): number {
  const points = 3 * t
  // of -p, p and 2 - p: the sums are 2 - p and 3 p^2 - 4 p + 4
  const mean = (2 * t - sum) / points
  const variance = (3 * squares - 4 * sum + 4 * t - points * mean * mean) / (points - 1)
  const width = Math.sqrt(variance) * ((points * 3) / 4) ** -0.2
  if (!(width > 0)) return 1
  const scale = 1 / (width * Math.sqrt(2 * Math.PI))
  const reach = 8.5 * width
  let [mass, total] = [0, 0]
  for (let j = 0; j <= PLACES; j++) {
    if (counts[j] === 0) continue
    const x = j / PLACES
    // the three images of [0, 1] cover [-1, 2], so the integral is that of one kernel over it
    const inside = 2 - x > reach && 1 + x > reach ? 1 : normalCdf((2 - x) / width) - normalCdf((-1 - x) / width)
    mass += counts[j] * inside
    let kernel = 0
    for (const image of [x, -x, 2 - x]) {
      const z = (p - image) / width
      if (z > -8.5 && z < 8.5) kernel += Math.exp(-0.5 * z * z)
    }
    total += counts[j] * kernel
  }
  return (scale * total) / mass
}
