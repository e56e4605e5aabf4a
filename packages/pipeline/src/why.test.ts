import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CHAIN, command, makePod, removePods, states, writeFiles } from './testPods.ts'

afterAll(removePods)

const plan = async (root: string, options: object = {}): Promise<string[]> =>
  (await command(root, 'why', options)).value!.map(
    ({ node, state, reasons }) => `${node} ${state}: ${reasons.map(({ text }) => text).join('; ')}`,
  )

test('why says what would run and because of what, and is right', async () => {
  const root = makePod(CHAIN)
  const fresh = [
    'double runs: it has never run',
    'sum waits: input doubled is made again by double; it has never run',
    'say waits: input total is made again by sum; it has never run',
  ]
  expect(await plan(root)).toEqual(fresh)
  await command(root)
  const quiet = ['double cached: ', 'sum cached: ', 'say cached: ']
  expect(await plan(root)).toEqual(quiet)

  writeFileSync(join(root, 'src/math.ts'), CHAIN['src/math.ts'].replace('x * 2', 'x + x'))
  expect(await plan(root)).toEqual([
    'double runs: code changed: src/math.ts',
    'sum waits: input doubled is made again by double',
    'say waits: input total is made again by sum',
  ])
  expect(states(await command(root))).toEqual({ double: 'done', sum: 'cached', say: 'cached' })
  expect(await plan(root)).toEqual(quiet)

  writeFileSync(join(root, 'params.yml'), 'scale: 2\n')
  expect(await plan(root)).toEqual([
    'double cached: ',
    'sum runs: param scale 1 -> 2',
    'say waits: input total is made again by sum',
  ])
  await command(root)
  rmSync(join(root, 'params.yml'))
  // The result for 1 is still kept: nothing would run, and why says what is different from the lock.
  expect(await plan(root)).toEqual([
    'double cached: ',
    'sum cached: param scale 2 -> 1',
    'say cached: input total changed',
  ])

  writeFileSync(join(root, 'data/numbers.json'), '[5]')
  expect(await plan(root, { node: 'double' })).toEqual(['double runs: input numbers changed'])
})

test('why tells of packages and of how datasets are written', async () => {
  const root = makePod({
    ...CHAIN,
    'package.json': '{}',
    'package-lock.json': JSON.stringify({
      packages: { 'node_modules/dep': { version: '1.0.0', integrity: 'sha512-a' } },
    }),
    'node_modules/dep/package.json': '{ "name": "dep", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
    'node_modules/dep/index.js': 'export const one = 1; export const two = 2',
    'src/math.ts': `import { one, two } from 'dep'\nexport const twice = (x: number): number => x * 2 * one\nexport const thrice = () => two\n`,
  })
  expect((await command(root)).result?.status).toBe('finished')
  writeFiles(root, {
    'package-lock.json': JSON.stringify({
      packages: { 'node_modules/dep': { version: '1.0.1', integrity: 'sha512-b' } },
    }),
  })
  expect((await plan(root))[0]).toBe('double runs: package dep 1.0.0 -> 1.0.1')
  await command(root)
  writeFiles(root, {
    'src/catalog.ts': CHAIN['src/catalog.ts'].replace(
      'doubled: json<number[]>()',
      "doubled: { ...json<number[]>(), describe: 'other' }",
    ),
  })
  expect((await plan(root))[0]).toBe('double runs: how its datasets are read or written changed')
})

test('status compares the pod with its lock and its copies with the store', async () => {
  const root = makePod(CHAIN)
  const before = (await command(root, 'status')).value!
  expect(before.sources).toMatchObject([{ dataset: 'numbers', state: 'new', file: 'data/numbers.json' }])
  await command(root)
  writeFileSync(join(root, 'build/total.json'), '0\n')
  const edited = (await command(root, 'status')).value!
  expect(edited.sources).toMatchObject([{ state: 'same' }])
  expect(edited.copies).toEqual([{ dataset: 'total', file: 'build/total.json', state: 'edited' }])
  expect(edited.nodes.map(({ state }) => state)).toEqual(['cached', 'cached', 'cached'])
  rmSync(join(root, 'build/total.json'))
  writeFileSync(join(root, 'data/numbers.json'), '[7]')
  utimesSync(join(root, 'data/numbers.json'), 1, 1)
  const changed = (await command(root, 'status')).value!
  expect(changed.sources).toMatchObject([{ state: 'changed' }])
  expect(changed.nodes.map(({ state }) => state)).toEqual(['runs', 'waits', 'waits'])
})
