import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePod, type TestPod } from '../testPod.ts'

let pod: TestPod
let folder: string
const at = (name: string): string => join(folder, name)
beforeAll(() => {
  pod = makePod()
  folder = mkdtempSync(join(tmpdir(), 'mlpod-check-'))
  for (let day = 1; day <= 5; day++) {
    const rows = Array.from({ length: 50 }, (_, i) => `${day * 100 + i},${((i * 7 + day) % 20) + 1},${'abc'[i % 3]}`)
    writeFileSync(at(`day${day}.csv`), `id,price,kind\n${rows.join('\n')}\n`)
  }
  writeFileSync(at('bad.csv'), 'id,price,kind\n1,5,a\n1,6,x\n')
})
afterAll(() => {
  pod.remove()
  rmSync(folder, { recursive: true })
})
const data = (...args: string[]) => pod.mlpod(['data', ...args])

test('past tables suggest a suite, the next one is checked with it, and reports are written', () => {
  const days = [1, 2, 3, 4].map((day) => at(`day${day}.csv`))
  const suggested = data('suggest', ...days, '--out', at('suite.json'))
  expect([suggested.code, suggested.stderr]).toEqual([0, ''])
  expect(suggested.stdout).toMatch(/✓ kept +kind is one of \{ a, b, c \} +0 of 4/)
  const good = data('check', at('day5.csv'), '--suite', at('suite.json'))
  expect([good.code, good.stderr]).toEqual([0, ''])
  expect(good.stdout).toMatch(/✓ the table is as "suggested" expects {3}(\d+) of \1 expectations hold/)
  const reports = ['--junit', at('r/check.xml'), '--html', at('r/check.html'), '--markdown', at('r/check.md')]
  const bad = data('check', at('bad.csv'), '-s', at('suite.json'), '--key', 'id', ...reports)
  expect(bad.code).toBe(1)
  expect(bad.stdout).toMatch(/✗ fails +kind is one of \{ a, b, c \}\n +1 unexpected \(50 %\)/)
  expect(readFileSync(at('r/check.xml'), 'utf8')).toMatch(/<testsuite name="suggested" tests="\d+" failures="[1-9]/)
  for (const name of ['html', 'md']) expect(existsSync(at(`r/check.${name}`))).toBe(true)
  const json = JSON.parse(data('check', at('bad.csv'), '-s', at('suite.json'), '--json').stdout) as { ok: boolean }
  expect(json.ok).toBe(false)
})

test('pages tell what a table holds and whether it is as expected', () => {
  const { code, stdout, stderr } = data('docs', at('bad.csv'), '--suite', at('suite.json'), '--out', at('docs'))
  expect([code, stderr]).toEqual([1, ''])
  expect(stdout).toContain(join('docs', 'index.html'))
  const index = readFileSync(at('docs/index.html'), 'utf8')
  expect(index).toMatch(/<a href="expectations.html">.*expectations hold/)
  expect(index).toContain('2 rows, 3 columns')
  for (const name of ['profile', 'expectations']) expect(existsSync(at(`docs/${name}.html`))).toBe(true)
  expect(data('docs', at('day1.csv'), '-o', at('plain')).code).toBe(0)
  expect(existsSync(at('plain/expectations.html'))).toBe(false)
})

test('a suite may be a module, with parameters', () => {
  writeFileSync(
    join(pod.folder, 'suite.ts'),
    "import { parameter, suite } from 'mlpod/data'\nexport default suite('orders', [{ type: 'between', column: 'price', max: parameter('most') }])\n",
  )
  const check = (most: string) => data('check', at('day1.csv'), '--suite', 'suite.ts', '-p', most).code
  expect([check('most=100'), check('most=3')]).toEqual([0, 1])
})

test('what is wrong with the question is said, with exit code 2', () => {
  writeFileSync(at('none.ts'), 'export default 3\n')
  writeFileSync(at('broken.ts'), 'import "./gone.ts"\n')
  for (const [args, said] of [
    [['check'], /looks at one table, not at 0/],
    [['check', at('day1.csv')], /no suite is named/],
    [['check', at('day1.csv'), '-s', at('nope.json')], /there is no suite/],
    [['check', at('day1.csv'), '-s', at('none.ts')], /is no suite/],
    [['check', at('day1.csv'), '-s', at('day2.csv')], /cannot be loaded/],
    [['check', at('day1.csv'), '-s', at('broken.ts')], /cannot be loaded.*gone\.ts/s],
    [['docs', at('day1.csv'), '-s', at('')], /there is no suite/],
    [['check', at('day1.csv'), '-s', at('none.ts'), '-p', 'x'], /is no suite|NAME=VALUE/],
    [['suggest', at('day1.csv')], /tells nothing of the next/],
    [['suggest'], /no table is named/],
    [['suggest', at('day1.csv'), at('day2.csv'), '--by', 'kind'], /--by cuts one table/],
  ] as const) {
    const { code, stderr } = data(...args)
    expect(code, stderr).toBe(2)
    expect(stderr).toMatch(said)
  }
})
