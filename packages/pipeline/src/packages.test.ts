import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openPackages } from './packages.ts'

// Outside of the workspace, whose own lock file would be found from below.
let root: string | undefined

afterEach(() => {
  if (root) rmSync(root, { recursive: true })
})

function project(files: Readonly<Record<string, string>>): string {
  root = mkdtempSync(join(tmpdir(), 'mlpod-packages-'))
  for (const [path, text] of Object.entries(files)) write(root, path, text)
  return root
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const dep = {
  'node_modules/@a/dep/package.json': '{ "name": "@a/dep", "version": "1.2.3" }',
  'node_modules/@a/dep/lib/index.js': 'export const one = 1',
}
const lock = (entry: object): string => JSON.stringify({ packages: { 'node_modules/@a/dep': entry } })
const identify = (folder: string): string => openPackages(folder).identify(join(folder, 'node_modules/@a/dep'))

test('a package is named with the integrity of the lock file', () => {
  const folder = project({ ...dep, 'package-lock.json': lock({ version: '1.2.3', integrity: 'sha512-abc' }) })
  expect(identify(folder)).toBe('@a/dep@1.2.3+sha512-abc')
})

test.each([
  ['no lock file', {}],
  ['a lock file without integrity', { 'package-lock.json': lock({ version: '1.2.3' }) }],
  ['a lock file of another package manager', { 'pnpm-lock.yaml': 'lockfileVersion: 9' }],
])('with %s a package is told by its files, whatever it depends on', (_, more) => {
  const folder = project({ ...dep, ...more })
  const before = identify(folder)
  expect(before).toMatch(/^@a\/dep@1\.2\.3\+[0-9a-f]{64}$/)
  write(folder, 'node_modules/@a/dep/node_modules/b/index.js', 'export const two = 2')
  expect(identify(folder)).toBe(before)
  write(folder, 'node_modules/@a/dep/lib/index.js', 'export const one = 11')
  expect(identify(folder)).not.toBe(before)
})

test('the stamp changes with the nearest lock file and with each installation, and without one there is none to trust', () => {
  const folder = project(dep)
  expect(openPackages(folder).stamp).toBeUndefined()
  write(folder, 'package-lock.json', lock({ version: '1.2.3' }))
  const { stamp } = openPackages(folder)
  expect(stamp).toContain('package-lock.json')
  write(folder, 'node_modules/.package-lock.json', lock({ version: '1.2.3' }))
  const installed = openPackages(folder).stamp
  expect(installed).not.toBe(stamp)
  write(folder, 'package-lock.json', lock({ version: '1.2.40' }))
  expect(openPackages(folder).stamp).not.toBe(installed)
  write(folder, 'inner/pnpm-lock.yaml', 'lockfileVersion: 9')
  expect(openPackages(join(folder, 'inner')).stamp).toContain('pnpm-lock.yaml')
})
