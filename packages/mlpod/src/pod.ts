import { type Dataset, PodError } from '@mlpod/contract'
import { type Catalog, findPod, type Pipeline, type Pod, recallPod } from '@mlpod/pipeline'
import type { PromiseSet } from '@mlpod/promise'

/** What a pod is: the default export of `mlpod.config.ts`. */
export interface PodConfig {
  /** Shown everywhere; letters, digits, `_`, `-`, `.`. */
  readonly name: string
  readonly catalog: Catalog
  /** One pipeline, or several by name; `default` is what `mlpod run` runs. */
  readonly pipelines: Pipeline | Readonly<Record<string, Pipeline>>
  readonly promises?: PromiseSet
  /** The sealed model that `mlpod serve` answers with. */
  readonly serve?: { readonly model: Dataset }
  /** Metrics that `mlpod runs` shows first. */
  readonly metrics?: readonly string[]
}

/** A pod whose pipelines have names. */
export interface DefinedPod extends PodConfig {
  readonly pipelines: Readonly<Record<string, Pipeline>>
}

/** Returns the pod of a configuration. Throws `NAME_MALFORMED` for a name that is none. */
export function definePod(config: PodConfig): DefinedPod {
  if (!/^[\p{L}\p{N}_.-]+$/u.test(config.name ?? ''))
    throw new PodError('NAME_MALFORMED', `"${config.name}" is no name for a pod`, {
      hint: 'use letters, digits, "_", "-" and "." only',
    })
  const single = 'nodes' in config.pipelines && Array.isArray(config.pipelines.nodes)
  return {
    ...config,
    pipelines: single
      ? { default: config.pipelines as Pipeline }
      : (config.pipelines as Readonly<Record<string, Pipeline>>),
  }
}

/** A pod as commands use it: what the runner needs, and the rest of its configuration. */
export interface OpenPod {
  readonly pod: Pod
  readonly config: DefinedPod
}

/**
 * Finds the pod from a folder upward and loads it, or recalls what it said where nothing has changed.
 * Throws `POD_MISSING`, `CONFIG_BROKEN`, `CONFIG_INVALID`.
 */
export async function openPod(cwd: string): Promise<OpenPod> {
  const { pod, config } = await recallPod(findPod(cwd))
  return { pod, config: config as DefinedPod }
}
