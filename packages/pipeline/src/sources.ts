import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Dataset, PodError } from '@mlpod/contract'
import { isS3, type Lock, type Store, type Stored, s3Files } from '@mlpod/store'

/** A source as it is now. */
export interface Source extends Stored {
  /** Where its bytes are read. */
  readonly path: string
}

/**
 * Identifies sources by their bytes; untouched files are not read. A source that is missing is put back from the store
 * when the lock names its bytes and the store has them. What is no file of the pod (`s3://...`, a table of a database) is
 * fetched into the store.
 * Throws `SOURCE_WITHOUT_FILE` and `SOURCE_MISSING`, naming dataset and path, and what fetching throws.
 */
export async function identifySources(
  root: string,
  sources: Iterable<Dataset>,
  lock: Lock,
  store: Store,
): Promise<ReadonlyMap<string, Source>> {
  const found = new Map<string, Source>()
  await Promise.all(
    [...sources].map(async (dataset) => {
      const name = dataset.name!
      if (dataset.file === undefined)
        throw new PodError('SOURCE_WITHOUT_FILE', `no node makes dataset "${name}", and it has no file to read`, {
          hint: 'give it a path in the catalog, or add the node that makes it to the pipeline',
        })
      if (dataset.fetch !== undefined || isS3(dataset.file)) {
        const { hash, size } = await (dataset.fetch
          ? fetchedBy(dataset.fetch, store)
          : fetchedFromS3(dataset.file, store))
        found.set(name, { hash, size, path: await store.materialize(hash) })
        return
      }
      const path = resolve(root, dataset.file)
      const locked = lock.data[name]
      if (!existsSync(path)) {
        if (locked === undefined || !store.has(locked.hash))
          throw new PodError('SOURCE_MISSING', `dataset "${name}" has no file ${dataset.file}`, {
            at: path,
            because:
              locked && `mlpod.lock names its bytes (${locked.hash.slice(0, 12)}), but the store does not have them`,
            hint: locked ? 'mlpod data pull' : `put the file there, or correct the path of "${name}" in the catalog`,
          })
        await store.checkout(locked.hash, path)
      }
      found.set(name, { ...(await store.identify(path)), path })
    }),
  )
  return found
}

/** Keeps the bytes of objects on S3; those that are on this machine are neither fetched nor read again. */
async function fetchedFromS3(place: string, store: Store): Promise<Stored> {
  const { single, files } = await s3Files(place)
  const kept: (Stored & { readonly path: string })[] = []
  for (const { name, path } of files) kept.push({ path: name, ...(await store.putFile(path)) })
  return single ? kept[0] : await store.putManifest(kept)
}

async function fetchedBy(fetch: (path: string) => Promise<void>, store: Store): Promise<Stored> {
  const temporary = store.temporary()
  try {
    await fetch(temporary)
    return await store.putFile(temporary, { move: true })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
