import type { DataType } from '@mlpod/contract'

/** TensorProto.DataType of each element type. */
export const CODE_OF_DATA_TYPE: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
}

/** The element type of each TensorProto.DataType that a tensor here can hold. */
export const DATA_TYPE_OF_CODE: Readonly<Record<number, DataType | undefined>> = Object.fromEntries(
  Object.entries(CODE_OF_DATA_TYPE).map(([dtype, code]) => [code, dtype as DataType]),
)
