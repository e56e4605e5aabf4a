import { PodError, type Tensor } from '@mlpod/contract'
import { constantOf } from './known.ts'
import { attributeProto, GRAPH } from './onnx/attribute.ts'
import type { Message } from './onnx/proto.ts'
import { tensorProto } from './onnx/tensor.ts'
import { typeProto } from './onnx/type.ts'
import { outdatedBy, WRITTEN } from './onnx/versions.ts'
import { schemaOf } from './schemas/index.ts'
import { type Body, type Dim, isFloating, isFreshDim, type Operation, type Value } from './value.ts'
import { topological } from './walk.ts'

const IR_VERSION = 10
// Opsets 23 to 26 came with IR versions 11 to 13.
const NEWER_IR_VERSION = 11

type Node = Message<'NodeProto'>
type Info = Message<'ValueInfoProto'>

/** Names in one graph or body; a body also sees the names around it. */
interface Scope {
  readonly names: Map<Value, string>
  readonly nodes: Node[]
  readonly outer?: Scope
}

interface Writer {
  readonly taken: Set<string>
  /** Names that parameters will take. */
  readonly reserved: ReadonlySet<string>
  readonly initializers: Map<string, Message<'TensorProto'>>
  readonly parameters: Map<string, Value>
  readonly opsets: Map<string, number>
  /** Operations of ai.onnx that this room does not define. */
  readonly opaque: Operation[]
  count: number
}

/**
 * Returns the message of a graph. Every leaf that is no parameter or constant must be in `inputs`. `signatures` are the
 * values whose types and shapes describe the outputs.
 */
export function emit(
  inputs: ReadonlyMap<string, Value>,
  outputs: ReadonlyMap<string, Value>,
  signatures: ReadonlyMap<string, Value>,
  name: string,
): Message<'ModelProto'> {
  const writer: Writer = {
    taken: new Set([...inputs.keys(), ...outputs.keys()]),
    reserved: parameterNames(outputs.values(), new Set()),
    initializers: new Map(),
    parameters: new Map(),
    opsets: new Map([['', WRITTEN]]),
    opaque: [],
    count: 0,
  }
  const scope: Scope = { names: new Map(), nodes: [] }
  for (const [key, value] of inputs) {
    scope.names.set(value, key)
    const fallback = value.operation.type === 'Input' ? value.operation.attributes.default : undefined
    if (fallback?.kind === 'tensor') writer.initializers.set(key, tensorProto(fallback.value, key))
  }
  write(writer, scope, outputs, new Set(inputs.values()))
  const opset = writer.opsets.get('')!
  for (const operation of writer.opaque) refuseOutdated(operation, opset)
  return {
    irVersion: opset > WRITTEN ? NEWER_IR_VERSION : IR_VERSION,
    producerName: 'mlpod',
    graph: {
      node: scope.nodes,
      name,
      initializer: [...writer.initializers.values()],
      input: [...inputs].map(([key, value]) => info(key, value)),
      output: [...signatures].map(([key, value]) => info(key, value)),
    },
    opsetImport: [...writer.opsets].map(([domain, version]) => ({ domain, version })),
  }
}

/** The names of all parameters that values need: names made up for other values keep clear of them. */
function parameterNames(values: Iterable<Value>, found: Set<string>): ReadonlySet<string> {
  for (const { type, domain, outputs, bodies = {} } of topological(values)) {
    if (domain === 'mlpod' && type === 'Parameter') found.add(outputs[0].name!)
    for (const body of Object.values(bodies)) parameterNames(body.outputs, found)
  }
  return found
}

/** Writes the operations that the outputs need into the scope, and the outputs under their names. */
function write(writer: Writer, scope: Scope, outputs: ReadonlyMap<string, Value>, stop: ReadonlySet<Value>): void {
  const wanted = new Map<Value, string>()
  for (const [key, value] of outputs) if (!wanted.has(value)) wanted.set(value, key)
  for (const operation of topological(outputs.values(), stop)) writeOperation(writer, scope, operation, wanted)
  for (const [key, value] of outputs) {
    const made = nameIn(scope, value)
    // Leaves, captured values and values given out twice have another name: one more node gives them this one.
    if (made !== key)
      scope.nodes.push({ input: [made], output: [key], name: unique(writer, 'Identity'), opType: 'Identity' })
  }
}

function nameIn(scope: Scope, value: Value): string {
  const name = scope.names.get(value)
  if (name !== undefined) return name
  if (scope.outer !== undefined) return nameIn(scope.outer, value)
  throw unbound(value)
}

const unbound = (value: Value): PodError =>
  new PodError('VALUE_UNBOUND', `${value.name ?? value.operation.type} is used outside the body that makes it`, {
    at: value.operation.meta.site.at,
    hint: 'return it from the body and use what ifElse, loop or repeat returns',
  })

