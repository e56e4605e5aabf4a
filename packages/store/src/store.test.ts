import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { hashBytes, PodError } from '@mlpod/contract'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { environment, environmentHash, openStore, type Store } from './index.ts'

let root: string
let store: Store
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'store-'))
  store = openStore(root, { env: {} })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const put = (path: string, text: string): string => {
  const file = join(root, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}
const code = (error: unknown): string => (error instanceof PodError ? error.code : String(error))
const temporary = (): string[] => readdirSync(join(store.root, 'tmp'))

test('bytes, files and texts of the same bytes are one read-only object with their SHA-256 as its name', async () => {
  const a = await store.putBytes('hello')
  const b = await store.putFile(put('x', 'hello'))
  expect(a).toEqual({ hash: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', size: 5 })
  expect(b).toEqual(a)
  expect(store.path(a.hash)).toBe(join(root, '.mlpod/objects/2c', a.hash.slice(2)))
  expect(statSync(store.path(a.hash)).mode & 0o777).toBe(0o444)
  expect(Buffer.from(await store.get(a.hash)).toString()).toBe('hello')
  expect(temporary()).toEqual([])
})

test('what is put comes out again, whatever the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      const { hash, size } = await store.putBytes(bytes)
      expect([hash, size]).toEqual([hashBytes(bytes), bytes.length])
      const file = join(root, 'out', hash)
      await store.checkout(hash, file)
      expect(readFileSync(file).equals(bytes)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('a file larger than any buffer is hashed in a stream', async () => {
  const block = Buffer.alloc(3 << 20, 'abc')
  const { hash, size } = await store.putFile(put('big', block.toString()))
  expect([hash, size]).toEqual([hashBytes(block), block.length])
})

test('a moved file becomes the object itself', async () => {
  const file = store.temporary()
  writeFileSync(file, 'mine')
  const { ino } = statSync(file)
  const { hash } = await store.putFile(file, { move: true })
  expect([statSync(store.path(hash)).ino, existsSync(file)]).toEqual([ino, false])
})

test('what is no file is refused, and what is absent is named', async () => {
  mkdirSync(join(root, 'folder'))
  await expect(store.putFile(join(root, 'folder'))).rejects.toMatchObject({ code: 'NOT_A_FILE' })
  await expect(store.putFile(join(root, 'none'))).rejects.toMatchObject({
    code: 'FILE_MISSING',
    message: expect.stringContaining('none'),
  })
  expect(temporary()).toEqual([])
})

test('a file that changes while it is read is noticed', async () => {
  const file = put('busy', 'x'.repeat(8 << 20))
  let stop = false
  const writer = (async () => {
    for (let i = 0; !stop; i++) {
      writeFileSync(
        file,
        String(i)
          .repeat(4 << 20)
          .slice(0, 8 << 20),
      )
      await new Promise((done) => setImmediate(done))
    }
  })()
  const outcome = await store.putFile(file).catch(code)
  stop = true
  await writer
  expect(outcome).toBe('FILE_CHANGED')
})

test('an untouched file is not read again; a touched one is, even with the same size and time', async () => {
  const file = put('data', 'aaaa')
  utimesSync(file, 1_000_000, 1_000_000)
  await new Promise((done) => setTimeout(done, 80))
  const first = await store.identify(file)
  await store.save()
  const index = readFileSync(join(store.root, 'stat.index'), 'utf8')
  expect(index).toContain(first.hash)
  // A false entry shows that the index is believed, and that it is not once the file is touched.
  const lied = index.replaceAll(first.hash, 'f'.repeat(64))
  writeFileSync(join(store.root, 'stat.index'), lied)
  expect((await openStore(root, { env: {} }).identify(file)).hash).toBe('f'.repeat(64))
  writeFileSync(file, 'bbbb')
  utimesSync(file, 1_000_000, 1_000_000)
  expect((await openStore(root, { env: {} }).identify(file)).hash).toBe(hashBytes('bbbb'))
})

test('a file written just now is not trusted to be unchanged', async () => {
  const file = put('young', 'a')
  await store.identify(file)
  await store.save()
  expect(existsSync(join(store.root, 'stat.index'))).toBe(false)
})

test('a damaged or foreign index is ignored', async () => {
  writeFileSync(join(store.root, 'stat.index'), 'mlpod stat index 1\ngarbage\n1 2 3\n')
  expect((await store.identify(put('x', 'a'))).hash).toBe(hashBytes('a'))
  writeFileSync(join(store.root, 'stat.index'), 'mlpod stat index 9\n')
  expect((await openStore(root, { env: {} }).identify(put('x', 'b'))).hash).toBe(hashBytes('b'))
})

test('a corrupt object is found by reading it again, set aside, and the error says who makes it', async () => {
  const { hash } = await store.putBytes('good')
  await store.actions.put({
    version: 1,
    key: hashBytes('key'),
    node: 'fit',
    parts: {},
    outputs: { model: { dataset: 'model', hash, size: 4 } },
    environment: environment(),
    ms: 1,
  })
  await store.verify(hash)
  chmodSync(store.path(hash), 0o644)
  writeFileSync(store.path(hash), 'evil')
  await expect(store.check(hash)).rejects.toMatchObject({
    code: 'OBJECT_CORRUPT',
    hint: 'make it again with: mlpod run --node fit',
  })
  expect(store.has(hash)).toBe(false)
  expect(readdirSync(join(store.root, 'quarantine'))).toHaveLength(1)
  await expect(store.get(hash)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
  await store.putBytes('good')
  await store.verify(hash)
})

test('a folder is a manifest: equal folders have equal hashes, and it comes out as it went in', async () => {
  for (const at of ['one', 'two']) {
    put(`${at}/b/deep.txt`, 'deep')
    put(`${at}/a.txt`, 'a')
    chmodSync(put(`${at}/tool`, '#!'), 0o755)
    mkdirSync(join(root, at, 'empty'))
  }
  const [one, two] = await Promise.all(['one', 'two'].map((at) => store.putDirectory(join(root, at))))
  expect(one).toEqual(two)
  expect(one.size).toBe(7)
  expect((await store.identify(join(root, 'one'))).hash).toBe(one.hash)
  const out = join(root, 'out')
  await store.checkout(one.hash, out)
  expect(readFileSync(join(out, 'b/deep.txt'), 'utf8')).toBe('deep')
  expect(statSync(join(out, 'tool')).mode & 0o111).not.toBe(0)
  expect(statSync(join(out, 'empty')).isDirectory()).toBe(true)
  expect((await store.putDirectory(out)).hash).toBe(one.hash)
  put('one/a.txt', 'A')
  const changed = await store.putDirectory(join(root, 'one'))
  await store.checkout(changed.hash, out)
  expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('A')
})

test('no path leaves its root, neither on the way in nor out', async () => {
  put('secret', 's')
  mkdirSync(join(root, 'in'))
  symlinkSync('../secret', join(root, 'in/link'))
  await expect(store.putDirectory(join(root, 'in'))).rejects.toMatchObject({ code: 'PATH_ESCAPES' })
  rmSync(join(root, 'in/link'))
  symlinkSync('.', join(root, 'in/loop'))
  await expect(store.putDirectory(join(root, 'in'))).rejects.toMatchObject({ code: 'PATH_ESCAPES' })
  const { hash } = await store.putBytes('x')
  for (const path of ['../x', '/x', 'a/../../x', 'C:\\x', 'a\\x', '', 'a//b', './a', 'a\0b']) {
    const manifest = await store.putBytes(JSON.stringify({ directory: 1, entries: [{ path, hash, size: 1 }] }))
    await expect([path, await store.checkout(manifest.hash, join(root, 'out')).catch(code)]).toEqual([
      path,
      'MANIFEST_MALFORMED',
    ])
  }
  expect(existsSync(join(root, 'out'))).toBe(false)
})

test('paths that other systems cannot tell apart, and manifests that are cut short or newer, are refused', async () => {
  put('in/a', '1')
  put('in/A', '2')
  await expect(store.putDirectory(join(root, 'in'))).rejects.toMatchObject({ code: 'PATH_CLASH' })
  const { hash } = await store.putBytes('x')
  const entry = { path: 'a', hash, size: 1 }
  const cases: [string, string][] = [
    [JSON.stringify({ directory: 1, entries: [entry, { ...entry, path: 'A' }] }), 'MANIFEST_MALFORMED'],
    [JSON.stringify({ directory: 1, entries: [entry, entry] }), 'MANIFEST_MALFORMED'],
    [JSON.stringify({ directory: 1, entries: [entry] }).slice(0, -4), 'MANIFEST_MALFORMED'],
    [JSON.stringify({ directory: 2, entries: [] }), 'MANIFEST_NEWER'],
  ]
  for (const [text, expected] of cases) {
    const manifest = await store.putBytes(text)
    expect(await store.checkout(manifest.hash, join(root, 'out')).catch(code)).toBe(expected)
  }
})

test('many threads may put the same and other bytes at once', async () => {
  const module = new URL('./index.ts', import.meta.url).href
  const script = `
    import { workerData } from 'node:worker_threads'
    const { openStore } = await import(workerData.module)
    const store = openStore(workerData.root, { env: {} })
    for (let i = 0; i < 40; i++) await store.putBytes('text ' + (i % 20))
  `
  const run = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
        workerData: { module, root },
      })
      worker.on('error', reject)
      worker.on('exit', resolve)
    })
  await Promise.all([run(), run(), run(), run()])
  for (let i = 0; i < 20; i++) await store.verify(hashBytes(`text ${i}`))
  expect(temporary()).toEqual([])
})

test('an action is written once; the same again is the same, and other bytes are told and change nothing', async () => {
  const action = (text: string, node = 'fit') => ({
    version: 1 as const,
    key: hashBytes('k'),
    node,
    parts: { code: 'c' },
    outputs: { model: { dataset: 'model', hash: hashBytes(text), size: 1 } },
    environment: environment({ engines: { duckdb: '1' } }),
    ms: 1,
  })
  expect(await store.actions.get(hashBytes('k'))).toBeUndefined()
  expect((await store.actions.put(action('a'))).state).toBe('written')
  expect((await store.actions.put({ ...action('a'), ms: 2 })).state).toBe('same')
  expect(await store.actions.put(action('b'))).toMatchObject({ state: 'differs', stored: action('a') })
  expect(await store.actions.get(hashBytes('k'))).toEqual(action('a'))
  await store.actions.replaceLost(action('b'))
  expect(await store.actions.get(hashBytes('k'))).toEqual(action('b'))
})

test('a damaged action counts as absent and is set aside; a newer one is refused', async () => {
  const key = hashBytes('k')
  const file = put(`.mlpod/actions/${key.slice(0, 2)}/${key.slice(2)}.json`, '{"version":1,"no')
  expect(await store.actions.get(key)).toBeUndefined()
  expect(existsSync(file)).toBe(false)
  put(`.mlpod/actions/${key.slice(0, 2)}/${key.slice(2)}.json`, '{"version":2}')
  await expect(store.actions.get(key)).rejects.toMatchObject({ code: 'ACTION_NEWER' })
})

test('MLPOD_STORE names another place, and a store of a newer format is refused', () => {
  const other = openStore(root, { env: { MLPOD_STORE: 'elsewhere' } })
  expect(other.root).toBe(join(root, 'elsewhere'))
  writeFileSync(join(other.root, 'format'), 'mlpod store 2\n')
  expect(() => openStore(root, { env: { MLPOD_STORE: 'elsewhere' } })).toThrow(
    expect.objectContaining({ code: 'STORE_NEWER' }),
  )
})

test('temporary files of dead processes and long-gone machines are swept, those of living ones stay', async () => {
  const mine = store.temporary()
  writeFileSync(mine, '')
  writeFileSync(join(store.root, 'tmp', mine.replace(/.*\/\d+-/, '4194999-')), '')
  const [far, old] = ['1-abcdef-0-far', '1-abcdef-0-old'].map((name) => join(store.root, 'tmp', name))
  for (const file of [far, old]) writeFileSync(file, '')
  utimesSync(old, 1, 1)
  await store.sweep()
  expect(temporary()).toHaveLength(2)
  expect([existsSync(mine), existsSync(far)]).toEqual([true, true])
})

test('a full disk is said in our words', async () => {
  if (!existsSync('/dev/full')) return
  const { diskError } = await import('./atomic.ts')
  const error = await new Promise<unknown>((resolve) => {
    try {
      writeFileSync('/dev/full', 'x')
    } catch (cause) {
      resolve(diskError(cause, 'model.onnx'))
    }
  })
  expect(error).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('model.onnx') })
})

test('the environment has one hash, which engines change', () => {
  expect(environmentHash(environment())).toBe(environmentHash(environment()))
  expect(environmentHash(environment({ engines: { ort: '1' } }))).not.toBe(environmentHash(environment()))
})
