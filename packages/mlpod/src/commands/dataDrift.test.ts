import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePod, type TestPod } from '../testPod.ts'

let pod: TestPod
let folder: string
beforeAll(() => {
  pod = makePod()
  folder = mkdtempSync(join(tmpdir(), 'mlpod-drift-'))
  const rows = (n: number, shift: number) =>
    Array.from({ length: n }, (_, i) => `${((i * 37) % 100) + shift},${i % 3 ? 'a' : 'b'}`).join('\n')
  for (const [name, shift] of [
    ['before', 0],
    ['same', 0],
    ['after', 60],
  ] as const)
    writeFileSync(join(folder, `${name}.csv`), `price,kind\n${rows(400, shift)}\n`)
})
afterAll(() => {
  pod.remove()
  rmSync(folder, { recursive: true })
})
const drift = (...args: string[]) => pod.mlpod(['data', 'drift', ...args])
const file = (name: string): string => join(folder, `${name}.csv`)

test('two files are compared column by column; the exit code is the answer', () => {
  const same = drift(file('before'), file('same'))
  expect([same.code, same.stderr]).toEqual([0, ''])
  expect(same.stdout).toMatch(/price +✓ as before +p 1 +0\.05 +ks/)
  expect(same.stdout).toMatch(/✓ the table has not drifted {3}0 of 2 columns drifted/)
  const after = drift(file('before'), file('after'))
  expect(after.code).toBe(1)
  expect(after.stdout).toMatch(/price +✗ drifted/)
})

test('methods and thresholds are set for all, by kind, or by column', () => {
  const { code, stdout } = drift(
    file('before'),
    file('after'),
    '-m',
    'number=psi',
    '-m',
    'kind=l_infinity',
    '--threshold',
    'price=99',
    '--json',
  )
  const report = JSON.parse(stdout) as { columns: { method: string; threshold: number; drifted: boolean }[] }
  expect(code).toBe(0)
  expect(report.columns.map(({ method, threshold, drifted }) => [method, threshold, drifted])).toEqual([
    ['psi', 99, false],
    ['l_infinity', 0.1, false],
  ])
})

test('what is wrong with the question is said, with exit code 2', () => {
  for (const [args, said] of [
    [[file('before')], /compares two tables, not 1/],
    [[file('before'), file('none')], /there is no file/],
    [[file('before'), file('same'), '-m', 'kss', '-c', 'price'], /did you mean "ks"/],
    [[file('before'), file('same'), '-c', 'pric'], /did you mean "price"/],
    [[file('before'), file('same'), '--correct', 'hb'], /--correct takes no "hb"/],
    [[file('before'), file('same'), '--share', 'much'], /--share takes a number/],
  ] as const) {
    const { code, stderr } = drift(...args)
    expect(code, stderr).toBe(2)
    expect(stderr).toMatch(said)
  }
  expect(pod.mlpod(['data']).stderr).toMatch(/mlpod data needs a verb: /)
  expect(pod.mlpod(['data', 'drif']).stderr).toMatch(/did you mean "data drift"/)
})
