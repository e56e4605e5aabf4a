import { type DataType, PodError, type Tensor } from '@mlpod/contract'
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import type { Engine, EngineOptions } from './engine.ts'

const LEVELS = { all: 'all', basic: 'basic', none: 'disabled' } as const

// What goes wrong is thrown; the runtime need not print it as well.
const QUIET = { logSeverityLevel: 4 } as const

/** Returns an engine of ONNX Runtime in this thread. Throws `MODEL_REFUSED`. */
export async function createEngine(
  bytes: Uint8Array,
  { threads, arena, optimization, external = {} }: EngineOptions,
): Promise<Engine> {
  const { InferenceSession, Tensor: Runtime } = await import('onnxruntime-node')
  let session: InferenceSession
  try {
    session = await InferenceSession.create(bytes, {
      ...QUIET,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      enableCpuMemArena: arena,
      graphOptimizationLevel: LEVELS[optimization],
      externalData: Object.entries(external).map(([path, data]) => ({ path, data })),
    })
  } catch (cause) {
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
      for (const name of outputs) fetches[name] = into[name] === undefined ? null : toRuntime(into[name])
      let results: Awaited<ReturnType<InferenceSession['run']>>
      try {
        results = await session.run(fed, fetches, QUIET)
      } catch (cause) {
        throw new PodError('RUN_FAILED', `the run failed: ${messageOf(cause)}`, { cause })
      }
      const tensors: Record<string, Tensor> = {}
      for (const name of outputs) tensors[name] = into[name] ?? fromRuntime(results[name])
      return tensors
    },
    close: () => session.release(),
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function fromRuntime({ type, dims: shape, data }: RuntimeTensor): Tensor {
  if (type !== 'float16') return { dtype: type as DataType, shape, data } as Tensor
  const { buffer, byteOffset, length } = data as unknown as Uint16Array
  return { dtype: 'float16', shape, data: new Uint16Array(buffer, byteOffset, length) }
}
