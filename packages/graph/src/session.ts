import { PodError, type Tensor } from '@mlpod/contract'
import { createEngine, createRemoteEngine } from '#runtime'
import { checkFeeds, checkOutputs } from './feeds.ts'
import { defaultsOf, type Model, modelOf, type Signature } from './model.ts'
import { decode } from './onnx/decode.ts'
import { encode } from './onnx/encode.ts'
import { checkDevice, type Device } from './runtime/device.ts'
import type { Runtime } from './runtime/engine.ts'

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
  /** Default `cpu`. `webgpu` and `cuda` where they are there. */
  readonly device?: Device
  /** The runtime; in a browser `onnxruntime-web`. Default, and the only one for workers: `onnxruntime-node`. */
  readonly runtime?: Runtime
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
   * Returns the outputs by name. Inputs with a default may be left out. Throws `INPUT_MISSING`, `INPUT_UNKNOWN`,
   * `OUTPUT_UNKNOWN`, `OUTPUT_UNSUPPORTED`, `DTYPE_MISMATCH`, `SHAPE_MISMATCH`, `RUN_FAILED`, `SESSION_CLOSED`, `WORKER_DIED`.
   */
  run(feeds: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Record<string, Tensor>>
  /** Frees the runtime's memory when the runs that go on are done; later runs throw `SESSION_CLOSED`. */
  close(): Promise<void>
}

/**
 * Returns a session of a model or of the bytes of an ONNX file.
 * Throws `MODEL_CORRUPT`, `MODEL_REFUSED` when the runtime has no kernel for an operator, `DEVICE_UNKNOWN`, `DEVICE_MISSING`.
 */
export async function openSession(
  model: Model | Uint8Array,
  { threads = 1, thread = 'current', arena = true, optimization = 'all', device = 'cpu', runtime }: SessionOptions = {},
): Promise<Session> {
  const { bytes, inputs, outputs, external } = model instanceof Uint8Array ? modelOf(model) : model
  checkDevice(device)
  const { required, defaults } = withoutDefaults(bytes, inputs)
  const options = { threads, arena, optimization, device, external }
  const engine = await (thread === 'worker'
    ? createRemoteEngine(required, options)
    : createEngine(required, options, runtime))
  const all = outputs.map(({ name }) => name)
  let open = true
  const running = new Set<Promise<unknown>>()
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    await Promise.allSettled(running)
    await engine.close()
  }
  return {
    inputs,
    outputs,
    close,
    [Symbol.asyncDispose]: close,
    async run(feeds, { outputs: wanted = all, into = {}, validate = true } = {}) {
      if (!open) throw new PodError('SESSION_CLOSED', 'the session is closed', { hint: 'open another' })
      if (validate) {
        checkFeeds(feeds, inputs)
        checkOutputs(outputs, wanted, into)
      }
      const result = engine.run({ ...defaults, ...feeds }, wanted, into)
      running.add(result)
      try {
        return await result
      } finally {
        running.delete(result)
      }
    },
  }
}

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
