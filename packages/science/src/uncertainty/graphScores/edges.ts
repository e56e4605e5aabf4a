import { PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'

/** The edges of a graph by the node that they leave: those of node i are at starts[i] to starts[i + 1]. */
export interface GraphEdges {
  readonly nodes: number
  readonly starts: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Float64Array
}

/**
 * Returns the edges from[e] -> to[e] of a graph of so many nodes, by node, with weights (1 by default): one pass to count and one to place.
 * An undirected graph has each edge both ways. Throws `LENGTH_MISMATCH`, `EDGE_INVALID`, `WEIGHT_INVALID`.
 */
export function graphEdges(
  from: ArrayLike<number>,
  to: ArrayLike<number>,
  { nodes, weights }: { readonly nodes: number; readonly weights?: ArrayLike<number> },
): GraphEdges {
  checkLength(to.length, from.length, 'ends of edges')
  checkLength(weights?.length, from.length, 'weights')
  const starts = new Uint32Array(nodes + 1)
  for (let e = 0; e < from.length; e++) {
    for (const node of [from[e], to[e]])
      if (!(Number.isInteger(node) && node >= 0 && node < nodes))
        throw new PodError('EDGE_INVALID', `the edge ${e} is at node ${node}, which is none of ${nodes}`)
    if (weights && !Number.isFinite(weights[e]))
      throw new PodError('WEIGHT_INVALID', `the weight of the edge ${e} is ${weights[e]}`)
    starts[from[e] + 1]++
  }
  for (let i = 0; i < nodes; i++) starts[i + 1] += starts[i]
  const next = starts.slice()
  const targets = new Uint32Array(from.length)
  const placed = new Float64Array(from.length)
  for (let e = 0; e < from.length; e++) {
    const at = next[from[e]]++
    targets[at] = to[e]
    placed[at] = weights ? weights[e] : 1
  }
  return { nodes, starts, targets, weights: placed }
}

/**
 * Returns the edges from each node to the k others whose features are most alike, by the cosine, which is their weight; none where that
 * is 0. `features` is [nodes, d]. All pairs are compared, a node at a time: no n x n matrix. Throws `LENGTH_MISMATCH`, `NEIGHBOURS_INVALID`.
 */
export function similarEdges(
  features: ArrayLike<number>,
  { nodes, k = 20 }: { readonly nodes: number; readonly k?: number },
): GraphEdges {
  const d = features.length / nodes
  if (!Number.isInteger(d) || d < 1)
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${nodes} nodes`)
  if (!(Number.isInteger(k) && k >= 1 && k < nodes))
    throw new PodError('NEIGHBOURS_INVALID', `${k} neighbours cannot be had of ${nodes} nodes`)
  const unit = new Float64Array(features.length)
  for (let i = 0; i < nodes; i++) {
    let sum = 0
    for (let j = 0; j < d; j++) sum += features[i * d + j] ** 2
    const norm = Math.sqrt(sum)
    for (let j = 0; j < d; j++) unit[i * d + j] = features[i * d + j] / norm
  }
  const [from, to, weights]: [number[], number[], number[]] = [[], [], []]
  const [best, who] = [new Float64Array(k), new Int32Array(k)]
  for (let i = 0; i < nodes; i++) {
    best.fill(Number.NEGATIVE_INFINITY)
    who.fill(-1)
    for (let r = 0; r < nodes; r++) {
      if (r === i) continue
      let likeness = 0
      for (let j = 0; j < d; j++) likeness += unit[i * d + j] * unit[r * d + j]
      let at = k - 1
      if (!(likeness > best[at])) continue
      for (; at > 0 && best[at - 1] < likeness; at--) {
        best[at] = best[at - 1]
        who[at] = who[at - 1]
      }
      best[at] = likeness
      who[at] = r
    }
    for (let j = 0; j < k; j++) {
      if (who[j] < 0 || best[j] === 0) continue
      from.push(i)
      to.push(who[j])
      weights.push(best[j])
    }
  }
  return graphEdges(from, to, { nodes, weights })
}
