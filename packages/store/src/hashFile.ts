import { type FileHandle, open, stat } from 'node:fs/promises'
import { type Hash, PodError } from '@mlpod/contract'
import { hasher } from './atomic.ts'

/** Bytes by their hash, and how many. */
export interface Stored {
  readonly hash: Hash
  readonly size: number
}

/** What tells that a file is still the one that was hashed. */
export interface FileStamp {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

/** Tells whether two stamps are of the same, untouched file. */
const sameStamp = (a: FileStamp, b: FileStamp): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.dev === b.dev

const BLOCK = 1 << 20

/**
 * Reads an open file to its end in blocks of 1 MiB. Returns the hash and size of what was read; each block is handed to
 * `sink` before the next is read.
 */
export async function readThrough(handle: FileHandle, sink?: (block: Uint8Array) => Promise<unknown>): Promise<Stored> {
  const state = hasher()
  const buffer = Buffer.allocUnsafe(BLOCK)
  let size = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, BLOCK, size)
    if (bytesRead === 0) return { hash: state.digest(), size }
    const block = buffer.subarray(0, bytesRead)
    state.update(block)
    if (sink) await sink(block)
    size += bytesRead
  }
}

/**
 * Calls `work` with the open file and makes sure that nobody wrote to it meanwhile: tried again once, then
 * `FILE_CHANGED` is thrown. Throws `FILE_MISSING` when there is no such file, `NOT_A_FILE` when it is something else.
 */
export async function whileUnchanged<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const handle = await openExisting(path)
    try {
      const before = await handle.stat({ bigint: true })
      if (!before.isFile())
        throw new PodError('NOT_A_FILE', `${path} is no regular file, so it has no bytes to hash`, {
          hint: 'name a file, or put a folder in the store as a folder',
        })
      const result = await work(handle)
      const after = await handle.stat({ bigint: true })
      const named = await stat(path, { bigint: true }).catch(() => undefined)
      if (named !== undefined && sameStamp(before, after) && sameStamp(before, named)) return result
    } finally {
      await handle.close()
    }
    if (attempt === 2)
      throw new PodError('FILE_CHANGED', `${path} was changed by someone else while it was read`, {
        because: 'its hash would have been of bytes that never stood together in the file',
        hint: 'let the writer finish, then run the same command again',
      })
  }
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new PodError('FILE_MISSING', `there is no file ${path}`, { cause: error })
    throw error
  }
}

/** Returns hash and size of a file's bytes, whatever its length. Throws what `whileUnchanged` throws. */
export const hashFile = (path: string): Promise<Stored> => whileUnchanged(path, (handle) => readThrough(handle))
