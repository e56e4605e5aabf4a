import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localName } from './cache.ts'
import { openS3, type S3Options } from './openS3.ts'
import { fixedPart, isKeyPattern, isS3, keyPattern, s3Place } from './place.ts'
import { loadSdk } from './sdk.ts'

// What needs no server of S3; the client itself is tested with MinIO.

let answer: (asked: IncomingMessage, to: ServerResponse) => void
const server = createServer((asked, to) => answer(asked, to))
let options: S3Options
beforeAll(async () => {
  process.env.AWS_EC2_METADATA_DISABLED = 'true'
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  options = {
    endpoint,
    credentials: { accessKeyId: 'me-myself', secretAccessKey: 'a-secret', sessionToken: 'a-token' },
  }
})
afterAll(() => server.close())

test('places are taken apart, and what is none is refused', () => {
  expect([isS3('s3://a/b'), isS3('a/s3://b')]).toEqual([true, false])
  expect(s3Place('s3://my.bucket-1/a/b c=1.csv')).toEqual({ bucket: 'my.bucket-1', key: 'a/b c=1.csv' })
  expect(s3Place('s3://bucket')).toEqual({ bucket: 'bucket', key: '' })
  for (const wrong of ['s3://', 's3:///key', 's3://AB/x', 's3://ab/x', 's3://-abc/x', 'http://bucket/x'])
    expect(() => s3Place(wrong)).toThrow(expect.objectContaining({ code: 'PLACE_INVALID' }))
})

test('no key climbs out of its folder on this machine', () => {
  expect(localName('high/../../x//y')).toBe('high/%../%../x/%/y')
  expect(localName('/a/./b\\c\0\nd')).toBe('%/a/%./b%5Cc%00%0Ad')
  expect(localName('country=be/x y.csv')).toBe('country=be/x y.csv')
})

test('a pattern means what it means to a shell', () => {
  const keys = ['a.csv', 'ab.csv', 'x/a.csv', 'x/y/a.csv', 'x/b=1/a.csv', 'a+csv', 'a.csv.gz', '^.csv', '\u{1f600}.csv']
  const found = (pattern: string): readonly string[] => keys.filter((key) => keyPattern(pattern).test(key))
  expect(found('*.csv')).toEqual(['a.csv', 'ab.csv', '^.csv', '\u{1f600}.csv'])
  expect(found('?.csv')).toEqual(['a.csv', '^.csv', '\u{1f600}.csv'])
  expect(found('**/a.csv')).toEqual(['a.csv', 'x/a.csv', 'x/y/a.csv', 'x/b=1/a.csv'])
  expect(found('x/*/a.csv')).toEqual(['x/y/a.csv', 'x/b=1/a.csv'])
  expect(found('x/**')).toEqual(['x/a.csv', 'x/y/a.csv', 'x/b=1/a.csv'])
  expect(found('[a-b].csv')).toEqual(['a.csv'])
  expect(found('[^a].csv')).toEqual(['a.csv', '^.csv'])
  expect(found('[!a].csv')).toEqual(['^.csv', '\u{1f600}.csv'])
  expect([isKeyPattern('a/b=1'), isKeyPattern('a/?'), fixedPart('x/y*/z?'), fixedPart('x/y')]).toEqual([
    false,
    true,
    'x/y',
    'x/y',
  ])
})

test('a key without wildcards is the pattern of itself alone', () => {
  const text = fc.string({ unit: 'binary' }).filter((key) => !isKeyPattern(key))
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(keyPattern(a).test(a)).toBe(true)
      expect(keyPattern(a).test(b)).toBe(a === b)
    }),
  )
})

test('a pattern of any signs is a pattern', () => {
  const unit = fc.constantFrom('a', '*', '?', '[', ']', '!', '^', '\\', '-', '/', '&')
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (pattern, key) => void keyPattern(pattern).test(key)),
    {
      numRuns: 3000,
    },
  )
})

test('the client that is not installed is named, with the command that installs it', async () => {
  const absent = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
  await expect(loadSdk(() => Promise.reject(absent))).rejects.toMatchObject({
    code: 'PACKAGE_MISSING',
    hint: 'npm i @aws-sdk/client-s3',
  })
  await expect(loadSdk(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test('a server that is none of S3 is told, and no error holds a secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlpod-s3-'))
  const s3 = await openS3(options)
  const tell = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => new Error('nothing was thrown'),
      (thrown: Error) => thrown,
    )
    const all = JSON.stringify({ ...error, message: error.message, stack: error.stack })
    for (const secret of ['a-secret', 'a-token', 'me-myself']) expect(all).not.toContain(secret)
    return error
  }
  answer = (_, to) =>
    to.writeHead(400, { 'content-type': 'text/html' }).end('<h1>me-myself, a-secret and a-token are wrong</h1>')
  for (const work of [
    () => s3.get('s3://bucket/x'),
    () => s3.download('s3://bucket/x', join(folder, 'x')),
    () => s3.put('s3://bucket/x', 'x'),
  ])
    expect(await tell(work())).toMatchObject({ code: 'S3_FAILED' })
  answer = (_, to) =>
    to
      .writeHead(400, { 'content-type': 'application/xml' })
      .end('<Error><Code>Odd</Code><Message>a-secret of me-myself is odd</Message></Error>')
  expect(await tell(s3.get('s3://bucket/x'))).toMatchObject({ message: expect.stringContaining('*** of *** is odd') })
  answer = (_, to) =>
    to.writeHead(301, { 'content-type': 'application/xml' }).end('<Error><Code>PermanentRedirect</Code></Error>')
  expect(await tell(s3.get('s3://bucket/x'))).toMatchObject({ code: 'REGION_WRONG' })
  expect(readdirSync(folder)).toEqual([])
  s3.close()
  rmSync(folder, { recursive: true })
})
