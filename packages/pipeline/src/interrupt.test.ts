import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '@mlpod/contract'
import { afterAll, expect, test } from 'vitest'
import { command, makePod, podOf, removePods, start, states } from './testPods.ts'

afterAll(removePods)

const SLOW = {
  ...podOf(
    'first, slow, after, other',
    `
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
export const first = node({ name: 'first', inputs: { a: catalog.a }, outputs: { b: catalog.b }, run: () => ({ b: 'x'.repeat(1000) }) })
export const slow = node({ name: 'slow', inputs: { b: catalog.b, ms: param('ms', 500) }, outputs: { c: catalog.c }, run: async ({ ms }, { note }) => { note('begun'); await wait(ms); return { c: 1 } } })
export const after = node({ name: 'after', inputs: { c: catalog.c }, outputs: { d: catalog.d }, run: () => ({ d: 1 }) })
export const other = node({ name: 'other', inputs: { a: catalog.a }, outputs: { e: catalog.e }, run: () => ({ e: 1 }) })
`,
    `a: json('a.json'), b: json(), c: json(), d: json('build/d.json'), e: json()`,
  ),
  'a.json': '1',
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const begun = (event: { type: string }): boolean => event.type === 'node.note'
const otherIsDone = (event: RunEvent): boolean =>
  (event.type === 'node.finished' || event.type === 'node.cached') && event.node === 'other'

test('a process killed in the middle of a node leaves all in order, and the next run goes on from there', async () => {
  const root = makePod(SLOW)
  for (let i = 0; i < 3; i++) {
    const going = start(root, { overrides: { ms: 60_000 } })
    await Promise.all([going.until(begun), going.until(otherIsDone)])
    going.child.kill('SIGKILL')
    await going.outcome
    expect(existsSync(join(root, 'mlpod.lock'))).toBe(false)
  }
  // workers whose runner is gone end by themselves
  const left = (): number[] => readdirSync(join(root, '.mlpod/tmp')).map((name) => Number(name.split('-')[0]))
  for (let i = 0; i < 100 && left().some(isAlive); i++) await new Promise((done) => setTimeout(done, 100))
  expect(left().filter(isAlive)).toEqual([])
  const next = await command(root, 'run', { overrides: { ms: 1 } })
  expect(states(next)).toEqual({ first: 'cached', slow: 'done', after: 'done', other: 'cached' })
  expect(readdirSync(join(root, '.mlpod/tmp'))).toEqual([])
})

test('a process killed at any moment never breaks the next run', async () => {
  const root = makePod(SLOW)
  for (let ms = 40; ms < 700; ms += 60) {
    const going = start(root, { overrides: { ms } })
    await new Promise((done) => setTimeout(done, ms))
    going.child.kill('SIGKILL')
    await going.outcome
  }
  const next = await command(root, 'run', { overrides: { ms: 1 } })
  expect(next.result?.status).toBe('finished')
  expect((await command(root, 'run', { overrides: { ms: 1 } })).result?.nodes.slow.state).toBe('cached')
})

test('interrupted once, running nodes finish and no new ones start', async () => {
  const root = makePod(SLOW)
  const going = start(root)
  await going.until(begun)
  going.child.kill('SIGINT')
  const outcome = (await going.outcome)!
  expect(outcome.result?.status).toBe('interrupted')
  expect(states(outcome)).toEqual({ first: 'done', slow: 'done', after: 'skipped', other: 'done' })
  expect(states(await command(root))).toMatchObject({ slow: 'cached', after: 'done' })
})

test('interrupted twice, or longer than the grace, running nodes are ended', async () => {
  for (const options of [{ overrides: { ms: 60_000 } }, { overrides: { ms: 60_000 }, graceMs: 50 }]) {
    const root = makePod(SLOW)
    const going = start(root, options)
    await going.until(begun)
    going.child.kill('SIGINT')
    if (!('graceMs' in options)) setTimeout(() => going.child.kill('SIGINT'), 100)
    const outcome = (await going.outcome)!
    expect(outcome.result?.status).toBe('interrupted')
    expect(outcome.result?.nodes.slow.error?.code).toBe('NODE_STOPPED')
  }
})

test('one run at a time in a pod: a second one is refused, or waits when told to', async () => {
  const root = makePod(SLOW)
  const going = start(root, { overrides: { ms: 3000 } })
  await going.until(begun)
  const { error } = await command(root)
  expect(error).toMatchObject({ code: 'POD_BUSY', message: expect.stringContaining(String(going.child.pid)) })
  const waiting = await command(root, 'run', { wait: true, overrides: { ms: 3000 } })
  expect(states(waiting)).toEqual({ first: 'cached', slow: 'cached', after: 'cached', other: 'cached' })
  expect((await going.outcome)?.result?.status).toBe('finished')
})

test('code that changes while a run goes on is never kept under the key of the old', async () => {
  const root = makePod(SLOW)
  const going = start(root, { workers: 1, overrides: { ms: 400 } })
  await going.until(begun)
  const nodes = (SLOW as Record<string, string>)['nodes.ts']
  writeFileSync(join(root, 'nodes.ts'), nodes.replace('({ d: 1 })', '({ d: 2 })'))
  const outcome = (await going.outcome)!
  // The worker had loaded the old code, so what it made is of the old code.
  expect(outcome.result?.nodes.after.state).toBe('done')
  expect(states(await command(root, 'run', { overrides: { ms: 400 } }))).toMatchObject({
    slow: 'cached',
    after: 'done',
  })
})
