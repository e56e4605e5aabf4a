import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonical, type Hash, type Json, type OutputRecord, PodError } from '@mlpod/contract'
import { publish, temporaryName, writeDurably } from './atomic.ts'
import type { EnvironmentRecord } from './environment.ts'

/** What one execution of a node made: immutable, found by its run key, shareable between machines. */
export interface Action {
  readonly version: 1
  readonly key: Hash
  readonly node: string
  /** What the key is the hash of. */
  readonly parts: Json
  /** Facts that explain the key and are not in it: hashes of the modules of the code, by path. */
  readonly modules?: Readonly<Record<string, Hash>>
  readonly outputs: Readonly<Record<string, OutputRecord>>
  readonly environment: EnvironmentRecord
  readonly ms: number
  /** The last value of each metric that the node logged. */
  readonly metrics?: Readonly<Record<string, { readonly value: number; readonly step: number }>>
  readonly notes?: readonly string[]
}

/** What `put` did: `written`, `same` when an equal result was there, `differs` (with the stored one, which stays) otherwise. */
export type ActionWrite =
  | { readonly state: 'written' | 'same' }
  | { readonly state: 'differs'; readonly stored: Action }

/** Results by run key. */
export interface Actions {
  /** Returns the result of a run key, or undefined. Throws `ACTION_NEWER` when a newer mlpod wrote it. A damaged file is set aside and counts as absent. */
  get(key: Hash): Promise<Action | undefined>
  /** Keeps a result under its key for ever; a result that is there already is never rewritten. */
  put(action: Action): Promise<ActionWrite>
  /** Puts a result in the place of one whose objects are lost; the old one is set aside in `quarantine/`. */
  replaceLost(action: Action): Promise<void>
  /** Returns the names of the nodes that are known to have made an object. Reads every action: for error messages. */
  makersOf(hash: Hash): Promise<readonly string[]>
}

/** Opens the action cache under a store's root: `actions/ab/<62 hex>.json`. */
export function openActions(root: string, temporaryFolder: string): Actions {
  const place = (key: Hash): string => join(root, 'actions', key.slice(0, 2), `${key.slice(2)}.json`)
  const setAside = async (key: Hash): Promise<void> => {
    const aside = join(root, 'quarantine', `${key}.action.${temporaryName()}`)
    await mkdir(dirname(aside), { recursive: true })
    await rename(place(key), aside).catch(() => undefined)
  }
  const actions: Actions = {
    async get(key) {
      const path = place(key)
      let text: string
      try {
        text = await readFile(path, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      const action = parseAction(text, path)
      if (action?.key === key) return action
      await setAside(key)
      return undefined
    },
    async put(action) {
      await mkdir(temporaryFolder, { recursive: true })
      const temporary = join(temporaryFolder, temporaryName())
      await writeDurably(temporary, printAction(action), 0o444)
      if (await publish(temporary, place(action.key))) return { state: 'written' }
      const stored = await actions.get(action.key)
      if (stored === undefined) return await actions.put(action)
      return canonical(hashes(stored)) === canonical(hashes(action)) ? { state: 'same' } : { state: 'differs', stored }
    },
    async replaceLost(action) {
      await setAside(action.key)
      await actions.put(action)
    },
    async makersOf(hash) {
      const makers = new Set<string>()
      const folder = join(root, 'actions')
      for (const prefix of await readdir(folder).catch(() => []))
        for (const name of await readdir(join(folder, prefix)).catch(() => [])) {
          const text = await readFile(join(folder, prefix, name), 'utf8').catch(() => '')
          if (!text.includes(hash)) continue
          const action = parseQuietly(text)
          if (action && Object.values(action.outputs).some((output) => output.hash === hash)) makers.add(action.node)
        }
      return [...makers].sort()
    },
  }
  return actions
}

const printAction = (action: Action): string => `${canonical(action)}\n`

const hashes = ({ outputs }: Action): Record<string, string> =>
  Object.fromEntries(Object.entries(outputs).map(([argument, output]) => [argument, output.hash]))

function parseQuietly(text: string): Action | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseAction(text: string, path: string): Action | undefined {
  const value = parseQuietly(text) as (Omit<Action, 'version'> & { version: number }) | undefined
  if (typeof value?.version === 'number' && value.version > 1)
    throw new PodError('ACTION_NEWER', `a node's result was written in format ${value.version}, this mlpod reads 1`, {
      at: path,
      hint: 'install a newer mlpod',
    })
  const complete = value?.version === 1 && typeof value.node === 'string' && value.outputs !== undefined
  return complete ? (value as Action) : undefined
}
