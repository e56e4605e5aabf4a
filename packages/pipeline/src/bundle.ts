import { realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { relative, sep } from 'node:path'
import { type Hash, hashBytes, hashValue, PodError } from '@mlpod/contract'
import type { Plugin } from 'rolldown'
import { packageFolder } from './packages.ts'
import { type Analysis, analyze, reduceModule } from './reduce.ts'

/** Where a node stands: a module of the pod and the name of its export. */
export interface Place {
  readonly module: string
  readonly export: string
}

/** A node's code, told from all other code. */
export interface Bundle {
  /** Hash of the code: the modules it reaches, without comments, types, layout and what it does not use. */
  readonly code: Hash
  /** Hashes of what remains of each module, by path from the pod's root: they tell what changed. */
  readonly parts: Readonly<Record<string, Hash>>
  /** Every module that was looked at: while none changes, the bundle stays true. */
  readonly modules: readonly string[]
  /** Folders of the packages that the code imports. */
  readonly packages: readonly string[]
}

const DYNAMIC = 'mlpod-dynamic:'
const ENTRY = 'mlpod-entry'

/**
 * Returns the code of the node that stands at `places` (one place, and the modules that export it again).
 * Modules imported with `await import('./x.ts')` are part of it, whole. Packages from `node_modules` are not: they are
 * named. Throws `CODE_UNREADABLE` for code that does not parse or imports what does not exist.
 */
export async function bundleNode(root: string, places: readonly Place[]): Promise<Bundle> {
  const home = realpathSync(root)
  const result = { texts: {} as Record<string, string>, parts: {} as Record<string, Hash> }
  const modules = new Set<string>()
  const packages = new Set<string>()
  const [{ module, export: name }] = places
  const targets = new Map(places.map((place) => [place.module, place.export]))
  const waiting: { key: string; entry: string }[] = [
    { key: '', entry: `import { ${name} as value } from ${JSON.stringify(module)}; export default value` },
  ]
  const seen = new Set<string>()
  for (const { key, entry } of waiting) {
    const built = await bundle(home, entry, targets)
    result.texts[key] = built.code
    for (const [path, hash] of Object.entries(built.parts)) result.parts[path] = hash
    for (const path of built.modules) modules.add(path)
    for (const path of built.packages) packages.add(path)
    for (const path of built.dynamic) {
      if (seen.has(path)) continue
      seen.add(path)
      waiting.push({ key: shown(home, path), entry: `export * from ${JSON.stringify(path)}` })
    }
  }
  return {
    code: hashValue(result.texts),
    parts: result.parts,
    modules: [...modules].sort(),
    packages: [...packages].sort(),
  }
}

/** What is known of modules by path: many nodes share them. */
const analyses = new Map<string, Analysis>()

function analysisOf(id: string, code: string, parse: () => unknown): Analysis {
  const before = analyses.get(id)
  if (before?.code === code) return before
  const analysis = analyze(code, parse())
  analyses.set(id, analysis)
  return analysis
}

interface Built {
  readonly code: string
  readonly parts: Readonly<Record<string, Hash>>
  readonly modules: readonly string[]
  readonly packages: readonly string[]
  readonly dynamic: readonly string[]
}

async function bundle(home: string, entry: string, targets: ReadonlyMap<string, string>): Promise<Built> {
  const { rolldown } = await import('rolldown')
  const folders = new Map<string, string>()
  const effects = new Map<string, readonly string[]>()
  const dynamic = new Map<string, string>()
  const plugin: Plugin = {
    name: 'mlpod-code',
    // Relative imports never leave their package, so the bundler finds them by itself.
    resolveId: {
      filter: { id: /^[^./]/ },
      async handler(source, importer) {
        if (source === ENTRY) return `\0${ENTRY}`
        if (isBuiltin(source)) return { id: source, external: true, moduleSideEffects: false }
        const found = await this.resolve(source, importer, { skipSelf: true })
        if (found === null)
          throw new PodError(
            'CODE_UNREADABLE',
            `${shown(home, importer ?? '')} imports "${source}", which does not exist`,
            {
              at: importer,
              hint: `npm install ${source}`,
            },
          )
        const folder = packageFolder(found.id)
        if (folder === undefined) return found.external ? { ...found, moduleSideEffects: false } : found
        folders.set(source, folder)
        return { id: source, external: true, moduleSideEffects: false }
      },
    },
    async resolveDynamicImport(specifier, importer) {
      if (typeof specifier !== 'string' || isBuiltin(specifier)) return null
      const found = await this.resolve(specifier, importer, { skipSelf: true })
      if (found === null || packageFolder(found.id) !== undefined) return null
      const id = DYNAMIC + shown(home, found.id)
      dynamic.set(id, found.id)
      return { id, external: true }
    },
    load: { filter: { id: new RegExp(`^\0${ENTRY}$`) }, handler: () => entry },
    transform: {
      filter: { id: new RegExp(`^${RegExp.escape(home + sep)}.*\\.[cm]?[jt]sx?$`) },
      handler(code, id) {
        const found = analysisOf(id, code, () => this.parse(code, { lang: /x$/.test(id) ? 'tsx' : 'ts' }))
        effects.set(id, found.effects)
        const reduced = reduceModule(found, targets.get(id))
        return reduced === code ? null : { code: reduced, map: null }
      },
    },
  }
  try {
    const build = await rolldown({
      input: ENTRY,
      cwd: home,
      platform: 'node',
      tsconfig: false,
      logLevel: 'silent',
      plugins: [plugin],
      treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
    })
    try {
      const { output } = await build.generate({
        format: 'esm',
        codeSplitting: false,
        comments: false,
        minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      })
      const [chunk] = output
      const kept = Object.entries(chunk.modules).filter(([id, { code }]) => code && !id.startsWith('\0'))
      // Imports of code that was dropped are still listed by the bundler: only those that its text has count.
      const imported = [...chunk.imports, ...chunk.dynamicImports].filter((source) =>
        ['"', "'", '`'].some((quote) => chunk.code.includes(quote + source + quote)),
      )
      const external = [...imported, ...kept.flatMap(([id]) => effects.get(id) ?? [])]
      return {
        code: chunk.code,
        parts: Object.fromEntries(kept.map(([id, { code }]) => [shown(home, id), hashBytes(code!)])),
        modules: (await build.watchFiles).filter((path) => !path.startsWith('\0')),
        packages: external.flatMap((source) => folders.get(source) ?? []),
        dynamic: external.flatMap((source) => dynamic.get(source) ?? []),
      }
    } finally {
      await build.close()
    }
  } catch (cause) {
    if (cause instanceof PodError) throw cause
    const message = (cause as Error).message
    const inner = (cause as { errors?: readonly unknown[] }).errors?.find((error) => error instanceof PodError)
    if (inner) throw inner
    throw new PodError('CODE_UNREADABLE', 'the code of a node cannot be read', {
      at: shown(home, [...targets.keys()][0] ?? home),
      because: message.split('\n').slice(0, 6).join('\n'),
      cause,
    })
  }
}

/**
 * Returns the modules of the pod that a module imports, itself included, as far as static imports lead; packages and
 * linked workspaces are left out.
 */
export async function podModules(root: string, from: string): Promise<readonly string[]> {
  const home = realpathSync(root)
  const { modules } = await bundle(
    home,
    `export * from ${JSON.stringify(realpathSync(from))}; export { default } from ${JSON.stringify(realpathSync(from))}`,
    new Map(),
  )
  return modules.filter((path) => path.startsWith(home + sep))
}

/** A path as people and hashes see it: from the pod's root, with `/`. */
const shown = (home: string, path: string): string => relative(home, path).split(sep).join('/')
