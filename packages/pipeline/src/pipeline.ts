import { type Dataset, didYouMean, PodError } from '@mlpod/contract'
import { malformedName, NAME } from './catalog.ts'
import { isList } from './list.ts'
import type { AnyNode } from './node.ts'
import { byCodePoint, layers } from './order.ts'
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

/**
 * Checks nodes and orders them. Throws `NAME_MALFORMED`, `NODE_TWICE` (two nodes of one name), `NODE_EMPTY` (neither input
 * nor output), `DATASET_UNNAMED` (not from a catalog), `HANDLE_MISSING`, `OUTPUT_TWICE` (two makers of one dataset, both named),
 * `OUTPUT_IS_INPUT`, `DATASET_CLASH` (two datasets of one name), `NODE_UNKNOWN` (an `after` that is not in the pipeline), `CYCLE` (with its path), `FOREACH_INVALID`, `NODE_INVALID` (retry, timeout or resources out of range).
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
  for (const [argument, handle] of [...Object.entries(node.inputs), ...Object.entries(node.outputs)])
    if (handle?.kind === undefined)
      throw new PodError('HANDLE_MISSING', `node "${node.name}" has no dataset for "${argument}"`, {
        because:
          'the value given is undefined: a name that the catalog does not have, or modules that import each other',
        hint: 'give a dataset of the catalog, or param(...)',
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
  if (node.each !== undefined) checkEach(node)
  const outputs = new Set(Object.values(node.outputs).map((dataset) => dataset.name))
  for (const [argument, dataset] of inputDatasets(node))
    if (dataset.name !== undefined && outputs.has(dataset.name))
      throw new PodError('OUTPUT_IS_INPUT', `node "${name}" reads and makes dataset "${dataset.name}"`, {
        at: `node ${name}, ${argument}`,
        hint: 'make a new dataset: what a node reads never changes under it',
      })
}

/** A `foreach` goes over one list and makes lists. */
function checkEach(node: AnyNode): void {
  const over = node.inputs[node.each!]
  const isOver = over !== undefined && (isParameter(over) ? Array.isArray(over.fallback ?? []) : isList(over))
  if (!isOver)
    throw new PodError('FOREACH_INVALID', `node "${node.name}" must go over exactly one list, not "${node.each}"`, {
      hint: 'over: { item: catalog.NAME } with a list(...), or over: { item: param(NAME, [...]) }',
    })
  for (const [argument, dataset] of Object.entries(node.outputs))
    if (!isList(dataset))
      throw new PodError(
        'FOREACH_INVALID',
        `node "${node.name}" makes "${argument}" once for each element, so it must be a list`,
        {
          at: `dataset ${dataset.name}`,
          hint: `in the catalog: ${dataset.name}: list(${dataset.kind}(...))`,
        },
      )
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
