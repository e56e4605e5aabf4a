import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')
const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  NO_COLOR: '1',
  LC_ALL: 'C.UTF-8',
  CI: '',
  MLPOD_STORE: '',
  MLPOD_TOKEN: '',
}

/** What a command did. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A copy of a pod inside the workspace, where `mlpod` resolves as it does for the pod itself. */
export interface Workplace {
  readonly folder: string
  mlpod(...args: readonly string[]): Outcome
  start(...args: readonly string[]): ChildProcess
  remove(): void
}

/** Copies a pod without what it made. */
export function copyPod(pod: string, name: string): Workplace {
  const folder = join(root, '.cache/test-pods', `${name}-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'pods', pod), folder, {
    recursive: true,
    filter: (path) => !/[\\/](\.mlpod|build|node_modules)$/.test(path),
  })
  const command = join(root, 'packages/mlpod/bin/mlpod.js')
  return {
    folder,
    mlpod(...args) {
      const { status, stdout, stderr, error } = spawnSync('node', [command, ...args], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      if (error) throw error
      return { code: status, stdout, stderr }
    },
    start: (...args) => spawn('node', [command, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
