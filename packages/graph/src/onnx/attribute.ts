import { PodError } from '@mlpod/contract'
import type { Attribute } from '../value.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import type { Message } from './proto.ts'
import { tensorOf, tensorProto } from './tensor.ts'

type Proto = Message<'AttributeProto'>

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

/** AttributeProto.AttributeType of the kinds that are written here. */
const CODES = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8, tensors: 9 } as const

/** The attribute type of subgraphs. */
export const GRAPH = 5

/** Returns the message of an attribute. */
export function attributeProto(name: string, attribute: Attribute): Proto {
  switch (attribute.kind) {
    case 'int':
      return { name, i: attribute.value, type: CODES.int }
    case 'float':
      return { name, f: attribute.value, type: CODES.float }
    case 'string':
      return { name, s: encoder.encode(attribute.value), type: CODES.string }
    case 'tensor':
      return { name, t: tensorProto(attribute.value), type: CODES.tensor }
    case 'ints':
      return { name, ints: attribute.value, type: CODES.ints }
    case 'floats':
      return { name, floats: attribute.value, type: CODES.floats }
    case 'strings':
      return { name, strings: attribute.value.map((text) => encoder.encode(text)), type: CODES.strings }
    case 'tensors':
      return { name, tensors: attribute.value.map((tensor) => tensorProto(tensor)), type: CODES.tensors }
    case 'encoded':
      return decode('AttributeProto', attribute.value)
  }
}

/** Returns the attribute of a message that holds no subgraph. Throws `MODEL_CORRUPT` when it has no type. */
export function attributeOf(proto: Proto, file: string): Attribute {
  switch (Number(proto.type ?? guess(proto))) {
    case CODES.int:
      return { kind: 'int', value: proto.i ?? 0 }
    case CODES.float:
      return { kind: 'float', value: proto.f ?? 0 }
    case CODES.string:
      return { kind: 'string', value: utf8.decode(proto.s) }
    case CODES.tensor:
      if (proto.t !== undefined) return { kind: 'tensor', value: tensorOf(proto.t, file) }
      break
    case CODES.ints:
      return { kind: 'ints', value: proto.ints ?? [] }
    case CODES.floats:
      return { kind: 'floats', value: proto.floats ?? [] }
    case CODES.strings:
      return { kind: 'strings', value: (proto.strings ?? []).map((bytes) => utf8.decode(bytes)) }
    case CODES.tensors:
      return { kind: 'tensors', value: (proto.tensors ?? []).map((tensor) => tensorOf(tensor, file)) }
    default:
      return { kind: 'encoded', value: encode('AttributeProto', proto) }
  }
  throw new PodError('MODEL_CORRUPT', `the attribute "${proto.name}" of ${file} has no value`, { at: file })
}

// Files of IR version 1 leave the type out.
const guess = (proto: Proto): number =>
  proto.i !== undefined
    ? CODES.int
    : proto.f !== undefined
      ? CODES.float
      : proto.s !== undefined
        ? CODES.string
        : proto.t !== undefined
          ? CODES.tensor
          : proto.ints
            ? CODES.ints
            : proto.floats
              ? CODES.floats
              : CODES.strings
