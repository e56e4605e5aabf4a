import { constants, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Hash, hashBytes, PodError } from '@mlpod/contract'
import { type Actions, openActions } from './actions.ts'
import { diskError, publish, sweep, syncFolder, temporaryName, writeDurably } from './atomic.ts'
import { copyHashed, replace } from './copy.ts'
import { eachAbreast, storeFolder } from './folder.ts'
import { hashFile, readThrough, type Stored } from './hashFile.ts'
import { MANIFEST_START, type Manifest, type ManifestEntry, parseManifest, printManifest } from './manifest.ts'
import { openStatIndex } from './statIndex.ts'

/** Bytes by their hash, and what nodes made of them. */
export interface Store {
  /** The folder that holds `objects/`, `actions/` and `tmp/`. */
  readonly root: string
  readonly actions: Actions
  /** Returns where an object's bytes are (or would be); the file is read-only. */
  path(hash: Hash): string
  /** Tells whether an object is there, without reading it. */
  has(hash: Hash): boolean
  /** Returns an object's bytes, checked against its hash. Throws `OBJECT_MISSING`, `OBJECT_CORRUPT`. */
  get(hash: Hash): Promise<Uint8Array>
  /** Keeps bytes or a text's UTF-8 bytes. Throws `DISK_FULL`. */
  putBytes(bytes: Uint8Array | string): Promise<Stored>
  /** Keeps a file's bytes; with `move` the file itself becomes the object (it must be ours and on the store's disk). Throws `FILE_MISSING`, `FILE_CHANGED`, `NOT_A_FILE`, `DISK_FULL`. */
  putFile(path: string, options?: { move?: boolean }): Promise<Stored>
  /** Keeps a folder: each file, and a manifest whose hash is the folder's. Its size is the sum of its files. Throws what `walk` and `putFile` throw. */
  putDirectory(path: string): Promise<Stored>
  /** Returns the manifest when the object is a folder, else undefined. */
  manifest(hash: Hash): Promise<Manifest | undefined>
  /** Keeps a folder whose files are in the store; with `keep: false` only tells its hash. Its size is the sum of its files. */
  putManifest(entries: readonly ManifestEntry[], options?: { keep?: boolean }): Promise<Stored>
  /** Returns the files directly in a folder, by name in code-unit order, with their hashes; untouched ones are not read again. */
  list(folder: string): Promise<readonly { readonly path: string; readonly hash: Hash; readonly size: number }[]>
  /** Returns hash and size of a file or folder as `putFile` and `putDirectory` would, keeping nothing; untouched files are not read again. */
  identify(path: string): Promise<Stored>
  /** Reads an object again from end to end. A corrupt one is moved to `quarantine/` and `OBJECT_CORRUPT` says which node makes it again; an absent one throws `OBJECT_MISSING`. */
  verify(hash: Hash): Promise<void>
  /** As `verify`, but trusts an object that nobody has touched since it was last read through. */
  check(hash: Hash): Promise<void>
  /** Says that an object was just written by a thread of this process, so that `check` need not read it again. */
  vouch(hash: Hash): void
  /** Puts a copy of an object (a file or a folder) at a path, atomically; folders above are made. Throws what `check` throws. */
  checkout(hash: Hash, path: string): Promise<void>
  /** Returns where an object can be read: its file, or for a folder a copy of it under `trees/`, made again when someone changed it. Throws what `check` throws. */
  materialize(hash: Hash): Promise<string>
  /** Returns a path for a temporary file or folder on the store's disk; nothing is there yet. */
  temporary(): string
  /** Removes temporary files of processes that are gone. */
  sweep(): Promise<void>
  /** Writes what was learnt about untouched files. Call it when work ends. */
  save(): Promise<void>
}

/**
 * Opens the store of a pod, making its folder when it is absent: `.mlpod` under the pod's root, or the folder that
 * `MLPOD_STORE` names (relative to the pod's root). Throws `STORE_NEWER` when a newer mlpod made it.
 */
