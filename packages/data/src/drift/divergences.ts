import {
  bhattacharyya,
  hellinger,
  intersection,
  jensenShannonDistance,
  klDivergence,
  quantileOfRuns,
  runsOfSorted,
  stabilityIndex,
} from '@mlpod/math'
import { binShares, type Shares, sharesOf, sturges, withoutZeros } from './bins.ts'
import type { Method, MethodOptions } from './method.ts'
import type { NumberSample, Sample } from './sample.ts'

type Compare = (p: Float64Array, q: Float64Array) => number
type SharesOf = (reference: Sample, current: Sample, options: MethodOptions) => Shares

/** A distance of the shares of both sides, in bins or by category. */
const divergence = (about: string, compare: Compare, shares: SharesOf = sharesOf, threshold = 0.1): Method => ({
  about,
  kinds: ['number', 'category'],
  gives: 'distance',
  threshold,
  drifted: (score, at) => score >= at,
  compare: (a, b, options) => {
    const found = shares(a, b, options)
    return { score: compare(found.reference, found.current), shares: found }
  },
})

const filled =
  (compare: Compare): Compare =>
  (p, q) =>
    compare(withoutZeros(p), withoutZeros(q))

/** Evidently counts distinct values, not rows, when it chooses the bins of this distance. */
const binsOfDistinct: SharesOf = (reference, current, options) => {
  if (reference.kind !== 'number' || current.kind !== 'number') return sharesOf(reference, current, options)
  const distinct = distinctOf(reference, current)
  const integer = reference.integer && current.integer && reference.missing + current.missing === 0
  return binShares(
    reference,
    current,
    sturges(distinct[0], distinct[distinct.length - 1], distinct.length, { integer }),
  )
}

const distinctOf = (a: NumberSample, b: NumberSample): Float64Array => {
  const merged = new Float64Array(a.runs().values.length + b.runs().values.length)
  merged.set(a.runs().values)
  merged.set(b.runs().values, a.runs().values.length)
  return runsOfSorted(merged.sort()).values
}

/** Ten bins between the deciles of the reference, as banks compute the index; where nearly all values are one, equal bins tell more. */
const quantileBins: SharesOf = (reference, current, { bins = 10 }) => {
  if (reference.kind !== 'number' || current.kind !== 'number') return sharesOf(reference, current)
  const points = Array.from({ length: bins + 1 }, (_, i) => quantileOfRuns(reference.runs(), i / bins))
  const edges = points.filter((edge, i) => i === 0 || edge > points[i - 1])
  return edges.length < 3 ? sharesOf(reference, current) : binShares(reference, current, edges)
}

/** Distances of binned shares. Source of names, bins and thresholds: Evidently 0.7.23; `psi_quantile` is the convention of banks. */
export const divergences = {
  psi: divergence('population stability index', filled(stabilityIndex)),
  psi_quantile: divergence(
    'population stability index, bins by quantiles of the reference',
    filled(stabilityIndex),
    quantileBins,
  ),
  kl_div: divergence('Kullback-Leibler divergence of the reference from the current', filled(klDivergence)),
  jensenshannon: divergence('Jensen-Shannon distance, in nats', jensenShannonDistance),
  hellinger: divergence('Hellinger distance', hellinger, binsOfDistinct),
  bhattacharyya: divergence('Bhattacharyya distance', bhattacharyya),
  histogram_intersection: divergence('share of mass that is not shared', (p, q) => 1 - intersection(p, q)),
} as const satisfies Readonly<Record<string, Method>>
