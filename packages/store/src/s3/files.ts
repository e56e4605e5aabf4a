import { PodError } from '@mlpod/contract'
import { eachAbreast } from '../folder.ts'
import { localName, openS3Cache, type S3CacheOptions } from './cache.ts'
import { openS3, type S3, type S3Object, type S3Options } from './openS3.ts'
import { fixedPart, isKeyPattern, keyPattern, s3Place } from './place.ts'
import { keyMissing } from './problem.ts'

/** How objects are found and kept. */
export interface S3FileOptions extends S3Options {
  readonly cache?: S3CacheOptions
}

/** What a place names, on this machine. */
export interface S3Files {
  /** Whether the place is one object, and no folder or pattern. */
  readonly single: boolean
  /** The objects in the order of their keys; `path` is a read-only file that ends in the key, `name` the key below the folder, as the path of a file. */
  readonly files: readonly { readonly object: S3Object; readonly name: string; readonly path: string }[]
}

/**
 * Fetches what a place names, unless it is here already: an object, all objects of a pattern (`*`, `?`, `[...]`, `**`), or of a folder (objects whose name begins
 * with `.` or `_` are left out there, as those who write folders mark what is no data). `choose` picks which of several are fetched. Throws `KEY_MISSING` where there is nothing, and what `S3` and `openS3` throw.
 */
export async function s3Files(
  place: string,
  { cache, ...options }: S3FileOptions = {},
  choose: (objects: readonly S3Object[]) => readonly S3Object[] = (objects) => objects,
): Promise<S3Files> {
  const s3 = await openS3(options)
  try {
    const { single, root, objects } = await found(s3, place)
    const chosen = single ? objects : choose(objects)
    const { file } = openS3Cache(s3, cache)
    const paths: string[] = new Array(chosen.length)
    await eachAbreast(
      chosen,
      async (object, i) => {
        paths[i] = await file(object)
      },
      4,
    )
    return {
      single,
      files: chosen.map((object, i) => ({ object, name: localName(object.key.slice(root.length)), path: paths[i] })),
    }
  } finally {
    s3.close()
  }
}

async function found(s3: S3, place: string): Promise<{ single: boolean; root: string; objects: readonly S3Object[] }> {
  const at = s3Place(place)
  const { bucket, key } = at
  if (isKeyPattern(key)) {
    const fixed = fixedPart(key)
    const wanted = keyPattern(key)
    const objects = await listed(s3, `s3://${bucket}/${fixed}`, ({ key: each }) => wanted.test(each))
    if (objects.length === 0) throw keyMissing(at, [], s3.endpoint)
    return { single: false, root: folderOf(fixed), objects }
  }
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`
  const object = folder === key ? undefined : await headOf(s3, place)
  if (object?.found) return { single: true, root: folderOf(key), objects: [object.found] }
  const objects = await listed(s3, `s3://${bucket}/${folder}`, ({ key: each }) =>
    each
      .slice(folder.length)
      .split('/')
      .every((part) => /^[^._]/.test(part)),
  )
  if (objects.length === 0) throw object?.missing ?? keyMissing(at, [], s3.endpoint)
  return { single: false, root: folder, objects }
}

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1)

async function headOf(s3: S3, place: string): Promise<{ readonly found?: S3Object; readonly missing?: PodError }> {
  try {
    return { found: await s3.head(place) }
  } catch (error) {
    if (error instanceof PodError && error.code === 'KEY_MISSING') return { missing: error }
    throw error
  }
}

async function listed(s3: S3, place: string, wanted: (object: S3Object) => boolean): Promise<readonly S3Object[]> {
  const objects: S3Object[] = []
  for await (const object of s3.list(place)) if (!object.key.endsWith('/') && wanted(object)) objects.push(object)
  return objects
}
