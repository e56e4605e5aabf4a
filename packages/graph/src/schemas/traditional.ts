import type { DataType } from '@mlpod/contract'
import { type Call, dtypeIn, refuse, type Schema } from '../schema.ts'
import { tensorType } from '../value.ts'

const KINDS: readonly [suffix: string, dtype: DataType][] = [
  ['strings', 'string'],
  ['int64s', 'int64'],
  ['floats', 'float32'],
]

function encoded(call: Call, part: 'keys' | 'values'): DataType {
  const found = KINDS.find(([suffix]) => call.attributes[`${part}_${suffix}`] !== undefined)
  if (found) return found[1]
  const tensor = call.attributes[`${part}_tensor`]
  if (tensor?.kind === 'tensor') return tensor.value.dtype
  throw refuse(call, 'ATTRIBUTE_MISSING', `a LabelEncoder needs its ${part}`)
}

/** Operators of ai.onnx.ml. */
export const traditional = {
  LabelEncoder: {
    domain: 'ai.onnx.ml',
    since: 4,
    inputs: [1, 1],
    attributes: {
      keys_strings: 'strings',
      keys_int64s: 'ints',
      keys_floats: 'floats',
      keys_tensor: 'tensor',
      values_strings: 'strings',
      values_int64s: 'ints',
      values_floats: 'floats',
      values_tensor: 'tensor',
      default_string: 'string',
      default_int64: 'int',
      default_float: 'float',
      default_tensor: 'tensor',
    },
    types: (call) => {
      const keys = encoded(call, 'keys')
      if (dtypeIn(call, 0, 'any') !== keys) throw refuse(call, 'DTYPE_MISMATCH', `the keys are ${keys}`)
      return [tensorType(encoded(call, 'values'))]
    },
    shapes: (call) => [call.inputs[0]!.shape],
  },
} as const satisfies Record<string, Schema>
