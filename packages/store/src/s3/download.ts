import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PodError } from '@mlpod/contract'
import { diskError, syncFolder, temporaryName } from '../atomic.ts'
import type { S3Object } from './openS3.ts'
import { isConnection } from './problem.ts'

/** How an object is written as a file. */
export interface DownloadOptions {
  /** A file on the same disk that holds the bytes until they are whole; by default one beside the file. */
  readonly temporary?: string
}

/** What is read, and where it goes. */
interface Download {
  readonly object: S3Object
  readonly path: string
  readonly partSize: number
  readonly abreast: number
  readonly read: (range: readonly [number, number] | undefined) => Promise<AsyncIterable<Uint8Array>>
}

/** How often a part is asked for whose connection breaks. */
const TRIES = 3

/** Writes an object as a file that is there whole or not at all. */
export async function download(
  { object, path, partSize, abreast, read }: Download,
  { temporary = join(dirname(path), `.${basename(path)}.${temporaryName()}.tmp`) }: DownloadOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  try {
    const handle = await open(temporary, 'wx')
    try {
      let next = 0
      let failed = false
      const lane = async (): Promise<void> => {
        while (!failed && next < object.size) {
          const from = next
          const to = Math.min(from + partSize, object.size)
          next = to
          await part(handle, object, [from, to], read).catch((error) => {
            failed = true
            throw error
          })
        }
      }
      // all lanes end before the file is closed, whichever fails
      const ends = await Promise.allSettled(Array.from({ length: abreast }, lane))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

async function part(
  handle: FileHandle,
  object: S3Object,
  [from, to]: readonly [number, number],
  read: Download['read'],
): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      let at = from
      for await (const block of await read(to - from === object.size ? undefined : [from, to])) {
        await handle.write(block, 0, block.length, at)
        at += block.length
      }
      if (at === to) return
      throw new PodError('S3_FAILED', `${object.place} has ${to - from} bytes from ${from} on, but ${at - from} came`)
    } catch (error) {
      if (attempt === TRIES || !isConnection(error)) throw error
    }
}