export function openStore(
  podRoot: string,
  { env = process.env }: { env?: Readonly<Record<string, string | undefined>> } = {},
): Store {
  const root = env.MLPOD_STORE ? resolve(podRoot, env.MLPOD_STORE) : join(resolve(podRoot), '.mlpod')
  openFormat(root)
  const temporaryFolder = join(root, 'tmp')
  const actions = openActions(root, temporaryFolder)
  const index = openStatIndex(join(root, 'stat.index'))

  const path = (hash: Hash): string => join(root, 'objects', hash.slice(0, 2), hash.slice(2))

  const temporary = (): string => {
    mkdirSync(temporaryFolder, { recursive: true })
    return join(temporaryFolder, temporaryName())
  }

  const has = (hash: Hash): boolean => statSync(path(hash), { throwIfNoEntry: false })?.isFile() ?? false

  /** Hash of one file, from the index when it is untouched. */
  const identifyFile = async (file: string): Promise<Stored> => {
    const stamp = statSync(file, { bigint: true, throwIfNoEntry: false })
    const known = stamp?.isFile() ? index.lookup(stamp) : undefined
    if (stamp && known) return { hash: known, size: Number(stamp.size) }
    const hashedAt = Date.now()
    const stored = await hashFile(file)
    remember(file, stored.hash, hashedAt)
    return stored
  }

  const remember = (file: string, hash: Hash, hashedAt: number): void => {
    const stamp = statSync(file, { bigint: true, throwIfNoEntry: false })
    if (stamp) index.record(stamp, hash, hashedAt)
  }

  const publishObject = async (file: string, hash: Hash): Promise<void> => {
    await chmod(file, 0o444)
    if (await publish(file, path(hash))) vouch(hash)
  }

  // Nobody writes to an object after it has its name, so its stamp can be trusted however young it is.
  const vouch = (hash: Hash): void => remember(path(hash), hash, Number.POSITIVE_INFINITY)

  const putBytes = async (bytes: Uint8Array | string): Promise<Stored> => {
    const stored = { hash: hashBytes(bytes), size: Buffer.byteLength(bytes) }
    if (has(stored.hash)) return stored
    const file = temporary()
    await writeDurably(file, bytes)
    await publishObject(file, stored.hash)
    return stored
  }

  const putFile = async (source: string, { move = false }: { move?: boolean } = {}): Promise<Stored> => {
    if (move) return await adopt(source)
    const stamp = statSync(source, { bigint: true, throwIfNoEntry: false })
    const known = stamp?.isFile() ? index.lookup(stamp) : undefined
    if (stamp && known && has(known)) return { hash: known, size: Number(stamp.size) }
    const hashedAt = Date.now()
    const file = temporary()
    try {
      const stored = await copyHashed(source, file)
      remember(source, stored.hash, hashedAt)
      if (!has(stored.hash)) await publishObject(file, stored.hash)
      return stored
    } catch (error) {
      throw diskError(error, join(root, 'objects'))
    } finally {
      await rm(file, { force: true })
    }
  }

  const adopt = async (file: string): Promise<Stored> => {
    const handle = await open(file, 'r+')
    let stored: Stored
    try {
      stored = await readThrough(handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await publishObject(file, stored.hash)
    return stored
  }

  const putDirectory = (folder: string): Promise<Stored> => storeFolder(folder, putFile, putBytes)

  const putManifest = async (
    entries: readonly ManifestEntry[],
    { keep = true }: { keep?: boolean } = {},
  ): Promise<Stored> => {
    const text = printManifest([...entries].sort((a, b) => (a.path < b.path ? -1 : 1)))
    const size = entries.reduce((sum, entry) => sum + ('size' in entry ? entry.size : 0), 0)
    return { hash: keep ? (await putBytes(text)).hash : hashBytes(text), size }
  }

  const list = async (folder: string): Promise<readonly { path: string; hash: Hash; size: number }[]> => {
    const names = (await readdir(folder)).sort()
    return await Promise.all(
      names.map(async (name) => ({ path: join(folder, name), ...(await identify(join(folder, name))) })),
    )
  }

  const identify = async (source: string): Promise<Stored> => {
    if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) return await identifyFile(source)
    return await storeFolder(source, identifyFile, async (text) => ({ hash: hashBytes(text), size: text.length }))
  }

  const verify = async (hash: Hash): Promise<void> => {
    const file = path(hash)
    const hashedAt = Date.now()
    const found = await hashFile(file).catch((error) => {
      if (error instanceof PodError && error.code === 'FILE_MISSING') return undefined
      throw error
    })
    if (found === undefined) throw await missing(hash)
    if (found.hash !== hash) throw await quarantine(hash)
    remember(file, hash, hashedAt)
  }

  const missing = async (hash: Hash): Promise<PodError> =>
    new PodError('OBJECT_MISSING', `the store has no object ${hash.slice(0, 12)}`, {
      at: path(hash),
      hint: again(await actions.makersOf(hash)),
    })

  const quarantine = async (hash: Hash): Promise<PodError> => {
    const aside = join(root, 'quarantine', `${hash}.${temporaryName()}`)
    await mkdir(dirname(aside), { recursive: true })
    await rename(path(hash), aside)
    return new PodError('OBJECT_CORRUPT', `object ${hash.slice(0, 12)} no longer has the bytes that gave it its name`, {
      at: aside,
      because: 'the file was changed or damaged on the disk; it was moved out of the store',
      hint: again(await actions.makersOf(hash)),
    })
  }

  const check = async (hash: Hash): Promise<void> => {
    const stamp = statSync(path(hash), { bigint: true, throwIfNoEntry: false })
    if (stamp === undefined || index.lookup(stamp) !== hash) await verify(hash)
  }

  const manifest = async (hash: Hash): Promise<Manifest | undefined> => {
    const handle = await open(path(hash), 'r').catch(() => undefined)
    if (handle === undefined) throw await missing(hash)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MANIFEST_START.length), 0, MANIFEST_START.length, 0)
      if (buffer.toString('utf8', 0, bytesRead) !== MANIFEST_START) return undefined
    } finally {
      await handle.close()
    }
    return parseManifest(await readFile(path(hash), 'utf8'), path(hash))
  }

  const checkout = async (hash: Hash, target: string): Promise<void> => {
    await check(hash)
    const folder = dirname(target)
    await mkdir(folder, { recursive: true })
    const file = join(folder, `.${temporaryName()}.tmp`)
    try {
      const tree = await manifest(hash)
      if (tree) await checkoutTree(tree, file)
      else await copyOut(hash, file)
      await replace(file, target)
    } catch (error) {
      throw diskError(error, target)
    } finally {
      await rm(file, { force: true, recursive: true })
    }
    await syncFolder(folder)
  }

  const copyOut = async (hash: Hash, file: string, mode = 0o644): Promise<void> => {
    await copyFile(path(hash), file, constants.COPYFILE_FICLONE)
    await chmod(file, mode)
  }

  const checkoutTree = async (tree: Manifest, folder: string): Promise<void> => {
    await mkdir(folder)
    await eachAbreast(tree.entries, async (entry) => {
      const file = join(folder, entry.path)
      await mkdir('empty' in entry ? file : dirname(file), { recursive: true })
      if ('empty' in entry) return
      await check(entry.hash)
      await copyOut(entry.hash, file, entry.executable ? 0o755 : 0o644)
    })
  }

  return {
    root,
    actions,
    path,
    has,
    async get(hash) {
      const bytes = await readFile(path(hash)).catch(() => undefined)
      if (bytes === undefined) throw await missing(hash)
      if (hashBytes(bytes) !== hash) throw await quarantine(hash)
      return bytes
    },
    putBytes,
    putFile,
    putDirectory,
    putManifest,
    list,
    manifest,
    identify,
    verify,
    check,
    vouch,
    checkout,
    async materialize(hash) {
      await check(hash)
      if ((await manifest(hash)) === undefined) return path(hash)
      const tree = join(root, 'trees', hash)
      const there = statSync(tree, { throwIfNoEntry: false })
      if (there === undefined || (await identify(tree)).hash !== hash) await checkout(hash, tree)
      return tree
    },
    temporary,
    sweep: () => sweep(temporaryFolder),
    save: () => index.save(),
  }
}

const again = (makers: readonly string[]): string =>
  makers.length > 0
    ? `make it again with: mlpod run --node ${makers[0]}`
    : 'no node is known to make it: restore the source file, or pull it from a remote'

function openFormat(root: string): void {
  const marker = join(root, 'format')
  let text: string
  try {
    text = readFileSync(marker, 'utf8')
  } catch {
    mkdirSync(root, { recursive: true })
    writeFileSync(marker, 'mlpod store 1\n')
    return
  }
  const version = Number(/^mlpod store (\d+)/.exec(text)?.[1] ?? 1)
  if (version > 1)
    throw new PodError('STORE_NEWER', `the store has format ${version}, this mlpod reads 1`, {
      at: root,
      hint: 'install a newer mlpod, or name another place in MLPOD_STORE',
    })
}
