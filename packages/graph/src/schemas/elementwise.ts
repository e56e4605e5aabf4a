import type { DataType } from '@mlpod/contract'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import {
  agree,
  broadcast,
  type Call,
  type DTypeSet,
  dtypeIn,
  int,
  need,
  refuse,
  type Schema,
  same,
  to,
} from '../schema.ts'
import { type AttributeKind, tensorType, type Value } from '../value.ts'

const unary = (since: number, set: DTypeSet, attributes: Record<string, AttributeKind> = {}): Schema => ({
  since,
  inputs: [1, 1],
  attributes,
  types: same(set),
  shapes: (call) => [call.inputs[0]!.shape],
})

const binary = (since: number, set: DTypeSet): Schema => ({
  since,
  inputs: [2, 2],
  attributes: {},
  types: same(set),
  shapes: (call) => [broadcast(call)],
})

const variadic = (since: number, set: DTypeSet): Schema => ({ ...binary(since, set), inputs: [1, 1 << 30] })

const comparison = (since: number, set: DTypeSet): Schema => ({ ...binary(since, set), types: to('bool', set) })

const test = (since: number, set: DTypeSet, attributes: Record<string, AttributeKind> = {}): Schema => ({
  ...unary(since, set, attributes),
  types: to('bool', set),
})

