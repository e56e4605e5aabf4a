import { type DataType, didYouMean, PodError, type Tensor } from '@mlpod/contract'
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import { defaultsOf, type Model, modelOf, type Signature } from './model.ts'
import { decode, encode } from './onnx/wire.ts'
import type { Dim } from './value.ts'

/** How a session runs. */
export interface SessionOptions {
  /** Threads that one operator may use. Default 1. */
  readonly threads?: number
  /** `current` (default) blocks this thread during a run; `worker` runs in a thread of its own. */
  readonly thread?: 'current' | 'worker'
  /** Default true: memory freed by one run is kept for the next. */
  readonly arena?: boolean
  /** How much the runtime rewrites the graph. Default `all`; its later fusions keep factors in single precision. */
  readonly optimization?: 'all' | 'basic' | 'none'
}

/** How one run goes. */
export interface RunOptions {
  /** Which outputs to compute. Default: all. */
  readonly outputs?: readonly string[]
  /**
   * Tensors that outputs are written into, by output name. Never one that is also fed: the runtime may write it before
   * it has read it all.
   */
  readonly into?: Readonly<Record<string, Tensor>>
  /** Default true: names, element types and shapes of the feeds are checked. False saves that in hot loops. */
  readonly validate?: boolean
}

/** A model ready to run. Closing it frees the runtime's memory. */
export interface Session extends AsyncDisposable {
  readonly inputs: readonly Signature[]
  readonly outputs: readonly Signature[]
  /**
   * Returns the outputs by name. Throws `INPUT_MISSING`, `INPUT_UNKNOWN`, `DTYPE_MISMATCH`, `SHAPE_MISMATCH`,
   * `RUN_FAILED`, `SESSION_CLOSED`.
   */
  run(feeds: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Record<string, Tensor>>
  close(): Promise<void>
}

/**
 * Returns a session of a model or of the bytes of an ONNX file.
 * Throws `MODEL_CORRUPT`, or `MODEL_REFUSED` when the runtime has no kernel for an operator.
 */
export async function openSession(model: Model | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { bytes, inputs, outputs } = model instanceof Uint8Array ? modelOf(model) : model
  return openHere(bytes, inputs, outputs, options)
}

async function openHere(
  bytes: Uint8Array,
  inputs: readonly Signature[],
  outputs: readonly Signature[],
  { threads = 1, arena = true, optimization = 'all' }: SessionOptions,
): Promise<Session> {
  const { InferenceSession, Tensor: Runtime } = await runtime()
  const { required, defaults } = withoutDefaults(bytes, inputs)
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: arena,
    logSeverityLevel: 4 as const,
  }
  let session: InferenceSession | undefined
  try {
    session = await InferenceSession.create(required, options)
  } catch (cause) {
    throw new PodError('MODEL_REFUSED', `the runtime does not take the model: ${messageOf(cause)}`, { cause })
  }
  const toRuntime = (tensor: Tensor): RuntimeTensor =>
    new Runtime(
      tensor.dtype as 'float32',
      (VIEWS[tensor.dtype]?.in(tensor) ?? tensor.data) as Float32Array,
      tensor.shape,
    )
  const close = async (): Promise<void> => {
    const open = session
    session = undefined
    await open?.release()
  }
  return {
    inputs,
    outputs,
    close,
    [Symbol.asyncDispose]: close,
    async run(feeds, { outputs: wanted, into = {}, validate = true } = {}) {
      if (session === undefined) throw new PodError('SESSION_CLOSED', 'the session is closed', { hint: 'open another' })
      if (validate) checkFeeds(feeds, inputs)
      if (validate) checkOutputs(outputs, [...(wanted ?? []), ...Object.keys(into)])
      const fed: Record<string, RuntimeTensor> = {}
      for (const { name } of inputs) {
        const tensor = feeds[name] ?? defaults[name]
        if (tensor !== undefined) fed[name] = toRuntime(tensor)
      }
      const fetches: Record<string, RuntimeTensor | null> = {}
      for (const name of wanted ?? outputs.map((output) => output.name))
        fetches[name] = into[name] === undefined ? null : toRuntime(into[name])
      try {
        const results = await session.run(fed, fetches, QUIET)
        const tensors: Record<string, Tensor> = {}
        for (const name of Object.keys(fetches)) tensors[name] = into[name] ?? fromRuntime(results[name])
        return tensors
      } catch (cause) {
        throw new PodError('RUN_FAILED', `the run failed: ${messageOf(cause)}`, { cause })
      }
    },
  }
}

