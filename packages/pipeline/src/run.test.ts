import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '@mlpod/contract'
import { afterAll, expect, test } from 'vitest'
import { fixturePod, writeFiles } from './fixturePod.ts'
import type { RunResult } from './index.ts'

const roots: string[] = []
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

const pod = (files: Readonly<Record<string, string>>): string => {
  const root = fixturePod({ ...BASE, ...files })
  roots.push(root)
  return root
}

const CLI = join(dirname(fileURLToPath(import.meta.url)), 'testCommand.ts')

interface Outcome {
  readonly result?: RunResult
  readonly error?: { code: string; message: string; at?: string; hint?: string; because?: string }
  readonly events: readonly RunEvent[]
  readonly value?: unknown
}

/** Runs a pod in a process of its own, as a command would. */
const command = (root: string, what = 'run', options: object = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [CLI, root, what, JSON.stringify(options)],
      { maxBuffer: 1 << 26 },
      (_, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout))
        } catch {
          reject(new Error(`${stdout}\n${stderr}`))
        }
      },
    )
  })

const BASE = {
  'mlpod.config.ts': `
import { catalog } from './src/catalog.ts'
import { pipeline } from '@mlpod/pipeline'
import { double, sum, say } from './src/nodes.ts'
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

const states = ({ result }: Outcome): Record<string, string> =>
  Object.fromEntries(Object.entries(result?.nodes ?? {}).map(([name, { state }]) => [name, state]))

const ALL = (state: string): Record<string, string> => ({ double: state, sum: state, say: state })

test('a pod runs, and runs nothing the second time', async () => {
  const root = pod({})
  const first = await command(root)
  expect(first.error).toBeUndefined()
  expect(states(first)).toEqual(ALL('done'))
  expect(readFileSync(join(root, 'build/total.json'), 'utf8')).toBe('12\n')
  expect(first.events.map((event) => event.type)).toContain('node.metric')
  const second = await command(root)
  expect(states(second)).toEqual(ALL('cached'))
  expect(second.result?.lockChanged).toBe(false)
})
void writeFiles
