import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openS3, type S3, type S3Options, s3Files } from '@mlpod/store'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Between, between, type Minio, startMinio } from './minio.ts'

let minio: Minio
let middle: Between
let folder: string
let s3: S3
let options: S3Options
beforeAll(async () => {
  // nothing outside of this machine is asked for credentials
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  minio = await startMinio(['loans', 'other'])
  middle = await between(minio.s3.endpoint)
  folder = mkdtempSync(join(tmpdir(), 'mlpod-s3-'))
  options = { ...minio.s3, endpoint: middle.endpoint, partSize: 5 << 20 }
  s3 = await openS3(options)
})
afterAll(async () => {
  s3.close()
  await middle.stop()
  await minio.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  middle.before = () => undefined
  middle.delay = 0
  middle.requests.length = 0
})
const at = (...names: string[]): string => join(folder, ...names)
const bytesOf = (size: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * seed * 2654435761) >>> 13)
const gets = (): readonly string[] => middle.requests.filter((request) => /^GET \/loans\/[^?]/.test(request))
const refused = async (work: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> => {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: Error) => thrown,
  )
  // the access key is no secret, but nobody's business either
  const all = JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: String(error.cause) })
  for (const secret of Object.values(minio.s3.credentials)) expect(all).not.toContain(secret)
  return error
}

