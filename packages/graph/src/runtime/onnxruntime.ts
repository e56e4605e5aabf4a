import { type DataType, PodError, type Tensor } from '@mlpod/contract'
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import { type Device, deviceMissing } from './device.ts'
import type { Engine, EngineOptions, Runtime } from './engine.ts'

const LEVELS = { all: 'all', basic: 'basic', none: 'disabled' } as const

// What goes wrong is thrown; the runtime need not print it as well.
const QUIET = { logSeverityLevel: 4 } as const

/** What a package of the runtime calls its devices, and whether it writes into tensors that are given. */
export interface Host {
  readonly runtime: Runtime
  readonly providers: { readonly [D in Device]: string }
  readonly writesInto: boolean
}

/** Returns an engine of ONNX Runtime in this thread. Throws `MODEL_REFUSED`, `DEVICE_MISSING`. */
export async function engineOf(
  { runtime: { InferenceSession, Tensor: Runtime }, providers, writesInto }: Host,
  bytes: Uint8Array,
  { threads, arena, optimization, device, external = {} }: EngineOptions,
): Promise<Engine> {
  let session: InferenceSession
  try {
    session = await InferenceSession.create(bytes, {
      ...QUIET,
      executionProviders: [providers[device]],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: arena,
      graphOptimizationLevel: LEVELS[optimization],
      externalData: Object.entries(external).map(([path, data]) => ({ path, data })),
    })
  } catch (cause) {
    if (device !== 'cpu' && !/NOT_IMPLEMENTED|Could not find an implementation|INVALID/.test(messageOf(cause)))
      throw deviceMissing(device, cause)
    const missing = /NOT_IMPLEMENTED|Could not find an implementation/.test(messageOf(cause))
    throw new PodError('MODEL_REFUSED', `the runtime does not take the model: ${messageOf(cause)}`, {
      because: missing ? 'it has no kernel for this operator in this element type' : undefined,
      hint: missing ? 'compute this part in float32 (cast), which has all kernels' : undefined,
      cause,
    })
  }
  const toRuntime = ({ dtype, shape, data }: Tensor): RuntimeTensor => {
    const tensor = new Runtime(dtype as 'float32', data as Float32Array, shape)
    // The runtime's JavaScript half turns 16 bits into a Float16Array, which its native half cannot read.
    return dtype === 'float16' ? Object.defineProperty(tensor, 'data', { value: data }) : tensor
  }
  return {
    async run(feeds, outputs, into) {
      const fed: Record<string, RuntimeTensor> = {}
      for (const name in feeds) fed[name] = toRuntime(feeds[name])
      const fetches: Record<string, RuntimeTensor | null> = {}
      for (const name of outputs) fetches[name] = into[name] === undefined || !writesInto ? null : toRuntime(into[name])
      let results: Awaited<ReturnType<InferenceSession['run']>>
      try {
        results = await session.run(fed, fetches, QUIET)
      } catch (cause) {
        throw new PodError('RUN_FAILED', `the run failed: ${messageOf(cause)}`, { cause })
      }
      const tensors: Record<string, Tensor> = {}
      for (const name of outputs) {
        const given = into[name]
        if (given === undefined) tensors[name] = fromRuntime(results[name])
        else tensors[name] = writesInto ? given : copied(fromRuntime(results[name]), given)
      }
      return tensors
    },
    close: () => session.release(),
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Returns a tensor that a result is copied into. */
export function copied(result: Tensor, into: Tensor): Tensor {
  if (ArrayBuffer.isView(into.data)) (into.data as Float32Array).set(result.data as Float32Array)
  else for (let i = 0; i < result.data.length; i++) (into.data as string[])[i] = result.data[i] as string
  return into
}

function fromRuntime({ type, dims: shape, data }: RuntimeTensor): Tensor {
  if (type !== 'float16') return { dtype: type as DataType, shape, data } as Tensor
  const { buffer, byteOffset, length } = data as unknown as Uint16Array
  return { dtype: 'float16', shape, data: new Uint16Array(buffer, byteOffset, length) }
}
