import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PodError } from '@mlpod/contract'
import type { Place } from './bundle.ts'
import type { Catalog } from './catalog.ts'
import type { Identify } from './identify.ts'
import type { AnyNode } from './node.ts'
import { findUp } from './packages.ts'
import { type Pipeline, pipeline } from './pipeline.ts'

/** A pod as the runner needs it. */
export interface Pod {
  /** Its folder, absolute. */
  readonly root: string
  /** The module whose default export says what the pod is; worker processes import it again. */
  readonly configFile: string
  readonly name: string
  readonly catalog: Catalog
  readonly pipelines: Readonly<Record<string, Pipeline>>
  /** What stands in for its modules when it is recalled and was not imported: see `recallPod`. */
  readonly recalled?: {
    /** Where its nodes stand, by name. */
    readonly places: Readonly<Record<string, readonly Place[]>>
    /** Tells the hashes of files that were just looked at. */
    readonly identify: Identify
  }
}

/** The name of the file that makes a folder a pod. */
export const CONFIG_FILE = 'mlpod.config.ts'

/** Returns the path of the nearest `mlpod.config.ts` from a folder upward. Throws `POD_MISSING`. */
export function findPod(from: string): string {
  const file = findUp(resolve(from), CONFIG_FILE)
  if (file !== undefined) return file
  throw new PodError('POD_MISSING', `there is no ${CONFIG_FILE} in ${resolve(from)} or above it`, {
    hint: 'change into the folder of a pod, or make one: npm create mlpod',
  })
}

/**
 * Imports a config file and returns its pod. Throws `CONFIG_BROKEN` when the import fails, with what it said, and
 * `CONFIG_INVALID` when the default export is no pod.
 */
export async function loadPod(configFile: string): Promise<Pod> {
  const file = resolve(configFile)
  let config: object | undefined
  try {
    config = (await import(pathToFileURL(file).href)).default
  } catch (cause) {
    if (cause instanceof PodError) throw cause
    const because = cause instanceof Error ? cause.message : String(cause)
    throw new PodError('CONFIG_BROKEN', `${file} cannot be imported`, {
      because,
      // `npm init` makes packages of another kind
      hint: /outside a module/.test(because) ? 'npm pkg set type=module' : undefined,
      cause,
    })
  }
  return podOf(file, config)
}

/** Returns the pod that a config's default export says. Throws `CONFIG_INVALID` when it is none. */
export function podOf(file: string, config: object | undefined): Pod {
  const { name, catalog, pipelines } = (config ?? {}) as Partial<Pod>
  const wrong =
    typeof name !== 'string' ? 'name' : !isRecord(catalog) ? 'catalog' : !isRecord(pipelines) ? 'pipelines' : undefined
  if (wrong !== undefined)
    throw new PodError('CONFIG_INVALID', `the default export of ${file} has no ${wrong}`, {
      hint: 'export default definePod({ name, catalog, pipelines, promises })',
    })
  return { root: dirname(file), configFile: file, name: name!, catalog: catalog!, pipelines: pipelines! }
}

/**
 * Returns one of a pod's pipelines: the named one, else `default`, else all of its nodes as one.
 * Throws `PIPELINE_UNKNOWN`, and what `pipeline` throws when the pipelines do not go together.
 */
export function pipelineOf(pod: Pick<Pod, 'name' | 'pipelines'>, name?: string): Pipeline {
  const chosen = pod.pipelines[name ?? 'default']
  if (chosen !== undefined) return chosen
  const all = Object.values(pod.pipelines)
  if (name !== undefined)
    throw new PodError('PIPELINE_UNKNOWN', `pod "${pod.name}" has no pipeline "${name}"`, {
      hint: `it has ${Object.keys(pod.pipelines).join(', ')}`,
    })
  return all.length === 1 ? all[0] : pipeline(nodesOf(pod))
}

/** Returns the nodes of all pipelines, each once. */
export const nodesOf = (pod: Pick<Pod, 'pipelines'>): readonly AnyNode[] => [
  ...new Set(Object.values(pod.pipelines).flatMap(({ nodes }) => nodes)),
]

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null