test('what is put is what is got, whole or in part, small or in many parts', async () => {
  for (const size of [0, 1, 1000, (5 << 20) + 1, (12 << 20) + 7]) {
    const bytes = bytesOf(size)
    const object = await s3.put(`s3://loans/sizes/${size}`, bytes)
    expect(object).toMatchObject({ place: `s3://loans/sizes/${size}`, size })
    expect(Buffer.compare(await s3.get(object.place), bytes)).toBe(0)
    await s3.download(object.place, at('back'))
    expect(Buffer.compare(readFileSync(at('back')), bytes)).toBe(0)
    if (size > 10) expect(await s3.get(object.place, { range: [3, 9] })).toEqual(bytes.slice(3, 9))
    writeFileSync(at('here'), bytes)
    expect((await s3.putFile(`s3://loans/sizes/file-${size}`, at('here'))).size).toBe(size)
    expect(Buffer.compare(await s3.get(`s3://loans/sizes/file-${size}`), bytes)).toBe(0)
  }
  const listed: string[] = []
  for await (const { key } of s3.list('s3://loans/sizes/file')) listed.push(key)
  expect(listed).toHaveLength(5)
  await expect(s3.get('s3://loans/sizes/1000', { range: [5, 5] })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})

test('keys may be any text, and a list of more than a thousand has pages', async () => {
  const odd = 's3://loans/odd/a b+c&d=é/"quoted" %20 (1).txt'
  await s3.put(odd, 'odd')
  expect(Buffer.from(await s3.get(odd)).toString()).toBe('odd')
  const { files } = await s3Files('s3://loans/odd/**/*.txt', { ...options, cache: { folder: at('odd') } })
  expect(files.map(({ object }) => object.place)).toEqual([odd])
  expect(readFileSync(files[0].path, 'utf8')).toBe('odd')
  for (let i = 0; i < 1100; i += 50)
    await Promise.all(Array.from({ length: 50 }, (_, k) => s3.put(`s3://loans/many/${i + k}`, '')))
  let count = 0
  for await (const _ of s3.list('s3://loans/many/')) count++
  expect(count).toBe(1100)
}, 120_000)

test('what is wrong is said, with the nearest name and without a secret', async () => {
  await s3.put('s3://loans/2024/orders.csv', 'a\n1\n')
  expect(await refused(s3.head('s3://loans/2024/order.csv'))).toMatchObject({
    code: 'KEY_MISSING',
    message: 'there is nothing at s3://loans/2024/order.csv (did you mean "2024/orders.csv"?)',
  })
  expect(await refused(s3.get('s3://loans/2024/order.csv'))).toMatchObject({ code: 'KEY_MISSING' })
  for (const work of [
    () => s3.head('s3://loan/x'),
    () => s3.get('s3://loan/x'),
    () => s3.put('s3://loan/x', ''),
    () => s3.list('s3://loan/x').next(),
  ])
    expect(await refused(work())).toMatchObject({
      code: 'BUCKET_MISSING',
      message: 'there is no bucket "loan" (did you mean "loans"?)',
    })
  expect(await refused(Promise.resolve().then(() => s3.head('s3://A/x')))).toMatchObject({ code: 'PLACE_INVALID' })
  const { accessKeyId, secretAccessKey } = minio.s3.credentials
  for (const credentials of [
    { accessKeyId, secretAccessKey: `${secretAccessKey}-not` },
    { accessKeyId: 'unknown', secretAccessKey },
  ]) {
    const other = await openS3({ ...minio.s3, credentials })
    for (const work of [
      () => other.get('s3://loans/2024/orders.csv'),
      () => other.head('s3://loans/2024/orders.csv'),
      () => other.list('s3://loans/').next(),
    ])
      expect(await refused(work())).toMatchObject({
        code: 'CREDENTIALS_REFUSED',
        hint: expect.stringContaining('AWS_'),
      })
  }
  const nobody = await openS3({
    endpoint: minio.s3.endpoint,
    env: { AWS_CONFIG_FILE: at('none'), AWS_SHARED_CREDENTIALS_FILE: at('none') },
  })
  expect(await refused(nobody.get('s3://loans/x'))).toMatchObject({ code: 'CREDENTIALS_MISSING' })
  const nowhere = await openS3({ ...minio.s3, endpoint: 'http://tester:nobody-may-see-this@127.0.0.1:1' })
  expect(await refused(nowhere.get('s3://loans/x'))).toMatchObject({
    code: 'ENDPOINT_UNREACHABLE',
    message: 'S3 at http://127.0.0.1:1 does not answer',
  })
  expect(await refused(openS3({ endpoint: 'not an address nobody-may-see-this' }))).toMatchObject({
    code: 'OPTION_INVALID',
  })
})

test('settings come from the environment', async () => {
  const { endpoint, region, credentials } = minio.s3
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  const found = await openS3({ env })
  expect(await found.put('s3://other/x', 'x')).toMatchObject({ size: 1 })
  // a token that the server did not give is refused, so that it was sent
  const temporary = await openS3({ env: { ...env, AWS_SESSION_TOKEN: 'nobody-may-see-this-either' } })
  expect(await refused(temporary.get('s3://other/x'))).toMatchObject({ code: 'CREDENTIALS_REFUSED' })
})

test('an object that changes while it is read is told, and nothing of it is left', async () => {
  await s3.put('s3://loans/moves', bytesOf(16 << 20))
  const direct = await openS3(minio.s3)
  middle.before = async ({ headers }) => {
    if (/^bytes=5242880-/.test(headers.range ?? '')) await direct.put('s3://loans/moves', bytesOf(16 << 20, 3))
    return false
  }
  expect(await refused(s3.download('s3://loans/moves', at('moves', 'x')))).toMatchObject({ code: 'OBJECT_CHANGED' })
  expect(readdirSync(at('moves'))).toEqual([])
  const { etag } = await s3.head('s3://loans/moves')
  await direct.put('s3://loans/moves', 'other')
  expect(await refused(s3.get('s3://loans/moves', { etag }))).toMatchObject({ code: 'OBJECT_CHANGED' })
})

test('a connection that breaks is tried again, and what comes short is refused', async () => {
  const bytes = bytesOf(12 << 20)
  await s3.put('s3://loans/breaks', bytes)
  let broken = 0
  middle.before = ({ headers }, answer) => {
    if (!/^bytes=5242880-/.test(headers.range ?? '') || broken++ > 0) return false
    answer.writeHead(206, { 'content-length': 5 << 20, etag: '"x"' })
    answer.write(Buffer.alloc(1000), () => answer.destroy())
    return true
  }
  await s3.download('s3://loans/breaks', at('breaks'))
  expect(broken).toBeGreaterThan(1)
  expect(Buffer.compare(readFileSync(at('breaks')), bytes)).toBe(0)
  middle.before = ({ headers }, answer) => {
    if (headers.range === undefined) return false
    answer.writeHead(206, { 'content-length': 10, etag: '"x"' }).end(Buffer.alloc(10))
    return true
  }
  expect(await refused(s3.download('s3://loans/breaks', at('short')))).toMatchObject({ code: 'S3_FAILED' })
  expect(readdirSync(folder).filter((name) => /short/.test(name))).toEqual([])
})

test('parts of what could not be put are not left on the server', async () => {
  let parts = 0
  middle.before = ({ method, url = '' }, answer) => {
    if (method !== 'PUT' || !url.includes('partNumber=2')) return false
    parts++
    answer
      .writeHead(403, { 'content-type': 'application/xml' })
      .end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>')
    return true
  }
  expect(await refused(s3.put('s3://loans/denied', bytesOf(12 << 20)))).toMatchObject({ code: 'CREDENTIALS_REFUSED' })
  expect(parts).toBe(1)
  expect(middle.requests.some((request) => /^DELETE .*uploadId=/.test(request))).toBe(true)
  expect(await refused(s3.head('s3://loans/denied'))).toMatchObject({ code: 'KEY_MISSING' })
})

test('what is here is not fetched again, until it is another', async () => {
  const cache = { folder: at('cache') }
  const text = async (place: string): Promise<string> =>
    (await s3Files(place, { ...options, cache })).files.map(({ path }) => readFileSync(path, 'utf8')).join()
  for (const name of ['a', 'b']) await s3.put(`s3://loans/kept/${name}.txt`, name)
  for (const name of ['_SUCCESS', '.hidden', 'deep/_tmp/x.txt']) await s3.put(`s3://loans/kept/${name}`, 'no data')
  middle.requests.length = 0
  expect(await text('s3://loans/kept/')).toBe('a,b')
  expect(await text('s3://loans/kept')).toBe('a,b')
  expect(await text('s3://loans/kept/*.txt')).toBe('a,b')
  expect(await text('s3://loans/kept/[!b].txt')).toBe('a')
  expect(gets()).toHaveLength(2)
  await s3.put('s3://loans/kept/a.txt', 'A')
  expect(await text('s3://loans/kept/a.txt')).toBe('A')
  expect(gets()).toHaveLength(3)
  expect(await refused(s3Files('s3://loans/kept/*.csv', { ...options, cache }))).toMatchObject({ code: 'KEY_MISSING' })
})

test('the cache keeps what was opened last, and no more than it may', async () => {
  const script = `
    import { s3Files } from '@mlpod/store'
    const { files } = await s3Files(process.argv[1], JSON.parse(process.argv[2]))
    console.log(files[0].path)`
  const open = async (place: string): Promise<string> => {
    const settings = JSON.stringify({ ...minio.s3, cache: { folder: at('small'), limit: 25_000 } })
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, place, settings], {
      cwd: import.meta.dirname,
    })
    let out = ''
    child.stdout.on('data', (block) => {
      out += block
    })
    await once(child, 'close')
    return out.trim()
  }
  const paths: string[] = []
  for (const name of ['a', 'b', 'a', 'c']) {
    await s3.put(`s3://loans/room/${name}`, bytesOf(10_000, name.charCodeAt(0)))
    paths.push(await open(`s3://loans/room/${name}`))
    await sleep(20)
  }
  const [a, b, again, c] = paths
  expect(again).toBe(a)
  const sizes = [a, b, c].map((path) => statSync(path, { throwIfNoEntry: false })?.size)
  expect(sizes).toEqual([10_000, undefined, 10_000])
})

test('a download that is killed leaves nothing half, and the next one sweeps up', async () => {
  await s3.put('s3://loans/large', bytesOf(20 << 20))
  const settings = { ...options, cache: { folder: at('killed') } }
  const script = `
    import { s3Files } from '@mlpod/store'
    await s3Files('s3://loans/large', JSON.parse(process.argv[1]))`
  middle.delay = 50
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(settings)], {
    cwd: import.meta.dirname,
  })
  while (readdirSync(folder).includes('killed') === false || readdirSync(at('killed', 'tmp')).length === 0)
    await sleep(20)
  await sleep(300)
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(readdirSync(at('killed', 'tmp'))).toHaveLength(1)
  expect(readdirSync(at('killed'))).toEqual(['tmp'])
  middle.delay = 0
  const { files } = await s3Files('s3://loans/large', settings)
  expect(Buffer.compare(readFileSync(files[0].path), bytesOf(20 << 20))).toBe(0)
  expect(readdirSync(at('killed', 'tmp'))).toEqual([])
})
