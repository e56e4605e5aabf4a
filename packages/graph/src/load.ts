import { didYouMean, PodError, type Tensor, tensor } from '@mlpod/contract'
import { apply, applyOpaque, type Extras, nextSerial } from './apply.ts'
import { constant, formal, input, namedConstant, parameter } from './leaf.ts'
import type { Model } from './model.ts'
import { attributeOf } from './onnx/attribute.ts'
import type { Message } from './onnx/proto.ts'
import { tensorOf } from './onnx/tensor.ts'
import { typeOf } from './onnx/type.ts'
import { upgrade } from './onnx/upgrade.ts'
import { OPSETS, versionIn, WRITTEN } from './onnx/versions.ts'
import { decode } from './onnx/wire.ts'
import { capturesOf } from './operators/control.ts'
import { type OperatorName, schemaOf } from './schemas/index.ts'
import { attributed, capture } from './site.ts'
import { type Attribute, type Body, isFloating, isValue, tensorType, UNRANKED, type Value } from './value.ts'

/** A model as values again. */
export interface Loaded {
  /** What a run feeds, by name. */
  readonly inputs: Readonly<Record<string, Value>>
  readonly outputs: Readonly<Record<string, Value>>
  /** The floating initializers by name: they train, and are attacked and attributed, like parameters made here. */
  readonly parameters: Readonly<Record<string, Value>>
  readonly metadata: Readonly<Record<string, string>>
  /** The graph's name. */
  readonly name: string
  /** The opset of ai.onnx that the file is written in. */
  readonly opset: number
  /** What wrote the file, with its version. */
  readonly producer: string
}

type Graph = Message<'GraphProto'>
type Node = Message<'NodeProto'>
type Known = NonNullable<ReturnType<typeof typeOf>>

/** What holds for the whole file. */
interface File {
  readonly file: string
  readonly opsets: ReadonlyMap<string, number>
  readonly functions: ReadonlyMap<string, Message<'FunctionProto'>>
}

/** Names in one graph, body or function. */
interface Scope {
  readonly values: Map<string, Value>
  readonly infos: ReadonlyMap<string, Known>
  readonly outer?: Scope
  /** In a function: the attributes it was called with. */
  readonly bound?: Readonly<Record<string, Message<'AttributeProto'>>>
}

/**
 * Returns the values of a model or of the bytes of an ONNX file (opsets 7 to 26). Floating initializers become
 * parameters, other ones constants; functions of the file are expanded; forms of older opsets are brought up to date.
 * An operator that this room does not define is kept as it is: it compiles again but has no derivative.
 * Throws `MODEL_CORRUPT` and `MODEL_UNSUPPORTED`, naming the file and the node.
 */
export function load(model: Model | Uint8Array, { file = 'the model' } = {}): Loaded {
  const proto = decode('ModelProto', model instanceof Uint8Array ? model : model.bytes, { file })
  const { graph } = proto
  if (graph === undefined) throw corrupt(file, 'it holds no graph')
  const opsets = new Map(
    (proto.opsetImport ?? []).map(({ domain = '', version = 1 }) => [domainOf(domain), Number(version)]),
  )
  const opset = opsets.get('') ?? 1
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
  const context: File = { file, opsets, functions }
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

const domainOf = (domain = ''): string => (domain === 'ai.onnx' ? '' : domain)

const keyOf = (domain = '', name = '', overload = ''): string => `${domainOf(domain)}/${name}/${overload}`

const corrupt = (file: string, because: string): PodError =>
  new PodError('MODEL_CORRUPT', `${file} is no valid model: ${because}`, { at: file })

function infosOf(graph: Graph): ReadonlyMap<string, Known> {
  const infos = new Map<string, Known>()
  for (const { name = '', type } of [...(graph.valueInfo ?? []), ...(graph.output ?? [])]) {
    const known = typeOf(type)
    if (known !== undefined) infos.set(name, known)
  }
  return infos
}

function readLeaves(
  { file }: File,
  scope: Scope,
  graph: Graph,
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
  for (const [name, value] of tensors) {
    const leaf = isFloating({ type: tensorType(value.dtype) } as Value)
      ? parameter(name, value)
      : namedConstant(name, value)
    if (leaf.operation.type === 'Parameter') parameters[name] = leaf
    scope.values.set(name, leaf)
  }
  return { inputs, parameters }
}

function find(context: File, scope: Scope, name: string, who: string): Value {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const value = at.values.get(name)
    if (value !== undefined) return value
  }
  throw corrupt(context.file, `${who} "${name}", which nothing before it makes${didYouMean(name, scope.values.keys())}`)
}

function readNode(context: File, scope: Scope, node: Node): void {
  const type = node.opType ?? ''
  const domain = domainOf(node.domain)
  const outputs = node.output ?? []
  const who = `the node ${node.name ? `"${node.name}" (${type})` : type} reads`
  const inputs = (node.input ?? []).map((name) => (name === '' ? null : find(context, scope, name, who)))
  const results =
    readFunction(context, scope, node, inputs) ??
    (type === 'Constant' && domain === '' ? readConstant(context, scope, node) : undefined) ??
    readOperation(context, scope, node, inputs)
  for (const [i, name] of outputs.entries()) if (name !== '') scope.values.set(name, results[i])
}

/** The attributes of a node as messages, with those that refer to a function's attribute looked up. */
function attributesOf(scope: Scope, node: Node): Readonly<Record<string, Message<'AttributeProto'>>> {
  const entries = (node.attribute ?? []).flatMap((attribute) => {
    if (!attribute.refAttrName) return [[attribute.name ?? '', attribute] as const]
    const bound = scope.bound?.[attribute.refAttrName]
    return bound === undefined ? [] : [[attribute.name ?? '', bound] as const]
  })
  return Object.fromEntries(entries)
}

