import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { type Hash, hashBytes, hashValue } from '@mlpod/contract'

/** Which packages a pod has, exactly. */
export interface Packages {
  /** Returns `name@version+integrity` of a package folder; a package whose integrity no lock file names is told by its files. */
  identify(folder: string): string
  /** Changes when the lock file or what is installed does; undefined without a lock file: nothing that was told is to be trusted then. */
  readonly stamp: string | undefined
}

/** Opens the nearest lock file from a folder upward; it is read when first needed. */
export function openPackages(from: string): Packages {
  const file = findUp(from, ...LOCKS)
  let entries: Readonly<Record<string, { version?: string; integrity?: string }>> | undefined
  return {
    stamp: file && [file, ...INSTALLED.map((path) => join(dirname(file), path))].map(stampOf).join(' '),
    identify(folder) {
      entries ??= file?.endsWith(LOCKS[0]) ? (JSON.parse(readFileSync(file, 'utf8')).packages ?? {}) : {}
      const entry = file === undefined ? undefined : entries?.[relative(dirname(file), folder).split(sep).join('/')]
      const version = entry?.version ?? JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
      return `${packageName(folder)}@${version ?? '0.0.0'}+${entry?.integrity ?? contentOf(folder)}`
    },
  }
}

/** Lock files of package managers; the first is npm's, whose integrities are read. */
const LOCKS = ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'] as const

/** What package managers write at the end of each installation. */
const INSTALLED = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml', '.yarn-integrity'].map((name) =>
  join('node_modules', name),
)

function stampOf(path: string): string {
  const info = statSync(path, { bigint: true, throwIfNoEntry: false })
  return info === undefined ? '' : `${path} ${info.ino} ${info.size} ${info.mtimeNs} ${info.ctimeNs}`
}

/** Returns one hash over a package's own files. */
function contentOf(folder: string): Hash {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => !path.split(sep).includes('node_modules'))
    .sort()
  return hashValue(files.map((path) => [path.split(sep).join('/'), hashBytes(readFileSync(join(folder, path)))]))
}

/** Returns the folder of the package that a file under `node_modules` belongs to; undefined for other files. */
export function packageFolder(file: string): string | undefined {
  const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)
  return match?.[1]
}

const packageName = (folder: string): string => {
  const parts = folder.split(/[\\/]/)
  const last = parts.at(-1)!
  return parts.at(-2)?.startsWith('@') ? `${parts.at(-2)}/${last}` : last
}

/** Returns the nearest file with one of the names from a folder upward, or undefined. */
export function findUp(from: string, ...names: readonly string[]): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const name of names) {
      const file = join(folder, name)
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file
    }
    if (dirname(folder) === folder) return undefined
  }
}
