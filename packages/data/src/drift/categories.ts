import { PodError } from '@mlpod/contract'
import {
  fisherExact,
  goodnessOfFit,
  gTest,
  homogeneity,
  largestDifference,
  permutationOfCounts,
  proportionTest,
  random,
  type TestResult,
  totalVariation,
} from '@mlpod/math'
import { categories, categoryCounts, categoryShares } from './bins.ts'
import type { Method, MethodOptions } from './method.ts'
import type { Sample } from './sample.ts'

type Counts = ReturnType<typeof categoryCounts>

/** A test on the counts of both sides by category. Numbers are taken as categories. */
const counted = (
  about: string,
  threshold: number,
  run: (counts: Counts, options: MethodOptions) => TestResult,
): Method => ({
  about,
  kinds: ['category', 'number'],
  gives: 'p-value',
  threshold,
  drifted: (score, at) => score < at,
  compare: (a, b, options) => {
    const { pValue, statistic } = run(countsOf(a, b), options)
    return { score: pValue, statistic }
  },
})

/** A distance between the shares of both sides by category. */
const apart = (about: string, distance: (reference: Float64Array, current: Float64Array) => number): Method => ({
  about,
  kinds: ['category', 'number'],
  gives: 'distance',
  threshold: 0.1,
  drifted: (score, at) => score >= at,
  compare: (a, b) => {
    const shares = categoryShares(categories(a), categories(b))
    return { score: distance(shares.reference, shares.current), shares }
  },
})

const countsOf = (a: Sample, b: Sample): Counts => categoryCounts(categories(a), categories(b))
const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0)

/** Throws unless there are at most two categories. */
function binary({ keys, reference, current }: Counts, test: string) {
  if (keys.length > 2)
    throw new PodError('CATEGORIES_TOO_MANY', `${test} compares two categories, and there are ${keys.length}`, {
      hint: 'take "homogeneity" or "chisquare"',
    })
  return { first: reference, second: current, n: total(reference), m: total(current) }
}

const shareDistance = (a: Float64Array, b: Float64Array): number => {
  const [n, m] = [total(a), total(b)]
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] / n - b[i] / m)
  return sum / 2
}

/** Methods for categories. Source of names, thresholds and comparisons: Evidently 0.7.23. */
export const categoryMethods = {
  chisquare: counted('chi-square test against the shares of the reference', 0.05, ({ reference, current }) =>
    goodnessOfFit(reference, current),
  ),
  homogeneity: counted('chi-square test of two samples', 0.05, ({ reference, current }) =>
    homogeneity(reference, current),
  ),
  z: counted('z-test of two proportions', 0.05, (counts) => {
    const { keys, reference, current } = counts
    // all categories but the first one are taken together
    const side = (side: Float64Array) => ({ successes: total(side) - side[0], n: total(side) })
    return keys.length === 0 ? { statistic: 0, pValue: 1 } : proportionTest(side(reference), side(current))
  }),
  fisher_exact: counted("Fisher's exact test", 0.1, (counts) => {
    const { first, second } = binary(counts, "Fisher's test")
    const [a0, a1] = [first[0] ?? 0, first[1] ?? 0]
    const [b0, b1] = [second[0] ?? 0, second[1] ?? 0]
    return fisherExact([
      [b1, b0],
      [a1, a0],
    ])
  }),
  g_test: counted('G test against the shares of the reference', 0.1, ({ reference, current }) =>
    gTest(reference, current),
  ),
  TVD: counted('total variation distance, p-value by permutation', 0.1, ({ reference, current }, { seed = 0 }) => ({
    statistic: shareDistance(reference, current),
    pValue: permutationOfCounts(reference, current, shareDistance, { random: random({ seed, path: 'TVD' }) }),
  })),
  l_infinity: apart('largest difference of a share', largestDifference),
  total_variation: apart('total variation distance', totalVariation),
} as const satisfies Readonly<Record<string, Method>>
