import type { Tensor } from '@mlpod/contract'

/** How an engine runs a model. */
export interface EngineOptions {
  readonly threads: number
  readonly arena: boolean
  readonly optimization: 'all' | 'basic' | 'none'
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