function readFunction(
  context: File,
  scope: Scope,
  node: Node,
  inputs: readonly (Value | null)[],
): readonly Value[] | undefined {
  const definition = context.functions.get(keyOf(node.domain, node.opType, node.overload))
  if (definition === undefined) return undefined
  const defaults = Object.fromEntries(
    (definition.attributeProto ?? []).map((attribute) => [attribute.name ?? '', attribute]),
  )
  const own = new Map(
    (definition.opsetImport ?? []).map(({ domain = '', version = 1 }) => [domainOf(domain), Number(version)]),
  )
  const inner: Scope = { values: new Map(), infos: new Map(), bound: { ...defaults, ...attributesOf(scope, node) } }
  for (const [i, name] of (definition.input ?? []).entries()) {
    const value = inputs[i]
    if (value) inner.values.set(name, value)
  }
  const nested: File = { ...context, opsets: own.size > 0 ? own : context.opsets }
  for (const step of definition.node ?? []) readNode(nested, inner, step)
  return (definition.output ?? []).map((name) => find(nested, inner, name, `the function ${definition.name} gives`))
}

function readConstant(context: File, scope: Scope, node: Node): readonly Value[] | undefined {
  const [found] = Object.entries(attributesOf(scope, node))
  if (found === undefined) return undefined
  const attribute = attributeOf(found[1], context.file)
  const [name = ''] = node.output ?? []
  const made = (value: Tensor): readonly Value[] => [namedConstant(name, value)]
  switch (attribute.kind) {
    case 'tensor':
      return made(attribute.value)
    case 'float':
      return made(tensor('float32', [], Float32Array.of(attribute.value)))
    case 'floats':
      return made(tensor('float32', [attribute.value.length], Float32Array.from(attribute.value)))
    case 'int':
      return made(tensor('int64', [], BigInt64Array.of(BigInt(attribute.value))))
    case 'ints':
      return made(tensor('int64', [attribute.value.length], BigInt64Array.from(attribute.value, BigInt)))
    case 'string':
      return [constant(attribute.value, 'string')]
    case 'strings':
      return [constant(attribute.value, 'string')]
    default:
      return undefined
  }
}

function readOperation(context: File, scope: Scope, node: Node, inputs: readonly (Value | null)[]): readonly Value[] {
  const domain = domainOf(node.domain)
  const opset = context.opsets.get(domain)
  if (opset === undefined)
    throw corrupt(
      context.file,
      `the node ${node.name || node.opType} is of the domain "${domain}", which the file does not import`,
    )
  const [attributes, bodies]: [Record<string, Attribute>, Record<string, Body>] = [{}, {}]
  const serial = nextSerial()
  for (const [name, proto] of Object.entries(attributesOf(scope, node))) {
    if (proto.g !== undefined) bodies[name] = readBody(context, scope, proto.g)
    else attributes[name] = attributeOf(proto, context.file)
  }
  const outputs = node.output ?? []
  const old = { type: node.opType ?? '', inputs, attributes, outputs }
  const { node: present, upgraded } = domain === '' ? upgrade(old, opset) : { node: old, upgraded: false }
  if (isValue(present)) return [present]
  const captures = new Set(
    Object.values(bodies).flatMap((body) => capturesOf(body, (value) => value.operation.meta.serial < serial)),
  )
  const extras: Extras = {
    bodies: Object.keys(bodies).length > 0 ? bodies : undefined,
    captures: [...captures],
    outputs: Math.max(outputs.length, 1),
    name: node.name || undefined,
    names: outputs.map((name) => name || undefined),
    shapes: (index) => scope.infos.get(outputs[index])?.shape,
  }
  const isKnown =
    schemaOf(domain, present.type) !== undefined &&
    Object.values(present.attributes).every(({ kind }) => kind !== 'encoded')
  if (isKnown) return apply(present.type as OperatorName, trimmed(present.inputs), present.attributes, extras)
  const version = domain === '' ? versionIn(present.type, upgraded ? WRITTEN : opset) : opset
  return applyOpaque({ type: present.type, domain, version }, present.inputs, present.attributes, extras, (index) => {
    const known = scope.infos.get(outputs[index])
    // Most operators give the element type that they take.
    return known ?? { type: inputs.find((value) => value !== null)?.type ?? tensorType('float32'), shape: UNRANKED }
  })
}

const trimmed = (inputs: readonly (Value | null)[]): readonly (Value | null)[] =>
  inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1)

function readBody(context: File, outer: Scope, graph: Graph): Body {
  const scope: Scope = { values: new Map(), infos: infosOf(graph), outer, bound: outer.bound }
  for (const proto of graph.initializer ?? [])
    scope.values.set(proto.name ?? '', constant(tensorOf(proto, context.file)))
  const inputs = (graph.input ?? []).map(({ name = '', type }) => {
    const known = typeOf(type) ?? { type: tensorType('float32'), shape: UNRANKED }
    const given = { ...formal(name, known.type.kind === 'tensor' ? known.type.dtype : undefined, []), ...known }
    scope.values.set(name, given)
    return given
  })
  for (const node of graph.node ?? []) readNode(context, scope, node)
  const outputs = (graph.output ?? []).map(({ name = '' }) => find(context, scope, name, 'a body gives'))
  return { inputs, outputs }
}
