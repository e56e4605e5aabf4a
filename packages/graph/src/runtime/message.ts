import type { ErrorRecord, Tensor } from '@mlpod/contract'
import type { EngineOptions } from './engine.ts'

/** What the worker is started with. */
export interface Start {
  readonly bytes: Uint8Array
  readonly options: EngineOptions
}

/** A request to the worker. Requests are answered in their order. */
export type Request =
  | {
      readonly id: number
      readonly type: 'run'
      readonly feeds: Readonly<Record<string, Tensor>>
      readonly outputs: readonly string[]
    }
  | { readonly id: number; readonly type: 'close' }

/** The worker's answer; 0 answers the start. */
export type Answer =
  | { readonly id: number; readonly type: 'done'; readonly results: Readonly<Record<string, Tensor>> }
  | { readonly id: number; readonly type: 'failed'; readonly error: ErrorRecord }
