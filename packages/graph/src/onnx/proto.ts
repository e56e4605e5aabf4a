/** How a field is written. `int64` is a number where it is safe, else a bigint; `text` is a string, `bytes` a view of the file. */
export type Scalar = 'int64' | 'uint64' | 'float' | 'double' | 'text' | 'bytes'

/** Number on the wire, kind (a scalar or a message's name), and how often: once, `many`, or `packed` in one field. */
type Field = readonly [number: number, kind: string, often?: 'many' | 'packed']

/**
 * The messages of onnx.proto that models are made of, with their field numbers.
 * Source: onnx/onnx.proto of ONNX 1.23, IR version 13.
 */
export const MESSAGES = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'text'],
    producerVersion: [3, 'text'],
    domain: [4, 'text'],
    modelVersion: [5, 'int64'],
    docString: [6, 'text'],
    graph: [7, 'GraphProto'],
    opsetImport: [8, 'OperatorSetIdProto', 'many'],
    metadataProps: [14, 'StringStringEntryProto', 'many'],
    trainingInfo: [20, 'bytes', 'many'],
    functions: [25, 'FunctionProto', 'many'],
  },
  OperatorSetIdProto: { domain: [1, 'text'], version: [2, 'int64'] },
  StringStringEntryProto: { key: [1, 'text'], value: [2, 'text'] },
  GraphProto: {
    node: [1, 'NodeProto', 'many'],
    name: [2, 'text'],
    initializer: [5, 'TensorProto', 'many'],
    docString: [10, 'text'],
    input: [11, 'ValueInfoProto', 'many'],
    output: [12, 'ValueInfoProto', 'many'],
    valueInfo: [13, 'ValueInfoProto', 'many'],
    quantizationAnnotation: [14, 'bytes', 'many'],
    sparseInitializer: [15, 'bytes', 'many'],
    metadataProps: [16, 'StringStringEntryProto', 'many'],
  },
  NodeProto: {
    input: [1, 'text', 'many'],
    output: [2, 'text', 'many'],
    name: [3, 'text'],
    opType: [4, 'text'],
    attribute: [5, 'AttributeProto', 'many'],
    docString: [6, 'text'],
    domain: [7, 'text'],
    overload: [8, 'text'],
    metadataProps: [9, 'StringStringEntryProto', 'many'],
  },
  AttributeProto: {
    name: [1, 'text'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    t: [5, 'TensorProto'],
    g: [6, 'GraphProto'],
    floats: [7, 'float', 'many'],
    ints: [8, 'int64', 'many'],
    strings: [9, 'bytes', 'many'],
    tensors: [10, 'TensorProto', 'many'],
    graphs: [11, 'GraphProto', 'many'],
    docString: [13, 'text'],
    tp: [14, 'TypeProto'],
    typeProtos: [15, 'TypeProto', 'many'],
    type: [20, 'int64'],
    refAttrName: [21, 'text'],
    sparseTensor: [22, 'bytes'],
    sparseTensors: [23, 'bytes', 'many'],
  },
  TensorProto: {
    dims: [1, 'int64', 'many'],
    dataType: [2, 'int64'],
    segment: [3, 'bytes'],
    floatData: [4, 'float', 'packed'],
    int32Data: [5, 'int64', 'packed'],
    stringData: [6, 'bytes', 'many'],
    int64Data: [7, 'int64', 'packed'],
    name: [8, 'text'],
    rawData: [9, 'bytes'],
    doubleData: [10, 'double', 'packed'],
    uint64Data: [11, 'uint64', 'packed'],
    docString: [12, 'text'],
    externalData: [13, 'StringStringEntryProto', 'many'],
    dataLocation: [14, 'int64'],
    metadataProps: [16, 'StringStringEntryProto', 'many'],
  },
  ValueInfoProto: {
    name: [1, 'text'],
    type: [2, 'TypeProto'],
    docString: [3, 'text'],
    metadataProps: [4, 'StringStringEntryProto', 'many'],
  },
  TypeProto: {
    tensorType: [1, 'TensorTypeProto'],
    sequenceType: [4, 'ElementTypeProto'],
    mapType: [5, 'MapTypeProto'],
    denotation: [6, 'text'],
    opaqueType: [7, 'bytes'],
    sparseTensorType: [8, 'TensorTypeProto'],
    optionalType: [9, 'ElementTypeProto'],
  },
  TensorTypeProto: { elemType: [1, 'int64'], shape: [2, 'TensorShapeProto'] },
  ElementTypeProto: { elemType: [1, 'TypeProto'] },
  MapTypeProto: { keyType: [1, 'int64'], valueType: [2, 'TypeProto'] },
  TensorShapeProto: { dim: [1, 'DimensionProto', 'many'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'text'], denotation: [3, 'text'] },
  FunctionProto: {
    name: [1, 'text'],
    input: [4, 'text', 'many'],
    output: [5, 'text', 'many'],
    attribute: [6, 'text', 'many'],
    node: [7, 'NodeProto', 'many'],
    docString: [8, 'text'],
    opsetImport: [9, 'OperatorSetIdProto', 'many'],
    domain: [10, 'text'],
    attributeProto: [11, 'AttributeProto', 'many'],
    valueInfo: [12, 'ValueInfoProto', 'many'],
    overload: [13, 'text'],
    metadataProps: [14, 'StringStringEntryProto', 'many'],
  },
} as const satisfies Record<string, Record<string, Field>>

/** The name of a message. */
export type MessageName = keyof typeof MESSAGES

type Whole = number | bigint

interface Scalars {
  readonly int64: Whole
  readonly uint64: Whole
  readonly float: number
  readonly double: number
  readonly text: string
  readonly bytes: Uint8Array
}

type Element<K> = K extends keyof Scalars ? Scalars[K] : K extends MessageName ? Message<K> : never

type FieldOf<F> = F extends readonly [number, infer K, 'many' | 'packed']
  ? readonly Element<K>[]
  : F extends readonly [number, infer K]
    ? Element<K>
    : never

/** A field that the table does not know, kept so that writing gives it back: its tag and all that follows it. */
type Unknown = readonly Uint8Array[]

/** The decoded form of a message: absent fields are undefined. */
export type Message<M extends MessageName> = {
  readonly [F in keyof (typeof MESSAGES)[M]]?: FieldOf<(typeof MESSAGES)[M][F]>
} & { readonly unknown?: Unknown }
