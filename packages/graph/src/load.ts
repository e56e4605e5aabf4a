import { PodError } from '@mlpod/contract'
import type { DefinedOp } from './defineOp.ts'
import { input, namedConstant, parameter } from './leaf.ts'
import { corrupt, domainOf, type File, find, infosOf, keyOf, readNode, type Scope } from './loadNode.ts'
import type { Model } from './model.ts'
import { decode } from './onnx/decode.ts'
import { internalized, type ReadExternal } from './onnx/external.ts'
import type { Message } from './onnx/proto.ts'
import { settingsOf } from './onnx/settings.ts'
import { tensorOf } from './onnx/tensor.ts'
import { typeOf } from './onnx/type.ts'
import { OPSETS, WRITTEN } from './onnx/versions.ts'
import { attributed, capture } from './site.ts'
import { isFloating, tensorType, UNRANKED, type Value } from './value.ts'

/** A model as values again. */
export interface Loaded {
  /** What a run feeds, by name. */
  readonly inputs: Readonly<Record<string, Value>>
  readonly outputs: Readonly<Record<string, Value>>
  /**
   * The floating initializers by name: they train, and are attacked and attributed, like parameters made here. What only
   * tells an operator how to work (the scales of a Resize, the ratio of a Dropout) is none.
   */
  readonly parameters: Readonly<Record<string, Value>>
  readonly metadata: Readonly<Record<string, string>>
  /** The graph's name. */
  readonly name: string
  /** The opset of ai.onnx that the file is written in. */
  readonly opset: number
  /** What wrote the file, with its version. */
  readonly producer: string
}

/** How a file is read. */
export interface LoadOptions {
  /** What errors call it. Default `the model`. */
  readonly file?: string
  /** What `defineOp` gave for operators of the file that this room does not define. */
  readonly operators?: readonly DefinedOp[]
  /** Returns bytes of the files that hold data beside the model; `loadFile` reads them by itself. */
  readonly external?: ReadExternal
}

/**
 * Returns the values of a model or of the bytes of an ONNX file (opsets 7 to 28). Floating initializers become
 * parameters, other ones constants; functions of the file are expanded; forms of older opsets are brought up to date.
 * An operator that this room does not define is kept as it is: it compiles again but has no derivative.
 * Throws `MODEL_CORRUPT` and `MODEL_UNSUPPORTED`, naming the file and the node.
 */
export function load(model: Model | Uint8Array, options: LoadOptions = {}): Loaded {
  const { file = 'the model', external } = options
  if (model instanceof Uint8Array) return loadMessage(decode('ModelProto', model, { file }), options)
  return loadMessage(decode('ModelProto', model.bytes, { file }), {
    ...options,
    external: external ?? readFrom(model, file),
  })
}

/** Returns the values of a model's message. */
export function loadMessage(
  proto: Message<'ModelProto'>,
  { file = 'the model', operators = [], external: read }: LoadOptions,
): Loaded {
  if (proto.graph === undefined) throw corrupt(file, 'it holds no graph')
  const graph = read === undefined ? proto.graph : internalized(proto.graph, read, file)
  const opsets = new Map(
    (proto.opsetImport ?? []).map(({ domain = '', version = 1 }) => [domainOf(domain), Number(version)]),
  )
  // a file of trees alone need not import ai.onnx
  const opset = opsets.get('') ?? WRITTEN
  if (opset < OPSETS.oldest || opset > OPSETS.newest)
    throw new PodError('MODEL_UNSUPPORTED', `${file} is written in opset ${opset} of ai.onnx`, {
      at: file,
      hint: `export it in an opset from ${OPSETS.oldest} to ${OPSETS.newest}`,
    })
  if (graph.sparseInitializer !== undefined)
    throw new PodError('MODEL_UNSUPPORTED', `${file} keeps sparse tensors`, {
      at: file,
      hint: 'save them as dense ones',
    })
  const functions = new Map(
    (proto.functions ?? []).map((entry) => [keyOf(entry.domain, entry.name, entry.overload), entry]),
  )
  const definitions = new Map(
    operators.map(({ definition }) => [keyOf(definition.domain, definition.type), definition]),
  )
  const context: File = { file, opsets, functions, definitions }
  return attributed(capture(), () => {
    const scope: Scope = { values: new Map(), infos: infosOf(graph) }
    const { inputs, parameters } = readLeaves(context, scope, graph, Number(proto.irVersion ?? 0))
    for (const node of graph.node ?? []) readNode(context, scope, node)
    const outputs = Object.fromEntries(
      (graph.output ?? []).map(({ name = '' }) => [name, find(context, scope, name, 'the graph gives')]),
    )
    return {
      inputs,
      outputs,
      parameters,
      metadata: Object.fromEntries((proto.metadataProps ?? []).map(({ key = '', value = '' }) => [key, value])),
      name: graph.name ?? '',
      opset,
      producer: [proto.producerName, proto.producerVersion].filter(Boolean).join(' '),
    }
  })
}

/** A compiled model may keep its data beside its bytes. */
function readFrom({ external }: Model, file: string): ReadExternal | undefined {
  if (external === undefined) return undefined
  return ({ location, offset, length }) => {
    const data = external[location]
    if (data === undefined) throw corrupt(file, `it needs the file "${location}", which is not there`)
    return data.subarray(offset, length === undefined ? undefined : offset + length)
  }
}

function readLeaves(
  { file }: File,
  scope: Scope,
  graph: Message<'GraphProto'>,
  irVersion: number,
): { inputs: Record<string, Value>; parameters: Record<string, Value> } {
  const [inputs, parameters]: [Record<string, Value>, Record<string, Value>] = [{}, {}]
  const tensors = new Map((graph.initializer ?? []).map((proto) => [proto.name ?? '', tensorOf(proto, file)]))
  for (const { name = '', type } of graph.input ?? []) {
    const initial = tensors.get(name)
    // Before IR version 4 every initializer was listed as an input.
    if (initial !== undefined && irVersion < 4) continue
    const known = typeOf(type)
    if (known === undefined || known.type.kind !== 'tensor' || known.shape === UNRANKED)
      throw new PodError('MODEL_UNSUPPORTED', `the input "${name}" of ${file} is no tensor of known rank`, { at: file })
    inputs[name] = input(name, known.type.dtype, known.shape, { default: initial })
    scope.values.set(name, inputs[name])
    tensors.delete(name)
  }
  const settings = settingsOf(graph)
  for (const [name, value] of tensors) {
    const trains = isFloating({ type: tensorType(value.dtype) } as Value) && !settings.has(name)
    const leaf = trains ? parameter(name, value) : namedConstant(name, value)
    if (leaf.operation.type === 'Parameter') parameters[name] = leaf
    scope.values.set(name, leaf)
  }
  return { inputs, parameters }
}
