import { add, exp, logSoftmax, mul, neg, reduceLogSumExp, reduceSum, sub, unsqueeze, type Value } from '@mlpod/graph'
import { expectShapes, joint } from './define.ts'
import { square } from './maths.ts'
import { NONE } from './settings.ts'

/** A mixture of K normal distributions of vectors, without correlations. */
export interface Mixture {
  /** Logits of the components, [N, K]. */
  readonly logits: Value
  /** [N, K, d]. */
  readonly means: Value
  /** Logarithms of the deviations, [N, K, d], or [N, K, 1] where all coordinates have one. */
  readonly logDeviations: Value
  /** [N, d]. */
  readonly target: Value
}

/** Returns minus the log density of the targets under mixtures of normal distributions. Source: Bishop (1994), Mixture density networks. */
export const mixtureDensity = joint<Mixture>()({
  name: 'mixtureDensity',
  source: 'Bishop (1994)',
  parameters: NONE,
  axes: { logits: 'N K', means: 'N K d', logDeviations: 'N K s', target: 'N d' },
  rows:
    () =>
    ({ logits, means, logDeviations, target }) => {
      if (logDeviations.shape[2] !== 1)
        expectShapes('mixtureDensity', { means: [means, 'N K d'], 'log deviations': [logDeviations, 'N K d'] })
      const r = sub(unsqueeze(target, [1]), means)
      const scaled = square(mul(r, exp(neg(logDeviations))))
      const each = add(add(mul(scaled, 0.5), logDeviations), Math.log(2 * Math.PI) / 2)
      const logs = sub(logSoftmax(logits), reduceSum(each, { axes: [2] }))
      return { losses: neg(reduceLogSumExp(logs, { axes: [1] })) }
    },
})
