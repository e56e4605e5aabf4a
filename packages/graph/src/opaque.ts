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

/** The outputs of operators that do not give the element type of their first input, by domain and name. */
const RESULTS: Readonly<Record<string, readonly Result[] | undefined>> = {
  '/ConcatFromSequence': [elementOf],
  '/OptionalGetElement': [elementOf],
  '/OptionalHasElement': [always('bool')],
  '/SequenceAt': [elementOf],
  '/SequenceConstruct': [sequenceOf],
  '/SequenceEmpty': [(use) => ({ kind: 'sequence', element: named('dtype', 'float32')(use)! })],
  '/SequenceLength': [always('int64')],
  '/SplitToSequence': [sequenceOf],
  'ai.onnx.ml/LabelEncoder': [translated],
  'ai.onnx.ml/LinearClassifier': classifier,
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
