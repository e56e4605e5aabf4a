import { PodError } from '@mlpod/contract'
import { conformalRank, random, sortedWithoutNaN } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'

/** How classes are put together whose scores are alike. */
export interface ClusterOptions {
  /** Clusters; by default as many as the rows allow. */
  readonly count?: number
  /** Share of the rows that clusters are made of, and that do not calibrate; by default as the rows allow. */
  readonly share?: number
  /** 1 for each row that clusters are made of, instead of a random share. */
  readonly rows?: ArrayLike<number>
  /** Uses all rows for both: nothing is lost, and nothing is promised exactly (TorchCP `doubledip`). */
  readonly both?: boolean
  readonly seed?: number
  /** What classes with too few rows get: the threshold of all rows (the paper), or none (TorchCP). */
  readonly nullCluster?: 'pooled' | 'infinite'
}

/** Quantiles of its scores by which a class is known. */
const QUANTILES = [0.5, 0.6, 0.7, 0.8, 0.9]

/**
 * Returns the cluster of each class: those whose score quantiles are near (k-means, each class as heavy as the root of its rows), at
 * the first level. Classes with fewer rows than a threshold takes have none: they are in the pool of all rows, or have no threshold.
 * TorchCP 1.2.1 gives such a class the last cluster's threshold where it has no calibration row. Source: Ding et al. 2023.
 */
export function clusterClasses(
  scores: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
  [level]: readonly number[],
  { count, share, rows, both = false, seed = 0, nullCluster = 'pooled' }: ClusterOptions = {},
): {
  readonly groups: readonly string[]
  readonly classGroups: readonly (string | null)[]
  readonly scores: Float64Array
} {
  const n = labels.length
  checkLength(rows?.length, n, 'marks of rows')
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw new PodError('OPTION_INVALID', `${count} is no number of clusters`, { hint: 'a whole number > 0' })
  if (share !== undefined && !(share > 0 && share < 1))
    throw new PodError('OPTION_INVALID', `${share} is no share of the rows`, { hint: 'a number between 0 and 1' })
  const sizes = new Float64Array(classes)
  for (let i = 0; i < n; i++) sizes[labels[i]]++
  const least = leastRows(level)
  const plan = clusterPlan(sizes, least)
  const k = count ?? plan.count
  const { uniform } = random({ seed, path: 'conformal/clusters' })
  const part = share ?? plan.share
  const clusters = (i: number): boolean => (both ? true : rows ? rows[i] > 0 : uniform(i) < part)
  const calibrates = (i: number): boolean => both || !clusters(i)

  const byClass = Array.from({ length: classes }, () => [] as number[])
  for (let i = 0; i < n; i++) if (clusters(i) && !Number.isNaN(scores[i])) byClass[labels[i]].push(scores[i])
  const common = Array.from(byClass.keys()).filter((y) => byClass[y].length >= least)
  const classGroups = new Array<string | null>(classes).fill(nullCluster === 'pooled' ? null : NONE)
  if (k > 1 && common.length > k) {
    const points = common.map((y) => embed(byClass[y]))
    const found = kMeans(
      points,
      common.map((y) => Math.sqrt(byClass[y].length)),
      k,
      seed,
    )
    common.forEach((y, i) => {
      classGroups[y] = `cluster ${found[i]}`
    })
  }
  const kept = Array.from({ length: n }, (_, i) => i).filter(calibrates)
  return {
    groups: kept.map((i) => classGroups[labels[i]] ?? NONE),
    classGroups,
    scores: Float64Array.from(kept, (i) => scores[i]),
  }
}

/** The group of classes that are in no cluster. */
const NONE = 'no cluster'

/** Returns the fewest rows that a threshold at this level takes. */
export function leastRows(level: number): number {
  let n = Math.max(1, Math.floor(level / (1 - level)) - 1)
  while (conformalRank(n, level) > n) n++
  return n
}

/** How many rows of a class go into clusters, and how many clusters there are. */
function clusterPlan(sizes: Float64Array, least: number): { readonly count: number; readonly share: number } {
  const rows = Math.max(
    least,
    sizes.reduce((a, b) => Math.min(a, b)),
  )
  const classes = sizes.filter((size) => size >= rows).length
  const used = Math.floor((rows * classes) / (75 + classes))
  return { count: Math.floor(used / 2), share: used / rows }
}

/** The score quantiles of a class. */
function embed(values: readonly number[]): readonly number[] {
  const sorted = sortedWithoutNaN(values)
  return QUANTILES.map((q) => sorted[Math.ceil(Number((sorted.length * q).toPrecision(12))) - 1])
}

const distance = (a: readonly number[], b: readonly number[]): number => {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += (a[j] - b[j]) ** 2
  return sum
}

/** Returns the cluster of each weighted point: the best of ten runs of Lloyd's algorithm from distant starts (k-means++). */
function kMeans(points: readonly (readonly number[])[], weights: readonly number[], k: number, seed: number): number[] {
  let best = { clusters: [] as number[], cost: Number.POSITIVE_INFINITY }
  for (let run = 0; run < 10; run++) {
    const found = lloyd(points, weights, starts(points, weights, k, seed, run))
    if (found.cost < best.cost) best = found
  }
  // named in the order of their first class
  const names = new Map<number, number>()
  return best.clusters.map((cluster) => {
    if (!names.has(cluster)) names.set(cluster, names.size)
    return names.get(cluster) as number
  })
}

function starts(
  points: readonly (readonly number[])[],
  weights: readonly number[],
  k: number,
  seed: number,
  run: number,
): (readonly number[])[] {
  const { uniform } = random({ seed, path: `conformal/clusters/${run}` })
  const centres: (readonly number[])[] = []
  const far = weights.slice()
  for (let c = 0; c < k; c++) {
    const total = far.reduce((a, b) => a + b, 0)
    let left = uniform(c) * total
    let at = far.findIndex((x) => {
      left -= x
      return left < 0
    })
    if (at < 0) at = far.indexOf(Math.max(...far))
    centres.push(points[at])
    points.forEach((point, i) => {
      far[i] = weights[i] * Math.min(...centres.map((centre) => distance(point, centre)))
    })
  }
  return centres
}

function lloyd(
  points: readonly (readonly number[])[],
  weights: readonly number[],
  start: (readonly number[])[],
): { readonly clusters: number[]; readonly cost: number } {
  let centres = start
  let clusters: number[] = []
  for (let step = 0; step < 300; step++) {
    const next = points.map((point) => {
      let [at, least] = [0, Number.POSITIVE_INFINITY]
      centres.forEach((centre, c) => {
        const d = distance(point, centre)
        if (d < least) [at, least] = [c, d]
      })
      return at
    })
    if (next.every((c, i) => c === clusters[i])) break
    clusters = next
    centres = centres.map((centre, c) => {
      const members = points.map((_, i) => i).filter((i) => clusters[i] === c)
      const weight = members.reduce((sum, i) => sum + weights[i], 0)
      if (weight === 0) return centre
      return centre.map((_, j) => members.reduce((sum, i) => sum + weights[i] * points[i][j], 0) / weight)
    })
  }
  const cost = points.reduce((sum, point, i) => sum + weights[i] * distance(point, centres[clusters[i]]), 0)
  return { clusters, cost }
}
