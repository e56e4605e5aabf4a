import { PodError } from '@mlpod/contract'
import type { Engine, EngineOptions, Runtime } from './engine.ts'
import { engineOf } from './onnxruntime.ts'

/** Returns an engine of the runtime given. Throws `RUNTIME_MISSING`, `MODEL_REFUSED`, `DEVICE_MISSING`. */
export async function createEngine(bytes: Uint8Array, options: EngineOptions, given?: Runtime): Promise<Engine> {
  if (given === undefined)
    throw new PodError('RUNTIME_MISSING', 'a browser has no ONNX Runtime by itself', {
      hint: "give it one: import * as runtime from 'onnxruntime-web', openSession(model, { runtime })",
    })
  const providers = { cpu: 'wasm', webgpu: 'webgpu', cuda: 'cuda' }
  return engineOf({ runtime: given, providers, writesInto: false }, bytes, options)
}

/** A browser's page starts no worker of Node. Throws `UNSUPPORTED`. */
export async function createRemoteEngine(_bytes: Uint8Array, _options: EngineOptions): Promise<Engine> {
  throw new PodError('UNSUPPORTED', 'a session of a browser runs in the thread that opened it', {
    hint: "leave out thread: 'worker', and open the session in a Web Worker to keep the page free",
  })
}
