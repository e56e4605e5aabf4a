import { PodError } from '@mlpod/contract'
import { COUNTS, type Count } from './counts.ts'
import { expansion } from './defineOp.ts'
import { intsOf } from './known.ts'
import { input } from './leaf.ts'
import { scanOptions } from './schemas/control.ts'
import { type OperatorName, schemaOf } from './schemas/index.ts'
import { capture } from './site.ts'
import { substitute } from './substitute.ts'
import { type Dim, dtypeOf, isFreshDim, isRanked, type Operation, type Site, type Value } from './value.ts'
import { topological } from './walk.ts'

/** What one node costs. */
export interface NodeFlops {
  /** The operator, with its domain when that is not ai.onnx. */
  readonly operator: string
  /** The node's name, in a file that was loaded. */
  readonly name?: string
  /** In a body: as often as it is run. */
  readonly flops: number
}

/** How many operations on numbers a graph takes. */
export interface Flops {
  readonly total: number
  /** Those of products (of matrices, convolutions, attention, recurrent cells), as torch.utils.flop_counter counts them. */
  readonly products: number
  /** Every node that is counted and takes any, in the order of the graph. */
  readonly nodes: readonly NodeFlops[]
  /** Sums by operator. */
  readonly operators: Readonly<Record<string, number>>
  /** Nodes that are not counted: of operators that are not in the table, or of sizes that only a run tells. */
  readonly uncounted: readonly string[]
}

/** What is counted at. */
export interface FlopsOptions {
  /** Numbers for the names of sizes: `{ batch: 32 }`. */
  readonly sizes?: Readonly<Record<string, number>>
}

interface Counter {
  readonly sizes: Readonly<Record<string, number>>
  readonly nodes: (NodeFlops & { readonly product: boolean })[]
  readonly uncounted: string[]
}

/**
 * Returns how many operations on numbers the graph of some values takes: a multiplication and an addition are two, as in
 * 2 m n k for a product of matrices; a function of elements is one for each. A loop counts all its turns, an If its dearer
 * branch. Throws `SIZE_UNKNOWN` for a size of an input that has a name and no number.
 * Source: torch.utils.flop_counter 2.15 for products.
 */
export function flops(
  outputs: readonly Value[] | Readonly<Record<string, Value>>,
  { sizes = {} }: FlopsOptions = {},
): Flops {
  const site = capture()
  const values: readonly Value[] = Array.isArray(outputs) ? outputs : Object.values(outputs)
  const sized = new Map(
    topological(values).flatMap(({ type, domain, outputs: [value] }) =>
      type === 'Input' && domain === 'mlpod' && value.shape.some((dim) => typeof dim === 'string')
        ? [[value, sizedInput(value, sizes, site)] as const]
        : [],
    ),
  )
  const counter: Counter = { sizes, nodes: [], uncounted: [] }
  count(substitute(values, sized), counter)
  const { nodes, uncounted } = counter
  const sum = (list: typeof nodes): number => list.reduce((total, node) => total + node.flops, 0)
  const operators: Record<string, number> = {}
  for (const { operator, flops: own } of nodes) operators[operator] = (operators[operator] ?? 0) + own
  return {
    total: sum(nodes),
    products: sum(nodes.filter(({ product }) => product)),
    nodes: nodes.map(({ product: _, ...node }) => node),
    operators: Object.fromEntries(Object.entries(operators).sort(([a], [b]) => (a < b ? -1 : 1))),
    uncounted,
  }
}

function sizedInput(value: Value, sizes: Counter['sizes'], site: Site): Value {
  const shape = value.shape.map((dim) => {
    const size = numberOf(dim, sizes)
    if (size !== undefined) return size
    const name = isFreshDim(dim) ? 'a size without a name' : `the size "${dim}"`
    throw new PodError('SIZE_UNKNOWN', `the input "${value.name}" has ${name}, which has no number`, {
      at: site.at,
      hint: isFreshDim(dim) ? 'give the size a name' : `give one: flops(outputs, { sizes: { ${dim}: 1 } })`,
    })
  })
  return input(value.name!, dtypeOf(value)!, shape)
}

const numberOf = (dim: Dim, sizes: Counter['sizes']): number | undefined =>
  typeof dim === 'number' ? dim : Object.hasOwn(sizes, dim) ? sizes[dim] : undefined

/** Counts what the values need. */
function count(values: readonly Value[], counter: Counter, stop?: ReadonlySet<Value>): void {
  for (const operation of topological(values, stop)) {
    const inner = expansion(operation)
    if (inner !== undefined) {
      count(inner, counter, new Set(operation.inputs.filter((value) => value !== null)))
      continue
    }
    if (operation.bodies !== undefined) countBodies(operation, counter)
    else countNode(operation, counter)
  }
}

function countNode(operation: Operation, counter: Counter): void {
  const { type, domain, meta } = operation
  const entry: Count | undefined = schemaOf(domain, type) === undefined ? undefined : COUNTS[type as OperatorName]
  const shapes = (list: readonly (Value | null)[]) => list.map((value) => shapeOf(value, counter.sizes))
  const [inputs, outputs] = [shapes(operation.inputs), shapes(operation.outputs)]
  const own = entry?.count({ operation, inputs: inputs.map(known), outputs: outputs.map(known) })
  if (own === 0) return
  if (own === undefined || Number.isNaN(own)) counter.uncounted.push(nameOf(operation))
  else {
    const operator = domain === '' || domain === 'mlpod' ? type : `${domain}.${type}`
    const name = meta.name === undefined ? {} : { name: meta.name }
    counter.nodes.push({ operator, ...name, flops: own, product: entry?.product === true })
  }
}

const known = (shape: readonly number[] | undefined): readonly number[] => shape ?? [Number.NaN]

/** NaN stands for a size that is not known: what is counted with it is not known either. */
function shapeOf(value: Value | null, sizes: Counter['sizes']): readonly number[] | undefined {
  if (value === null) return []
  return isRanked(value) ? value.shape.map((dim) => numberOf(dim, sizes) ?? Number.NaN) : undefined
}

const nameOf = ({ meta, outputs: [first], type }: Operation): string =>
  meta.name === undefined && first?.name === undefined ? type : `${type} "${meta.name ?? first.name}"`

function countBodies(operation: Operation, counter: Counter): void {
  const bodies = Object.values(operation.bodies!).map((body) => {
    const own: Counter = { sizes: counter.sizes, nodes: [], uncounted: [] }
    count(body.outputs, own, new Set([...operation.captures, ...body.inputs]))
    return { ...own, total: own.nodes.reduce((sum, node) => sum + node.flops, 0) }
  })
  const dearest = bodies.reduce((most, body) => (body.total > most.total ? body : most))
  const turns = operation.type === 'If' ? 1 : turnsOf(operation, counter.sizes)
  if (turns === undefined) {
    counter.uncounted.push(nameOf(operation))
    return
  }
  counter.nodes.push(...dearest.nodes.map((node) => ({ ...node, flops: node.flops * turns })))
  counter.uncounted.push(...dearest.uncounted)
}

/** How often a body is run, at most. */
function turnsOf(operation: Operation, sizes: Counter['sizes']): number | undefined {
  if (operation.type === 'Loop') return intsOf(operation.inputs[0])?.[0]
  const { states, inputAxes } = scanOptions(operation)
  const sequence = shapeOf(operation.inputs[states], sizes)
  const length = sequence?.[inputAxes[0]]
  return Number.isNaN(length) ? undefined : length
}
