import type { Measurement } from '@mlpod/contract'
import { binomialPValue, clopperPearson } from '@mlpod/math'
import { scaledCount, type Test } from './test.ts'

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
  sides: () => 1,
  scaled: (count, factor, shift) => ({ kind: 'proportion', ...scaledCount(count, factor, shift) }),
}
