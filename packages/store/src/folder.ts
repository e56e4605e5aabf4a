import type { Stored } from './hashFile.ts'
import { type ManifestEntry, printManifest, walk } from './manifest.ts'

/** Files of a folder that are put or checked out at the same time. */
const ABREAST = 16

/** Puts each file of a folder by `put` and its manifest by `finish`; returns the manifest's hash and the sum of the sizes. */
export async function storeFolder(
  folder: string,
  put: (file: string) => Promise<Stored>,
  finish: (text: string) => Promise<Stored>,
): Promise<Stored> {
  const found = await walk(folder)
  const entries: ManifestEntry[] = new Array(found.length)
  let size = 0
  await eachAbreast(found, async ({ path, source, empty, executable }, i) => {
    if (empty) {
      entries[i] = { path, empty }
      return
    }
    const stored = await put(source)
    size += stored.size
    entries[i] = { path, ...stored, ...(executable && { executable }) }
  })
  return { hash: (await finish(printManifest(entries))).hash, size }
}

/** Does the work for all items, some at a time. */
export async function eachAbreast<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
  abreast = ABREAST,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++
      await work(items[i], i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(abreast, items.length) }, lane))
}
