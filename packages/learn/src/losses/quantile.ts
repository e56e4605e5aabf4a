import { like, max, mul, sub } from '@mlpod/graph'
import { expectShapes, refuse } from './define.ts'
import type { Loss } from './loss.ts'

/**
 * Returns the loss whose minimum is the quantile: max(tau r, (tau - 1) r), r = target - prediction. With several levels
 * the prediction has one column a level and the target one column. Source: Koenker, Bassett (1978).
 */
export function pinball(levels: number | readonly number[]): Loss {
  const list = typeof levels === 'number' ? [levels] : levels
  if (list.length === 0 || list.some((tau) => !(tau > 0 && tau < 1)))
    throw refuse('pinball', `the levels ${list} are not in (0, 1)`)
  return {
    name: 'pinball',
    target: 'float32',
    prediction: 'value',
    rows(p, t) {
      expectShapes(`pinball of ${list.length} levels`, { prediction: [p, `N ${list.length}`], target: [t, 'N 1'] })
      const r = sub(t, p)
      const tau = like(p, list)
      return { losses: max(mul(r, tau), mul(r, sub(tau, 1))) }
    },
  }
}
