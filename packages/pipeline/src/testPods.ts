import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorRecord, RunEvent } from '@mlpod/contract'
import type { NodePlan, PodStatus, RunResult } from './index.ts'

// Pods made for a test, and commands run on them in processes of their own.

const here = dirname(fileURLToPath(import.meta.url))
const roots: string[] = []

/** Makes a pod under the package's ignored cache folder, where `@mlpod/*` resolves. */
export function makePod(files: Readonly<Record<string, string>>): string {
  const cache = join(here, '..', '.cache')
  mkdirSync(cache, { recursive: true })
  const root = mkdtempSync(join(cache, 'pod-'))
  roots.push(root)
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

/** Removes the pods of this test file. */
export function removePods(): void {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
}

/** What a command printed. */
export interface Outcome {
  /** Whether the pod was recalled, and not imported. */
  readonly recalled?: boolean
  readonly result?: RunResult
  readonly error?: ErrorRecord
  readonly events: readonly RunEvent[]
  readonly value?: readonly NodePlan[] & PodStatus
}

const argumentsOf = (root: string, what: string, options: object): string[] => [
  fileURLToPath(new URL('./testCommand.ts', import.meta.url)),
  root,
  what,
  JSON.stringify(options),
]

/** Runs a command on a pod to its end. */
export const command = (
  root: string,
  what = 'run',
  options: object = {},
  env: Record<string, string> = {},
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const settings = { maxBuffer: 1 << 26, env: { ...process.env, ...env } }
    execFile(process.execPath, argumentsOf(root, what, options), settings, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout))
      } catch {
        reject(new Error(`${stdout}\n${stderr}`))
      }
    })
  })

/** A command that goes on. */
export interface Going {
  readonly child: ChildProcess
  /** Waits for an event. */
  until(wanted: (event: RunEvent) => boolean): Promise<void>
  /** Waits for its end. */
  readonly outcome: Promise<Outcome | undefined>
}

/** Starts a command on a pod. */
export function start(root: string, options: object = {}): Going {
  const child = spawn(process.execPath, argumentsOf(root, 'run', options))
  const events: RunEvent[] = []
  let listeners: (() => void)[] = []
  let [rest, stdout] = ['', '']
  child.stderr.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('{"')) events.push(JSON.parse(line))
    for (const listener of listeners) listener()
  })
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const outcome = new Promise<Outcome | undefined>((resolve) => {
    child.on('close', () => resolve(stdout === '' ? undefined : JSON.parse(stdout)))
  })
  return {
    child,
    outcome,
    until: (wanted) =>
      new Promise((resolve) => {
        const listener = (): void => {
          if (!events.some(wanted)) return
          listeners = listeners.filter((one) => one !== listener)
          resolve()
        }
        listeners.push(listener)
        listener()
      }),
  }
}

/** The state of each node after a run. */
export const states = ({ result, error }: Outcome): Record<string, string> => {
  if (error) throw new Error(`${error.code}: ${error.message}`)
  return Object.fromEntries(Object.entries(result?.nodes ?? {}).map(([name, { state }]) => [name, state]))
}

/** A pod of three nodes in a row: numbers -> double -> sum -> say. */
export const CHAIN = {
  'mlpod.config.ts': `
import { pipeline } from '@mlpod/pipeline'
import { catalog } from './src/catalog.ts'
import { double, say, sum } from './src/nodes.ts'
export default { name: 'demo', catalog, pipelines: { default: pipeline([say, sum, double]) } }
`,
  'src/catalog.ts': `
import { defineCatalog, json, text } from '@mlpod/pipeline'
export const catalog = defineCatalog({
  numbers: json<number[]>('data/numbers.json'),
  doubled: json<number[]>(),
  total: json<number>('build/total.json'),
  report: text(),
})
`,
  'src/math.ts': `
/** Twice. */
export const twice = (x: number): number => x * 2
export const thrice = (x: number): number => x * 3
`,
  'src/nodes.ts': `
import { node, param } from '@mlpod/pipeline'
import { catalog } from './catalog.ts'
import { twice } from './math.ts'
export const double = node({
  name: 'double', inputs: { numbers: catalog.numbers }, outputs: { doubled: catalog.doubled },
  run: ({ numbers }) => ({ doubled: numbers.map(twice) }),
})
export const sum = node({
  name: 'sum', inputs: { doubled: catalog.doubled, scale: param('scale', 1) }, outputs: { total: catalog.total },
  run: ({ doubled, scale }, { log, note, progress }) => {
    progress(1, 1, 'rows')
    log('n', doubled.length)
    note('summed')
    return { total: doubled.reduce((a, b) => a + b, 0) * scale }
  },
})
export const say = node({
  name: 'say', inputs: { total: catalog.total }, outputs: { report: catalog.report },
  run: ({ total }) => ({ report: 'total ' + total }),
})
`,
  'data/numbers.json': '[1, 2, 3]',
}

/** A pod of the given nodes: `nodes` is the text of their module, which exports them. */
export const podOf = (names: string, nodes: string, catalog: string): Record<string, string> => ({
  'mlpod.config.ts': `
import { pipeline } from '@mlpod/pipeline'
import { catalog } from './catalog.ts'
import { ${names} } from './nodes.ts'
export default { name: 'demo', catalog, pipelines: { default: pipeline([${names}]) } }
`,
  'catalog.ts': `
import { defineCatalog, file, json, text } from '@mlpod/pipeline'
export const catalog = defineCatalog({ ${catalog} })
void [file, json, text]
`,
  'nodes.ts': `
import { node, param } from '@mlpod/pipeline'
import { catalog } from './catalog.ts'
void param
${nodes}
`,
})
