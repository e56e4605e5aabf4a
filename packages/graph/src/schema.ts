import { type DataType, PodError } from '@mlpod/contract'
import {
  type Attribute,
  type AttributeKind,
  type Body,
  DATA_TYPES,
  type Dim,
  describe,
  dtypeOf,
  freshDim,
  isRanked,
  type Site,
  tensorType,
  UNRANKED,
  type Value,
  type ValueType,
} from './value.ts'

/** An operation about to be made: what a schema infers its outputs from. */
export interface Call {
  readonly type: string
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly bodies?: Readonly<Record<string, Body>>
  /** How many outputs are asked for. */
  readonly outputs: number
  readonly site: Site
  /** That a file holds it: a file may leave even numbers of axes to the run. */
  readonly ofFile?: boolean
}

/** What an operator takes and what comes out. */
export interface Schema {
  /** Default: ai.onnx. */
  readonly domain?: string
  /** The opset that last changed the operator, at most the one that models are written in. */
  readonly since: number
  /** Least and most number of inputs. */
  readonly inputs: readonly [least: number, most: number]
  readonly attributes: Readonly<Record<string, AttributeKind>>
  /** That it draws random numbers: two uses of it are never one. */
  readonly random?: boolean
  /** Checks the inputs' element types and returns the outputs'. */
  readonly types: (call: Call) => readonly ValueType[]
  /** Checks the inputs' shapes and returns the outputs'. Not called when an input's rank is unknown. */
  readonly shapes: (call: Call) => readonly (readonly Dim[])[]
  /** Returns the outputs' shapes where they do not need the ranks of all inputs. Called when one is unknown. */
  readonly unranked?: (call: Call) => readonly (readonly Dim[])[]
}

/** Returns the error of a call that cannot be: names the operator, all its inputs' types and the caller's line. */
export function refuse(call: Call, code: string, because: string, hint?: string): PodError {
  const inputs = call.inputs.map((value) => (value?.name ? `${value.name}: ${describe(value)}` : describe(value)))
  return new PodError(code, `${call.type}(${inputs.join(', ')}): ${because}`, { at: call.site.at, hint })
}

const NUMBERS = DATA_TYPES.filter((dtype) => dtype !== 'bool' && dtype !== 'string')

/** Sets of element types that operators take. */
const DTYPES = {
  float: ['float32', 'float64', 'float16', 'bfloat16'],
  number: NUMBERS,
  ordered: [...NUMBERS, 'bool'],
  signed: ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'int64'],
  integer: NUMBERS.filter((dtype) => dtype.includes('int')),
  unsigned: ['uint8', 'uint16', 'uint32', 'uint64'],
  bool: ['bool'],
  index: ['int32', 'int64'],
  int64: ['int64'],
  any: [...NUMBERS, 'bool', 'string'],
} as const satisfies Record<string, readonly DataType[]>

/** The name of a set of element types. */
export type DTypeSet = keyof typeof DTYPES

/** Returns the input, which must be there. */
export function need(call: Call, index: number): Value {
  const value = call.inputs[index]
  if (!value) throw refuse(call, 'INPUT_MISSING', `input ${index} is missing`)
  return value
}

/** Returns an input's element type, which must be one of the set. */
export function dtypeIn(call: Call, index: number, set: DTypeSet): DataType {
  const dtype = dtypeOf(need(call, index))
  if (dtype === undefined || !(DTYPES[set] as readonly DataType[]).includes(dtype))
    throw refuse(
      call,
      'DTYPE_MISMATCH',
      `input ${index} must be ${set === 'any' ? 'a tensor' : DTYPES[set].join(' or ')}`,
      'convert it with cast(value, dtype)',
    )
  return dtype
}

/** Returns a type check: all inputs (or the first `count`) have one element type, of `set`; so have the outputs. */
export const same =
  (set: DTypeSet, count = Number.POSITIVE_INFINITY) =>
  (call: Call): readonly ValueType[] => [tensorType(agree(call, set, 0, Math.min(count, call.inputs.length)))]

/** Returns a type check: inputs of one element type of `set`, an output of another. */
export const to =
  (dtype: DataType, set: DTypeSet = 'any', count = Number.POSITIVE_INFINITY) =>
  (call: Call): readonly ValueType[] => {
    agree(call, set, 0, Math.min(count, call.inputs.length))
    return [tensorType(dtype)]
  }

