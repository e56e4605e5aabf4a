import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical, type Hash, isHash, type Json, PodError } from '@mlpod/contract'
import { writeAtomic } from './atomic.ts'

/** The hashes of everything that a pod's last complete run read and made; with it, a commit names a world. */
export interface Lock {
  readonly version: 1
  /** Sources by dataset name. */
  readonly data: Readonly<Record<string, { readonly hash: Hash; readonly size: number }>>
  readonly nodes: Readonly<Record<string, LockedNode>>
  /** The identity of the packed model, when the pod has one. */
  readonly model?: { readonly bodyHash: Hash }
}

/** A node as it last ran. */
export interface LockedNode {
  readonly key: Hash
  readonly code: Hash
  /** Used parameters by name. */
  readonly params: Readonly<Record<string, Json>>
  /** Hashes of inputs by argument. */
  readonly inputs: Readonly<Record<string, Hash>>
  /** Hashes of outputs by argument. */
  readonly outputs: Readonly<Record<string, Hash>>
}

/** A lock that names nothing. */
export const EMPTY_LOCK: Lock = { version: 1, data: {}, nodes: {} }

/** The path of a pod's lock file. */
export const lockPath = (podRoot: string): string => join(podRoot, 'mlpod.lock')

/**
 * Reads `mlpod.lock`; a pod without one has the empty lock.
 * Throws `LOCK_NEWER` for a newer version, and `LOCK_MALFORMED` with the line for anything else that is wrong.
 */
export async function readLock(podRoot: string): Promise<Lock> {
  try {
    return parseLock(await readFile(lockPath(podRoot), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_LOCK
    throw error
  }
}

/** Writes `mlpod.lock` atomically. Returns false, and leaves the file untouched, when it says the same already. */
export async function writeLock(podRoot: string, lock: Lock): Promise<boolean> {
  const text = printLock(lock)
  const before = await readFile(lockPath(podRoot), 'utf8').catch(() => undefined)
  if (before === text) return false
  await writeAtomic(lockPath(podRoot), text)
  return true
}

/** Returns a lock's text: canonical JSON with one entry a line, so that version control shows what changed. */
export function printLock(lock: Lock): string {
  const section = (entries: Readonly<Record<string, unknown>>): string => {
    const names = Object.keys(entries).sort()
    if (names.length === 0) return '{}'
    return `{\n${names.map((name) => `${JSON.stringify(name)}:${canonical(entries[name])}`).join(',\n')}\n}`
  }
  const model = lock.model === undefined ? '' : `"model":${canonical(lock.model)},\n`
  return `{\n"data":${section(lock.data)},\n${model}"nodes":${section(lock.nodes)},\n"version":1\n}\n`
}

/** Reads a lock's text; see `readLock` for what it throws. */
export function parseLock(text: string): Lock {
  const value = parseJson(text)
  if (!isRecord(value)) throw malformed('is no JSON object', 1)
  const { version } = value
  if (typeof version === 'number' && version > 1)
    throw new PodError('LOCK_NEWER', `mlpod.lock has version ${version}, this mlpod reads 1`, {
      at: `mlpod.lock:${lineOf(text, '"version"')}`,
      because: 'it was written by a newer mlpod, and an older one could lose what it does not know',
      hint: 'install the newer mlpod: npm install',
    })
  if (version !== 1) throw malformed('has no version', lineOf(text, '"version"'))
  for (const [section, check] of Object.entries(SECTIONS)) {
    const entries = value[section]
    if (!isRecord(entries)) throw malformed(`has no section "${section}"`, lineOf(text, `"${section}"`))
    for (const [name, entry] of Object.entries(entries)) {
      const wrong = isRecord(entry) ? check(entry) : 'is no object'
      if (wrong) throw malformed(`entry "${name}" of "${section}" ${wrong}`, lineOf(text, `${JSON.stringify(name)}:`))
    }
  }
  const model = value.model
  if (model !== undefined && !(isRecord(model) && isHash(model.bodyHash)))
    throw malformed('"model" has no bodyHash', lineOf(text, '"model"'))
  return value as unknown as Lock
}

const SECTIONS: Record<string, (entry: Record<string, unknown>) => string | undefined> = {
  data: ({ hash, size }) =>
    !isHash(hash) ? 'has no hash' : !Number.isSafeInteger(size) || (size as number) < 0 ? 'has no size' : undefined,
  nodes: ({ key, code, params, inputs, outputs }) => {
    if (!isHash(key)) return 'has no key'
    if (!isHash(code)) return 'has no code'
    if (!isRecord(params)) return 'has no params'
    if (!isRecord(inputs) || !Object.values(inputs).every(isHash)) return 'has no inputs'
    return isRecord(outputs) && Object.values(outputs).every(isHash) ? undefined : 'has no outputs'
  },
}

function parseJson(text: string): unknown {
  const conflict = /^(<{7}|={7}|>{7})/m.exec(text)
  if (conflict)
    throw new PodError('LOCK_MALFORMED', 'mlpod.lock has an unresolved merge conflict', {
      at: `mlpod.lock:${lineAt(text, conflict.index)}`,
      hint: 'take either side and run: mlpod run',
    })
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)
    throw malformed('is no JSON', position ? lineAt(text, Number(position[1])) : text.split('\n').length)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

const lineOf = (text: string, part: string): number => lineAt(text, Math.max(0, text.indexOf(part)))

const malformed = (what: string, line: number): PodError =>
  new PodError('LOCK_MALFORMED', `mlpod.lock ${what}`, {
    at: `mlpod.lock:${line}`,
    hint: 'restore it from version control, or delete it and run: mlpod run',
  })
