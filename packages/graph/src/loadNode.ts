import { didYouMean, PodError, type Tensor, tensor } from '@mlpod/contract'
import { apply, applyOpaque, type Extras, nextSerial } from './apply.ts'
import { type Definition, signatures } from './defineOp.ts'
import { truthOf } from './known.ts'
import { constant, formal, namedConstant } from './leaf.ts'
import { attributeOf } from './onnx/attribute.ts'
import { EXPANSIONS } from './onnx/expansions.ts'
import type { Message } from './onnx/proto.ts'
import { fromSequence } from './onnx/sequences.ts'
import { tensorOf } from './onnx/tensor.ts'
import { typeOf } from './onnx/type.ts'
import { upgrade } from './onnx/upgrade.ts'
import { versionIn, WRITTEN } from './onnx/versions.ts'
import { opaqueType } from './opaque.ts'
import { capturesOf } from './operators/control.ts'
import { type OperatorName, schemaOf } from './schemas/index.ts'
import { type Attribute, type Body, freshDim, isRanked, isValue, tensorType, UNRANKED, type Value } from './value.ts'

type Graph = Message<'GraphProto'>
type Node = Message<'NodeProto'>
type Known = NonNullable<ReturnType<typeof typeOf>>

/** What holds for a whole file. */
export interface File {
  readonly file: string
  readonly opsets: ReadonlyMap<string, number>
  readonly functions: ReadonlyMap<string, Message<'FunctionProto'>>
  /** Defined operators by the same key. */
  readonly definitions: ReadonlyMap<string, Definition>
}

/** Names in one graph, body or function. */
export interface Scope {
  readonly values: Map<string, Value>
  readonly infos: ReadonlyMap<string, Known>
  readonly outer?: Scope
  /** In a function: the attributes it was called with. */
  readonly bound?: Readonly<Record<string, Message<'AttributeProto'>>>
}

/** Returns a domain by its short name. */
export const domainOf = (domain = ''): string => (domain === 'ai.onnx' ? '' : domain)

/** Returns what a function is found by. */
export const keyOf = (domain = '', name = '', overload = ''): string => `${domainOf(domain)}/${name}/${overload}`

/** Returns the error of a file that contradicts itself. */
export const corrupt = (file: string, because: string): PodError =>
  new PodError('MODEL_CORRUPT', `${file} is no valid model: ${because}`, { at: file })

/** Returns the types that a graph tells of its values. */
export function infosOf(graph: Graph): ReadonlyMap<string, Known> {
  const infos = new Map<string, Known>()
  for (const { name = '', type } of [...(graph.valueInfo ?? []), ...(graph.output ?? [])]) {
    const known = typeOf(type)
    if (known !== undefined) infos.set(name, known)
  }
  return infos
}

/** Returns the value of a name, in the scope or around it. Throws `MODEL_CORRUPT`. */
export function find(context: File, scope: Scope, name: string, who: string): Value {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const value = at.values.get(name)
    if (value !== undefined) return value
  }
  throw corrupt(context.file, `${who} "${name}", which nothing before it makes${didYouMean(name, scope.values.keys())}`)
}

