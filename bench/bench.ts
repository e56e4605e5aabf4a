import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Seconds of each case that one run of one side measured. */
export type Seconds = Readonly<Record<string, number>>

/** A side-by-side benchmark: both sides are run in turn, in processes of their own. */
export interface Bench {
  readonly about: string
  /**
   * The peer's environment in `conformance/peers` (or `npm`, for packages of JavaScript), its name, and the package whose
   * version is printed.
   */
  readonly peer: { readonly environment: string; readonly name: string; readonly package: string }
  /** Each case by name: its size, and its peer where that is another package of the same environment. */
  readonly cases: Readonly<Record<string, { readonly n: number; readonly peer?: string }>>
  /** Makes what both sides need; returns what cleans it up. */
  prepare?(peerPython: string): Promise<() => void>
  ours(): Seconds
  theirs(peerPython: string): Seconds
}

const root = join(import.meta.dirname, '..')

/** An environment in which both sides use one thread. */
export const oneThread: NodeJS.ProcessEnv = {
  ...process.env,
  OMP_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  OPENBLAS_CORETYPE: undefined,
  OPENBLAS_L2_SIZE: undefined,
}

/** Returns the Python of a peer's environment, made first if it is not there. */
export function peerPython(environment: string): string {
  const folder = process.env.PEERS ?? join(homedir(), '.cache/mlpod-peers')
  const python = join(folder, environment, 'bin/python')
  if (!existsSync(join(folder, environment, '.done')))
    run(join(root, 'conformance/peers/install'), [environment], { stdio: 'inherit' })
  return python
}

/**
 * Returns what a benchmark on tables shares: `make.py FOLDER SIZE...` makes them in a folder that is removed afterwards, and
 * `ours.ts` and `peer.py` are given that folder, one thread each, and print their seconds on their last line.
 */
export function onTables(here: string, ...sizes: readonly number[]): Pick<Bench, 'prepare' | 'ours' | 'theirs'> {
  let folder = ''
  // peers write banners before
  const seconds = (program: string, script: string): Seconds =>
    JSON.parse(
      run(program, [join(here, script), folder], { env: oneThread })
        .trim()
        .split('\n')
        .at(-1)!,
    ) as Seconds
  return {
    async prepare(python) {
      folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
      run(python, [join(here, 'make.py'), folder, ...sizes.map(String)])
      return () => rmSync(folder, { recursive: true })
    },
    ours: () => seconds(process.execPath, 'ours.ts'),
    theirs: (python) => seconds(python, 'peer.py'),
  }
}

/** Packages of JavaScript that are peers. */
const PACKAGES = ['@jax-js/jax@0.1.25', '@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0']

/** Returns the folder in which the peers of JavaScript are installed, made first if it is not there. */
export function peerPackages(): string {
  const folder = join(process.env.PEERS ?? join(homedir(), '.cache/mlpod-peers'), 'npm')
  const done = join(folder, '.done')
  if (existsSync(done) && readFileSync(done, 'utf8') === PACKAGES.join('\n')) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...PACKAGES], { cwd: folder })
  writeFileSync(done, PACKAGES.join('\n'))
  return folder
}

/** Runs a module of ours in the folder of the peers of JavaScript, and returns what it printed. */
export function runPeer(folder: string, module: string): string {
  const copy = join(folder, 'peer.mjs')
  copyFileSync(module, copy)
  return run(process.execPath, [copy], { cwd: folder, env: oneThread })
}

/** Runs a command to its end and returns what it printed; throws with what it said when it failed. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; stdio?: 'inherit' } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (error) throw error
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout ?? ''}${stderr ?? ''}`)
  return stdout
}

/** Returns the version of a package in an environment. */
export const versionIn = (python: string, name: string): string =>
  existsSync(join(python, 'node_modules', name))
    ? JSON.parse(readFileSync(join(python, 'node_modules', name, 'package.json'), 'utf8')).version
    : run(python, ['-c', `from importlib.metadata import version; print(version(${JSON.stringify(name)}))`]).trim()

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Wall seconds of a command. */
export function wallSeconds(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): number {
  const start = performance.now()
  run(command, args, options)
  return (performance.now() - start) / 1000
}
