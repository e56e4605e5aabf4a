import type { DataType } from '@mlpod/contract'
import { DATA_TYPE_OF_CODE } from './onnx/data-type.ts'
import { int } from './schema.ts'
import { type Attribute, dtypeOf, tensorType, type Value, type ValueType } from './value.ts'

/** A use of an operator that this room does not define. */
interface Use {
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

type Result = (use: Use) => ValueType | undefined

const always =
  (dtype: DataType): Result =>
  () =>
    tensorType(dtype)

const likeInput =
  (index: number): Result =>
  ({ inputs }) =>
    inputs[index]?.type

/** The element type that an attribute names by its code, else that of the first input or the fallback. */
const named =
  (attribute: string, fallback?: DataType): Result =>
  (use) => {
    const dtype = DATA_TYPE_OF_CODE[int(use, attribute, 0)]
    if (dtype !== undefined) return tensorType(dtype)
    return fallback === undefined ? use.inputs[0]?.type : tensorType(fallback)
  }

const sequenceOf: Result = ({ inputs: [first] }) => (first ? { kind: 'sequence', element: first.type } : undefined)

const elementOf: Result = ({ inputs: [first] }) =>
  first?.type.kind === 'sequence' || first?.type.kind === 'optional' ? first.type.element : first?.type

/** Classes are strings or whole numbers, as the attribute that lists them. */
const labels: Result = ({ attributes }) => tensorType('classlabels_strings' in attributes ? 'string' : 'int64')

/** Strings become numbers, and numbers strings. */
const translated: Result = ({ inputs: [first] }) =>
  tensorType(first && dtypeOf(first) === 'string' ? 'int64' : 'string')

const classifier: readonly Result[] = [labels, always('float32')]
const quantized = named('output_dtype')

/** The outputs of operators that do not give the element type of their first input, by domain and name. */
const RESULTS: Readonly<Record<string, readonly Result[] | undefined>> = {
  '/Bernoulli': [named('dtype')],
  '/BlackmanWindow': [named('output_datatype', 'float32')],
  '/CastLike': [likeInput(1)],
  '/ConcatFromSequence': [elementOf],
  '/ConvInteger': [always('int32')],
  '/DequantizeLinear': [likeInput(1)],
  '/Dropout': [likeInput(0), always('bool')],
  '/DynamicQuantizeLinear': [always('uint8'), always('float32'), always('uint8')],
  '/EyeLike': [named('dtype')],
  '/HammingWindow': [named('output_datatype', 'float32')],
  '/HannWindow': [named('output_datatype', 'float32')],
  '/MatMulInteger': [always('int32')],
  '/MelWeightMatrix': [named('output_datatype', 'float32')],
  '/Multinomial': [named('dtype', 'int32')],
  '/NonMaxSuppression': [always('int64')],
  '/OptionalGetElement': [elementOf],
  '/OptionalHasElement': [always('bool')],
  '/QLinearConv': [likeInput(7)],
  '/QLinearMatMul': [likeInput(7)],
  '/QuantizeLinear': [
    (use) => likeInput(2)(use) ?? (use.attributes.output_dtype ? quantized(use) : tensorType('uint8')),
  ],
  '/RandomNormal': [named('dtype', 'float32')],
  '/RandomNormalLike': [named('dtype')],
  '/RandomUniform': [named('dtype', 'float32')],
  '/RandomUniformLike': [named('dtype')],
  '/RegexFullMatch': [always('bool')],
  '/SequenceAt': [elementOf],
  '/SequenceConstruct': [sequenceOf],
  '/SequenceEmpty': [(use) => ({ kind: 'sequence', element: named('dtype', 'float32')(use)! })],
  '/SequenceLength': [always('int64')],
  '/SplitToSequence': [sequenceOf],
  '/StringSplit': [always('string'), always('int64')],
  '/TfIdfVectorizer': [always('float32')],
  '/Unique': [likeInput(0), always('int64'), always('int64'), always('int64')],
  'ai.onnx.ml/CategoryMapper': [translated],
  'ai.onnx.ml/FeatureVectorizer': [always('float32')],
  'ai.onnx.ml/LabelEncoder': [translated],
  'ai.onnx.ml/LinearClassifier': classifier,
  'ai.onnx.ml/LinearRegressor': [always('float32')],
  'ai.onnx.ml/Normalizer': [always('float32')],
  'ai.onnx.ml/OneHotEncoder': [always('float32')],
  'ai.onnx.ml/SVMClassifier': classifier,
  'ai.onnx.ml/SVMRegressor': [always('float32')],
  'ai.onnx.ml/Scaler': [always('float32')],
  'ai.onnx.ml/ZipMap': [
    ({ attributes }) => ({
      kind: 'sequence',
      element: {
        kind: 'map',
        key: 'classlabels_strings' in attributes ? 'string' : 'int64',
        value: tensorType('float32'),
      },
    }),
  ],
}

/**
 * Returns the type of an output of an operator that this room does not define. Files often say nothing of values between
 * nodes, and operators that are defined check what they are given. Source: the schemas of ONNX 1.23.
 */
export function opaqueType(domain: string, type: string, use: Use, index: number): ValueType {
  const result = RESULTS[`${domain}/${type}`]?.[index]?.(use)
  return result ?? use.inputs.find((value) => value !== null)?.type ?? tensorType('float32')
}
