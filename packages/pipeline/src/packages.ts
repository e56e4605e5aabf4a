import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/** Which packages a pod has, exactly. */
export interface Packages {
  /** Returns `name@version+integrity` of a package folder; without a lock file, `name@version` of its package.json. */
  identify(folder: string): string
  /** Changes when the lock file does; the empty text when there is none. */
  readonly stamp: string
}

/** Opens the nearest `package-lock.json` from a folder upward; it is read when first needed. */
export function openPackages(from: string): Packages {
  const file = findUp(from, 'package-lock.json')
  const info = file === undefined ? undefined : statSync(file, { bigint: true })
  let entries: Readonly<Record<string, { version?: string; integrity?: string }>> | undefined
  return {
    stamp: info === undefined ? '' : `${file} ${info.size} ${info.mtimeNs} ${info.ctimeNs}`,
    identify(folder) {
      const name = packageName(folder)
      if (file !== undefined) {
        entries ??= JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
        const entry = entries?.[relative(dirname(file), folder).split(sep).join('/')]
        if (entry?.version !== undefined)
          return `${name}@${entry.version}${entry.integrity === undefined ? '' : `+${entry.integrity}`}`
      }
      return `${name}@${JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version ?? '0.0.0'}`
    },
  }
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

/** Returns the nearest file of a name from a folder upward, or undefined. */
export function findUp(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file
    if (dirname(folder) === folder) return undefined
  }
}
