import {
  axisIn,
  type Call,
  differ,
  dtypeIn,
  floats,
  ints,
  need,
  refuse,
  type Schema,
  same,
  strings,
  text,
  to,
} from '../schema.ts'
import { type Dim, freshDim } from '../value.ts'
import { total } from './structure.ts'

const learning = { domain: 'ai.onnx.ml', since: 1 } as const

const likeFirst = (call: Call): readonly (readonly Dim[])[] => [need(call, 0).shape]

/** Checks that a list has one number for all features, or one each. */
function byFeature(call: Call, name: string, length: number | undefined): void {
  const features = need(call, 0).shape.at(-1) ?? 1
  if (length !== undefined && length !== 1 && differ(features, length))
    throw refuse(call, 'SHAPE_MISMATCH', `${length} numbers are given as ${name} for ${features} features`)
}

/** Checks that there are features, alone or in rows. */
function inRows(call: Call): void {
  const { shape } = need(call, 0)
  if (shape.length !== 1 && shape.length !== 2)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes a list of features, or one in each row')
}

const NORMS: readonly string[] = ['MAX', 'L1', 'L2']

/** Operators of ai.onnx.ml that prepare features. */
export const features = {
  Scaler: {
    ...learning,
    inputs: [1, 1],
    attributes: { offset: 'floats', scale: 'floats' },
    types: to('float32', 'number'),
    shapes: (call) => {
      for (const name of ['offset', 'scale']) byFeature(call, name, floats(call, name)?.length)
      return likeFirst(call)
    },
  },
  Normalizer: {
    ...learning,
    inputs: [1, 1],
    attributes: { norm: 'string' },
    types: to('float32', 'number'),
    shapes: (call) => {
      inRows(call)
      const norm = text(call, 'norm', 'MAX')
      if (!NORMS.includes(norm)) throw refuse(call, 'OPTION_INVALID', `"${norm}" is no norm`, `use ${NORMS.join(', ')}`)
      return likeFirst(call)
    },
  },
  Binarizer: {
    ...learning,
    inputs: [1, 1],
    attributes: { threshold: 'float' },
    types: same('number'),
    shapes: likeFirst,
  },
  Imputer: {
    ...learning,
    inputs: [1, 1],
    attributes: {
      imputed_value_floats: 'floats',
      imputed_value_int64s: 'ints',
      replaced_value_float: 'float',
      replaced_value_int64: 'int',
    },
    types: same('number'),
    shapes: (call) => {
      const values = floats(call, 'imputed_value_floats') ?? ints(call, 'imputed_value_int64s')
      if (values === undefined) throw refuse(call, 'ATTRIBUTE_MISSING', 'what is put in is not told')
      byFeature(call, 'imputed values', values.length)
      return likeFirst(call)
    },
  },
  FeatureVectorizer: {
    ...learning,
    inputs: [1, 1 << 30],
    attributes: { inputdimensions: 'ints' },
    types: to('float32', 'number'),
    shapes: (call) => {
      const sizes = ints(call, 'inputdimensions') ?? []
      if (sizes.length !== call.inputs.length)
        throw refuse(
          call,
          'SHAPE_MISMATCH',
          `the sizes of ${sizes.length} inputs are told, and ${call.inputs.length} given`,
        )
      inRows(call)
      const { shape } = need(call, 0)
      return [[shape.length === 2 ? shape[0] : 1, sizes.reduce((sum, size) => sum + size, 0)]]
    },
  },
  ArrayFeatureExtractor: {
    ...learning,
    inputs: [2, 2],
    attributes: {},
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      return same('any', 1)(call)
    },
    shapes: (call) => {
      const { shape } = need(call, 0)
      axisIn(call, -1, shape.length)
      // indices of any shape are one list
      const indices = need(call, 1).shape
      const count = indices.length === 1 ? indices[0] : total(indices)
      return [shape.length === 1 ? [1, count] : shape.with(-1, count)]
    },
  },
  OneHotEncoder: {
    ...learning,
    inputs: [1, 1],
    attributes: { cats_int64s: 'ints', cats_strings: 'strings', zeros: 'int' },
    types: to('float32'),
    shapes: (call) => {
      const categories = ints(call, 'cats_int64s') ?? strings(call, 'cats_strings')
      return [[...need(call, 0).shape, categories?.length ?? freshDim()]]
    },
  },
  CategoryMapper: {
    ...learning,
    inputs: [1, 1],
    attributes: { cats_int64s: 'ints', cats_strings: 'strings', default_int64: 'int', default_string: 'string' },
    types: (call) => to(dtypeIn(call, 0, 'any') === 'string' ? 'int64' : 'string')(call),
    shapes: likeFirst,
  },
} as const satisfies Record<string, Schema>
