import type { Measurement } from '@mlpod/contract'
import { binomialPValue, clopperPearson, normalQuantile } from '@mlpod/math'
import type { Test } from './test.ts'

type Proportion = Extract<Measurement, { kind: 'proportion' }>

/** Exact binomial test. Source: Clopper and Pearson 1934; rows are independent, as in a test set drawn once. */
export const proportion: Test<Proportion> = {
  method: 'exact binomial test (Clopper-Pearson)',
  estimate: ({ successes, n }) => successes / n,
  n: ({ n }) => n,
  p(count, operator, threshold) {
    const [high, low] = [binomialPValue(count, threshold, 'greater'), binomialPValue(count, threshold, 'less')]
    return operator === '>=' ? { kept: high, broken: low } : { kept: low, broken: high }
  },
  bounds: (count, tails) => [
    clopperPearson(count, { confidence: 1 - tails.lower, sides: 'lower' }).lower,
    clopperPearson(count, { confidence: 1 - tails.upper, sides: 'upper' }).upper,
  ],
  factor({ successes, n }, threshold, delta) {
    const rate = successes / n
    const gap = Math.abs(rate - threshold)
    const spread =
      normalQuantile(1 - delta) * Math.sqrt(threshold * (1 - threshold)) +
      normalQuantile(0.8) * Math.sqrt(rate * (1 - rate))
    return gap > 0 ? (spread / gap) ** 2 / n : Number.POSITIVE_INFINITY
  },
}
