import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePod, type TestPod } from '../testPod.ts'

let pod: TestPod
let folder: string
beforeAll(() => {
  pod = makePod()
  folder = mkdtempSync(join(tmpdir(), 'mlpod-profile-'))
  const rows = Array.from({ length: 200 }, (_, i) => `${i},${i % 3 ? 'a' : 'b'},${i % 10 ? i * 0.5 : ''}`)
  writeFileSync(join(folder, 'sales.csv'), `id,kind,price\n${rows.join('\n')}\n`)
})
afterAll(() => {
  pod.remove()
  rmSync(folder, { recursive: true })
})
const run = (...args: string[]) => pod.mlpod(['data', 'profile', ...args])
const sales = (): string => join(folder, 'sales.csv')

test('a file is told column by column, with what to look at below', () => {
  const { code, stdout, stderr } = run(sales())
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/id +number +all +\S+ +0 … 199, mean 99\.5/)
  expect(stdout).toMatch(/kind +category +2 +\S+ +a 67 %/)
  expect(stdout).toMatch(/price +number +10 % +all/)
  expect(stdout).toMatch(/! price: 10 % of the rows are missing/)
  expect(stdout).toMatch(/200 rows, 3 columns, 3\.3 % of the cells missing/)
})

test('--json prints the whole profile, --html writes a page, -c and --sample narrow it', () => {
  const page = join(folder, 'page.html')
  const { stdout, code } = run(sales(), '--json', '--html', page, '-c', 'price', '--sample', '50', '--minimal')
  expect(code).toBe(0)
  const found = JSON.parse(stdout) as { table: { rows: number; columns: number }; associations: unknown }
  expect(found).toMatchObject({ v: 1, table: { rows: 50, columns: 1 }, associations: null })
  expect(readFileSync(page, 'utf8')).toContain('<h1>sales.csv</h1>')
})

test('what is wrong with the question is said, with exit code 2', () => {
  for (const [args, said] of [
    [[], /describes one table, not 0/],
    [[sales(), '-c', 'prise'], /no column "prise".*price/],
    [[sales(), '--sample', 'x'], /--sample takes a whole number/],
  ] as const) {
    const { code, stderr } = run(...args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(said)])
  }
})
