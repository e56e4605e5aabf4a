import { type Dataset, didYouMean, PodError } from '@mlpod/contract'
import { malformedName, NAME } from './catalog.ts'
import type { AnyNode } from './node.ts'
import { isParameter, type Parameter } from './param.ts'

/** Nodes whose wiring has been checked, with what follows from it. */
export interface Pipeline {
  /** In running order: layer after layer, by name (code points) in a layer. */
  readonly nodes: readonly AnyNode[]
  /** Layers: a node is in the first one in which all nodes before it are done. */
  readonly groups: readonly (readonly AnyNode[])[]
  /** The nodes directly before each node, by name: those that make its inputs, and its `after`. */
  readonly parents: ReadonlyMap<string, readonly string[]>
  /** The node that makes each dataset, by dataset name. */
  readonly producers: ReadonlyMap<string, AnyNode>
  /** Datasets that are read and not made: the sources. */
  readonly sources: ReadonlyMap<string, Dataset>
}

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
 * Checks nodes and orders them. Throws `NAME_MALFORMED`, `NODE_TWICE` (two nodes of one name), `NODE_EMPTY` (neither input
 * nor output), `DATASET_UNNAMED` (not from a catalog), `OUTPUT_TWICE` (two makers of one dataset, both named),
 * `OUTPUT_IS_INPUT`, `DATASET_CLASH` (two datasets of one name), `NODE_UNKNOWN` (an `after` that is not in the pipeline), `CYCLE` (with its path), `NODE_INVALID` (retry, timeout or resources out of range).
 */
