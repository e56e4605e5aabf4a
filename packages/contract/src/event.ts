import type { Json } from './canonical.ts'
import type { ErrorRecord } from './error.ts'
import type { Hash } from './hash.ts'

/** What a run tells while it goes on; the terminal, the tracker and `--json` all read this one stream. */
export type RunEvent =
  | {
      readonly type: 'run.started'
      readonly run: string
      readonly pod: string
      readonly nodes: readonly string[]
      readonly workers: number
      /** The parameters that the nodes read, by name. */
      readonly params?: Readonly<Record<string, Json>>
      /** The sources that the nodes read, by dataset name. */
      readonly sources?: Readonly<Record<string, { readonly file: string; readonly hash: Hash; readonly size: number }>>
    }
  | {
      readonly type: 'node.cached'
      readonly node: string
      readonly key: Hash
      readonly savedMs: number
      readonly outputs: Readonly<Record<string, OutputRecord>>
    }
  | { readonly type: 'node.started'; readonly node: string; readonly key: Hash; readonly attempt: number }
  | {
      readonly type: 'node.progress'
      readonly node: string
      readonly done: number
      readonly total?: number
      readonly unit?: string
    }
  | {
      readonly type: 'node.metric'
      readonly node: string
      readonly name: string
      readonly value: number
      readonly step: number
    }
  | { readonly type: 'node.note'; readonly node: string; readonly text: string }
  | {
      readonly type: 'node.finished'
      readonly node: string
      readonly key: Hash
      readonly ms: number
      readonly outputs: Readonly<Record<string, OutputRecord>>
    }
  | {
      readonly type: 'node.failed'
      readonly node: string
      readonly ms: number
      readonly attempt: number
      readonly error: ErrorRecord
    }
  | { readonly type: 'node.skipped'; readonly node: string; readonly because: string }
  | { readonly type: 'run.finished'; readonly run: string; readonly status: RunStatus; readonly ms: number }

/** How a run ended. */
export type RunStatus = 'finished' | 'failed' | 'interrupted'

/** One output of a node: the dataset's name in the catalog, and what was stored. */
export interface OutputRecord {
  readonly dataset: string
  readonly hash: Hash
  readonly size: number
}