/** Returns the element type, of `set`, that the inputs from `first` up to `end` have in common. */
export function agree(call: Call, set: DTypeSet, first: number, end: number): DataType {
  const dtype = dtypeIn(call, first, set)
  for (let i = first + 1; i < end; i++) {
    const value = call.inputs[i]
    if (value && dtypeOf(value) !== dtype)
      throw refuse(
        call,
        'DTYPE_MISMATCH',
        `inputs ${first} and ${i} must have one element type`,
        'convert one with cast(value, dtype)',
      )
  }
  return dtype
}

/** Returns an integer attribute, or the default. */
export function int(call: Pick<Call, 'attributes'>, name: string, fallback: number): number {
  const attribute = call.attributes[name]
  return attribute?.kind === 'int' ? Number(attribute.value) : fallback
}

/** Returns a float attribute, or the default. */
export function float(call: Pick<Call, 'attributes'>, name: string, fallback: number): number {
  const attribute = call.attributes[name]
  return attribute?.kind === 'float' ? attribute.value : fallback
}

/** Returns a list-of-integers attribute, or undefined. */
export function ints(call: Pick<Call, 'attributes'>, name: string): readonly number[] | undefined {
  const attribute = call.attributes[name]
  return attribute?.kind === 'ints' ? attribute.value.map(Number) : undefined
}

/** Returns a list-of-floats attribute, or undefined. */
export function floats(call: Pick<Call, 'attributes'>, name: string): readonly number[] | undefined {
  const attribute = call.attributes[name]
  return attribute?.kind === 'floats' ? attribute.value : undefined
}

/** Returns a list-of-strings attribute, or undefined. */
export function strings(call: Pick<Call, 'attributes'>, name: string): readonly string[] | undefined {
  const attribute = call.attributes[name]
  return attribute?.kind === 'strings' ? attribute.value : undefined
}

/** Returns a string attribute, or the default. */
export function text(call: Pick<Call, 'attributes'>, name: string, fallback: string): string {
  const attribute = call.attributes[name]
  return attribute?.kind === 'string' ? attribute.value : fallback
}

/** Checks that a text attribute is one of the choices, the first of which is the default. */
export function oneOf(call: Call, name: string, choices: readonly string[]): void {
  const chosen = text(call, name, choices[0])
  if (!choices.includes(chosen))
    throw refuse(call, 'OPTION_INVALID', `${name} is one of ${choices.join(', ')}, not "${chosen}"`)
}

/** Returns an axis counted from the front. Throws `AXIS_OUT_OF_RANGE`. */
export function axisIn(call: Call, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw refuse(call, 'AXIS_OUT_OF_RANGE', `axis ${axis} is not in a tensor of ${rank} axes`)
  return axis < 0 ? axis + rank : axis
}

/** Returns the size that two sizes give when broadcast together, or undefined when they cannot. */
export function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a
  if (a === 1) return b
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a
  return typeof b === 'number' ? b : freshDim()
}

/** Returns the broadcast of the inputs' shapes (numpy's rule; a named size meets a number > 1 as that number). */
export function broadcast(call: Call, inputs: readonly (Value | null)[] = call.inputs): readonly Dim[] {
  let shape: readonly Dim[] = []
  for (const value of inputs) {
    if (value === null) continue
    shape = broadcastShapes(shape, value.shape) ?? mismatch(call)
  }
  return shape
}

function mismatch(call: Call): never {
  throw refuse(
    call,
    'SHAPE_MISMATCH',
    'the shapes do not broadcast',
    'aligned from the last axis, sizes must be equal or 1',
  )
}

/** Returns the broadcast of two shapes, or undefined when they do not broadcast. */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | undefined {
  if (a === b || b.length === 0) return a
  if (a.length === 0) return b
  const rank = Math.max(a.length, b.length)
  const shape = new Array<Dim>(rank)
  for (let i = 1; i <= rank; i++) {
    const dim = broadcastDim(a[a.length - i] ?? 1, b[b.length - i] ?? 1)
    if (dim === undefined) return undefined
    shape[rank - i] = dim
  }
  return shape
}

/** Tells whether two sizes are known and differ. */
export const differ = (a: Dim | undefined, b: Dim | undefined): boolean =>
  typeof a === 'number' && typeof b === 'number' && a !== b

/** Tells whether two shapes are known to be equal; unknown ranks never are. */
export const sameShape = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a !== UNRANKED && b !== UNRANKED && (a === b || (a.length === b.length && a.every((dim, i) => dim === b[i])))

/** Tells whether a call has an input whose rank is unknown. */
export const hasUnranked = (call: Call): boolean =>
  call.inputs.some((value) => value !== null && value.type.kind === 'tensor' && !isRanked(value))
