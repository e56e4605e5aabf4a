import { readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { canonical, didYouMean, type Hash, PodError } from '@mlpod/contract'
import { type Store, writeAtomic } from '@mlpod/store'
import { type Bundle, bundleNode, type Place, podModules } from './bundle.ts'
import { contentsOf, onceEach } from './identify.ts'
import type { AnyNode } from './node.ts'
import { openPackages, type Packages } from './packages.ts'
import type { Pod } from './pod.ts'

/** A node's code as it enters the run key, and what explains it. */
export interface NodeCode {
  readonly hash: Hash
  /** `name@version+integrity` of the packages that the code imports, sorted. */
  readonly packages: readonly string[]
  /** Hashes of what the node uses of each module, by path from the pod's root. */
  readonly parts: Readonly<Record<string, Hash>>
}

/** Tells nodes' code; remembers it in `.mlpod/cache/code.json` while no module of it changes. */
export interface CodeReader {
  /** Reads the code of several nodes at the same time. Throws what `read` throws. */
  readAll(nodes: readonly AnyNode[]): Promise<void>
  /** Returns a node's code. Throws `NODE_NOT_EXPORTED`, and what `bundleNode` throws. */
  read(node: AnyNode): Promise<NodeCode>
  /** Tells whether the modules of a node that has been read are still as they were then. */
  isCurrent(node: AnyNode): Promise<boolean>
  /** Writes the cache, when something is new. */
  save(): Promise<void>
}

interface CachedNode {
  readonly places: readonly Place[]
  readonly code: Hash
  readonly parts: Readonly<Record<string, Hash>>
  /** Folders of imported packages, and their identities at the lock file's stamp. */
  readonly folders: readonly string[]
  readonly packages: readonly string[]
  readonly stamp?: string
  /** One hash over the contents of all modules looked at. */
  readonly contents: Hash
  readonly modules: readonly number[]
}

interface Cache {
  readonly tool: string
  readonly paths: readonly string[]
  readonly nodes: Readonly<Record<string, CachedNode>>
}

/** Changes when the way in which code is told does: fingerprints of another way are not compared. */
const METHOD = 1

/** Nodes that are bundled at the same time. */
const ABREAST = 4

/** Opens the reader of a pod's code; the hashes of modules come from the store's index of untouched files. */
export function openCode(pod: Pod, store: Store): CodeReader {
  const file = join(pod.root, '.mlpod', 'cache', 'code.json')
  const tool = `${METHOD} rolldown ${createRequire(import.meta.url)('rolldown/package.json').version}`
  const cache = readCache(file, tool)
  const packages = openPackages(realpathSync(pod.root))
  const known = new Map<string, CachedNode & { readonly files: readonly string[] }>()
  for (const [name, node] of Object.entries(cache.nodes))
    known.set(name, { ...node, files: node.modules.map((index) => cache.paths[index]) })
  let changed = false
  let places: Promise<ReadonlyMap<unknown, readonly Place[]>> | undefined
  // Nodes share modules: each is looked at once while the code of all nodes is told.
  const identifyOnce = pod.recalled?.identify ?? onceEach(store.identify)
  const inProgress = new Map<string, Promise<NodeCode>>()

  const placesOf = async (node: AnyNode): Promise<readonly Place[]> => {
    const recalled = pod.recalled?.places[node.name]
    if (recalled) return recalled
    places ??= locate(pod)
    const found = (await places).get(node)
    if (found === undefined) throw notExported(node, await places)
    return found
  }

  const readNow = async (node: AnyNode): Promise<NodeCode> => {
    const before = known.get(node.name)
    if (
      before &&
      (await standsAt(pod, node, before.places)) &&
      (await contentsOf(before.files, identifyOnce)) === before.contents
    ) {
      if (packages.stamp !== undefined && before.stamp === packages.stamp) return told(before)
      const again = { ...before, stamp: packages.stamp, packages: identities(packages, before.folders) }
      known.set(node.name, again)
      changed = true
      return told(again)
    }
    const found = await placesOf(node)
    const { bundle, contents } = await bundleSettled(pod, found, store)
    const fresh = {
      places: found,
      code: bundle.code,
      parts: bundle.parts,
      folders: bundle.packages,
      packages: identities(packages, bundle.packages),
      stamp: packages.stamp,
      contents,
      modules: [],
      files: bundle.modules,
    }
    known.set(node.name, fresh)
    changed = true
    return told(fresh)
  }

  const read = (node: AnyNode): Promise<NodeCode> => {
    const running = inProgress.get(node.name) ?? readNow(node)
    inProgress.set(node.name, running)
    return running
  }

  return {
    read,
    async readAll(nodes) {
      const waiting = [...nodes]
      const lane = async (): Promise<void> => {
        for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await read(node)
      }
      await Promise.all(Array.from({ length: ABREAST }, lane))
    },
    async isCurrent(node) {
      const cached = known.get(node.name)
      return cached !== undefined && (await contentsOf(cached.files, store.identify)) === cached.contents
    },
    async save() {
      if (!changed) return
      changed = false
      const paths = [...new Set([...known.values()].flatMap(({ files }) => files))].sort()
      const index = new Map(paths.map((path, i) => [path, i]))
      const nodes = Object.fromEntries(
        [...known].map(([name, { files, ...node }]) => [
          name,
          { ...node, modules: files.map((path) => index.get(path)!) },
        ]),
      )
      await writeAtomic(file, canonical({ tool, paths, nodes }))
    },
  }
}

/** A file stamped this long before bundling began was not written meanwhile, whatever the clock's tick is. */
export const TICK_MS = 50

/** Bundles until no module was written meanwhile, so that code and contents belong together. */
async function bundleSettled(
  pod: Pod,
  places: readonly Place[],
  store: Store,
): Promise<{ bundle: Bundle; contents: Hash }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const begun = Date.now() - TICK_MS
    const bundle = await bundleNode(pod.root, places)
    const contents = await contentsOf(bundle.modules, store.identify)
    const settled = bundle.modules.every((path) => {
      const info = statSync(path, { throwIfNoEntry: false })
      return info !== undefined && info.mtimeMs < begun && info.ctimeMs < begun
    })
    if (settled && contents !== undefined) return { bundle, contents }
    await sleep(2 * TICK_MS)
  }
  throw new PodError('CODE_CHANGED', `the code at ${places[0].module} keeps changing while it is read`, {
    hint: 'let the writer finish, then run the same command again',
  })
}