function writeOperation(writer: Writer, scope: Scope, operation: Operation, wanted: ReadonlyMap<Value, string>): void {
  const [first] = operation.outputs
  if (operation.domain === 'mlpod') {
    writeLeaf(writer, scope, first)
    return
  }
  const tensor = constantOf(first)
  if (tensor !== undefined) {
    writeConstant(writer, scope, first, tensor)
    return
  }
  const name = operation.meta.name === undefined ? unique(writer, operation.type) : kept(writer, operation.meta.name)
  for (const value of operation.outputs) {
    const own = value.name !== undefined && isFree(writer, value.name) ? take(writer, value.name) : undefined
    scope.names.set(value, wanted.get(value) ?? own ?? kept(writer, `${name}:${value.index}`))
  }
  const { domain, version, attributes, bodies = {} } = operation
  writer.opsets.set(domain, Math.max(writer.opsets.get(domain) ?? 1, version))
  if (domain === '' && schemaOf(domain, operation.type) === undefined) writer.opaque.push(operation)
  const fixed = Object.keys(attributes)
    .sort()
    .map((key) => attributeProto(key, attributes[key]))
  const graphs = Object.keys(bodies).map((key) => ({
    name: key,
    g: writeBody(writer, scope, bodies[key], key),
    type: GRAPH,
  }))
  const node: Node = {
    input: operation.inputs.map((value) => (value === null ? '' : nameIn(scope, value))),
    output: operation.outputs.map((value) => nameIn(scope, value)),
    name,
    opType: operation.type,
    attribute: fixed.length + graphs.length > 0 ? [...fixed, ...graphs] : undefined,
    domain: domain === '' ? undefined : domain,
  }
  scope.nodes.push(node)
}

function refuseOutdated({ type, version, meta }: Operation, opset: number): void {
  const since = outdatedBy(type, version, opset)
  if (since !== undefined)
    throw new PodError(
      'OPERATOR_OUTDATED',
      `${meta.name ?? type} is a ${type} in the form of opset ${version}, which opset ${since} changed`,
      {
        at: meta.site.at,
        hint: `export the model again in opset ${WRITTEN}`,
      },
    )
}

function writeBody(writer: Writer, outer: Scope, body: Body, name: string): Message<'GraphProto'> {
  const scope: Scope = { names: new Map(), nodes: [], outer }
  const stop = new Set(body.inputs)
  for (const value of body.inputs) scope.names.set(value, unique(writer, `${name}.${value.name ?? 'input'}`))
  // What the bodies capture was written in the outer scope before this operation.
  for (let around: Scope | undefined = outer; around !== undefined; around = around.outer)
    for (const value of around.names.keys()) stop.add(value)
  const outputs = new Map(body.outputs.map((value, i) => [unique(writer, `${name}.output${i}`), value]))
  write(writer, scope, outputs, stop)
  return {
    node: scope.nodes,
    name: unique(writer, name),
    input: body.inputs.map((value) => info(nameIn(scope, value), value)),
    output: [...outputs].map(([key, value]) => info(key, value)),
  }
}

function writeLeaf(writer: Writer, scope: Scope, value: Value): void {
  if (scope.names.has(value)) return
  const name = value.name!
  if (value.operation.type === 'Formal') throw unbound(value)
  if (value.operation.type === 'Input')
    throw new PodError(
      'INPUT_NOT_LISTED',
      `the outputs need the input "${name}", which is not among the model's inputs`,
      {
        at: value.operation.meta.site.at,
        hint: `add it to compile({ inputs }), or replace it with substitute`,
      },
    )
  const tensor = value.operation.attributes.value
  const known = writer.parameters.get(name)
  const before = known?.operation.attributes.value
  if (
    writer.taken.has(name) &&
    (tensor.kind !== 'tensor' || before?.kind !== 'tensor' || before.value !== tensor.value)
  )
    throw new PodError('NAME_TAKEN', `two values are named "${name}"`, {
      at: value.operation.meta.site.at,
      hint: 'inputs, outputs and parameters of one model need names of their own',
    })
  top(scope).names.set(value, name)
  writer.parameters.set(name, value)
  take(writer, name)
  if (tensor.kind === 'tensor') writer.initializers.set(name, tensorProto(tensor.value, name))
}

// Floating initializers are parameters when a file is loaded again; floating constants stay constants as nodes.
function writeConstant(writer: Writer, scope: Scope, value: Value, tensor: Tensor): void {
  const name =
    value.name !== undefined && !writer.taken.has(value.name) ? take(writer, value.name) : unique(writer, 'constant')
  const outermost = top(scope)
  outermost.names.set(value, name)
  if (isFloating(value))
    outermost.nodes.push({
      output: [name],
      name: unique(writer, 'Constant'),
      opType: 'Constant',
      attribute: [attributeProto('value', { kind: 'tensor', value: tensor })],
    })
  else writer.initializers.set(name, tensorProto(tensor, name))
}

// Leaves and constants live in the outermost graph, which every body sees.
const top = (scope: Scope): Scope => (scope.outer === undefined ? scope : top(scope.outer))

const isFree = (writer: Writer, name: string): boolean => !writer.taken.has(name) && !writer.reserved.has(name)

function take(writer: Writer, name: string): string {
  writer.taken.add(name)
  return name
}

/** Returns a name that a file gave, numbered only when it is taken. */
const kept = (writer: Writer, name: string): string =>
  isFree(writer, name) ? take(writer, name) : unique(writer, name)

function unique(writer: Writer, name: string): string {
  let candidate = name
  while (candidate === name || writer.taken.has(candidate) || writer.reserved.has(candidate))
    candidate = `${name}_${writer.count++}`
  return take(writer, candidate)
}

// A size that nothing tells stays without a name: the same graph must give the same bytes.
const info = (name: string, value: Value): Info => ({
  name,
  type: typeProto(value.type, value.shape, (dim: Dim) => (isFreshDim(dim) ? '' : dim)),
})