export function pipeline(nodes: readonly AnyNode[]): Pipeline {
  const byName = new Map<string, AnyNode>()
  const producers = new Map<string, AnyNode>()
  const datasets = new Map<string, Dataset>()
  for (const node of nodes) {
    checkNode(node)
    if (byName.has(node.name))
      throw new PodError('NODE_TWICE', `two nodes have the name "${node.name}"`, { hint: 'rename one of them' })
    byName.set(node.name, node)
    for (const { dataset, argument, output } of handlesOf(node)) {
      const name = nameOf(dataset, node, argument)
      const other = datasets.get(name)
      if (other !== undefined && !sameDataset(other, dataset))
        throw new PodError('DATASET_CLASH', `two different datasets have the name "${name}"`, {
          at: `node ${node.name}, ${argument}`,
          hint: 'take both from one catalog',
        })
      datasets.set(name, dataset)
      if (!output) continue
      const maker = producers.get(name)
      if (maker !== undefined)
        throw new PodError(
          'OUTPUT_TWICE',
          maker === node
            ? `node "${node.name}" has dataset "${name}" twice among its outputs`
            : `nodes "${maker.name}" and "${node.name}" both make dataset "${name}"`,
          { hint: 'give each output its own dataset in the catalog' },
        )
      producers.set(name, node)
    }
  }
  const parents = new Map<string, readonly string[]>()
  for (const node of nodes) parents.set(node.name, parentsOf(node, producers, byName))
  const groups = layers(byName, parents)
  const sources = new Map([...datasets].filter(([name]) => !producers.has(name)))
  return { nodes: groups.flat(), groups, parents, producers, sources }
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

/** Returns a node's input datasets by argument. */
export const inputDatasets = (node: AnyNode): readonly (readonly [string, Dataset])[] =>
  Object.entries(node.inputs).filter((entry): entry is [string, Dataset] => !isParameter(entry[1]))

/** Returns a node's parameters by argument. */
export const inputParameters = (node: AnyNode): readonly (readonly [string, Parameter<unknown>])[] =>
  Object.entries(node.inputs).filter((entry): entry is [string, Parameter<unknown>] => isParameter(entry[1]))

interface Handle {
  readonly dataset: Dataset
  readonly argument: string
  readonly output: boolean
}

const handlesOf = (node: AnyNode): Handle[] => [
  ...inputDatasets(node).map(([argument, dataset]) => ({ dataset, argument, output: false })),
  ...Object.entries(node.outputs).map(([argument, dataset]) => ({ dataset, argument, output: true })),
]

/** A dataset's name; throws when it comes from no catalog. */
function nameOf(dataset: Dataset, node: AnyNode, argument: string): string {
  if (dataset?.name !== undefined) return dataset.name
  throw new PodError('DATASET_UNNAMED', `node "${node.name}" uses a dataset without a name for "${argument}"`, {
    hint: 'put the dataset in the catalog and use it from there: catalog.NAME',
  })
}

const sameDataset = (a: Dataset, b: Dataset): boolean => a === b || (a.kind === b.kind && a.file === b.file)

function checkNode(node: AnyNode): void {
  if (node?.kind !== 'node' || typeof node.run !== 'function')
    throw new PodError('NODE_INVALID', 'a pipeline is made of nodes, and one of its items is none', {
      hint: 'make it with node({ name, inputs, outputs, run })',
    })
  const { name, tags = [], retry, timeoutMs, resources } = node
  if (typeof name !== 'string' || !NAME.test(name)) throw malformedName('node', name)
  for (const tag of tags) if (!NAME.test(tag)) throw malformedName('tag', tag)
  if (Object.keys(node.inputs).length + Object.keys(node.outputs).length === 0)
    throw new PodError('NODE_EMPTY', `node "${name}" has neither inputs nor outputs`, {
      hint: 'a node must read or make something',
    })
  const settings: [string, unknown, boolean][] = [
    ['retry.times', retry?.times, Number.isInteger(retry?.times) && retry!.times >= 1],
    ['retry.delayMs', retry?.delayMs, (retry?.delayMs ?? 0) >= 0],
    ['retry.factor', retry?.factor, (retry?.factor ?? 1) >= 1],
    ['timeoutMs', timeoutMs, (timeoutMs ?? 1) > 0],
    ['resources.cpu', resources?.cpu, (resources?.cpu ?? 1) > 0],
  ]
  for (const [setting, value, valid] of settings)
    if (value !== undefined && !valid)
      throw new PodError('NODE_INVALID', `node "${name}" has ${setting} ${value}, which is out of range`)
  const outputs = new Set(Object.values(node.outputs).map((dataset) => dataset.name))
  for (const [argument, dataset] of inputDatasets(node))
    if (dataset.name !== undefined && outputs.has(dataset.name))
      throw new PodError('OUTPUT_IS_INPUT', `node "${name}" reads and makes dataset "${dataset.name}"`, {
        at: `node ${name}, ${argument}`,
        hint: 'make a new dataset: what a node reads never changes under it',
      })
}

function parentsOf(
  node: AnyNode,
  producers: ReadonlyMap<string, AnyNode>,
  byName: ReadonlyMap<string, AnyNode>,
): readonly string[] {
  const parents = new Set<string>()
  for (const [, dataset] of inputDatasets(node)) {
    const maker = producers.get(dataset.name!)
    if (maker) parents.add(maker.name)
  }
  for (const { name } of node.after ?? []) {
    if (!byName.has(name))
      throw new PodError(
        'NODE_UNKNOWN',
        `node "${node.name}" comes after "${name}", which is not in the pipeline${didYouMean(name, byName.keys())}`,
      )
    parents.add(name)
  }
  return [...parents].sort(byCodePoint)
}

/** Kahn's layers (Kahn 1962); by name in code-point order inside a layer. */
function layers(byName: ReadonlyMap<string, AnyNode>, parents: ReadonlyMap<string, readonly string[]>): AnyNode[][] {
  const groups: AnyNode[][] = []
  const done = new Set<string>()
  while (done.size < byName.size) {
    const ready = [...byName.keys()].filter((name) => !done.has(name) && parents.get(name)!.every((p) => done.has(p)))
    if (ready.length === 0) throw cycle(byName, parents, done)
    for (const name of ready) done.add(name)
    groups.push(ready.sort(byCodePoint).map((name) => byName.get(name)!))
  }
  return groups
}

function cycle(
  byName: ReadonlyMap<string, AnyNode>,
  parents: ReadonlyMap<string, readonly string[]>,
  done: ReadonlySet<string>,
): PodError {
  const path: string[] = []
  let name = [...byName.keys()].find((candidate) => !done.has(candidate))!
  while (!path.includes(name)) {
    path.push(name)
    name = parents.get(name)!.find((parent) => !done.has(parent))!
  }
  const loop = [...path.slice(path.indexOf(name)), name].reverse()
  return new PodError('CYCLE', `these nodes wait for each other: ${loop.join(' -> ')}`, {
    hint: 'one of them must not read what comes of it',
  })
}

/** Compares by code point, not by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const x = [...a]
  const y = [...b]
  for (let i = 0; i < x.length && i < y.length; i++)
    if (x[i] !== y[i]) return x[i].codePointAt(0)! - y[i].codePointAt(0)!
  return x.length - y.length
}

function known(name: string, all: ReadonlySet<string>, code: string, what: string): void {
  if (!all.has(name)) throw new PodError(code, `there is no ${what} "${name}"${didYouMean(name, all)}`)
}
