import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type Dataset, type Hash, PodError } from '@mlpod/contract'
import { isS3, type Store } from '@mlpod/store'

/**
 * Puts a copy of a node's output at its dataset's `file`, when that is missing or another. A file that people changed by
 * hand (its bytes are not in the store) is moved to `.mlpod/edited/` first. Returns what to tell about it, or undefined.
 */
export async function putCopy(root: string, dataset: Dataset, hash: Hash, store: Store): Promise<string | undefined> {
  if (dataset.file === undefined) return undefined
  const path = outputPath(root, dataset)
  let told: string | undefined
  if (existsSync(path)) {
    const there = await store.identify(path)
    if (there.hash === hash) return undefined
    if (!store.has(there.hash)) {
      const ending = extname(dataset.file)
      const stem = dataset.file.slice(0, dataset.file.length - ending.length)
      const aside = join('.mlpod', 'edited', `${stem}-${there.hash.slice(0, 8)}${ending}`)
      await mkdir(dirname(join(root, aside)), { recursive: true })
      await rename(path, join(root, aside))
      told = `${dataset.file} was changed by hand; the change is kept as ${aside}`
    }
  }
  await store.checkout(hash, path)
  return told
}

/** Returns where an output's copy goes. Throws `PATH_ESCAPES` when that is outside of the pod, `DATASET_READ_ONLY` where it is no place on this machine. */
export function outputPath(root: string, { name, file = '', fetch }: Dataset): string {
  if (fetch !== undefined || isS3(file))
    throw new PodError('DATASET_READ_ONLY', `dataset "${name}" is read from ${file}, where no node writes`, {
      hint: 'give the output a path below the pod, or none',
    })
  const path = resolve(root, file)
  const inside = relative(root, path)
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new PodError('PATH_ESCAPES', `dataset "${name}" would be written to ${file}, outside of the pod`, {
      hint: 'give a path below the pod, as in build/model.onnx',
    })
  return path
}
