import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'
import { isAmbient } from './ambient.ts'

const ambient = (code: string): boolean => isAmbient(parseAst(code, { lang: 'ts', sourceType: 'module' }))

test.each([
  ['the environment', "export const path = process.env.DATA ?? 'data.csv'"],
  ['the environment, inside a function', 'const read = () => process.env.DATA; export const path = read()'],
  ['the environment by another way', "export const { env } = globalThis['process']"],
  ['the time', 'export const day = new Date().getDay()'],
  ['a clock', 'export const t = performance.now()'],
  ['chance', 'export const seed = Math.random()'],
  ['chance, taken apart', 'const { random } = Math; export const seed = random()'],
  ['chance by a computed name', "export const seed = Math['random']()"],
  ['files', "import { readFileSync } from 'node:fs'; export const x = readFileSync('x', 'utf8')"],
  ['files, re-exported', "export { readFileSync } from 'fs'"],
  ['what other packages say', "import config from 'config'; export const { rate } = config"],
  ['rooms that look at files', "import { openTrack } from 'mlpod/track'; export const runs = openTrack('.')"],
  ['where pods are', "import { findPod } from '@mlpod/pipeline'; export const pod = findPod('.')"],
  ['the locale', 'export const text = (1.5).toLocaleString()'],
  ['the order of a locale', "export const names = ['b', 'a'].sort((x, y) => x.localeCompare(y))"],
  ['what it waits for', "import { csv } from 'mlpod/data'; export const rows = await csv('x').read('x')"],
  ['what it waits for in turn', 'for await (const x of y) z.push(x)'],
  ['its own place', 'export const here = import.meta.dirname'],
  ['text made to code', "export const x = eval('1')"],
  ['text made to code by a constructor', "export const x = (() => 1).constructor('return process')()"],
  ['a shorthand member', 'export const x = { process }'],
  ['a class field', 'export class A { static at = Date.now() }'],
])('a module that reads %s is ambient', (_, code) => expect(ambient(code)).toBe(true))

test.each([
  [
    'nodes',
    "import { node } from 'mlpod'; export const a = node({ name: 'a', run: async ({ x }) => { await x; return { y: Math.max(...x) } } })",
  ],
  ['schemas', "import * as z from 'zod'; export const Row = z.object({ a: z.int().min(0) })"],
  ['other modules', "import { a } from './a.ts'; export * from '../b.ts'; export const b = [...a, 2n].map(String)"],
  [
    'types of the time',
    "import type { Stats } from 'node:fs'; export const f = (d: Date, s: Stats): Date | undefined => undefined",
  ],
  [
    'members that are named like clocks',
    'export const report = { performance: 1, process: 2, random: 3 }; export const p = report.performance',
  ],
  [
    'our own chance, from a seed',
    "import { random } from 'mlpod/math'; export const order = random({ seed: 1, path: 'x' }).permutation(9)",
  ],
  ['engines imported inside functions', "export const run = async () => (await import('./engine.ts')).go()"],
])('a module of %s is not', (_, code) => expect(ambient(code)).toBe(false))
