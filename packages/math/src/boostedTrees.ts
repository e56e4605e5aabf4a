import { PodError } from '@mlpod/contract'
import { quantiles } from './quantile.ts'

/** Settings of `boostedTrees`. */
export interface BoostingOptions {
  /** `squared` for numbers, `logistic` for 0 and 1. */
  readonly loss?: 'squared' | 'logistic'
  readonly trees?: number
  /** Splits from root to leaf. */
  readonly depth?: number
  readonly rate?: number
  /** Bins a feature, at most 255. */
  readonly bins?: number
  /** Rows a leaf, at least. */
  readonly leaf?: number
  /** Added to the curvature of a leaf. */
  readonly l2?: number
}

/** A split: rows whose value is below `edge` go left; missing ones where `missingLeft` says. Leaves hold a value. */
interface Node {
  readonly feature: number
  readonly edge: number
  readonly missingLeft: boolean
  readonly left: number
  readonly right: number
  readonly value: number
}

/** Trees whose values add up: plain data. */
export interface BoostedTrees {
  readonly base: number
  readonly trees: readonly (readonly Node[])[]
  readonly loss: 'squared' | 'logistic'
}

interface Binned {
  /** 0 for missing, else 1 + the number of edges not above the value. */
  readonly codes: Uint8Array
  readonly edges: Float64Array
}

/**
 * Returns gradient-boosted regression trees over binned features (columns of equal length, NaN for missing), by the second
 * order of the loss. No chance is involved. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`.
 * Source: Friedman (2001); Chen, Guestrin (2016) for gains, leaf values and missing values; Ke et al. (2017) for bins.
 */
export function boostedTrees(
  features: readonly Float64Array[],
  target: ArrayLike<number>,
  { loss = 'squared', trees = 100, depth = 4, rate = 0.1, bins = 64, leaf = 20, l2 = 1 }: BoostingOptions = {},
): BoostedTrees {
  const n = target.length
  if (n === 0 || features.length === 0) throw new PodError('SAMPLE_TOO_SMALL', 'trees need rows and features')
  for (const [i, column] of features.entries())
    if (column.length !== n) throw new PodError('LENGTH_MISMATCH', `feature ${i} has ${column.length} values, not ${n}`)
  const binned = features.map((column) => bin(column, bins))
  let mean = 0
  for (let i = 0; i < n; i++) mean += target[i] / n
  const share = Math.min(1 - 1e-6, Math.max(1e-6, mean))
  const base = loss === 'squared' ? mean : Math.log(share / (1 - share))
  const score = new Float64Array(n).fill(base)
  const [gradient, curvature] = [new Float64Array(n), new Float64Array(n)]
  const found: Node[][] = []
  for (let t = 0; t < trees; t++) {
    for (let i = 0; i < n; i++) {
      const p = loss === 'squared' ? score[i] : 1 / (1 + Math.exp(-score[i]))
      gradient[i] = p - target[i]
      curvature[i] = loss === 'squared' ? 1 : Math.max(1e-6, p * (1 - p))
    }
    found.push(grow(binned, gradient, curvature, score, { depth, rate, leaf, l2 }))
  }
  return { base, trees: found, loss }
}

/** Returns the prediction for each row: a number, or a probability for the logistic loss. */
export function predictTrees({ base, trees, loss }: BoostedTrees, features: readonly Float64Array[]): Float64Array {
  const found = new Float64Array(features[0]?.length ?? 0)
  for (let i = 0; i < found.length; i++) {
    let sum = base
    for (const tree of trees) {
      let node = tree[0]
      while (node.feature >= 0) {
        const value = features[node.feature][i]
        const left = Number.isNaN(value) ? node.missingLeft : value < node.edge
        node = tree[left ? node.left : node.right]
      }
      sum += node.value
    }
    found[i] = loss === 'squared' ? sum : 1 / (1 + Math.exp(-sum))
  }
  return found
}

function bin(column: Float64Array, bins: number): Binned {
  const points = quantiles(
    column,
    Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins),
  )
  const edges = Float64Array.from(new Set(Array.from(points).filter((v) => Number.isFinite(v))))
  const codes = new Uint8Array(column.length)
  for (let i = 0; i < column.length; i++) {
    if (Number.isNaN(column[i])) continue
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (edges[middle] <= column[i]) low = middle + 1
      else high = middle
    }
    codes[i] = low + 1
  }
  return { codes, edges }
}

