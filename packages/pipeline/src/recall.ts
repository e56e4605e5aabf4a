import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import type { Hash } from '@mlpod/contract'
import { openStore, type Store, writeAtomic } from '@mlpod/store'
import { isAmbient } from './ambient.ts'
import type { Place } from './bundle.ts'
import { placesIn, TICK_MS } from './code.ts'
import { contentsOf, onceEach } from './identify.ts'
import { findUp, openPackages } from './packages.ts'
import { loadPod, nodesOf, type Pod, podOf } from './pod.ts'
import { importedFiles } from './resolution.ts'

/** A pod and the rest of its configuration. */
export interface Recalled {
  readonly pod: Pod
  /** The config's default export; recalled, it has no functions (`run`, `read`, `write`, `measure`). */
  readonly config: unknown
}

/** What the modules of a pod said, and what must be as it was for them to say it again. */
interface Memory {
  readonly stamp: string
  /** Everything that was imported outside of `node_modules`, and the `package.json` of each. */
  readonly files: readonly string[]
  readonly contents: Hash
  /** Nearer files and folders that would decide what is imported, if they were there. */
  readonly absent: readonly string[]
  /** Undefined: what these modules say cannot be kept. */
  readonly said?: { readonly config: object; readonly places: Readonly<Record<string, readonly Place[]>> }
}

/**
 * Returns a pod without importing it, when nothing of what it was made of has changed since it was imported last: its
 * modules and those of linked workspaces by their bytes, packages by the lock file. Otherwise imports it, which throws what
 * `loadPod` throws. Only pods whose modules depend on nothing else are kept (see `isAmbient`).
 */
export async function recallPod(configFile: string): Promise<Recalled> {
  const store = openStore(dirname(configFile))
  const file = join(dirname(configFile), '.mlpod', 'cache', 'pod')
  const stamp = stampOf(dirname(configFile))
  const memory = read(file)
  const identify = onceEach(store.identify)
  const current =
    memory !== undefined &&
    memory.stamp === stamp &&
    memory.files.includes(realpathSync(configFile)) &&
    (await contentsOf(memory.files, identify)) === memory.contents &&
    !memory.absent.some((path) => existsSync(path))
  if (current && memory.said) {
    const { config, places } = memory.said
    return { pod: { ...podOf(configFile, config), recalled: { places, identify } }, config }
  }
  const begunAt = Date.now() - TICK_MS
  const pod = await loadPod(configFile)
  const { default: config } = await import(pathToFileURL(configFile).href)
  const fresh = current || stamp === undefined ? undefined : await memoryOf(stamp, { pod, config }, store, begunAt)
  if (fresh) {
    await writeAtomic(file, serialize(fresh))
    await store.save()
  }
  return { pod, config }
}

/** What else decides what modules say; undefined when nothing tells of packages. */
function stampOf(root: string): string | undefined {
  const packages = openPackages(root).stamp
  const { version, execArgv, env } = process
  return packages && JSON.stringify([METHOD, version, execArgv, env.NODE_OPTIONS ?? '', packages])
}

/** Changes when the way of keeping does. */
const METHOD = 1

function read(file: string): Memory | undefined {
  try {
    return deserialize(readFileSync(file))
  } catch {
    return undefined // absent or damaged: the pod is imported
  }
}

/** Returns what to keep of an import; undefined when it is not certain which bytes were imported. */
async function memoryOf(
  stamp: string,
  { pod, config }: Recalled,
  store: Store,
  begunAt: number,
): Promise<Memory | undefined> {
  const imported = importedFiles()?.filter((path) => !path.includes(`${sep}node_modules${sep}`))
  if (!imported?.includes(realpathSync(pod.configFile))) return undefined
  const { manifests, absent } = surroundings(imported)
  const files = [...imported, ...manifests]
  const contents = await contentsOf(files, store.identify)
  const settled = files.every((path) => {
    const info = statSync(path, { throwIfNoEntry: false })
    return info !== undefined && info.mtimeMs < begunAt && info.ctimeMs < begunAt
  })
  if (!settled || contents === undefined) return undefined
  return { stamp, files, contents, absent, said: await saidBy(pod, config, imported) }
}

