import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Makes a pod of these files under the package's ignored cache folder, where `@mlpod/*` resolves. For tests. */
export function fixturePod(files: Readonly<Record<string, string>>): string {
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache')
  mkdirSync(cache, { recursive: true })
  const root = mkdtempSync(join(cache, 'pod-'))
  writeFiles(root, files)
  return root
}

/** Writes files below a folder. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
