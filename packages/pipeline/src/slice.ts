import { didYouMean, PodError } from '@mlpod/contract'
import type { AnyNode } from './node.ts'
import type { Pipeline } from './pipeline.ts'

/** A part of a pipeline, by what to begin from, end at, name or tag; several conditions must all hold. */
export interface Slice {
  /** Just these nodes. */
  readonly nodes?: readonly string[]
  /** These nodes and all after them. */
  readonly from?: readonly string[]
  /** These nodes and all before them. */
  readonly to?: readonly string[]
  /** Nodes with any of these tags. */
  readonly tags?: readonly string[]
  /** The nodes that make these datasets, and all before them. */
  readonly datasets?: readonly string[]
}

/**
 * Returns the nodes of a pipeline that a slice selects, in running order. Throws `NODE_UNKNOWN`, `DATASET_UNKNOWN`,
 * `TAG_UNKNOWN` with the nearest name, and `SLICE_EMPTY` when no node fits all conditions.
 */
export function slice(whole: Pipeline, { nodes, from, to, tags, datasets }: Slice): readonly AnyNode[] {
  const names = new Set(whole.nodes.map((node) => node.name))
  const allTags = new Set(whole.nodes.flatMap((node) => node.tags ?? []))
  for (const name of [...(nodes ?? []), ...(from ?? []), ...(to ?? [])]) known(name, names, 'NODE_UNKNOWN', 'node')
  for (const tag of tags ?? []) known(tag, allTags, 'TAG_UNKNOWN', 'tag')
  for (const name of datasets ?? []) known(name, new Set(whole.producers.keys()), 'DATASET_UNKNOWN', 'made dataset')
  const conditions: ((node: AnyNode) => boolean)[] = []
  const within = (set: ReadonlySet<string>): void => void conditions.push((node) => set.has(node.name))
  if (nodes) within(new Set(nodes))
  if (from) within(closure(from, childrenOf(whole)))
  if (to) within(closure(to, whole.parents))
  if (tags) conditions.push((node) => node.tags?.some((tag) => tags.includes(tag)) ?? false)
  if (datasets)
    within(
      closure(
        datasets.map((name) => whole.producers.get(name)!.name),
        whole.parents,
      ),
    )
  const selected = whole.nodes.filter((node) => conditions.every((holds) => holds(node)))
  if (selected.length === 0 && conditions.length > 0)
    throw new PodError('SLICE_EMPTY', 'no node fits all of the conditions given', {
      hint: 'leave one of them out; mlpod status lists the nodes',
    })
  return selected
}

/** Returns the names reachable from `start` along `edges`, `start` included. */
export function closure(start: Iterable<string>, edges: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>(start)
  for (const name of reached) for (const next of edges.get(name) ?? []) reached.add(next)
  return reached
}

/** Returns the nodes directly after each node, by name. */
export function childrenOf({
  nodes,
  parents,
}: Pick<Pipeline, 'nodes' | 'parents'>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>(nodes.map((node) => [node.name, []]))
  for (const [name, before] of parents) for (const parent of before) children.get(parent)?.push(name)
  return children
}

function known(name: string, all: ReadonlySet<string>, code: string, what: string): void {
  if (!all.has(name)) throw new PodError(code, `there is no ${what} "${name}"${didYouMean(name, all)}`)
}
