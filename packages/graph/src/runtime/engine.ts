import type { Tensor } from '@mlpod/contract'
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import type { Device } from './device.ts'

/** What a package of ONNX Runtime offers: `onnxruntime-node`, `onnxruntime-web`. */
export interface Runtime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => RuntimeTensor
}

/** How an engine runs a model. */
export interface EngineOptions {
  readonly threads: number
  readonly arena: boolean
  readonly optimization: 'all' | 'basic' | 'none'
  readonly device: Device
  /** Data that the model's bytes name but do not hold, by file name. */
  readonly external?: Readonly<Record<string, Uint8Array>>
}

/** What executes a model: a runtime in this thread, or one in another. */
export interface Engine {
  /** Returns the outputs asked for; those that `into` names are written there. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
    into: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>
  close(): Promise<void>
}
