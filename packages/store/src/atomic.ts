import { createHash, randomBytes } from 'node:crypto'
import { constants, type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Hash, PodError } from '@mlpod/contract'

let counter = 0
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 6)

/** Returns a name that no other writer uses, led by process and machine so that what a dead process left can be swept. */
export const temporaryName = (): string => `${process.pid}-${HOST}-${counter++}-${randomBytes(4).toString('hex')}`

/** Temporary files of other machines are taken for dead after this time. */
const FORGOTTEN_MS = 7 * 24 * 3600 * 1000

/** Removes the temporary files in a folder that processes left when they died. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, host] = /^(\d+)-([0-9a-f]{6})-/.exec(name) ?? []
    const path = join(folder, name)
    const modified = host === HOST ? undefined : (await stat(path).catch(() => undefined))?.mtimeMs
    const dead = host === HOST ? !isAlive(Number(pid)) : modified !== undefined && Date.now() - modified > FORGOTTEN_MS
    if (dead) await rm(path, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Flushes a folder's entries, so that a rename in it survives a power cut. Systems that cannot open folders do it themselves. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(folder, constants.O_RDONLY)
    await handle.sync()
  } catch {
    // Windows and some network systems refuse to open or to flush a folder; the rename itself is still atomic.
  } finally {
    await handle?.close()
  }
}

/** Writes bytes to a new file and flushes them to the disk. Throws `DISK_FULL` when there is no room; no file is left then. */
export async function writeDurably(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  try {
    const handle = await open(path, 'wx', mode)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw diskError(error, path)
  }
}

/** Puts bytes at `path` so that a reader sees the old file or the new one, never a part; folders are made as needed. */
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${basename(path)}.${temporaryName()}.tmp`)
  await writeDurably(temporary, bytes)
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/**
 * Gives a finished temporary file its final name, unless that name is taken. Returns whether it was free; the temporary
 * name is gone in both cases.
 */
export async function publish(temporary: string, path: string): Promise<boolean> {
  let free = true
  try {
    await link(temporary, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      await mkdir(dirname(path), { recursive: true })
      return await publish(temporary, path)
    }
    if (code !== 'EEXIST') {
      // File systems without hard links: names are hashes of contents, so a lost race replaces equal bytes by equal bytes.
      await rename(temporary, path)
      await syncFolder(dirname(path))
      return true
    }
    free = false
  }
  await rm(temporary, { force: true })
  if (free) await syncFolder(dirname(path))
  return free
}

/** Returns the hash of what was fed to it, block by block. */
export function hasher(): { update(block: Uint8Array): void; digest(): Hash } {
  const state = createHash('sha256')
  return { update: (block) => void state.update(block), digest: () => state.digest('hex') as Hash }
}

/** Returns the error that says in our words that the disk is full or quota is used up; other errors unchanged. */
export function diskError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new PodError('DISK_FULL', `there is no room left on the disk to write ${path}`, {
    because: 'nothing was half written: files get their name only when they are complete',
    hint: 'free some space, or set MLPOD_STORE to a larger disk, and run the same command again',
    cause: error,
  })
}
