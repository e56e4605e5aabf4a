import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Seconds of each case that one run of one side measured. */
export type Seconds = Readonly<Record<string, number>>

/** A side-by-side benchmark: both sides are run in turn, in processes of their own. */
export interface Bench {
  readonly about: string
  /** The peer's environment in `conformance/peers`, its name, and the package whose version is printed. */
  readonly peer: { readonly environment: string; readonly name: string; readonly package: string }
  /** What each case means, by name, and its size. */
  readonly cases: Readonly<Record<string, { readonly n: number }>>
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
  run(python, ['-c', `from importlib.metadata import version; print(version(${JSON.stringify(name)}))`]).trim()

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
