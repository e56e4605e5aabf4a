import { type DataType, PodError, sizeOf, type Tensor, type TensorArrays } from '@mlpod/contract'
import { CODE_OF_DATA_TYPE, DATA_TYPE_OF_CODE } from './data-type.ts'
import type { Message } from './proto.ts'

type Numeric = Exclude<DataType, 'string'>

type ArrayMaker = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView
  readonly BYTES_PER_ELEMENT: number
}

const MAKERS: Readonly<Record<Numeric, ArrayMaker>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

/** Returns the message of a tensor; its data is a view, not a copy. */
export function tensorProto(tensor: Tensor, name?: string): Message<'TensorProto'> {
  const base = { dims: tensor.shape, dataType: CODE_OF_DATA_TYPE[tensor.dtype], name }
  if (tensor.dtype === 'string')
    return { ...base, stringData: (tensor.data as readonly string[]).map((text) => encoder.encode(text)) }
  const { buffer, byteOffset, byteLength } = tensor.data as ArrayBufferView
  return { ...base, rawData: new Uint8Array(buffer, byteOffset, byteLength) }
}

/**
 * Returns the tensor of a message; raw data is a view of the file where it is aligned, else a copy.
 * Throws `MODEL_CORRUPT` when the data does not fill the shape, `MODEL_UNSUPPORTED` for other element types and for data
 * in files beside the model.
 */
export function tensorOf(proto: Message<'TensorProto'>, file = 'the model'): Tensor {
  const name = proto.name ? `tensor "${proto.name}"` : 'a tensor'
  const dtype = DATA_TYPE_OF_CODE[Number(proto.dataType ?? 0)]
  if (dtype === undefined)
    throw new PodError(
      'MODEL_UNSUPPORTED',
      `${name} of ${file} has the element type ${proto.dataType}, which no tensor here holds`,
    )
  if (Number(proto.dataLocation ?? 0) === 1)
    throw new PodError('MODEL_UNSUPPORTED', `${name} of ${file} lies in another file`, {
      hint: 'read the model with loadFile(path), or give load({ external }) what reads that file',
    })
  const shape = (proto.dims ?? []).map(Number)
  const data = dtype === 'string' ? (proto.stringData ?? []).map((bytes) => utf8.decode(bytes)) : numbers(dtype, proto)
  if (data.length !== sizeOf(shape))
    throw new PodError(
      'MODEL_CORRUPT',
      `${name} of ${file} has ${data.length} elements where its shape [${shape.join(', ')}] has ${sizeOf(shape)}`,
      {
        at: file,
      },
    )
  return { dtype, shape, data } as Tensor
}

function numbers(dtype: Numeric, proto: Message<'TensorProto'>): TensorArrays[Numeric] {
  const Maker = MAKERS[dtype]
  if (proto.rawData !== undefined) {
    const { buffer, byteOffset, byteLength } = proto.rawData
    const length = Math.floor(byteLength / Maker.BYTES_PER_ELEMENT)
    const aligned = byteOffset % Maker.BYTES_PER_ELEMENT === 0
    const source = aligned ? buffer : proto.rawData.slice().buffer
    return new Maker(source, aligned ? byteOffset : 0, length) as TensorArrays[Numeric]
  }
  switch (dtype) {
    case 'float32':
      return Float32Array.from(proto.floatData ?? [])
    case 'float64':
      return Float64Array.from(proto.doubleData ?? [])
    case 'int64':
      return BigInt64Array.from(proto.int64Data ?? [], BigInt)
    case 'uint64':
      return BigUint64Array.from(proto.uint64Data ?? [], BigInt)
    case 'uint32':
      return Uint32Array.from(proto.uint64Data ?? [], Number)
    default: {
      const list = (proto.int32Data ?? []).map(Number)
      const maker = Maker as unknown as { from(list: readonly number[]): TensorArrays[Numeric] }
      return maker.from(list)
    }
  }
}