/** The `package.json` above each file, and what there is not between the two. */
function surroundings(files: readonly string[]): { manifests: readonly string[]; absent: readonly string[] } {
  const manifests = new Set<string>()
  const absent = new Set<string>()
  for (const folder of new Set(files.map((path) => dirname(path)))) {
    const manifest = findUp(folder, 'package.json')
    if (manifest !== undefined) manifests.add(manifest)
    for (let below = folder; below !== dirname(manifest ?? sep); below = dirname(below))
      for (const name of ['package.json', 'node_modules']) absent.add(join(below, name))
  }
  return { manifests: [...manifests], absent: [...absent].filter((path) => !existsSync(path)) }
}

async function saidBy(pod: Pod, config: unknown, files: readonly string[]): Promise<Memory['said']> {
  const home = realpathSync(pod.root) + sep
  const own = files.filter((path) => path.startsWith(home) || !isOurs(path))
  const names = nodesOf(pod).map(({ name }) => name)
  const plain = plainOf(config)
  if (plain === undefined || new Set(names).size < names.length || (await someAmbient(own))) return undefined
  const places = await placesIn(own.filter((path) => path.startsWith(home) && !path.endsWith('.json')))
  return {
    config: plain,
    places: Object.fromEntries(
      nodesOf(pod).flatMap((node) => (places.has(node) ? [[node.name, places.get(node)!]] : [])),
    ),
  }
}

/** Tells whether a file is one of our rooms, linked into a workspace. */
function isOurs(path: string): boolean {
  const manifest = findUp(dirname(path), 'package.json')
  return manifest !== undefined && /^@?mlpod(\/|$)/.test(JSON.parse(readFileSync(manifest, 'utf8')).name)
}

async function someAmbient(files: readonly string[]): Promise<boolean> {
  const { parseAst } = await import('rolldown/parseAst')
  return files.some((path) => {
    if (path.endsWith('.json')) return false
    if (!/\.m?[jt]sx?$/.test(path)) return true
    const lang = /x$/.test(path) ? 'tsx' : 'ts'
    return isAmbient(parseAst(readFileSync(path, 'utf8'), { lang, sourceType: 'module' }, path))
  })
}

/** Functions of a config that only worker threads call. */
const LEFT_OUT = new Set(['run', 'read', 'write', 'measure'])

/**
 * Returns a copy without those functions: plain objects, lists, maps and sets, what is shared stays shared.
 * Undefined when there is anything else in it.
 */
function plainOf(value: unknown): object | undefined {
  const copies = new Map<object, object>()
  const copy = (from: unknown): unknown => {
    if (typeof from === 'function' || typeof from === 'symbol') throw new TypeError(typeof from)
    if (typeof from !== 'object' || from === null) return from
    const known = copies.get(from)
    if (known) return known
    const to: object = Array.isArray(from) ? [] : from instanceof Map ? new Map() : from instanceof Set ? new Set() : {}
    copies.set(from, to)
    if (from instanceof Map) for (const [key, item] of from) (to as Map<unknown, unknown>).set(copy(key), copy(item))
    else if (from instanceof Set) for (const item of from) (to as Set<unknown>).add(copy(item))
    else {
      const { prototype } = Object
      if (!Array.isArray(from) && ![prototype, null].includes(Object.getPrototypeOf(from))) throw new TypeError('class')
      for (const [key, item] of Object.entries(from))
        if (!(typeof item === 'function' && LEFT_OUT.has(key))) (to as Record<string, unknown>)[key] = copy(item)
    }
    return to
  }
  try {
    return copy(value) as object
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
