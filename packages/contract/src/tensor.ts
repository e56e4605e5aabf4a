import { PodError } from './error.ts'

/** The typed array (or list of strings) that holds each element type; `bool` is one byte an element, 0 or 1. */
export interface TensorArrays {
  readonly float32: Float32Array
  readonly float64: Float64Array
  /** IEEE half precision as its 16 bits. */
  readonly float16: Uint16Array
  readonly bfloat16: Uint16Array
  readonly int8: Int8Array
  readonly int16: Int16Array
  readonly int32: Int32Array
  readonly int64: BigInt64Array
  readonly uint8: Uint8Array
  readonly uint16: Uint16Array
  readonly uint32: Uint32Array
  readonly uint64: BigUint64Array
  readonly bool: Uint8Array
  readonly string: readonly string[]
}

/** An element type, named as ONNX names it. */
export type DataType = keyof TensorArrays

/** A dense array: row-major `data` with its `shape` beside it. */
export interface Tensor<D extends DataType = DataType> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly data: TensorArrays[D]
}

/** Returns the number of elements of a shape (1 for a scalar). */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)

/** Returns a tensor over `data`, not copied. Throws `SHAPE_MISMATCH` when the shape's size is not the data's length. */
export function tensor<D extends DataType>(dtype: D, shape: readonly number[], data: TensorArrays[D]): Tensor<D> {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 0))
    throw new PodError('SHAPE_MISMATCH', `a shape has whole sizes >= 0, not [${shape.join(', ')}]`)
  if (sizeOf(shape) !== data.length)
    throw new PodError(
      'SHAPE_MISMATCH',
      `a tensor of shape [${shape.join(', ')}] has ${sizeOf(shape)} elements, but the data has ${data.length}`,
    )
  return { dtype, shape, data }
}
