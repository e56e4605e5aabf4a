import type { Engine, EngineOptions, Runtime } from './engine.ts'
import { engineOf, type Host } from './onnxruntime.ts'

export { createRemoteEngine } from './remote.ts'

/** Returns an engine of `onnxruntime-node`, or of the runtime given. Throws `MODEL_REFUSED`, `DEVICE_MISSING`. */
export async function createEngine(bytes: Uint8Array, options: EngineOptions, given?: Runtime): Promise<Engine> {
  const host: Host = {
    runtime: given ?? (await import('onnxruntime-node')),
    providers: { cpu: 'cpu', webgpu: 'webgpu', cuda: 'cuda' },
    writesInto: given === undefined,
  }
  return engineOf(host, bytes, options)
}
