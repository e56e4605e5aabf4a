import { PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import type { GraphEdges } from './edges.ts'

/** A node without edges has no mean, and not a division by 0. */
const LEAST = 1e-10

/** Adds share times the weighted mean of the neighbours' scores [nodes, classes]: one pass over the edges. */
function addNeighbours(
  out: Float64Array,
  { nodes, starts, targets, weights }: GraphEdges,
  scores: ArrayLike<number>,
  classes: number,
  share: number,
): void {
  for (let i = 0; i < nodes; i++) {
    let degree = LEAST
    for (let e = starts[i]; e < starts[i + 1]; e++) degree += weights[e]
    for (let e = starts[i]; e < starts[i + 1]; e++) {
      const part = (share * weights[e]) / degree
      const from = targets[e] * classes
      for (let y = 0; y < classes; y++) out[i * classes + y] += part * scores[from + y]
    }
  }
}

function checkShares(shares: Readonly<Record<string, number>>): void {
  let sum = 0
  for (const [name, share] of Object.entries(shares)) {
    sum += share
    if (!(share >= 0 && sum <= 1 + 1e-12))
      throw new PodError('OPTION_INVALID', `"${name}" is ${share}`, { hint: 'shares >= 0, at most 1 together' })
  }
}

/**
 * Returns the scores [nodes, classes] of a graph's nodes, mixed with the mean of their neighbours': (1 - diffusion) s + diffusion mean. For
 * `score: 'given'`; scores of one kind for all nodes keep rows exchangeable. Linear in the edges. Throws `LENGTH_MISMATCH`,
 * `OPTION_INVALID`. Source: Zargarbashi, Antonelli, Bojchevski 2023 (DAPS).
 */
export function dapsScores(
  scores: ArrayLike<number>,
  edges: GraphEdges,
  { classes, diffusion = 0.5 }: { readonly classes: number; readonly diffusion?: number },
): Float64Array {
  checkLength(scores.length, edges.nodes * classes, 'scores')
  checkShares({ diffusion })
  const out = Float64Array.from(scores, (s) => (1 - diffusion) * s)
  addNeighbours(out, edges, scores, classes, diffusion)
  return out
}

/**
 * Returns the scores [nodes, classes] mixed with the means of those of similar nodes (`similarEdges`) and of neighbours, a third each by
 * default. Linear in the edges. Throws `LENGTH_MISMATCH`, `OPTION_INVALID`. Source: Song, Huang, Jiang, Zhang, Li, Wang 2024 (SNAPS).
 */
export function snapsScores(
  scores: ArrayLike<number>,
  edges: GraphEdges,
  similar: GraphEdges,
  {
    classes,
    similarity = 1 / 3,
    neighbours = 1 / 3,
  }: { readonly classes: number; readonly similarity?: number; readonly neighbours?: number },
): Float64Array {
  checkLength(scores.length, edges.nodes * classes, 'scores')
  checkLength(similar.nodes, edges.nodes, 'nodes of similar edges')
  checkShares({ similarity, neighbours })
  const out = Float64Array.from(scores, (s) => (1 - similarity - neighbours) * s)
  addNeighbours(out, similar, scores, classes, similarity)
  addNeighbours(out, edges, scores, classes, neighbours)
  return out
}
