import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeFiles } from './testPods.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'mlpod-resolution-')))
afterAll(() => rmSync(root, { recursive: true }))

const dep = (version: number): string => `export const dep = ${version}`
const manifest = '{ "name": "dep", "type": "module", "exports": "./index.js" }'
writeFiles(root, {
  'package.json': '{ "name": "app", "type": "module", "imports": { "#own": "./own.ts" } }',
  'a.ts': 'export const a: object = {}',
  'b.ts': "export * from './a.ts'; export { dep } from 'dep'; export const b = import.meta.url",
  'own.ts': 'export const own = import.meta.url',
  'data.json': '{ "x": 1 }',
  'sp ace/c.ts': "export * from '../a.ts'; export const c = import.meta.url",
  'real/d.ts': "export const d = {}; export * from '../a.ts'",
  'common/package.json': '{ "type": "commonjs" }',
  'common/e.js': 'module.exports = { e: typeof require }',
  'common/f.mjs': "import e from './e.js'; export const f = e; export { dep } from 'dep'",
  'common/g.js': 'module.exports = { g: require("./e.js").e }',
  'inner/h.ts': "export { dep } from 'dep'; export { own } from '#own'; export const h = 1",
  'inner/i.ts': "export { dep } from 'dep'; export const i = 1",
  'node_modules/dep/package.json': manifest,
  'node_modules/dep/index.js': dep(1),
  'inner/node_modules/dep/package.json': manifest,
  'inner/node_modules/dep/index.js': dep(2),
  'wrong/one.ts': "import './missing.ts'",
  'wrong/two.ts': "import './one'",
  'wrong/three.ts': "import 'nothing'",
  'wrong/four.ts': "import '../real'",
})
symlinkSync(join(root, 'a.ts'), join(root, 'link.ts'))
symlinkSync(join(root, 'real'), join(root, 'linked'))

const entries = [
  './a.ts',
  './b.ts',
  './link.ts',
  './own.ts',
  './sp ace/c.ts',
  './sp%20ace/c.ts',
  './real/d.ts',
  './linked/d.ts',
  './b.ts?again',
  './real/../a.ts',
  './common/e.js',
  './common/f.mjs',
  './common/g.js',
  './inner/h.ts',
  './inner/i.ts',
  './data.json',
  './wrong/one.ts',
  './wrong/two.ts',
  './wrong/three.ts',
  './wrong/four.ts',
  'dep',
  '#own',
  'node:path',
  './a.ts',
]

// What each import gives: which of the objects that were given before it is, what it says, or what is wrong with it.
writeFiles(root, {
  'main.mjs': `
if (process.argv[2] === 'quick') (await import(${JSON.stringify(join(import.meta.dirname, 'resolution.ts'))})).resolveQuickly()
const load = { './data.json': () => import('./data.json', { with: { type: 'json' } }) }
const seen = []
for (const entry of ${JSON.stringify(entries)}) {
  try {
    const module = await (load[entry]?.() ?? import(entry))
    const same = seen.indexOf(module)
    seen.push(module)
    console.log(entry, same, JSON.stringify(Object.entries(module).map(([name, value]) => typeof value === 'object' ? [name, seen.findIndex((one) => Object.values(one).includes(value))] : [name, typeof value === 'function' ? name : value])))
  } catch (error) {
    console.log(entry, error.code, error.message)
  }
}`,
})

const said = (mode: string): string[] =>
  execFileSync(process.execPath, [join(root, 'main.mjs'), mode], { encoding: 'utf8' })
    .trim()
    .split('\n')

test('imports give what Node gives: links, queries, spaces, packages inside packages, and what is wrong', () => {
  const [quick, plain] = [said('quick'), said('plain')]
  expect(plain).toHaveLength(entries.length)
  expect(plain.filter((line) => /ERR_/.test(line)).length).toBeGreaterThanOrEqual(4)
  expect(quick).toEqual(plain)
})
