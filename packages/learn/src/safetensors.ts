import { type DataType, PodError, sizeOf, type Tensor, type TensorArrays } from '@mlpod/contract'

/** The names of the format for our element types; `bool` is one byte. Texts have none. */
const NAMES: Readonly<Partial<Record<DataType, string>>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
}
const TYPES: Readonly<Record<string, DataType>> = Object.fromEntries(
  Object.entries(NAMES).map(([dtype, name]) => [name, dtype as DataType]),
)

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const

// The order in which the format's own writer lays out element types.
const ORDER = ['U64', 'I64', 'F64', 'F32', 'U32', 'I32', 'BF16', 'F16', 'U16', 'I16', 'I8', 'U8', 'BOOL']

// Larger headers are refused by the format's own reader as well.
const LARGEST_HEADER = 100_000_000

/** Tensors by name, with free text beside them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Returns the bytes of a safetensors file: the length of the header (8 bytes), the header (JSON, padded with spaces to a
 * multiple of 8), then the tensors' bytes, ordered by element type, wide ones first, and then by name, as the format's own writer
 * does. The same tensors give the same bytes. Throws `TENSOR_UNSUPPORTED` for texts, `NAME_TAKEN` for "__metadata__",
 * `SHAPE_MISMATCH`. Source: safetensors 0.8, format.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  { metadata = {} }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const entries = Object.entries(tensors).map(([name, value]) => {
    const dtype = NAMES[value.dtype]
    if (dtype === undefined)
      throw new PodError('TENSOR_UNSUPPORTED', `"${name}" is of ${value.dtype}, which safetensors does not keep`)
    if (name === '__metadata__') throw new PodError('NAME_TAKEN', 'no tensor can be named "__metadata__"')
    const data = value.data as Float32Array
    if (data.length !== sizeOf(value.shape))
      throw new PodError('SHAPE_MISMATCH', `"${name}" of shape [${value.shape.join(', ')}] has ${data.length} elements`)
    return { name, dtype, shape: value.shape, data }
  })
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  entries.sort((a, b) => ORDER.indexOf(a.dtype) - ORDER.indexOf(b.dtype) || byName(a.name, b.name))
  let end = 0
  const header: Record<string, unknown> = {}
  const keys = Object.keys(metadata).sort(byName)
  if (keys.length > 0) header.__metadata__ = Object.fromEntries(keys.map((key) => [key, metadata[key]]))
  for (const { name, dtype, shape, data } of entries) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + length + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(text, 8)
  bytes.fill(0x20, 8 + text.length, 8 + length)
  let at = 8 + length
  for (const { data } of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/**
 * Returns the tensors of the bytes of a safetensors file, copied. Throws `SAFETENSORS_CORRUPT`, naming the file and what is
 * wrong: a header that is too long or no JSON, an unknown element type, offsets that overlap, leave holes or do not fit.
 */
export function decodeSafetensors(bytes: Uint8Array, { file = 'the file' } = {}): Safetensors {
  const corrupt = (why: string): PodError =>
    new PodError('SAFETENSORS_CORRUPT', `${file} is no safetensors file: ${why}`, { at: file })
  if (bytes.byteLength < 8) throw corrupt(`it has ${bytes.byteLength} bytes`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length > LARGEST_HEADER || length > bytes.byteLength - 8)
    throw corrupt(`its header of ${length} bytes does not fit`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)))
  } catch (cause) {
    throw Object.assign(corrupt('its header is no JSON'), { cause })
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw corrupt('its header is no object')
  const { __metadata__: metadata = {}, ...entries } = header as Readonly<Record<string, unknown>>
  if (typeof metadata !== 'object' || !Object.values(metadata as object).every((value) => typeof value === 'string'))
    throw corrupt('its metadata are no texts')
  const body = bytes.subarray(8 + length)
  const spans: [start: number, end: number, name: string][] = []
  const tensors: Record<string, Tensor> = {}
  for (const [name, entry] of Object.entries(entries)) {
    const told = (typeof entry === 'object' && entry !== null ? entry : {}) as Readonly<Record<string, unknown>>
    const { dtype, shape, data_offsets: offsets } = told
    const isCounts = (list: unknown): list is number[] =>
      Array.isArray(list) && list.every((value) => Number.isSafeInteger(value) && value >= 0)
    if (typeof dtype !== 'string' || !(dtype in TYPES))
      throw corrupt(`"${name}" is of the element type ${String(dtype)}`)
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
      throw corrupt(`"${name}" has no shape or no offsets`)
    const [start, end] = offsets
    const Typed = ARRAYS[dtype as keyof typeof ARRAYS]
    if (end > body.byteLength || end - start !== sizeOf(shape) * Typed.BYTES_PER_ELEMENT)
      throw corrupt(`"${name}" of shape [${shape.join(', ')}] does not fit its bytes ${start} to ${end}`)
    spans.push([start, end, name])
    // a Buffer's slice would be a view
    const copied = Uint8Array.from(body.subarray(start, end))
    tensors[name] = { dtype: TYPES[dtype], shape, data: new Typed(copied.buffer) as TensorArrays[DataType] } as Tensor
  }
  let at = 0
  for (const [start, end, name] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (start !== at) throw corrupt(`"${name}" begins at byte ${start}, not at ${at}`)
    at = end
  }
  if (at !== body.byteLength) throw corrupt(`it has ${body.byteLength} bytes of tensors, but tells of ${at}`)
  return { tensors, metadata: metadata as Readonly<Record<string, string>> }
}
