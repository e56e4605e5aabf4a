import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'
import { analyze, reduceModule } from './reduce.ts'

const reduce = (code: string, target?: string): string =>
  reduceModule(analyze(code, parseAst(code, { lang: 'ts' })), target)
const head = `import { node as make, json } from '@mlpod/pipeline'\nimport { z } from 'zod'\nimport { other } from './other.ts'\n`
const of = (line: string, target?: string): string => reduce(head + line, target).slice(head.length)

test('the node told is reduced to its run, however it is written', () => {
  const cases: [string, string][] = [
    [
      'export const a = make({ name: "a", inputs: {}, run: (x) => x + 1, tags: [] })',
      'export const a = ((x) => x + 1)',
    ],
    [
      'export const a = make({ name: "a", async run(x) { return x } })',
      'export const a = ({ async run(x) { return x } }).run',
    ],
    ['export const a = make({ name: "a", run: other })', 'export const a = (other)'],
    ['const b = make({ name: "a", run: other }); export { b as a }', 'const b = (other); export { b as a }'],
    ['export const a = (make({ name: "a", run: other }) as unknown)', 'export const a = ((other))'],
    ['export const a = make({ name: "a", "run": other })', 'export const a = (other)'],
  ]
  for (const [line, expected] of cases) expect(of(line, 'a')).toBe(expected)
  expect(of('export default make({ run: other })', 'default')).toBe('export default (other)')
})

test('what cannot be reduced for sure stays whole', () => {
  for (const line of [
    'export const a = other({ name: "a", run: () => 1 })',
    'export const a = make({ ...other, run: () => 1 })'.replace('make', 'other'),
  ])
    expect(of(line, 'a')).toBe(line)
  expect(of('export const a = make({ ...other, run: () => 1 })', 'a')).toContain('...other')
  expect(of('export const a = make({ ["run"]: () => 1 })', 'a')).toContain('["run"]')
})

test('constants made by pure calls may be dropped, others may not', () => {
  const marked = (line: string): boolean => of(line).includes('@__PURE__')
  const pure = [
    'const a = json("x")',
    'export const a = z.object({ b: z.string() }).strict()',
    'const a = { x: json("x"), y: [json("y")], z: 1 }',
    'export default make({ run: () => other() })',
    'const a = json("x") as unknown',
  ]
  const impure = [
    'const a = other()',
    'const a = { x: other(), y: json("y") }',
    'const a = json(await other())',
    'const a = [json(), other.b++]',
    'const a = 1',
    'other(json())',
  ]
  for (const line of pure) expect([line, marked(line)]).toEqual([line, true])
  for (const line of impure) expect([line, marked(line)]).toEqual([line, false])
})

test('imports for their effects alone are told', () => {
  expect(analyze(`import 'x'\nimport 'y'`, parseAst(`import 'x'\nimport 'y'`)).effects).toEqual(['x', 'y'])
})