const LEVELS = { all: 'all', basic: 'basic', none: 'disabled' } as const

// What goes wrong is thrown; the runtime need not print it as well.
const QUIET = { logSeverityLevel: 4 } as const

const runtime = async () => import('onnxruntime-node')

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// The runtime for Node does not let a feed replace an initializer: inputs with a default are made plain inputs, and the
// default is fed when the caller does not.
function withoutDefaults(
  bytes: Uint8Array,
  inputs: readonly Signature[],
): { required: Uint8Array; defaults: Readonly<Record<string, Tensor>> } {
  if (!inputs.some(({ optional }) => optional)) return { required: bytes, defaults: {} }
  const proto = decode('ModelProto', bytes)
  const defaults = defaultsOf(proto)
  const initializer = proto.graph!.initializer!.filter(({ name }) => !(name! in defaults))
  return { required: encode('ModelProto', { ...proto, graph: { ...proto.graph, initializer } }), defaults }
}

const half = {
  in: (tensor: Tensor) => {
    const { buffer, byteOffset, length } = tensor.data as Uint16Array
    return new Float16Array(buffer as ArrayBuffer, byteOffset, length)
  },
  out: (data: unknown) => {
    const { buffer, byteOffset, length } = data as Uint16Array
    return new Uint16Array(buffer, byteOffset, length)
  },
}

// The runtime's array for half precision is Float16Array, ours the 16 bits.
const VIEWS: { readonly [D in DataType]?: { in(tensor: Tensor): unknown; out(data: unknown): unknown } } = {
  float16: half,
}

function fromRuntime(result: RuntimeTensor): Tensor {
  const dtype = result.type as DataType
  return { dtype, shape: result.dims, data: VIEWS[dtype]?.out(result.data) ?? result.data } as Tensor
}

function checkOutputs(outputs: readonly Signature[], wanted: readonly string[]): void {
  const names = outputs.map(({ name }) => name)
  for (const name of wanted)
    if (!names.includes(name))
      throw new PodError('OUTPUT_UNKNOWN', `the model has no output "${name}"${didYouMean(name, names)}`)
}

function checkFeeds(feeds: Readonly<Record<string, Tensor>>, inputs: readonly Signature[]): void {
  const names = inputs.map(({ name }) => name)
  for (const name of Object.keys(feeds))
    if (!names.includes(name))
      throw new PodError('INPUT_UNKNOWN', `the model has no input "${name}"${didYouMean(name, names)}`)
  const sizes = new Map<Dim, { size: number; by: string }>()
  for (const { name, dtype, shape, optional } of inputs) {
    const tensor = feeds[name]
    if (tensor === undefined) {
      if (optional) continue
      throw new PodError('INPUT_MISSING', `the input "${name}" is not fed`, {
        hint: `feed a ${dtype}[${shape?.join(', ') ?? '...'}]`,
      })
    }
    if (dtype !== undefined && tensor.dtype !== dtype)
      throw new PodError('DTYPE_MISMATCH', `the input "${name}" is ${dtype}, but ${tensor.dtype} is fed`)
    if (shape === undefined) continue
    const wrong =
      shape.length !== tensor.shape.length || shape.some((dim, i) => !bind(dim, tensor.shape[i], name, sizes))
    if (wrong) throw shapeError(name, shape, tensor.shape, sizes)
  }
}

function bind(dim: Dim, size: number, by: string, sizes: Map<Dim, { size: number; by: string }>): boolean {
  if (typeof dim === 'number') return dim === size
  if (dim === '') return true
  const known = sizes.get(dim)
  if (known === undefined) sizes.set(dim, { size, by })
  return known === undefined || known.size === size
}

function shapeError(
  name: string,
  shape: readonly Dim[],
  fed: readonly number[],
  sizes: ReadonlyMap<Dim, { size: number; by: string }>,
): PodError {
  const bound = shape
    .filter((dim) => sizes.has(dim))
    .map((dim) => `${dim} is ${sizes.get(dim)!.size} in "${sizes.get(dim)!.by}"`)
  return new PodError(
    'SHAPE_MISMATCH',
    `the input "${name}" has the shape [${shape.join(', ')}], but [${fed.join(', ')}] is fed`,
    {
      because: bound.length > 0 ? bound.join('; ') : undefined,
    },
  )
}
