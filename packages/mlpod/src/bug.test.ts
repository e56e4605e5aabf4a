import { readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { main } from './cli.ts'

vi.mock('./commands/runs.ts', () => ({
  runs: async () => {
    throw new TypeError('our own mistake')
  },
}))

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('a bug of ours exits with 70, shows its stack, and leaves a report that only the user can read, with its path', async () => {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text
    return true
  })
  await main(['runs', '--color', 'never'])
  expect(process.exitCode).toBe(70)
  expect(said).toMatch(/^error UNEXPECTED {2}our own mistake\n/)
  expect(said).toMatch(/ {2}at .*bug\.test\.ts/)
  const file = /what is known of it is in\n {2}(\S+)/.exec(said)?.[1] as string
  const report = readFileSync(file, 'utf8')
  expect(report).toMatch(/^mlpod \d+\.\d+\.\d+, Node v\d+/)
  expect(report).toContain('command  mlpod runs --color never')
  expect(report).toContain('TypeError: our own mistake')
  expect(statSync(file).mode & 0o077).toBe(0)
  rmSync(dirname(file), { recursive: true })
})
