import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashBytes, PodError } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EMPTY_LOCK, type Lock, parseLock, printLock, readLock, writeLock } from './index.ts'

const hash = fc.string().map((text) => hashBytes(text))
const hashes = fc.dictionary(fc.string(), hash)
const lock: fc.Arbitrary<Lock> = fc.record(
  {
    version: fc.constant(1 as const),
    data: fc.dictionary(fc.string(), fc.record({ hash, size: fc.nat() })),
    nodes: fc.dictionary(
      fc.string(),
      fc.record({
        key: hash,
        code: hash,
        params: fc.dictionary(fc.string(), fc.constantFrom(1, 'a', null, [1])),
        inputs: hashes,
        outputs: hashes,
      }),
    ),
    model: fc.record({ bodyHash: hash }),
  },
  { requiredKeys: ['version', 'data', 'nodes'] },
)

test('a lock is read as it was written, and equal locks have equal texts', () => {
  fc.assert(
    fc.property(
      lock.filter((one) => !JSON.stringify(one).includes('__proto__')),
      (one) => {
        const text = printLock(one)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(one)))
        expect(printLock(parseLock(text))).toBe(text)
      },
    ),
  )
})

test('each entry has its line, in order', () => {
  const [a, b] = [hashBytes('a'), hashBytes('b')]
  const text = printLock({
    version: 1,
    data: { y: { hash: b, size: 2 }, x: { hash: a, size: 1 } },
    nodes: {},
    model: { bodyHash: a },
  })
  expect(text).toBe(
    `{\n"data":{\n"x":{"hash":"${a}","size":1},\n"y":{"hash":"${b}","size":2}\n},\n"model":{"bodyHash":"${a}"},\n"nodes":{},\n"version":1\n}\n`,
  )
})

test('a lock that is not right is refused, and the line is named', () => {
  const good = hashBytes('a')
  const cases: [string, string, number][] = [
    ['{\n"data":{},\n"nodes":{},\n"version":2\n}', 'LOCK_NEWER', 4],
    ['{\n"data":{},\n"nodes":{}\n}', 'LOCK_MALFORMED', 1],
    ['{\n"data":{},\n"version":1\n}', 'LOCK_MALFORMED', 1],
    ['{\n"data":{\n"x":{"hash":"12","size":1}\n},\n"nodes":{},\n"version":1\n}', 'LOCK_MALFORMED', 3],
    [`{\n"data":{\n"x":{"hash":"${good}","size":-1}\n},\n"nodes":{},\n"version":1\n}`, 'LOCK_MALFORMED', 3],
    [`{\n"data":{},\n"nodes":{\n"fit":{"key":"${good}"}\n},\n"version":1\n}`, 'LOCK_MALFORMED', 4],
    ['{\n"data":{},\n"nodes" {},\n"version":1\n}', 'LOCK_MALFORMED', 3],
    ['{\n<<<<<<< ours\n"data":{},', 'LOCK_MALFORMED', 2],
    ['', 'LOCK_MALFORMED', 1],
    ['[]', 'LOCK_MALFORMED', 1],
    [`{\n"data":{},\n"model":{},\n"nodes":{},\n"version":1\n}`, 'LOCK_MALFORMED', 3],
  ]
  for (const [text, code, line] of cases) {
    let error: unknown
    try {
      parseLock(text)
    } catch (thrown) {
      error = thrown
    }
    expect([text, error instanceof PodError && [error.code, error.at]]).toEqual([text, [code, `mlpod.lock:${line}`]])
  }
})

test('a pod without a lock has the empty one, and writing what is there already touches nothing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lock-'))
  expect(await readLock(root)).toEqual(EMPTY_LOCK)
  expect(await writeLock(root, EMPTY_LOCK)).toBe(true)
  expect(await writeLock(root, EMPTY_LOCK)).toBe(false)
  writeFileSync(join(root, 'mlpod.lock'), `${readFileSync(join(root, 'mlpod.lock'), 'utf8')} `)
  expect(await writeLock(root, EMPTY_LOCK)).toBe(true)
  rmSync(root, { recursive: true })
})