const told = ({ code, packages, parts }: CachedNode): NodeCode => ({ hash: code, packages, parts })

const identities = (packages: Packages, folders: readonly string[]): readonly string[] =>
  [...new Set(folders.map((folder) => packages.identify(folder)))].sort()

/** Tells whether the node is still what its first place exports; the module is loaded already when it is. */
async function standsAt({ recalled }: Pod, node: AnyNode, [place]: readonly Place[]): Promise<boolean> {
  const places = recalled && (recalled.places[node.name] ?? [])
  if (places) return places.some((one) => one.module === place.module && one.export === place.export)
  const module = await import(pathToFileURL(place.module).href).catch(() => undefined)
  return module?.[place.export] === node
}

const locate = async (pod: Pod): Promise<ReadonlyMap<unknown, readonly Place[]>> =>
  await placesIn(await podModules(pod.root, pod.configFile))

/** Finds every export of modules that is an object; nodes are found by identity. */
export async function placesIn(modules: readonly string[]): Promise<ReadonlyMap<unknown, readonly Place[]>> {
  const places = new Map<unknown, Place[]>()
  for (const module of modules.toSorted()) {
    const exported: Record<string, unknown> = await import(pathToFileURL(module).href)
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value !== 'object' || value === null) continue
      places.set(value, [...(places.get(value) ?? []), { module, export: name }])
    }
  }
  return places
}

function notExported(node: AnyNode, places: ReadonlyMap<unknown, readonly Place[]>): PodError {
  const names = [...places.keys()].flatMap((value) =>
    (value as AnyNode).kind === 'node' ? [(value as AnyNode).name] : [],
  )
  return new PodError(
    'NODE_NOT_EXPORTED',
    `node "${node.name}" is no export of a module of the pod${didYouMean(node.name, names)}`,
    {
      because: 'a node is found by its export, so that its code can be told from the code of other nodes',
      hint: `write: export const ${node.name.replace(/\W/g, '_')} = node({ ... })`,
    },
  )
}

function readCache(file: string, tool: string): Cache {
  try {
    const cache: Cache = JSON.parse(readFileSync(file, 'utf8'))
    if (cache.tool === tool) return cache
  } catch {
    // absent or damaged: everything is read again
  }
  return { tool, paths: [], nodes: {} }
}
