import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { sweep, temporaryName } from '../atomic.ts'
import type { S3, S3Object } from './openS3.ts'

/** Where objects are kept on this machine. */
export interface S3CacheOptions {
  /** By default `mlpod/s3` in `XDG_CACHE_HOME` or `~/.cache`. */
  readonly folder?: string
  /** The most bytes that are kept, what this process opened aside; 20 GiB by default. What was not opened for longest goes first. */
  readonly limit?: number
}

/** Objects by endpoint, bucket, key, ETag and size. */
export interface S3Cache {
  /** Returns where the bytes of an object are, a read-only file whose path ends in its key; fetched only if they are not here. Throws what `S3.download` throws. */
  file(object: S3Object): Promise<string>
}

/** Files of this process, which may still be read. */
const used = new Set<string>()

/** Opens the cache of what is fetched. */
export function openS3Cache(
  s3: S3,
  {
    folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlpod', 's3'),
    limit = 20 * 2 ** 30,
  }: S3CacheOptions = {},
): S3Cache {
  const underway = new Map<string, Promise<string>>()
  const fetched = async (object: S3Object, home: string, path: string): Promise<string> => {
    used.add(home)
    const there = await stat(path).catch(() => undefined)
    if (there?.size !== object.size) {
      const temporary = join(folder, 'tmp', temporaryName())
      await mkdir(dirname(temporary), { recursive: true })
      await sweep(dirname(temporary))
      await makeRoom(folder, limit - object.size)
      const whole = `${temporary}-whole`
      const got = await s3.download(object.place, whole, { temporary })
      if (got.etag !== object.etag) {
        await rm(whole)
        // it was written anew since it was listed: that is the object now
        const now = placeIn(folder, s3, got)
        return await fetched(got, now.home, now.path)
      }
      await chmod(whole, 0o444)
      await mkdir(dirname(path), { recursive: true })
      await rename(whole, path)
    }
    // the time of the folder says when it was last opened; that of the file is left alone, for its readers watch it
    await utimes(home, new Date(), new Date())
    return path
  }
  return {
    file(object) {
      const { home, path } = placeIn(folder, s3, object)
      const found = underway.get(path) ?? fetched(object, home, path).finally(() => underway.delete(path))
      underway.set(path, found)
      return found
    },
  }
}

function placeIn(
  folder: string,
  { endpoint }: S3,
  { place, key, etag, size }: S3Object,
): { home: string; path: string } {
  const name = createHash('sha256')
    .update(JSON.stringify([endpoint, place, etag, size]))
    .digest('hex')
    .slice(0, 32)
  const home = join(folder, 'objects', name)
  return { home, path: join(home, localName(key)) }
}

/** Returns a key as a path that stays below its folder, whatever it holds. */
export const localName = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      /^\.{0,2}$/.test(part)
        ? `%${part}`
        : part.replaceAll('\\', '%5C').replaceAll('\0', '%00').replaceAll('\n', '%0A'),
    )
    .join('/')

/** Removes what was not opened for longest, until what is left takes no more than `limit` bytes. */
async function makeRoom(folder: string, limit: number): Promise<void> {
  const root = join(folder, 'objects')
  const kept = await Promise.all(
    (await readdir(root).catch(() => [])).map(async (name) => {
      const home = join(root, name)
      const { mtimeMs = 0 } = (await stat(home).catch(() => undefined)) ?? {}
      return { home, size: await sizeOf(home), opened: mtimeMs }
    }),
  )
  let total = kept.reduce((sum, { size }) => sum + size, 0)
  for (const { home, size } of kept.sort((a, b) => a.opened - b.opened)) {
    if (total <= limit) return
    if (used.has(home)) continue
    const aside = join(folder, 'tmp', `${temporaryName()}-${basename(home)}`)
    await rename(home, aside).then(
      () => rm(aside, { recursive: true, force: true }),
      () => {},
    )
    total -= size
  }
}

async function sizeOf(folder: string): Promise<number> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = found
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