/** Operators that work element by element, with broadcasting. */
export const elementwise = {
  Neg: unary(13, 'signed'),
  Abs: unary(13, 'number'),
  Sign: unary(13, 'number'),
  Sqrt: unary(13, 'float'),
  Exp: unary(13, 'float'),
  Log: unary(13, 'float'),
  Reciprocal: unary(13, 'float'),
  Erf: unary(13, 'number'),
  Floor: unary(13, 'float'),
  Ceil: unary(13, 'float'),
  Round: unary(11, 'float'),
  Sin: unary(7, 'float'),
  Cos: unary(7, 'float'),
  Tan: unary(7, 'float'),
  Asin: unary(7, 'float'),
  Acos: unary(7, 'float'),
  Atan: unary(7, 'float'),
  Sinh: unary(9, 'float'),
  Cosh: unary(9, 'float'),
  Asinh: unary(9, 'float'),
  Acosh: unary(9, 'float'),
  Atanh: unary(9, 'float'),
  Relu: unary(14, 'signed'),
  LeakyRelu: unary(16, 'float', { alpha: 'float' }),
  PRelu: {
    ...binary(16, 'number'),
    shapes: (call) => {
      const [x, slope] = call.inputs as readonly [Value, Value]
      const shape = broadcast(call)
      // the slopes fit x, and not the other way round
      if (shape.length !== x.shape.length || shape.some((dim, i) => x.shape[i] === 1 && dim !== 1))
        throw refuse(call, 'SHAPE_MISMATCH', `slopes of shape [${slope.shape.join(', ')}] do not broadcast to x`)
      return [x.shape]
    },
  },
  ThresholdedRelu: unary(10, 'float', { alpha: 'float' }),
  Elu: unary(6, 'float', { alpha: 'float' }),
  Celu: unary(12, 'float', { alpha: 'float' }),
  Selu: unary(6, 'float', { alpha: 'float', gamma: 'float' }),
  HardSigmoid: unary(6, 'float', { alpha: 'float', beta: 'float' }),
  HardSwish: unary(14, 'float'),
  Shrink: unary(9, 'number', { lambd: 'float', bias: 'float' }),
  Mish: unary(18, 'float'),
  Swish: unary(24, 'float', { alpha: 'float' }),
  Softsign: unary(1, 'float'),
  Softplus: unary(1, 'float'),
  Sigmoid: unary(13, 'float'),
  Tanh: unary(13, 'float'),
  Gelu: unary(20, 'float', { approximate: 'string' }),
  Identity: {
    since: 21,
    inputs: [1, 1],
    attributes: {},
    types: (call) => [need(call, 0).type],
    shapes: (call) => [call.inputs[0]!.shape],
  },
  Not: unary(1, 'bool'),
  IsNaN: test(20, 'float'),
  IsInf: test(20, 'float', { detect_negative: 'int', detect_positive: 'int' }),
  Add: binary(14, 'number'),
  Sub: binary(14, 'number'),
  Mul: binary(14, 'number'),
  Div: binary(14, 'number'),
  Mod: { ...binary(13, 'number'), attributes: { fmod: 'int' } },
  Pow: { ...binary(15, 'number'), types: (call) => [tensorType(powTypes(call))] },
  Min: variadic(13, 'number'),
  Max: variadic(13, 'number'),
  Sum: variadic(13, 'float'),
  Mean: variadic(13, 'float'),
  BitwiseNot: unary(18, 'integer'),
  BitwiseAnd: binary(18, 'integer'),
  BitwiseOr: binary(18, 'integer'),
  BitwiseXor: binary(18, 'integer'),
  BitShift: { ...binary(11, 'unsigned'), attributes: { direction: 'string' } },
  Equal: comparison(19, 'any'),
  Less: comparison(13, 'number'),
  Greater: comparison(13, 'number'),
  LessOrEqual: comparison(16, 'number'),
  GreaterOrEqual: comparison(16, 'number'),
  And: comparison(7, 'bool'),
  Or: comparison(7, 'bool'),
  Xor: comparison(7, 'bool'),
  Where: {
    since: 16,
    inputs: [3, 3],
    attributes: {},
    types: (call) => {
      dtypeIn(call, 0, 'bool')
      return [tensorType(agree(call, 'any', 1, 3))]
    },
    shapes: (call) => [broadcast(call)],
  },
  Clip: {
    since: 13,
    inputs: [1, 3],
    attributes: {},
    types: same('number'),
    shapes: (call) => {
      // a list of one number is a scalar to the runtime, and files have it
      for (const bound of [1, 2])
        if (call.inputs[bound] && !['', '1'].includes(call.inputs[bound].shape.join()))
          throw refuse(
            call,
            'SHAPE_MISMATCH',
            'the bounds of a clip are scalars',
            'use min and max for bounds by element',
          )
      return [call.inputs[0]!.shape]
    },
  },
  Cast: {
    since: 21,
    inputs: [1, 1],
    attributes: { to: 'int', saturate: 'int' },
    types: (call) => {
      dtypeIn(call, 0, 'any')
      const dtype = DATA_TYPE_OF_CODE[int(call, 'to', 0)]
      if (dtype === undefined)
        throw refuse(call, 'DTYPE_UNSUPPORTED', `element type ${int(call, 'to', 0)} is not supported`)
      return [tensorType(dtype)]
    },
    shapes: (call) => [call.inputs[0]!.shape],
  },
  CastLike: {
    since: 21,
    inputs: [2, 2],
    attributes: { saturate: 'int' },
    types: (call) => {
      dtypeIn(call, 0, 'any')
      return [tensorType(dtypeIn(call, 1, 'any'))]
    },
    shapes: (call) => [call.inputs[0]!.shape],
  },
  BitCast: {
    since: 26,
    inputs: [1, 1],
    attributes: { to: 'int' },
    types: (call) => {
      const [from, dtype] = [dtypeIn(call, 0, 'any'), DATA_TYPE_OF_CODE[int(call, 'to', 0)]]
      if (dtype === undefined || bitsOf(from) === undefined || bitsOf(from) !== bitsOf(dtype))
        throw refuse(
          call,
          'DTYPE_UNSUPPORTED',
          `the bits of ${from} cannot be read as ${dtype ?? `element type ${int(call, 'to', 0)}`}`,
          'both element types must have the same number of bits; cast converts the numbers',
        )
      return [tensorType(dtype)]
    },
    shapes: (call) => [call.inputs[0]!.shape],
  },
  Dropout: {
    since: 13,
    random: true,
    inputs: [1, 3],
    attributes: { seed: 'int' },
    types: (call) => {
      if (call.inputs[1]) dtypeIn(call, 1, 'float')
      if (call.inputs[2]) dtypeIn(call, 2, 'bool')
      return [tensorType(dtypeIn(call, 0, 'float')), tensorType('bool')]
    },
    shapes: (call) => [call.inputs[0]!.shape],
  },
} as const satisfies Record<string, Schema>

function powTypes(call: Call): DataType {
  dtypeIn(call, 1, 'number')
  return dtypeIn(call, 0, 'number')
}

const bitsOf = (dtype: DataType): number | undefined =>
  dtype === 'bool' ? 8 : dtype === 'bfloat16' ? 16 : Number(/\d+$/.exec(dtype)?.[0]) || undefined
