import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { PodError } from '@mlpod/contract'

// One call of the system reads or writes at most this much.
const PIECE = 1 << 30

const messageOf = (cause: unknown): string | undefined => (cause instanceof Error ? cause.message : undefined)

/**
 * Returns the bytes of a file, from `offset` on, `length` of them (default: to its end), in memory of their own.
 * Throws `MODEL_MISSING`, `MODEL_CORRUPT` when the file is shorter.
 */
export async function readBytes(path: string, offset = 0, length?: number): Promise<Uint8Array> {
  let handle: FileHandle
  try {
    handle = await open(path)
  } catch (cause) {
    throw new PodError('MODEL_MISSING', `the model ${path} cannot be read`, {
      at: path,
      because: messageOf(cause),
      cause,
    })
  }
  try {
    const { size } = await handle.stat()
    const count = length ?? Math.max(size - offset, 0)
    if (offset + count > size)
      throw new PodError('MODEL_CORRUPT', `${path} has ${size} bytes where ${offset + count} are needed`, { at: path })
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(PIECE, count - at), offset + at)
      if (bytesRead === 0) throw new PodError('MODEL_CORRUPT', `${path} ended while it was read`, { at: path })
      at += bytesRead
    }
    return bytes
  } catch (cause) {
    if (cause instanceof PodError) throw cause
    throw new PodError('MODEL_MISSING', `the model ${path} cannot be read`, {
      at: path,
      because: messageOf(cause),
      cause,
    })
  } finally {
    await handle.close()
  }
}

/** Writes a whole file or nothing: beside its place, brought to the disk, and renamed. */
export async function writeWhole(bytes: Uint8Array, path: string): Promise<void> {
  const beside = `${path}.${process.pid}.part`
  try {
    const handle = await open(beside, 'w')
    try {
      for (let at = 0; at < bytes.byteLength; at += PIECE) await handle.writeFile(bytes.subarray(at, at + PIECE))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** Returns the path of a file that a model names, which must lie in the model's folder. Throws `PATH_ESCAPES`. */
export async function besideModel(model: string, location: string): Promise<string> {
  const refuse = (): PodError =>
    new PodError('PATH_ESCAPES', `${model} keeps data in "${location}", outside its own folder`, {
      at: model,
      hint: 'save the model anew with its data beside it',
    })
  const folder = dirname(model)
  if (isAbsolute(location) || location.split(/[\\/]/).includes('..')) throw refuse()
  const path = join(folder, location)
  const [root, real] = await Promise.all([realpath(folder), realpath(path).catch(() => path)])
  const way = relative(root, real)
  if (real !== path && (way.startsWith(`..${sep}`) || isAbsolute(way))) throw refuse()
  return path
}
