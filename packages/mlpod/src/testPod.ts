import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// A small pod whose nodes fail, wait and count as they are told, and the command line run on it.

const config = `import { atLeast, defineCatalog, definePod, json, node, param, pipeline, promises, verification } from 'mlpod'
import { double } from './src/double.ts'
import { catalog } from './src/catalog.ts'

export const count = node({
  name: 'count',
  inputs: { successes: param('successes', 99), n: param('n', 100) },
  outputs: { counts: catalog.counts },
  run: (counts) => ({ counts }),
})
export const halve = node({
  name: 'halve',
  inputs: { doubled: catalog.doubled },
  outputs: { halved: catalog.halved },
  run: ({ doubled }) => ({ halved: doubled / 2 }),
})
const rate = {
  quantity: 'rate',
  data: { counts: catalog.counts },
  measure: async ({ counts }) => ({ whole: { kind: 'proportion', ...counts }, dropped: 0, method: 'count' }),
}
const claims = promises({ 'often enough': atLeast(rate, 0.9) }, { confidence: 0.95 })
export const verify = verification({ promises: claims, evidence: catalog.evidence })
export default definePod({
  name: 'small',
  catalog,
  pipelines: pipeline([count, double, halve, verify]),
  promises: claims,
})
`

const catalog = `import { defineCatalog, json } from 'mlpod'

export const catalog = defineCatalog({
  counts: json(),
  doubled: json('build/doubled.json'),
  halved: json(),
  evidence: json('build/evidence.json'),
})
`

/** Its 14th line throws. */
export const THROWING_LINE = 14
const double = `import { setTimeout as sleep } from 'node:timers/promises'
import { node, param } from 'mlpod'
import { catalog } from './catalog.ts'

export const double = node({
  name: 'double',
  inputs: { counts: catalog.counts, boom: param('boom', false), ms: param('ms', 0) },
  outputs: { doubled: catalog.doubled },
  run: async ({ counts, boom, ms }, { log, progress }) => {
    const race = boom ? undefined : { counts }
    progress(1, 2)
    await sleep(ms)
    log('successes', counts.successes)
    const { n } = race.counts
    return { doubled: 2 * n }
  },
})
`

const bin = join(import.meta.dirname, '../bin/mlpod.js')
const clean = {
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  // what npm tells when it runs the tests
  INIT_CWD: undefined,
  npm_lifecycle_event: undefined,
  LC_ALL: 'C.UTF-8',
  CI: '',
  GITHUB_ACTIONS: '',
  GITHUB_STEP_SUMMARY: '',
  MLPOD_STORE: '',
}

/** What a command did. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A pod in a folder of its own, where `mlpod` resolves. */
export interface TestPod {
  readonly folder: string
  mlpod(args: readonly string[], env?: Readonly<Record<string, string>>): Outcome
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess
  write(path: string, text: string): void
  remove(): void
}

/** Makes the small pod. */
export function makePod(): TestPod {
  const cache = join(import.meta.dirname, '../.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'pod-'))
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('mlpod.config.ts', config)
  write('src/catalog.ts', catalog)
  write('src/double.ts', double)
  return {
    folder,
    write,
    mlpod(args, env = {}) {
      const { status, stdout, stderr, error } = spawnSync(process.execPath, [bin, ...args], {
        cwd: folder,
        env: { ...clean, ...env },
        encoding: 'utf8',
      })
      if (error) throw error
      return { code: status, stdout, stderr }
    },
    start: (args, env = {}) =>
      spawn(process.execPath, [bin, ...args], {
        cwd: folder,
        env: { ...clean, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
