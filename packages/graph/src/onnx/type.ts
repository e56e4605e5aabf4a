import { PodError } from '@mlpod/contract'
import { type Dim, freshDim, tensorType, UNRANKED, type ValueType } from '../value.ts'
import { CODE_OF_DATA_TYPE, DATA_TYPE_OF_CODE } from './data-type.ts'
import type { Message } from './proto.ts'

/** Returns the message of a type; `dim` gives the names of sizes as the file spells them. */
export function typeProto(type: ValueType, shape: readonly Dim[], dim: (dim: Dim) => Dim): Message<'TypeProto'> {
  switch (type.kind) {
    case 'tensor': {
      const elemType = CODE_OF_DATA_TYPE[type.dtype]
      if (shape === UNRANKED) return { tensorType: { elemType } }
      const dims = shape
        .map(dim)
        .map((size) => (size === '' ? {} : typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
      return { tensorType: { elemType, shape: { dim: dims } } }
    }
    case 'sequence':
      return { sequenceType: { elemType: typeProto(type.element, UNRANKED, dim) } }
    case 'optional':
      return { optionalType: { elemType: typeProto(type.element, UNRANKED, dim) } }
    case 'map':
      return {
        mapType: { keyType: CODE_OF_DATA_TYPE[type.key], valueType: typeProto(type.value, UNRANKED, dim) },
      }
  }
}

/** Returns the type and shape of a message, or undefined when it says none. Throws `MODEL_UNSUPPORTED`. */
export function typeOf(
  proto: Message<'TypeProto'> | undefined,
): { type: ValueType; shape: readonly Dim[] } | undefined {
  if (proto?.tensorType) {
    const code = Number(proto.tensorType.elemType ?? 0)
    if (code === 0) return undefined
    const dtype = DATA_TYPE_OF_CODE[code]
    if (dtype === undefined) throw unsupported(`the element type ${code}`)
    return {
      type: tensorType(dtype),
      shape: proto.tensorType.shape ? (proto.tensorType.shape.dim ?? []).map(dimOf) : UNRANKED,
    }
  }
  if (proto?.sequenceType) return nested('sequence', proto.sequenceType.elemType)
  if (proto?.optionalType) return nested('optional', proto.optionalType.elemType)
  if (proto?.mapType) {
    const key = DATA_TYPE_OF_CODE[Number(proto.mapType.keyType ?? 0)]
    const value = typeOf(proto.mapType.valueType)
    if (key === undefined || value === undefined) throw unsupported('a map')
    return { type: { kind: 'map', key, value: value.type }, shape: UNRANKED }
  }
  return undefined
}

function nested(kind: 'sequence' | 'optional', element: Message<'TypeProto'> | undefined) {
  const inner = typeOf(element)
  if (inner === undefined) throw unsupported(`a ${kind} of nothing`)
  return { type: { kind, element: inner.type }, shape: UNRANKED }
}

const dimOf = (dim: Message<'DimensionProto'>): Dim =>
  dim.dimValue !== undefined ? Number(dim.dimValue) : dim.dimParam ? dim.dimParam : freshDim()

const unsupported = (what: string): PodError =>
  new PodError('MODEL_UNSUPPORTED', `the model uses ${what}, which no value here holds`)
