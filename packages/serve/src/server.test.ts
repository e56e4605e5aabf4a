import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Service, service } from './index.ts'
import { guard, row, smallModel } from './testModel.ts'

let served: Service
const problems: unknown[] = []
beforeAll(async () => {
  served = await service(smallModel(), { name: 'small', maxBytes: 200_000, onError: (error) => problems.push(error) })
})
afterAll(() => served.close())

const json = { 'content-type': 'application/json' }
const post = (
  payload: unknown,
  headers: Record<string, string> = json,
  url = '/predict',
): Promise<LightMyRequestResponse> =>
  served.app.inject({
    method: 'POST',
    url,
    headers,
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  })

test('rows are answered in order, one row as one prediction, and the id comes back', async () => {
  const many = (await post({ rows: [row, { ...row, amount: 0 }], id: 'a-1' })).json()
  expect(many).toMatchObject({ id: 'a-1', model: 'small', predictions: [{ value: 'yes' }, { value: 'no' }] })
  expect(Object.keys(many.predictions[0])).toEqual(['value', 'probability', 'set', 'ood', 'abstained', 'reasons'])
  expect((await post(row)).json()).toMatchObject({ model: 'small', ...many.predictions[0] })
  expect((await post({ rows: [] })).json().predictions).toEqual([])
  expect((await post({ rows: [row] }, json, '/predict/small')).json().predictions).toEqual([many.predictions[0]])
})

test('confidence makes sets larger or smaller; attributions come when asked for, and only then', async () => {
  const ask = async (more: object) => (await post({ rows: [row], ...more })).json().predictions[0]
  expect((await ask({ confidence: 0.5 })).set).toEqual(['yes'])
  expect((await ask({ confidence: 0.99 })).set).toEqual(['no', 'yes'])
  expect((await ask({ attributions: true })).attributions).toEqual({ amount: 1.6, units: 4, 'kind/of': 0 })
  expect(await ask({ attributions: false })).not.toHaveProperty('attributions')
})

test('a row on which the model overflows is abstained from, with null for what is no number, and fails no neighbour', async () => {
  const { predictions } = (await post({ rows: [{ ...row, units: 3e38 }, row], attributions: true })).json()
  expect(predictions[0]).toMatchObject({
    value: null,
    probability: { no: null, yes: null },
    set: [],
    abstained: true,
    reasons: ['not one label fits', 'the model gives no finite number'],
  })
  expect(predictions[1].value).toBe('yes')
})

test.each([
  ['malformed JSON', '{"rows": [', json, 400],
  ['NaN', '{"amount": NaN}', json, 400],
  ['a key given twice', '{"rows":[],"rows":[]}', json, 400],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), json, 400],
  ['a byte order mark inside', '{"a": \ufeff1}', json, 400],
  ['nesting', '['.repeat(100_000), json, 400],
  ['prototype keys given twice', '{"__proto__":1,"__proto__":2}', json, 400],
  ['an empty body', '', json, 400],
  ['null', 'null', json, 422],
  ['a list', '[]', json, 422],
  ['a prototype as a row', '{"__proto__":{"amount":1}}', json, 422],
  ['constructor and toString as columns', '{"constructor":1,"toString":2}', json, 422],
  ['a number that overflows', '{"amount":1e400,"units":1,"kind/of":"house"}', json, 422],
  ['a form', 'amount=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['text', '{}', { 'content-type': 'text/plain' }, 415],
  ['a type that is none', '{}', { 'content-type': 'json' }, 415],
  ['no type', Buffer.from('{}'), {}, 415],
  ['another charset', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415],
  ['a compressed body', gzipSync('{}'), { ...json, 'content-encoding': 'gzip' }, 415],
  ['a compressed bomb', gzipSync(Buffer.alloc(100_000_000)), { ...json, 'content-encoding': 'gzip' }, 415],
  ['a body that is too large', `"${'x'.repeat(200_000)}"`, json, 413],
  ['too many rows', JSON.stringify({ rows: Array.from({ length: 10_001 }, () => ({})) }), json, 413],
] as const)('%s is refused as a problem', async (_what, payload, headers, status) => {
  const answer = await post(payload, headers)
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.json()).toMatchObject({ type: 'about:blank', status })
})

