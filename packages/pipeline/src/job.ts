import type { ErrorRecord, Json, Rebuilt } from '@mlpod/contract'
import type { Stored } from '@mlpod/store'
import type { NodeIdentity } from './node.ts'

/** One execution of a node, as plain data: what a worker needs beside the node itself. */
export interface Job {
  readonly node: string
  /** Where the bytes of each input dataset are, by argument. */
  readonly inputs: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, Json>>
  readonly seed: number
  readonly late: unknown
  readonly identity: NodeIdentity
  /** The element of a `foreach`: it stands in for the list that the node goes over, and outputs are elements. */
  readonly element?: { readonly path: string } | { readonly value: Json }
  /** False: outputs are hashed and thrown away. */
  readonly keep: boolean
}

/** What a node says while it runs. */
export type Report =
  | { readonly type: 'metric'; readonly name: string; readonly value: number; readonly step: number }
  | { readonly type: 'progress'; readonly done: number; readonly total?: number; readonly unit?: string }
  | { readonly type: 'note'; readonly text: string }

/** What a node made, by argument. */
export type Made = Readonly<Record<string, Stored>>

/** What a job may ask of whoever runs it. */
export interface JobHost {
  report(report: Report): void
  rebuild(nodes?: readonly string[]): Promise<readonly Rebuilt[]>
}

/** From the runner to a worker. */
export type ToWorker =
  | { readonly type: 'job'; readonly job: Job }
  | { readonly type: 'rebuilt'; readonly request: number; readonly result: readonly Rebuilt[] | ErrorRecord }
  | { readonly type: 'abort' }
  /** There is no more work: end by itself. */
  | { readonly type: 'end' }

/** From a worker to the runner. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'broken'; readonly error: ErrorRecord }
  | { readonly type: 'reports'; readonly reports: readonly Report[] }
  | { readonly type: 'rebuild'; readonly request: number; readonly nodes?: readonly string[] }
  | { readonly type: 'done'; readonly made: Made }
  | { readonly type: 'failed'; readonly error: ErrorRecord }
  /** Something was thrown that no node caught: the worker ends. */
  | { readonly type: 'crashed'; readonly error: ErrorRecord }

/** What a worker is started with. */
export interface WorkerData {
  readonly root: string
  readonly configFile: string
  readonly store: string
}
