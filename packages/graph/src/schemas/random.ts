import type { DataType } from '@mlpod/contract'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { type Call, dtypeIn, int, ints, need, refuse, type Schema } from '../schema.ts'
import { type AttributeKind, dtypeOf, tensorType } from '../value.ts'

function named(call: Call, fallback: DataType): DataType {
  const code = int(call, 'dtype', 0)
  const dtype = code === 0 ? fallback : DATA_TYPE_OF_CODE[code]
  if (dtype === undefined) throw refuse(call, 'DTYPE_UNSUPPORTED', `element type ${code} is not supported`)
  return dtype
}

const ofShape = (attributes: Record<string, AttributeKind>): Schema => ({
  since: 1,
  random: true,
  inputs: [0, 0],
  attributes: { ...attributes, dtype: 'int', seed: 'float', shape: 'ints' },
  types: (call) => [tensorType(named(call, 'float32'))],
  shapes: (call) => {
    const shape = ints(call, 'shape')
    if (shape === undefined) throw refuse(call, 'ATTRIBUTE_MISSING', 'the shape of what is drawn is not told')
    return [shape]
  },
})

const likeInput = (since: number, attributes: Record<string, AttributeKind>): Schema => ({
  since,
  random: true,
  inputs: [1, 1],
  attributes: { ...attributes, dtype: 'int', seed: 'float' },
  types: (call) => [tensorType(named(call, dtypeOf(need(call, 0)) ?? 'float32'))],
  shapes: (call) => [need(call, 0).shape],
})

const NORMAL: Record<string, AttributeKind> = { mean: 'float', scale: 'float' }
const UNIFORM: Record<string, AttributeKind> = { low: 'float', high: 'float' }

/** Operators that draw. Their forms of opset 22 have no kernel in the runtime. */
export const random = {
  RandomNormal: ofShape(NORMAL),
  RandomUniform: ofShape(UNIFORM),
  RandomNormalLike: likeInput(1, NORMAL),
  RandomUniformLike: likeInput(1, UNIFORM),
  Bernoulli: likeInput(15, {}),
  Multinomial: {
    since: 7,
    random: true,
    inputs: [1, 1],
    attributes: { dtype: 'int', sample_size: 'int', seed: 'float' },
    types: (call) => {
      dtypeIn(call, 0, 'float')
      return [tensorType(named(call, 'int32'))]
    },
    shapes: (call) => {
      const { shape } = need(call, 0)
      if (shape.length !== 2) throw refuse(call, 'SHAPE_MISMATCH', 'there is a row of logarithms for each draw')
      return [[shape[0], int(call, 'sample_size', 1)]]
    },
  },
} as const satisfies Record<string, Schema>
