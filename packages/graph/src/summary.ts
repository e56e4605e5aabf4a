import { sizeOf } from '@mlpod/contract'
import { type FlopsOptions, flops } from './flops.ts'
import { load } from './load.ts'
import type { Model, Signature } from './model.ts'
import { decode } from './onnx/decode.ts'
import type { Message } from './onnx/proto.ts'

/** What a model consists of. */
export interface Summary {
  readonly inputs: readonly Signature[]
  readonly outputs: readonly Signature[]
  /** Nodes, those of subgraphs included. */
  readonly nodes: number
  /** How often each operator is used, by its name (with the domain when it is not ai.onnx), in order of name. */
  readonly operators: Readonly<Record<string, number>>
  /** Tensors kept in the file. */
  readonly initializers: number
  /** Numbers in floating tensors kept in the file. */
  readonly parameters: number
  /** Size of the file. */
  readonly bytes: number
  /** Operations on numbers in one run, where `sizes` are given; `flops` tells them by node. */
  readonly flops?: number
}

const FLOATS: ReadonlySet<number> = new Set([1, 10, 11, 16])

/**
 * Returns what a model consists of. With `sizes`, numbers for the names of sizes ({} where there are none), what a run
 * takes too. Throws what `flops` throws.
 */
export function summary(model: Model, { sizes }: FlopsOptions = {}): Summary {
  const graph = decode('ModelProto', model.bytes).graph!
  const counts = new Map<string, number>()
  count(graph, counts)
  const initializers = graph.initializer ?? []
  const floating = initializers.filter(({ dataType }) => FLOATS.has(Number(dataType)))
  return {
    inputs: model.inputs,
    outputs: model.outputs,
    nodes: [...counts.values()].reduce((sum, n) => sum + n, 0),
    operators: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    initializers: initializers.length,
    parameters: floating.reduce((sum, { dims = [] }) => sum + sizeOf(dims.map(Number)), 0),
    bytes: model.bytes.byteLength,
    ...(sizes && { flops: flops(load(model).outputs, { sizes }).total }),
  }
}

function count(graph: Message<'GraphProto'>, counts: Map<string, number>): void {
  for (const { opType = '', domain, attribute = [] } of graph.node ?? []) {
    const name = domain ? `${domain}.${opType}` : opType
    counts.set(name, (counts.get(name) ?? 0) + 1)
    for (const { g } of attribute) if (g !== undefined) count(g, counts)
  }
}
