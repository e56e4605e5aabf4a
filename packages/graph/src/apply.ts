import { PodError } from '@mlpod/contract'
import { signatures } from './defineOp.ts'
import { dimsOf } from './known.ts'
import type { Schema } from './schema.ts'
import { type Call, hasUnranked, refuse, sameShape } from './schema.ts'
import { type OperatorName, schemaOf, schemas } from './schemas/index.ts'
import { capture } from './site.ts'
import {
  type Attribute,
  type Body,
  type Dim,
  isFreshDim,
  isRanked,
  type Meta,
  type Operation,
  type Site,
  UNRANKED,
  type Value,
} from './value.ts'

let serial = 0

/** Returns the serial that the next operation will get: what is created from now on has at least this. */
export const nextSerial = (): number => serial

const NONE: readonly Value[] = Object.freeze([])

/** What an operation has beside its inputs and attributes. */
export interface Extras {
  readonly bodies?: Readonly<Record<string, Body>>
  readonly captures?: readonly Value[]
  /** How many outputs are made. Default 1. */
  readonly outputs?: number
  /** The node's name. */
  readonly name?: string
  /** Names of the outputs. */
  readonly names?: readonly (string | undefined)[]
  readonly site?: Site
  /** What a derivative keeps of each turn. */
  readonly remember?: Meta['remember']
  readonly states?: Meta['states']
  readonly definition?: Operation['definition']
  /** Shapes that a file tells, for sizes that the inputs do not. */
  readonly shapes?: (index: number) => readonly Dim[] | undefined
}

/**
 * Returns the outputs of one use of an operator, after its schema has checked the inputs.
 * Throws `SHAPE_MISMATCH`, `DTYPE_MISMATCH` and the like, naming the operator, the inputs and the caller's line.
 */
export function apply(
  type: OperatorName,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>> = {},
  extras: Extras = {},
): readonly Value[] {
  const schema: Schema = schemas[type]
  const site = extras.site ?? capture()
  const call: Call = {
    type,
    inputs,
    attributes,
    bodies: extras.bodies,
    outputs: extras.outputs ?? 1,
    site,
    ofFile: extras.shapes !== undefined,
  }
  if (inputs.length < schema.inputs[0] || inputs.length > schema.inputs[1])
    throw refuse(call, 'INPUT_MISSING', `it takes ${countOf(schema.inputs)}, not ${inputs.length}`)
  const types = schema.types(call)
  const shapes = hasUnranked(call) ? schema.unranked?.(call) : shapesOf(schema, call)
  return make(type, schema.domain ?? '', schema.since, inputs, attributes, extras, site, (index) => ({
    type: types[index] ?? types[0],
    shape: told(shapes === undefined ? UNRANKED : (shapes[index] ?? shapes[0]), extras.shapes?.(index)),
  }))
}

// A file may leave even the number of axes to the run; what is written here may not.
function shapesOf(schema: Schema, call: Call): ReturnType<Schema['shapes']> | undefined {
  try {
    return schema.shapes(call)
  } catch (error) {
    if (call.ofFile && error instanceof PodError && error.code === 'RANK_UNKNOWN') return undefined
    throw error
  }
}

const countOf = ([least, most]: Schema['inputs']): string =>
  most === least ? `${most} inputs` : most > 99 ? `at least ${least} inputs` : `${least} to ${most} inputs`

function told(inferred: readonly Dim[], declared: readonly Dim[] | undefined): readonly Dim[] {
  if (declared === undefined || declared === UNRANKED) return inferred
  if (inferred === UNRANKED) return declared
  if (inferred.length !== declared.length || !inferred.some(isFreshDim)) return inferred
  return inferred.map((dim, axis) => (isFreshDim(dim) ? declared[axis] : dim))
}

/** Returns the first output of `apply`. */
export function applyOne(
  type: OperatorName,
  inputs: readonly (Value | null)[],
  attributes?: Readonly<Record<string, Attribute>>,
  extras?: Extras,
): Value {
  return apply(type, inputs, attributes, extras)[0]
}

/** Returns the outputs of an operator that this room does not define: it compiles again but has no derivative. */
export function applyOpaque(
  operator: { readonly type: string; readonly domain: string; readonly version: number },
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>>,
  extras: Extras,
  signature: (index: number) => Pick<Value, 'type' | 'shape'>,
): readonly Value[] {
  const { type, domain, version } = operator
  return make(type, domain, version, inputs, attributes, extras, extras.site ?? capture(), signature)
}

/**
 * Returns the outputs of the same operator with the same attributes on other inputs; shapes are inferred anew.
 * `captures` and `bodies` replace the operation's own.
 */
export function reapply(
  operation: Operation,
  inputs: readonly (Value | null)[],
  { captures = operation.captures, bodies = operation.bodies }: Pick<Extras, 'captures' | 'bodies'> = {},
): readonly Value[] {
  const { type, domain, attributes, outputs, meta, definition } = operation
  const names = outputs.map(({ name }) => name)
  const { name, site, remember } = meta
  // what a file left to the run stays there
  const open = outputs.some((value) => value.type.kind === 'tensor' && !isRanked(value))
  const told = open ? { shapes: (index: number) => outputs[index].shape } : {}
  const extras = { bodies, captures, outputs: outputs.length, name, names, site, remember, definition, ...told }
  const alike =
    inputs.length === operation.inputs.length &&
    bodies === operation.bodies &&
    inputs.every((value, i) => isAlike(value, operation.inputs[i]))
  // Inputs of the same types and shapes give outputs of the same.
  if (alike) return make(type, domain, operation.version, inputs, attributes, extras, site, (index) => outputs[index])
  const trimmed = inputs.at(-1) === null ? inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1) : inputs
  if (definition !== undefined) {
    const shapes = signatures(definition, inputs, attributes, outputs)
    return applyOpaque(operation, inputs, attributes, extras, (index) => shapes[index])
  }
  return schemaOf(domain, type) === undefined
    ? applyOpaque(operation, trimmed, attributes, extras, (index) => outputs[index])
    : apply(type as OperatorName, trimmed, attributes, extras)
}

const isAlike = (a: Value | null, b: Value | null): boolean =>
  a === b || (a !== null && b !== null && a.type === b.type && sameShape(a.shape, b.shape) && sameDims(a, b))

// Whole numbers may be sizes, on which shapes depend.
const sameDims = (a: Value, b: Value): boolean => {
  const [left, right] = [dimsOf(a), dimsOf(b)]
  return left === right || (left !== undefined && right !== undefined && sameShape(left, right))
}

function make(
  type: string,
  domain: string,
  version: number,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>>,
  { bodies, captures = NONE, outputs: count = 1, name, names, remember, states, definition }: Extras,
  site: Site,
  signature: (index: number) => Pick<Value, 'type' | 'shape'>,
): readonly Value[] {
  const outputs: Value[] = []
  const meta: Meta = {
    serial: serial++,
    site,
    ...(name !== undefined && { name }),
    ...(remember && { remember }),
    ...(states && { states }),
  }
  const fixed = { type, domain, version, inputs, attributes, bodies, captures, outputs, meta }
  const operation: Operation = definition === undefined ? fixed : { ...fixed, definition }
  for (let index = 0; index < count; index++) {
    const { type: valueType, shape } = signature(index)
    outputs.push({ operation, index, type: valueType, shape, name: names?.[index] })
  }
  return outputs
}
