import type { DataType } from '@mlpod/contract'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { axisIn, type Call, dtypeIn, int, need, refuse, type Schema } from '../schema.ts'
import { type Dim, dtypeOf, tensorType, type Value } from '../value.ts'
import { WINDOW_ATTRIBUTES } from '../window.ts'
import { convShape } from './convolution.ts'
import { matMulShape } from './linear.ts'

/** Checks that a scale is one number, one for each place of an axis, or one for each block. */
function checkScale(call: Call): void {
  const [x, scale, zero] = call.inputs as readonly (Value | null | undefined)[]
  const [sizes, scales] = [x!.shape, scale!.shape]
  if (zero && zero.shape.length !== scales.length)
    throw refuse(call, 'SHAPE_MISMATCH', 'the zero point has the shape of the scale')
  if (scales.length === 0 || (scales.length === 1 && scales[0] === 1)) return
  const axis = axisIn(call, int(call, 'axis', 1), sizes.length)
  const blocks = int(call, 'block_size', 0) > 0
  const [own, all] = [scales[blocks ? axis : 0], sizes[axis]]
  const known = typeof own === 'number' && typeof all === 'number'
  const fits = blocks
    ? scales.length === sizes.length && (!known || own * int(call, 'block_size', 0) >= all)
    : scales.length === 1 && (!known || own === all)
  if (!fits)
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `a scale of shape [${scales.join(', ')}] is none for axis ${axis}`,
      'a scale is one number, one for each place of the axis, or (block_size) one for each block',
    )
}

/** The element type that an attribute asks for, else that of an input, else the fallback. */
function asked(call: Call, like: number, fallback?: DataType): DataType {
  const code = int(call, 'output_dtype', 0)
  const zero = call.inputs[like]
  const dtype = (zero && dtypeOf(zero)) ?? (code === 0 ? fallback : DATA_TYPE_OF_CODE[code])
  if (dtype === undefined) throw refuse(call, 'DTYPE_UNSUPPORTED', `element type ${code} is not supported`)
  return dtype
}

const likeFirst = (call: Call): readonly Dim[] => need(call, 0).shape

const integers = (call: Call, ...positions: readonly number[]): void => {
  for (const position of positions) if (call.inputs[position]) dtypeIn(call, position, 'integer')
}

const floats = (call: Call, ...positions: readonly number[]): void => {
  for (const position of positions) dtypeIn(call, position, 'float')
}

/** Returns the call as one of its data alone. */
const ofInputs = (call: Call, ...positions: readonly number[]): Call => ({
  ...call,
  inputs: positions.map((position) => need(call, position)),
})

/** Operators between real numbers and few bits. */
export const quantization = {
  QuantizeLinear: {
    since: 21,
    inputs: [2, 3],
    attributes: { axis: 'int', block_size: 'int', output_dtype: 'int', saturate: 'int' },
    types: (call) => {
      dtypeIn(call, 0, 'number')
      floats(call, 1)
      return [tensorType(asked(call, 2, 'uint8'))]
    },
    shapes: (call) => {
      checkScale(call)
      return [likeFirst(call)]
    },
  },
  DequantizeLinear: {
    since: 21,
    inputs: [2, 3],
    attributes: { axis: 'int', block_size: 'int' },
    types: (call) => {
      integers(call, 0, 2)
      return [tensorType(dtypeIn(call, 1, 'float'))]
    },
    shapes: (call) => {
      checkScale(call)
      return [likeFirst(call)]
    },
  },
  DynamicQuantizeLinear: {
    since: 11,
    inputs: [1, 1],
    attributes: {},
    types: (call) => {
      floats(call, 0)
      return [tensorType('uint8'), tensorType('float32'), tensorType('uint8')]
    },
    shapes: (call) => [likeFirst(call), [], []],
  },
  MatMulInteger: {
    since: 10,
    inputs: [2, 4],
    attributes: {},
    types: (call) => {
      integers(call, 0, 1, 2, 3)
      return [tensorType('int32')]
    },
    shapes: (call) => [matMulShape(call)],
  },
  ConvInteger: {
    since: 10,
    inputs: [2, 4],
    attributes: { ...WINDOW_ATTRIBUTES, group: 'int' },
    types: (call) => {
      integers(call, 0, 1, 2, 3)
      return [tensorType('int32')]
    },
    shapes: (call) => [convShape(ofInputs(call, 0, 1))],
  },
  QLinearMatMul: {
    since: 21,
    inputs: [8, 8],
    attributes: {},
    types: (call) => {
      integers(call, 0, 2, 3, 5)
      floats(call, 1, 4, 6)
      return [tensorType(dtypeIn(call, 7, 'integer'))]
    },
    shapes: (call) => [matMulShape(ofInputs(call, 0, 3))],
  },
  QLinearConv: {
    since: 10,
    inputs: [8, 9],
    attributes: { ...WINDOW_ATTRIBUTES, group: 'int' },
    types: (call) => {
      integers(call, 0, 2, 3, 5, 8)
      floats(call, 1, 4, 6)
      return [tensorType(dtypeIn(call, 7, 'integer'))]
    },
    shapes: (call) => [convShape(ofInputs(call, 0, 3))],
  },
} as const satisfies Record<string, Schema>
