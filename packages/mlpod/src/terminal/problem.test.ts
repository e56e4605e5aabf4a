import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorRecord, PodError } from '@mlpod/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemLines, problemPlace } from './problem.ts'
import { styleOf } from './style.ts'

const plain = styleOf({} as NodeJS.WriteStream, 'never', { LANG: 'C.UTF-8' })
let root: string
beforeAll(() => {
  root = join(realpathSync(mkdtempSync(join(tmpdir(), 'problem-'))), 'a pod')
  mkdirSync(join(root, 'src'), { recursive: true })
  writeFileSync(join(root, 'src/fit.ts'), 'first\nsecond\nthird\n')
})
afterAll(() => rmSync(join(root, '..'), { recursive: true }))

test('an error tells what, where with three lines of code, why, and what to try', () => {
  const error = new PodError('COLUMN_MISSING', `column "race" is missing in ${root}/data/x.csv`, {
    at: 'src/fit.ts:2',
    because: 'clean no longer selects it',
    hint: 'mlpod why fit',
  })
  const expected = [
    'error COLUMN_MISSING  column "race" is missing in data/x.csv',
    '  at   src/fit.ts:2',
    '          1 | first',
    '     >    2 | second',
    '          3 | third',
    '  because  clean no longer selects it',
    '  try  mlpod why fit',
  ]
  expect(problemLines(error, plain, { root })).toEqual(expected)
  expect(problemLines(errorRecord(error), plain, { root })).toEqual(expected)
  expect(problemPlace(error, { root })).toEqual({ file: join(root, 'src/fit.ts'), line: 2 })
})

test("without a place of its own, the first frame in the pod's own code is shown, also that of the cause; none of a dependency", () => {
  const frames = (file: string): string =>
    `Error: no\n    at inner (node:fs:1:1)\n    at x (${root}/node_modules/y/z.js:9:9)\n    at async run (${file}:3:5)`
  for (const file of [join(root, 'src/fit.ts'), `file://${encodeURI(join(root, 'src/fit.ts'))}`]) {
    const thrown = Object.assign(new TypeError('x is not a function'), { stack: frames(file) })
    expect(problemLines(thrown, plain, { root }).slice(0, 4)).toEqual([
      'error UNEXPECTED  x is not a function',
      '  at   src/fit.ts:3',
      '          2 | second',
      '     >    3 | third',
    ])
    const caused = new PodError('CONFIG_BROKEN', 'it cannot be imported', { cause: thrown })
    expect(problemPlace(caused, { root })).toEqual({ file: join(root, 'src/fit.ts'), line: 3 })
  }
  expect(problemPlace(new Error('elsewhere'), { root })).toBeUndefined()
  expect(problemPlace(new Error('no root'))).toBeUndefined()
})

test('what cannot be read, has no place, or is no error at all is told without one', () => {
  expect(problemLines(new PodError('A', 'b', { at: 'src/none.ts:7' }), plain, { root })).toEqual([
    'error A  b',
    '  at   src/none.ts:7',
  ])
  expect(problemLines(new PodError('A', 'b', { at: 'a dataset\n^' }), plain)).toEqual([
    'error A  b',
    '  at   a dataset',
    '       ^',
  ])
  expect(problemLines('just text', plain)).toEqual(['error UNEXPECTED  just text'])
  expect(problemLines(undefined, plain)).toEqual(['error UNEXPECTED  undefined'])
})

test('an error of the system keeps its code; the stack comes on request', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' })
  expect(problemLines(full, plain)).toEqual(['error ENOSPC  ENOSPC: no space left on device, write'])
  expect(problemLines(full, plain, { debug: true }).length).toBeGreaterThan(2)
})
