import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { canonical, type Hash, isHash, PodError } from '@mlpod/contract'

/** A folder as a value: its files by path, so that equal folders have equal hashes. */
export interface Manifest {
  /** Format version. */
  readonly directory: 1
  readonly entries: readonly ManifestEntry[]
}

/** One file (or one empty folder, without hash) of a manifest; `path` uses `/` and stays below the root. */
export type ManifestEntry =
  | { readonly path: string; readonly hash: Hash; readonly size: number; readonly executable?: true }
  | { readonly path: string; readonly empty: true }

/** The first bytes of every manifest, and of no other file that people write. */
export const MANIFEST_START = '{"directory":'

/** Returns the bytes of a manifest. */
export const printManifest = (entries: readonly ManifestEntry[]): string => canonical({ directory: 1, entries })

/**
 * Reads a manifest. Throws `MANIFEST_NEWER` when a newer version wrote it, and `MANIFEST_MALFORMED` when it is cut short,
 * names a path outside its root, names one path twice, or two paths that differ only in case.
 */
export function parseManifest(text: string, at: string): Manifest {
  const malformed = (what: string): PodError =>
    new PodError('MANIFEST_MALFORMED', `the folder's manifest ${what}`, {
      at,
      hint: 'make the folder again with the node that writes it',
    })
  let value: { directory?: unknown; entries?: unknown }
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('is cut short or is no JSON')
  }
  if (typeof value.directory === 'number' && value.directory > 1)
    throw new PodError('MANIFEST_NEWER', `the folder's manifest has version ${value.directory}, this mlpod reads 1`, {
      at,
      hint: 'install a newer mlpod',
    })
  if (value.directory !== 1 || !Array.isArray(value.entries)) throw malformed('has no entries')
  const seen = new Map<string, string>()
  for (const entry of value.entries as Partial<ManifestEntry & { hash: unknown }>[]) {
    if (typeof entry.path !== 'string' || !isInside(entry.path))
      throw malformed(`names a path outside its root: "${entry.path}"`)
    if (!('empty' in entry) && !isHash(entry.hash)) throw malformed(`has no hash for "${entry.path}"`)
    const twin = seen.get(entry.path.toLowerCase())
    if (twin !== undefined)
      throw malformed(
        twin === entry.path ? `names "${twin}" twice` : `has "${twin}" and "${entry.path}", which differ only in case`,
      )
    seen.set(entry.path.toLowerCase(), entry.path)
  }
  return value as Manifest
}

/** Tells whether a manifest's path stays below its root on every system. */
const isInside = (path: string): boolean =>
  path !== '' &&
  !/^[/\\]|^[a-zA-Z]:|[\\\0]/.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** A file or empty folder found below a root. */
export interface Found {
  /** Relative to the root, with `/`. */
  readonly path: string
  /** Where its bytes are. */
  readonly source: string
  readonly empty?: true
  readonly executable?: true
}

/**
 * Returns what lies below a folder, by path in code-unit order. Links to files inside the folder count as those files.
 * Throws `PATH_ESCAPES` for links that lead out of it, `PATH_CLASH` for paths that differ only in case, and `NOT_A_FILE`
 * for sockets, devices and pipes.
 */
export async function walk(root: string): Promise<readonly Found[]> {
  const home = await realpath(root)
  const found: Found[] = []
  await visit(home, '', found, home, new Set([home]))
  found.sort((a, b) => (a.path < b.path ? -1 : 1))
  const seen = new Map<string, string>()
  for (const { path } of found) {
    const twin = seen.get(path.toLowerCase())
    if (twin !== undefined)
      throw new PodError(
        'PATH_CLASH',
        `"${twin}" and "${path}" differ only in case, so other systems cannot hold both`,
        {
          at: root,
          hint: 'rename one of them',
        },
      )
    seen.set(path.toLowerCase(), path)
  }
  return found
}

async function visit(folder: string, prefix: string, found: Found[], home: string, open: Set<string>): Promise<void> {
  const names = await readdir(folder)
  if (names.length === 0 && prefix !== '') found.push({ path: prefix, source: folder, empty: true })
  for (const name of names) {
    const path = prefix === '' ? name : `${prefix}/${name}`
    const source = join(folder, name)
    const target = (await lstat(source)).isSymbolicLink() ? await inside(source, home, path) : source
    const info = await stat(target)
    if (info.isDirectory()) {
      if (open.has(target))
        throw new PodError('PATH_ESCAPES', `the link "${path}" leads back to a folder above it`, { at: home })
      await visit(target, path, found, home, new Set(open).add(target))
    } else if (info.isFile()) {
      found.push({ path, source: target, ...((info.mode & 0o100) !== 0 && { executable: true as const }) })
    } else {
      throw new PodError('NOT_A_FILE', `"${path}" is a socket, device or pipe, which has no bytes to keep`, {
        at: home,
      })
    }
  }
}

async function inside(link: string, home: string, path: string): Promise<string> {
  const target = await realpath(link).catch(() => undefined)
  if (target !== undefined && (target === home || target.startsWith(home + sep))) return target
  throw new PodError(
    'PATH_ESCAPES',
    `the link "${path}" leads ${target === undefined ? 'nowhere' : 'out of the folder'}`,
    {
      at: home,
      hint: 'copy the file into the folder in place of the link',
    },
  )
}
