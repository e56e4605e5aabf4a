import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The native engines by package name: their versions decide bits, so they are recorded with every result. */
const ENGINES = { '@mlpod/graph': 'onnxruntime-node', '@mlpod/data': '@duckdb/node-api' } as const

/** Returns the versions of the native engines as the rooms that use them pin them; none is loaded. */
export function engineVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(ENGINES).map(([room, engine]) => {
      const manifest = require.resolve(room).replace(/[\\/](src|dist)[\\/].*$/, '/package.json')
      const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: Record<string, string> }
      return [engine, dependencies[engine]]
    }),
  )
}