test('UTF-8 may be said in any case; text beyond ASCII, escapes, -0 and denormal numbers are values like others', async () => {
  expect((await post(row, { 'content-type': 'application/json; charset=UTF-8' })).statusCode).toBe(200)
  expect((await post(row, { 'content-type': 'APPLICATION/JSON' })).statusCode).toBe(200)
  expect((await post('{"amount":-0,"units":1e-45,"kind\\/of":"\\u0068ouse"}')).statusCode).toBe(422)
  expect((await post('{"amount":-0,"kind\\/of":"\\u0068ouse"}')).statusCode).toBe(200)
  expect((await post({ ...row, 'kind/of': '\ud83c\udfe0' })).json().errors).toMatchObject([{ pointer: '/kind~1of' }])
})

test('paths and methods: what is not there is 404, another method is 405 with those allowed', async () => {
  for (const [method, url, status, allow] of [
    ['GET', '/health', 200],
    ['HEAD', '/health', 200],
    ['GET', '/models', 200],
    ['GET', '/models/small', 200],
    ['GET', '/models/none', 404],
    ['POST', '/models/small', 405, 'GET, HEAD'],
    ['GET', '/predict', 405, 'POST'],
    ['HEAD', '/predict/small', 405, 'POST'],
    ['DELETE', '/health', 405, 'GET, HEAD'],
    ['OPTIONS', '/predict', 204, 'POST'],
    ['OPTIONS', '/nowhere', 404],
    ['GET', '/', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', '/predict/%2e%2e%2fetc', 405, 'POST'],
    ['GET', '/%', 400],
    ['GET', `/${'x'.repeat(10_000)}`, 404],
    ['GET', `/models/${'x'.repeat(10_000)}`, 414],
  ] as const) {
    const answer = await served.app.inject({ method, url })
    expect(answer.statusCode, `${method} ${url.slice(0, 40)}`).toBe(status)
    expect(answer.headers.allow, `${method} ${url.slice(0, 40)}`).toBe(allow)
    expect(answer.payload.length).toBeLessThan(5000)
  }
  expect((await post(row, json, '/predict/none')).statusCode).toBe(404)
})

test('with a token every route but /health needs it, told the same way whatever is wrong', async () => {
  const closed = await service(smallModel(), { name: 'small', token: 's3cret' })
  const ask = async (url: string, authorization?: string) =>
    closed.app.inject({ method: 'GET', url, ...(authorization === undefined ? {} : { headers: { authorization } }) })
  expect((await ask('/health')).statusCode).toBe(200)
  expect((await ask('/health?now')).statusCode).toBe(200)
  const answers = [undefined, '', 'Bearer', 'Bearer ', 'Bearer s3cre', 'Bearer s3cret1', 'Basic s3cret', 's3cret']
  for (const url of ['/models', '/models/small', '/openapi.json', '/nowhere', '/health/', '//health', '/Health'])
    for (const authorization of answers) {
      const { statusCode, headers, payload } = await ask(url, authorization)
      expect([statusCode, headers['www-authenticate']], `${url} ${authorization}`).toEqual([401, 'Bearer'])
      expect(payload).toBe((await ask('/models')).payload)
    }
  for (const authorization of ['Bearer s3cret', 'bearer s3cret', 'Bearer  s3cret '])
    expect((await ask('/models', authorization)).statusCode, authorization).toBe(200)
  await closed.close()
  await expect(service(smallModel(), { name: 'small', token: ' ' })).rejects.toMatchObject({ code: 'TOKEN_EMPTY' })
})

test('only the hosts that are served may be named', async () => {
  const named = await service(smallModel(), { name: 'small', hosts: ['models.example', '[::1]'] })
  for (const [host, status] of [
    ['models.example', 200],
    ['MODELS.example:8080', 200],
    ['[::1]:8080', 200],
    ['evil.example', 403],
    ['models.example.evil.example', 403],
    ['', 403],
  ] as const)
    expect((await named.app.inject({ url: '/health', headers: { host } })).statusCode, host).toBe(status)
  await named.close()
})

test('a queue that is full is 503 with the time to come again', async () => {
  const small = await service(smallModel(), { name: 'small', queue: { maxWaiting: 2 } })
  const answer = await small.app.inject({
    method: 'POST',
    url: '/predict',
    headers: json,
    payload: JSON.stringify({ rows: [row, row, row] }),
  })
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
  await small.close()
})

test('an answer that does not come in time is 503, and the next one comes', async () => {
  const late: { code?: string }[] = []
  const hasty = await service(smallModel(), {
    name: 'small',
    timeoutMs: 20,
    onError: (error) => late.push(error as { code?: string }),
  })
  const ask = (count: number) =>
    hasty.app.inject({
      method: 'POST',
      url: '/predict',
      headers: json,
      payload: JSON.stringify({ rows: Array.from({ length: count }, () => row), attributions: true }),
    })
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(9000)))
  const last = answers.at(-1)
  expect([last?.statusCode, last?.headers['retry-after']]).toEqual([503, '1'])
  expect(late[0]).toMatchObject({ code: 'ANSWER_LATE' })
  expect((await ask(1)).statusCode).toBe(200)
  await hasty.close()
})

