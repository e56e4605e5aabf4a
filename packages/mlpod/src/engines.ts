import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

/** The native engines by package name: their versions decide bits, so they are recorded with every result. */
const ENGINES = { '@mlpod/graph': 'onnxruntime-node', '@mlpod/data': '@duckdb/node-api' } as const

/** Returns the versions of the native engines as the rooms that use them pin them; none is loaded. */
export function engineVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(ENGINES).map(([room, engine]) => {
      const manifest = readFileSync(findPackageJSON(room, import.meta.url)!, 'utf8')
      const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
      return [engine, dependencies[engine]]
    }),
  )
}