/** Reads a node: its outputs join the scope. */
export function readNode(context: File, scope: Scope, node: Node): void {
  const type = node.opType ?? ''
  const domain = domainOf(node.domain)
  const outputs = node.output ?? []
  const who = `the node ${node.name ? `"${node.name}" (${type})` : type} reads`
  const inputs = (node.input ?? []).map((name) => (name === '' ? null : find(context, scope, name, who)))
  const results =
    readDefined(context, scope, node, inputs) ??
    readFunction(context, scope, node, inputs) ??
    (type === 'Constant' && domain === '' ? readConstant(context, scope, node) : undefined) ??
    readOperation(context, scope, node, inputs)
  for (const [i, name] of outputs.entries()) {
    if (name === '') continue
    if (scope.values.has(name)) throw corrupt(context.file, `two nodes, inputs or initializers give the name "${name}"`)
    scope.values.set(name, results[i])
  }
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

function readDefined(
  context: File,
  scope: Scope,
  node: Node,
  inputs: readonly (Value | null)[],
): readonly Value[] | undefined {
  const definition = context.definitions.get(keyOf(node.domain, node.opType))
  if (definition === undefined) return undefined
  const attributes = Object.fromEntries(
    Object.entries(attributesOf(scope, node)).map(([name, proto]) => [name, attributeOf(proto, context.file)]),
  )
  const { domain, type } = definition
  const names = (node.output ?? []).map((name) => name || undefined)
  const known = names.map((name) => (name === undefined ? undefined : scope.infos.get(name)))
  const found = signatures(definition, inputs, attributes, known.every((info) => info !== undefined) ? known : [])
  const extras = { outputs: names.length, name: node.name || undefined, names, definition }
  const version = context.opsets.get(domain) ?? definition.version ?? 1
  return applyOpaque({ type, domain, version }, inputs, attributes, extras, (index) => found[index])
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
  const taken = domain === '' && node.opType === 'If' ? readTaken(context, scope, node, inputs) : undefined
  if (taken !== undefined) return taken
  const [attributes, bodies]: [Record<string, Attribute>, Record<string, Body>] = [{}, {}]
  const serial = nextSerial()
  for (const [name, proto] of Object.entries(attributesOf(scope, node))) {
    if (proto.g !== undefined) bodies[name] = readBody(context, scope, proto.g, (i) => formalOf(node, inputs, i))
    else attributes[name] = attributeOf(proto, context.file)
  }
  const old = { type: node.opType ?? '', inputs, attributes, outputs: node.output ?? [] }
  if (old.type === 'Scan' && domain === '' && opset < 9)
    throw new PodError(
      'MODEL_UNSUPPORTED',
      `${context.file} holds a Scan in the form of opset 8, which goes through a batch`,
      {
        at: context.file,
        hint: 'export it in opset 9 or later',
      },
    )
  const element = domain === '' ? fromSequence(old) : undefined
  if (element !== undefined) return [element]
  const expanded = domain === '' ? EXPANSIONS[old.type]?.(old) : undefined
  if (expanded !== undefined) return expanded
  const { node: present, upgraded, outdated } = upgrade(old, opset, domain)
  if (isValue(present)) return [present]
  const { outputs } = present
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
  const schema = schemaOf(domain, present.type)
  const isKnown =
    !outdated &&
    schema !== undefined &&
    // An attribute of a later form, or of the first form of LabelEncoder, may say anything.
    Object.entries(present.attributes).every(([key, { kind }]) => key in schema.attributes && kind !== 'encoded')
  if (isKnown) return apply(present.type as OperatorName, trimmed(present.inputs), present.attributes, extras)
  const version = domain === '' ? versionIn(present.type, upgraded ? WRITTEN : opset) : opset
  return applyOpaque({ type: present.type, domain, version }, present.inputs, present.attributes, extras, (index) => {
    const known = scope.infos.get(outputs[index])
    return known ?? { type: opaqueType(domain, present.type, present, index), shape: UNRANKED }
  })
}

/**
 * Returns what an If gives whose condition is known: the other branch may not even fit. PyTorch's exporter writes `squeeze`
 * as one.
 */
function readTaken(
  context: File,
  scope: Scope,
  node: Node,
  [condition]: readonly (Value | null)[],
): readonly Value[] | undefined {
  const truth = truthOf(condition)
  const branch = attributesOf(scope, node)[truth === false ? 'else_branch' : 'then_branch']?.g
  return truth === undefined || branch === undefined
    ? undefined
    : readBody(context, scope, branch, () => undefined).outputs
}

const trimmed = (inputs: readonly (Value | null)[]): readonly (Value | null)[] =>
  inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1)

/** What the state of a loop starts with, and the sequences of a scan, tell of its body's inputs. */
function formalOf(node: Node, inputs: readonly (Value | null)[], i: number): Known | undefined {
  // the number of the turn, and whether the loop goes on
  if (node.opType === 'Loop' && i < 2) return { type: tensorType(i === 0 ? 'int64' : 'bool'), shape: [] }
  const value = inputs[i]
  if (!value) return undefined
  const { type, shape } = value
  // a loop may change the sizes of its state, hardly the number of axes
  if (node.opType === 'Loop') return { type, shape: isRanked(value) ? shape.map(freshDim) : UNRANKED }
  if (node.opType !== 'Scan') return undefined
  const attribute = (name: string): readonly number[] | undefined => {
    const found = node.attribute?.find((one) => one.name === name)
    return found?.ints?.map(Number) ?? (found?.i === undefined ? undefined : [Number(found.i)])
  }
  const states = inputs.length - (attribute('num_scan_inputs')?.[0] ?? 0)
  if (i < states || !isRanked(value)) return { type, shape }
  const axis = attribute('scan_input_axes')?.[i - states] ?? 0
  return { type, shape: shape.toSpliced(axis < 0 ? axis + shape.length : axis, 1) }
}

function readBody(context: File, outer: Scope, graph: Graph, formalOf: (i: number) => Known | undefined): Body {
  const scope: Scope = { values: new Map(), infos: infosOf(graph), outer, bound: outer.bound }
  for (const proto of graph.initializer ?? [])
    scope.values.set(proto.name ?? '', constant(tensorOf(proto, context.file)))
  const inputs = (graph.input ?? []).map(({ name = '', type }, i) => {
    const declared = typeOf(type)
    const told = formalOf(i)
    const known =
      declared !== undefined && (declared.shape !== UNRANKED || declared.type.kind !== 'tensor' || told === undefined)
        ? declared
        : (told ?? { type: tensorType('float32'), shape: UNRANKED })
    const given = { ...formal(name, known.type.kind === 'tensor' ? known.type.dtype : undefined, []), ...known }
    scope.values.set(name, given)
    return given
  })
  for (const node of graph.node ?? []) readNode(context, scope, node)
  const outputs = (graph.output ?? []).map(({ name = '' }) => find(context, scope, name, 'a body gives'))
  return { inputs, outputs }
}
