import { rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CHAIN, command, makePod, podOf, removePods, states, writeFiles } from './testPods.ts'

afterEach(removePods)

const LOCK = '{ "packages": {} }'

/** Writes files that were not written just now: what may still be in the making is not kept. */
function write(root: string, files: Readonly<Record<string, string>>, before = 60): void {
  writeFiles(root, files)
  const then = Date.now() / 1000 - before
  for (const path of Object.keys(files)) utimesSync(join(root, path), then, then)
}

function pod(files: Readonly<Record<string, string>>): string {
  const root = makePod({})
  write(root, { 'package.json': '{ "name": "demo", "type": "module" }', 'package-lock.json': LOCK, ...files })
  return root
}

/** Opens a pod, after a moment: a file's last change of any kind must lie behind. */
async function isRecalled(root: string, env: Record<string, string> = {}): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 120))
  const { recalled, error } = await command(root, 'open', {}, env)
  if (error) throw new Error(`${error.code}: ${error.message}`)
  return recalled!
}

test('a pod of which nothing has changed is not imported again, and runs as if it were', async () => {
  const root = pod(CHAIN)
  expect(await isRecalled(root)).toBe(false)
  expect(await isRecalled(root)).toBe(true)
  const first = await command(root)
  expect(states(first)).toEqual({ double: 'done', sum: 'done', say: 'done' })
  const again = await command(root, 'run', { overrides: { scale: 3 } })
  expect([first.recalled, again.recalled]).toEqual([true, true])
  expect(states(again)).toEqual({ double: 'cached', sum: 'done', say: 'done' })
  expect((await command(root, 'why')).value).toMatchObject([{ state: 'cached' }, {}, {}])
})

test('keys of a recalled pod are those of an imported one', async () => {
  const root = pod(CHAIN)
  await isRecalled(root)
  const recalled = await command(root)
  rmSync(join(root, '.mlpod'), { recursive: true })
  const imported = await command(root)
  expect([recalled.recalled, imported.recalled]).toEqual([true, false])
  const keys = ({ result }: typeof recalled): unknown[] => Object.values(result!.nodes).map(({ key }) => key)
  expect(keys(recalled)).toEqual(keys(imported))
})

test.each<[string, (root: string) => unknown, Record<string, string>]>([
  ['a module of a node', (root) => write(root, { 'src/math.ts': 'export const twice = (x: number) => 2 * x' }, 30), {}],
  ['the config', (root) => write(root, { 'mlpod.config.ts': `${CHAIN['mlpod.config.ts']}\n` }, 30), {}],
  [
    'its package.json',
    (root) => write(root, { 'package.json': '{ "name": "demo", "type": "module", "imports": {} }' }, 30),
    {},
  ],
  ['which package.json is the nearest', (root) => write(root, { 'src/package.json': '{ "type": "module" }' }, 30), {}],
  ['packages', (root) => write(root, { 'package-lock.json': '{ "packages": { } }' }, 30), {}],
  ['what is installed', (root) => write(root, { 'node_modules/.package-lock.json': LOCK }, 30), {}],
  ['the memory itself', (root) => writeFileSync(join(root, '.mlpod/cache/pod'), 'no'), {}],
  ['how Node is started', () => undefined, { NODE_OPTIONS: '--no-deprecation' }],
])('a pod is imported again when %s changed', async (_, change, env) => {
  const root = pod(CHAIN)
  await isRecalled(root)
  expect(await isRecalled(root)).toBe(true)
  change(root)
  expect(await isRecalled(root, env)).toBe(false)
})

test('a pod whose imports lead through links is imported each time', async () => {
  const { 'src/math.ts': math, ...others } = CHAIN
  const root = pod({ ...others, 'src/one.ts': math })
  symlinkSync('one.ts', join(root, 'src/math.ts'))
  await isRecalled(root)
  expect(await isRecalled(root)).toBe(false)
})

test('a module that is gone is missed, whatever is remembered', async () => {
  const root = pod(CHAIN)
  await isRecalled(root)
  rmSync(join(root, 'src/math.ts'))
  await expect(isRecalled(root)).rejects.toThrow(/CONFIG_BROKEN/)
})

test('code that only a running node imports is told from the files, also when the pod is recalled', async () => {
  const fit = `export const fit = node({ name: 'fit', inputs: { x: catalog.x }, outputs: { y: catalog.y },
    run: async ({ x }) => ({ y: (await import('./engine.ts')).go(x) }) })`
  const catalog = "x: json<number>('x.json'), y: json<number>('y.json')"
  const root = pod({
    ...podOf('fit', fit, catalog),
    'x.json': '2',
    'engine.ts': 'export const go = (x: number) => x + 1',
  })
  await isRecalled(root)
  expect(states(await command(root))).toEqual({ fit: 'done' })
  write(root, { 'engine.ts': 'export const go = (x: number) => x + 2' }, 30)
  const { recalled, ...outcome } = await command(root)
  expect([recalled, states(outcome)]).toEqual([true, { fit: 'done' }])
})

test.each([
  ['reads the environment', "x: json<number>(process.env.X_FILE ?? 'x.json')"],
  ['reads the time', 'x: json<number>(new Date().getFullYear() > 1 ? "x.json" : "z.json")'],
])('a pod that %s is imported each time', async (_, source) => {
  const fit =
    "export const fit = node({ name: 'fit', inputs: { x: catalog.x }, outputs: { y: catalog.y }, run: ({ x }) => ({ y: x }) })"
  const root = pod({ ...podOf('fit', fit, `${source}, y: json<number>('y.json')`), 'x.json': '2', 'other.json': '3' })
  await isRecalled(root)
  expect(await isRecalled(root)).toBe(false)
  expect(states(await command(root))).toEqual({ fit: 'done' })
  expect(states(await command(root, 'run', {}, { X_FILE: 'other.json' }))).toEqual({
    fit: source.includes('X_FILE') ? 'done' : 'cached',
  })
})

test('a node whose key needs a function of the pod is not recalled', async () => {
  const fit = `export const fit = node({ name: 'fit', inputs: { x: catalog.x }, outputs: { y: catalog.y },
    late: () => 1, run: ({ x }, { late }) => ({ y: x + late }) })`
  const root = pod({ ...podOf('fit', fit, "x: json<number>('x.json'), y: json<number>('y.json')"), 'x.json': '2' })
  await isRecalled(root)
  expect(await isRecalled(root)).toBe(false)
})