test('the OpenAPI document names each column with its limits, and the answers', async () => {
  const document = (await served.app.inject('/openapi.json')).json()
  expect(document.openapi).toMatch(/^3\.1/)
  expect(Object.keys(document.paths)).toEqual(['/predict', '/predict/small', '/health', '/models', '/models/small'])
  expect(document.components.schemas.Row).toEqual({
    type: 'object',
    properties: {
      amount: { type: 'number', minimum: 0, maximum: 1000 },
      units: { type: ['integer', 'null'] },
      'kind/of': { type: 'string', enum: ['house', 'flat'] },
    },
    required: ['amount', 'kind/of'],
  })
  const { predictions } = (await post({ rows: [row], attributions: true })).json()
  const { properties } = document.components.schemas.Prediction
  expect(Object.keys(predictions[0])).toEqual(Object.keys(properties))
  expect(document.components.schemas.Prediction.properties.value.enum).toEqual([...guard.label.names, null])
})

const cell = fc.oneof(
  fc.jsonValue(),
  fc.double(),
  fc.integer(),
  fc.constantFrom('house', 'flat', '', null, true, '1', -0, 1e308, 5e-324, 2 ** 53 + 2),
)
const valid = fc.record({
  amount: fc.nat(1000),
  units: fc.option(fc.nat(1e6)),
  'kind/of': fc.constantFrom('house', 'flat'),
})
const rows = fc.array(
  fc.oneof(fc.record({ amount: cell, units: cell, 'kind/of': cell }, { requiredKeys: [] }), valid, fc.jsonValue()),
  { maxLength: 4 },
)
const body = fc
  .oneof(
    fc.record({ rows, id: cell, confidence: cell, attributions: cell }, { requiredKeys: ['rows'] }),
    fc.record({ rows: fc.array(valid, { maxLength: 4 }), attributions: fc.boolean() }),
    valid,
    fc.jsonValue(),
  )
  .map((value) => JSON.stringify(value))
/** A body as it is sent: JSON, JSON with bytes changed, cut, or doubled, and noise. */
const sent = fc.oneof(
  body.map((text) => Buffer.from(text)),
  fc.tuple(body, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
    const bytes = Buffer.from(text)
    bytes[at % bytes.length] = byte
    return bytes
  }),
  fc.tuple(body, fc.nat()).map(([text, at]) => Buffer.from(text).subarray(0, at % text.length)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
)

test('no request makes it fail: whatever is sent, to whatever path, is answered below 500, as JSON', async () => {
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(
      sent,
      fc.constantFrom('application/json', 'application/json', 'application/json;charset=utf-8', 'text/csv', '', 'a/b;'),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('/predict') },
        { weight: 1, arbitrary: fc.webPath() },
        { weight: 1, arbitrary: fc.string().map((text) => `/${encodeURIComponent(text.toWellFormed())}`) },
      ),
      fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'GET', 'PATCH', 'OPTIONS'),
      fc.dictionary(
        fc.constantFrom('content-encoding', 'accept', 'authorization', 'x-forwarded-for', 'expect'),
        fc.constantFrom('gzip', '*/*', '1', 'Bearer x', ','),
      ),
      async (payload, type, url, method, more) => {
        const {
          statusCode,
          headers,
          payload: text,
        } = await served.app.inject({
          method: method as 'POST',
          url: url === '' ? '/' : url,
          headers: { ...more, ...(type === '' ? {} : { 'content-type': type }) },
          payload,
        })
        seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
        expect(statusCode).toBeLessThan(500)
        if (statusCode !== 204) {
          expect(headers['content-type']).toMatch(
            statusCode < 400 ? /^application\/json/ : /^application\/problem\+json/,
          )
          JSON.parse(text)
        }
      },
    ),
    { seed: 4, numRuns: 1500 },
  )
  for (const status of [200, 400, 404, 405, 415, 422]) expect(seen.get(status), `${status}`).toBeGreaterThan(5)
  expect(problems).toEqual([])
})
