import { didYouMean, PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import { cumulativeWeights, sortedWithWeights, weightedThreshold } from '../calibrate/weighted.ts'
import type { GraphEdges } from './edges.ts'

/** What a neighbour d steps away weighs: the same, 1 / d, or 2^(1 - d). */
export type HopWeight = 'equal' | 'inverse' | 'halved'

const weightOf: Readonly<Record<HopWeight, (d: number) => number>> = {
  equal: () => 1,
  inverse: (d) => 1 / d,
  halved: (d) => 2 ** (1 - d),
}

/** Settings of `napsThresholds`. */
export interface NapsOptions extends LevelOption {
  /** The nodes to answer for; all by default. */
  readonly nodes?: ArrayLike<number>
  /** How far neighbours may be (2 by default). */
  readonly hops?: number
  /** Neighbours with known labels that a threshold takes (50 by default). */
  readonly least?: number
  /** `equal` by default. */
  readonly weight?: HopWeight
}

/** Thresholds of nodes, each from its own neighbourhood. */
export interface NapsThresholds {
  readonly levels: readonly number[]
  readonly nodes: Uint32Array
  /** [nodes, levels]; NaN where there are too few neighbours to answer. */
  readonly thresholds: Float64Array
  /** Neighbours with known labels of each node. */
  readonly neighbours: Uint32Array
}

/**
 * Returns for each node the threshold of the scores of its neighbours, weighted by how near they are, and a weight of 1 for itself. `scores`
 * holds the score of each node's label, NaN where it is not known. Each node is searched to its last hop and no further.
 * Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`, `OPTION_INVALID`, `EDGE_INVALID`. Source: Clarkson 2023 (NAPS).
 */
export function napsThresholds(
  scores: ArrayLike<number>,
  edges: GraphEdges,
  { nodes, hops = 2, least = 50, weight = 'equal', ...option }: NapsOptions,
): NapsThresholds {
  const levels = levelsOf(option)
  checkLength(scores.length, edges.nodes, 'scores')
  const weigh = weightOf[weight]
  if (weigh === undefined)
    throw new PodError('OPTION_INVALID', `there is no weight "${weight}"`, {
      hint: didYouMean(weight, Object.keys(weightOf)),
    })
  if (!(Number.isInteger(hops) && hops >= 1 && Number.isInteger(least) && least >= 1))
    throw new PodError('OPTION_INVALID', `${hops} hops and ${least} neighbours cannot be`, {
      hint: 'whole numbers above 0',
    })
  const asked = nodes ? Uint32Array.from(nodes) : Uint32Array.from({ length: edges.nodes }, (_, i) => i)
  const thresholds = new Float64Array(asked.length * levels.length).fill(Number.NaN)
  const neighbours = new Uint32Array(asked.length)
  const seen = new Int32Array(edges.nodes).fill(-1)
  asked.forEach((node, i) => {
    if (node >= edges.nodes) throw new PodError('EDGE_INVALID', `the node ${node} is none of ${edges.nodes}`)
    const found = neighbourhood(edges, node, hops, seen, i)
    const known = found.filter(({ node: other }) => !Number.isNaN(scores[other]))
    neighbours[i] = known.length
    if (known.length < least) return
    const sorted = sortedWithWeights(
      known.map(({ node: other }) => scores[other]),
      known.map(({ distance }) => weigh(distance)),
    )
    const cumulative = cumulativeWeights(sorted.weights)
    levels.forEach((level, l) => {
      thresholds[i * levels.length + l] = weightedThreshold(sorted.scores, cumulative, level).threshold
    })
  })
  return { levels, nodes: asked, thresholds, neighbours }
}

/** The nodes within so many hops, each with its distance; `seen` is marked with the number of the search. */
function neighbourhood(
  { starts, targets }: GraphEdges,
  start: number,
  hops: number,
  seen: Int32Array,
  search: number,
): readonly { readonly node: number; readonly distance: number }[] {
  const found: { node: number; distance: number }[] = []
  seen[start] = search
  let front = [start]
  for (let distance = 1; distance <= hops && front.length > 0; distance++) {
    const next: number[] = []
    for (const node of front)
      for (let e = starts[node]; e < starts[node + 1]; e++) {
        const other = targets[e]
        if (seen[other] === search) continue
        seen[other] = search
        next.push(other)
        found.push({ node: other, distance })
      }
    front = next
  }
  return found
}

/**
 * Returns the sets of nodes [nodes asked, classes], one array a level, from the scores of all labels of all nodes [nodes, classes]; a node
 * without a threshold has all labels. Throws `LENGTH_MISMATCH`.
 */
export function napsSets(
  { levels, nodes, thresholds }: NapsThresholds,
  scores: ArrayLike<number>,
  { classes }: { readonly classes: number },
): readonly Uint8Array[] {
  if (scores.length % classes !== 0)
    throw new PodError('LENGTH_MISMATCH', `${scores.length} scores do not fall into rows of ${classes} classes`)
  return levels.map((_, l) => {
    const sets = new Uint8Array(nodes.length * classes)
    nodes.forEach((node, i) => {
      const q = thresholds[i * levels.length + l]
      for (let y = 0; y < classes; y++) sets[i * classes + y] = scores[node * classes + y] > q ? 0 : 1
    })
    return sets
  })
}
