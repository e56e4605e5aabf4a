import type { DataType, Tensor } from '@mlpod/contract'
import type { Definition } from './defineOp.ts'

/** A size: a number, or the name of an unknown one. Two equal names are equal sizes; a size that nothing tells is a fresh name. */
export type Dim = number | string

/** What a value holds. Only tensors of floating element type carry derivatives. */
export type ValueType =
  | { readonly kind: 'tensor'; readonly dtype: DataType }
  | { readonly kind: 'sequence'; readonly element: ValueType }
  | { readonly kind: 'optional'; readonly element: ValueType }
  | { readonly kind: 'map'; readonly key: DataType; readonly value: ValueType }

/** One argument or result of an operator: immutable, without data, known by the operation that makes it. */
export interface Value {
  readonly operation: Operation
  /** Which of the operation's outputs it is. */
  readonly index: number
  readonly type: ValueType
  /** Sizes by axis; `UNRANKED` when an operator without a definition made it and the file does not tell. */
  readonly shape: readonly Dim[]
  readonly name?: string
}

/** An attribute of an operation, with the kind that ONNX writes. Integers outside +-2^53 are bigints. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensors'; readonly value: readonly Tensor[] }
  /** What this room has no word for (sparse tensors, types): the attribute's own bytes, kept as they are. */
  | { readonly kind: 'encoded'; readonly value: Uint8Array }

/** What an attribute may hold, by the name that ONNX has for it. */
export type AttributeKind = Attribute['kind']

/** A subgraph: `outputs` as a function of `inputs` (its formal parameters) and of the operation's `captures`. */
export interface Body {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
}

/** What is known of an operation beside its meaning. */
export interface Meta {
  /** The operation's place in the order of creation. */
  readonly serial: number
  /** `file:line` of the caller, read when asked for. */
  readonly site: Site
  /** The node's name in the file it was loaded from. */
  readonly name?: string
  /** In a Loop or Scan: that a derivative computes each turn again from its state instead of keeping all it needs. */
  readonly remember?: 'all' | 'state'
  /** In a Scan: its states at the start of each turn, stacked, where they are known from elsewhere. */
  readonly states?: readonly Value[]
}

/** Where in the user's code an operation was made. */
export interface Site {
  readonly at?: string
}

/** One use of an operator. Immutable. */
export interface Operation {
  /** The operator's ONNX name, or `Input`, `Parameter` for the leaves. */
  readonly type: string
  /** `''` is ai.onnx; the leaves live in `mlpod`. */
  readonly domain: string
  /** The version of its domain since which the operator has had this meaning. */
  readonly version: number
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Subgraphs by attribute name (`then_branch`, `else_branch`, `body`). */
  readonly bodies?: Readonly<Record<string, Body>>
  /** Outer values that the bodies read. */
  readonly captures: readonly Value[]
  readonly outputs: readonly Value[]
  readonly meta: Meta
  /** What `defineOp` tells of an operator that is not in this room's tables. */
  readonly definition?: Definition
}

/** The shape of a value whose rank is not known. Compare with `isRanked`. */
export const UNRANKED: readonly Dim[] = Object.freeze([])

/** Tells whether the number of axes is known. */
export const isRanked = (value: Value): boolean => value.shape !== UNRANKED

/** Tells a value from a number, list or tensor. */
export const isValue = (candidate: unknown): candidate is Value =>
  typeof candidate === 'object' && candidate !== null && 'operation' in candidate && 'index' in candidate

let symbols = 0

/** Returns the name of a size that nothing tells. Compiled models rename such sizes by order of appearance. */
export const freshDim = (): Dim => `?${symbols++}`

/** Tells whether a size is one that `freshDim` named. */
export const isFreshDim = (dim: Dim): boolean => typeof dim === 'string' && dim.startsWith('?')

/** Returns the type of tensors of an element type. */
export const tensorType = (dtype: DataType): ValueType => TENSOR_TYPES[dtype]

/** Every element type. */
export const DATA_TYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const satisfies readonly DataType[]

const TENSOR_TYPES = Object.fromEntries(
  DATA_TYPES.map((dtype) => [dtype, Object.freeze({ kind: 'tensor', dtype })]),
) as Readonly<Record<DataType, ValueType>>

/** Returns a tensor value's element type, or undefined for sequences, optionals and maps. */
export const dtypeOf = (value: Value): DataType | undefined =>
  value.type.kind === 'tensor' ? value.type.dtype : undefined

const FLOATS: ReadonlySet<DataType | undefined> = new Set(['float32', 'float64', 'float16', 'bfloat16'])

/** Tells whether a value can carry derivatives: a tensor of a floating element type. */
export const isFloating = (value: Value): boolean => FLOATS.has(dtypeOf(value))

/** Tells whether derivatives may pass through a value: a floating tensor, or a sequence or optional of such. */
export function isPassing({ type }: Pick<Value, 'type'>): boolean {
  if (type.kind === 'tensor') return FLOATS.has(type.dtype)
  return type.kind !== 'map' && isPassing({ type: type.element })
}

/** Returns the shape when every size is a number, else undefined. */
export function staticShape(value: Value): readonly number[] | undefined {
  return isRanked(value) && value.shape.every((dim) => typeof dim === 'number')
    ? (value.shape as readonly number[])
    : undefined
}

/** Returns a type as messages print it: `float32[batch, 10]`. */
export function describe(value: Value | null): string {
  if (value === null) return 'nothing'
  const shape = isRanked(value) ? `[${value.shape.map((dim) => (isFreshDim(dim) ? '?' : dim)).join(', ')}]` : '[...]'
  return `${describeType(value.type)}${value.type.kind === 'tensor' ? shape : ''}`
}

/** Returns a type as messages print it: `float32`, `sequence(int64)`. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
      return type.dtype
    case 'map':
      return `map(${type.key}, ${describeType(type.value)})`
    default:
      return `${type.kind}(${describeType(type.element)})`
  }
}
