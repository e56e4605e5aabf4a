import { type DataType, type Hash, hashBytes, PodError, type Tensor } from '@mlpod/contract'
import { decode } from './onnx/decode.ts'
import { encode } from './onnx/encode.ts'
import type { Message } from './onnx/proto.ts'
import { tensorOf } from './onnx/tensor.ts'
import { typeOf } from './onnx/type.ts'
import { type Dim, isFreshDim, UNRANKED } from './value.ts'

/** What a model takes or gives under one name. */
export interface Signature {
  readonly name: string
  /** Undefined for sequences, optionals and maps. */
  readonly dtype: DataType | undefined
  /** Sizes; a name for those that a run decides, `''` where the file gives none. Undefined when the rank is not told. */
  readonly shape: readonly Dim[] | undefined
  /** For inputs: a run may leave it out. */
  readonly optional: boolean
}

/** A compiled model: an ONNX file in memory, with what is known of it. */
export interface Model {
  readonly bytes: Uint8Array
  /** The identity: the hash of the file without its metadata. */
  readonly bodyHash: Hash
  readonly inputs: readonly Signature[]
  readonly outputs: readonly Signature[]
  readonly metadata: Readonly<Record<string, string>>
  /** Data that the bytes name but do not hold, by file name: see `compile({ external })`. */
  readonly external?: Readonly<Record<string, Uint8Array>>
}

/** Returns a model of the bytes of any ONNX file (not copied). Throws `MODEL_CORRUPT`, naming the file and the field. */
export function modelOf(bytes: Uint8Array, { file = 'the model' } = {}): Model {
  const proto = decode('ModelProto', bytes, { file })
  if (proto.graph === undefined)
    throw new PodError('MODEL_CORRUPT', `${file} holds no graph, so it is no ONNX model`, { at: file })
  const body = proto.metadataProps === undefined ? bytes : encode('ModelProto', { ...proto, metadataProps: undefined })
  return describeModel(bytes, body, proto, file)
}

/** Returns the model of a message and its encoded form without metadata. */
function describeModel(bytes: Uint8Array, body: Uint8Array, proto: Message<'ModelProto'>, file: string): Model {
  const graph = proto.graph!
  const initialized = new Set(graph.initializer?.map(({ name }) => name))
  return {
    bytes,
    bodyHash: hashBytes(body),
    inputs: (graph.input ?? []).map((info) => signature(info, initialized.has(info.name), file)),
    outputs: (graph.output ?? []).map((info) => signature(info, false, file)),
    metadata: Object.fromEntries((proto.metadataProps ?? []).map(({ key = '', value = '' }) => [key, value])),
  }
}

function signature({ name, type }: Message<'ValueInfoProto'>, optional: boolean, file: string): Signature {
  if (name === undefined) throw new PodError('MODEL_CORRUPT', `an input or output of ${file} has no name`, { at: file })
  const known = typeOf(type)
  return {
    name,
    dtype: known?.type.kind === 'tensor' ? known.type.dtype : undefined,
    shape: known && known.shape !== UNRANKED ? known.shape.map((dim) => (isFreshDim(dim) ? '' : dim)) : undefined,
    optional,
  }
}

/**
 * Returns the same model with other metadata: the body's bytes and `bodyHash` stay as they are. Keys are written in order.
 */
export function withMetadata(model: Model, metadata: Readonly<Record<string, string>>): Model {
  const proto = decode('ModelProto', model.bytes)
  return sealed(encode('ModelProto', { ...proto, metadataProps: undefined }), model, metadata)
}

// A message's fields may come in any order: metadata last leaves the body as it is.
function sealed(
  body: Uint8Array,
  model: Omit<Model, 'bytes' | 'metadata'>,
  metadata: Readonly<Record<string, string>>,
): Model {
  const metadataProps = Object.keys(metadata)
    .sort()
    .map((key) => ({ key, value: metadata[key] }))
  const tail = encode('ModelProto', { metadataProps })
  const bytes = new Uint8Array(body.byteLength + tail.byteLength)
  bytes.set(body)
  bytes.set(tail, body.byteLength)
  const { bodyHash, inputs, outputs, external } = model
  return {
    ...(external && { external }),
    bytes,
    bodyHash,
    inputs,
    outputs,
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
  }
}

/** Returns a model of an encoded message with this metadata behind it. */
export function assembled(
  proto: Message<'ModelProto'>,
  metadata: Readonly<Record<string, string>>,
  external?: Model['external'],
): Model {
  const body = encode('ModelProto', proto)
  const model = { ...describeModel(body, body, proto, 'the model'), ...(external && { external }) }
  return Object.keys(metadata).length === 0 ? model : sealed(body, model, metadata)
}

/** Returns the inputs' default tensors by name. */
export function defaultsOf(proto: Message<'ModelProto'>): Readonly<Record<string, Tensor>> {
  const names = new Set(proto.graph?.input?.map(({ name }) => name))
  const tensors = (proto.graph?.initializer ?? []).filter(({ name }) => names.has(name))
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensorOf(tensor)]))
}
