import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

// Builds what is published: `packages/x` becomes `dist/x`, a folder for `npm publish`. Node strips no types under
// node_modules, so modules become JavaScript and declarations there, one file a module as they stand in `src`.

const root = join(import.meta.dirname, '..')
const out = join(root, 'dist')

/** Modules by name, or by where they run (`browser`, `default`). */
type Modules = Readonly<Record<string, string | Readonly<Record<string, string>>>>

interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Modules
  readonly imports?: Modules
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const read = (path: string): Manifest => JSON.parse(readFileSync(join(root, path), 'utf8'))

const rooms = globSync('packages/*/package.json', { cwd: root })
  .sort()
  .map((path) => ({ folder: dirname(path), manifest: read(path) }))

/** Where the modules of `exports` or `imports` stand when they are built. */
const built = (modules: Modules): Modules =>
  JSON.parse(JSON.stringify(modules), (_, module) =>
    typeof module === 'string' ? module.replace(/^\.\/src\/(.*)\.ts$/, './dist/$1.js') : module,
  )

const filesOf = (modules: Modules): string[] =>
  Object.values(modules).flatMap((module) => (typeof module === 'string' ? [module] : Object.values(module)))

/** Compiles all rooms at once, `packages/x/src` to `dist/x/src`; tests and what they stand on are left out. */
function compile(): void {
  const config = join(root, '.cache/build/tsconfig.json')
  mkdirSync(dirname(config), { recursive: true })
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        rewriteRelativeImportExtensions: true,
        rootDir: join(root, 'packages'),
        outDir: out,
      },
      include: [join(root, 'packages/*/src')],
      exclude: [join(root, 'packages/*/src/**/*.test.ts'), join(root, 'packages/*/src/test*.ts')],
    }),
  )
  const { status, error } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(1)
}

/** The Nodes that `npm ci` installs here come with the command, so that a pod's lock file pins what it runs on. */
const { optionalDependencies: runtimes } = read('package.json')

rmSync(out, { recursive: true, force: true })
compile()
for (const { folder, manifest } of rooms) {
  const target = join(out, basename(folder))
  renameSync(join(target, 'src'), join(target, 'dist'))
  cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
  cpSync(join(root, folder, 'README.md'), join(target, 'README.md'))
  if (manifest.bin) cpSync(join(root, folder, 'bin'), join(target, 'bin'), { recursive: true })
  const [exports, imports] = [built(manifest.exports), built(manifest.imports ?? {})]
  for (const module of [...filesOf(exports), ...filesOf(imports)])
    if (!existsSync(join(target, module))) throw new Error(`${manifest.name}: ${module} was not built`)
  const published = {
    ...manifest,
    engines: { node: '>=24' },
    files: ['dist', ...(manifest.bin ? ['bin'] : [])],
    exports,
    ...(manifest.imports && { imports }),
    ...(manifest.bin && { optionalDependencies: runtimes }),
  }
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  console.log(`dist/${basename(folder).padEnd(10)}${manifest.name}@${manifest.version}`)
}