type Growth = Readonly<Record<'depth' | 'rate' | 'leaf' | 'l2', number>>

/** Grows one tree and adds its values to the score of each row. */
function grow(
  binned: readonly Binned[],
  gradient: Float64Array,
  curvature: Float64Array,
  score: Float64Array,
  { depth, rate, leaf, l2 }: Growth,
): Node[] {
  const nodes: Node[] = []
  const rows = Uint32Array.from({ length: score.length }, (_, i) => i)
  const build = (from: number, to: number, left: number): number => {
    const at = nodes.length
    const [g, h] = totals(rows, from, to, gradient, curvature)
    const value = (-rate * g) / (h + l2)
    nodes.push({ feature: -1, edge: 0, missingLeft: false, left: -1, right: -1, value })
    const split = left > 0 ? bestSplit(binned, rows, from, to, gradient, curvature, g, h, { leaf, l2 }) : undefined
    if (split === undefined) {
      for (let i = from; i < to; i++) score[rows[i]] += value
      return at
    }
    const middle = partition(rows, from, to, binned[split.feature].codes, split.code, split.missingLeft)
    const edge = binned[split.feature].edges[split.code - 1]
    const children = [build(from, middle, left - 1), build(middle, to, left - 1)]
    nodes[at] = {
      feature: split.feature,
      edge,
      missingLeft: split.missingLeft,
      left: children[0],
      right: children[1],
      value: 0,
    }
    return at
  }
  build(0, rows.length, depth)
  return nodes
}

function totals(
  rows: Uint32Array,
  from: number,
  to: number,
  gradient: Float64Array,
  curvature: Float64Array,
): [number, number] {
  let [g, h] = [0, 0]
  for (let i = from; i < to; i++) {
    g += gradient[rows[i]]
    h += curvature[rows[i]]
  }
  return [g, h]
}

interface Split {
  readonly feature: number
  /** Codes up to this one go left. */
  readonly code: number
  readonly missingLeft: boolean
}

function bestSplit(
  binned: readonly Binned[],
  rows: Uint32Array,
  from: number,
  to: number,
  gradient: Float64Array,
  curvature: Float64Array,
  g: number,
  h: number,
  { leaf, l2 }: Pick<Growth, 'leaf' | 'l2'>,
): Split | undefined {
  let best: Split | undefined
  let most = 1e-12
  const parent = (g * g) / (h + l2)
  const [sumG, sumH, counts] = [new Float64Array(257), new Float64Array(257), new Uint32Array(257)]
  binned.forEach(({ codes, edges }, feature) => {
    sumG.fill(0)
    sumH.fill(0)
    counts.fill(0)
    for (let i = from; i < to; i++) {
      const row = rows[i]
      const code = codes[row]
      sumG[code] += gradient[row]
      sumH[code] += curvature[row]
      counts[code]++
    }
    for (const missingLeft of counts[0] > 0 ? [true, false] : [false]) {
      let [leftG, leftH, left] = missingLeft ? [sumG[0], sumH[0], counts[0]] : [0, 0, 0]
      for (let code = 1; code <= edges.length; code++) {
        leftG += sumG[code]
        leftH += sumH[code]
        left += counts[code]
        if (left < leaf || to - from - left < leaf) continue
        const gain = leftG ** 2 / (leftH + l2) + (g - leftG) ** 2 / (h - leftH + l2) - parent
        if (gain > most) {
          most = gain
          best = { feature, code, missingLeft }
        }
      }
    }
  })
  return best
}

/** Puts the rows that go left before the others; each side keeps its order. */
function partition(
  rows: Uint32Array,
  from: number,
  to: number,
  codes: Uint8Array,
  code: number,
  missingLeft: boolean,
): number {
  const right: number[] = []
  let at = from
  for (let i = from; i < to; i++) {
    const c = codes[rows[i]]
    if (c === 0 ? missingLeft : c <= code) rows[at++] = rows[i]
    else right.push(rows[i])
  }
  rows.set(right, at)
  return at
}
