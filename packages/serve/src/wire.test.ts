import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type Service, type ServiceOptions, service } from './index.ts'
import { row, smallModel } from './testModel.ts'

let served: Service | undefined
afterEach(async () => {
  await served?.close()
  served = undefined
})

async function open(options: Partial<ServiceOptions> = {}): Promise<number> {
  served = await service(smallModel(), { name: 'small', ...options })
  return Number(new URL(await served.listen({ port: 0 })).port)
}

/** Sends bytes as they are and returns all that comes back until the server ends the connection or `ms` have passed. */
async function raw(port: number, text: string | readonly string[], { ms = 1500 } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => undefined)
  for (const part of [text].flat()) socket.write(part)
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), sleep(ms)])
  socket.destroy()
  return answer
}

const statuses = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
const body = JSON.stringify(row)
const request = (headers: string, payload = body, path = '/predict'): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${payload}`
const post = (port: number, rows: number): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: Array.from({ length: rows }, () => row), attributions: true }),
  })

test('two messages in one is no way in: lengths that differ, lengths beside chunks, bent chunks, bare line ends', async () => {
  const port = await open()
  const smuggled = 'GET /models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  for (const text of [
    request(`Content-Length: ${body.length}\r\nContent-Length: ${body.length + smuggled.length}`, body + smuggled),
    request(`Content-Length: 4\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${smuggled}`),
    request(`Transfer-Encoding: xchunked`, smuggled),
    request(`Transfer-Encoding: chunked, identity`, smuggled),
    request(`Transfer-Encoding : chunked`, `0\r\n\r\n${smuggled}`),
    request(`Transfer-Encoding: chunked`, `zz\r\n${smuggled}`),
    request(`Content-Length: -5`, smuggled),
    request(`Content-Length: 1e9`, smuggled),
    request(`X: 1\nContent-Length: 0`, smuggled),
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX\0Y: 1\r\n\r\n${smuggled}`,
    `GET /health HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n${smuggled}`,
    `GET /health HTTP/1.1\r\n\r\n${smuggled}`,
    `\x16\x03\x01\x02\x00\x01\x00\x01\xfc`,
  ]) {
    const answer = await raw(port, text)
    expect(statuses(answer), JSON.stringify(text.slice(0, 160))).toEqual([400])
    expect(answer).not.toContain('"models"')
  }
})

test('requests that follow each other on one connection are answered in their order', async () => {
  const port = await open()
  const good = request(`Content-Length: ${body.length}`)
  const answer = await raw(
    port,
    `${good}GET /models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${request('Content-Length: 2', '{}')}`,
  )
  expect(statuses(answer)).toEqual([200, 200, 422])
})

test('a Host header of elsewhere, a whole URL as target, and none at all are refused on loopback', async () => {
  const port = await open()
  for (const [text, status] of [
    ['GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403],
    ['GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403],
    ['GET /health HTTP/1.0\r\n\r\n', 403],
    [`GET /health HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`, 200],
    [`GET /health HTTP/1.1\r\nHost: [::1]:${port}\r\nConnection: close\r\n\r\n`, 200],
    ['CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n', undefined],
  ] as const)
    expect(statuses(await raw(port, text, { ms: 400 }))[0], text).toBe(status)
})

test('long headers and long addresses end the connection', async () => {
  const port = await open()
  expect(
    statuses(await raw(port, `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)),
  ).toEqual([431])
  expect(statuses(await raw(port, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`))).toEqual([431])
  expect(
    statuses(
      await raw(
        port,
        Array.from({ length: 3000 }, (_, i) => (i === 0 ? 'GET /health HTTP/1.1\r\n' : `X${i}: ${i}\r\n`)),
      ),
    ),
  ).toEqual([431])
})

test('a body that is too large is refused at its announcement, or where it passes the limit, and not read to its end', async () => {
  const port = await open({ maxBytes: 1000 })
  const announced = await raw(port, request('Content-Length: 100000000', ''))
  expect(statuses(announced)).toEqual([413])
  expect(announced).toMatch(/connection: close/i)
  const chunk = `400\r\n${' '.repeat(0x400)}\r\n`
  const streamed = await raw(port, [request('Transfer-Encoding: chunked', ''), chunk, chunk])
  expect(statuses(streamed)).toEqual([413])
  expect(streamed).toMatch(/connection: close/i)
})

test('who sends nothing, half a header or half a body is told 408 and let go; others are answered meanwhile', async () => {
  const port = await open({ timeoutMs: 300 })
  const slow = [
    raw(port, 'GET /health HTTP/1.1\r\nHost: 127', { ms: 3000 }),
    raw(port, request('Content-Length: 1000', '{"rows": ['), { ms: 3000 }),
    raw(port, request('Transfer-Encoding: chunked', '5\r\n{"row\r\n'), { ms: 3000 }),
  ]
  expect((await post(port, 3)).status).toBe(200)
  for (const answer of await Promise.all(slow)) expect(statuses(answer)).toEqual([408])
})

test('clients that go while their answer is made harm nobody', async () => {
  const errors: unknown[] = []
  const port = await open({ onError: (error) => errors.push(error), queue: { maxRows: 1 } })
  const many = JSON.stringify({ rows: Array.from({ length: 3000 }, () => row), attributions: true })
  const gone: Socket[] = []
  for (let i = 0; i < 8; i++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(request(`Content-Length: ${many.length}`, many))
    gone.push(socket)
  }
  await once(served!.app.server, 'request')
  for (const socket of gone) socket.destroy()
  expect((await post(port, 2)).status).toBe(200)
  expect(errors).toEqual([])
})

test('closing answers what is in flight, takes nothing new, and frees the port', async () => {
  const port = await open()
  const idle = connect(port, '127.0.0.1')
  const kept = connect(port, '127.0.0.1')
  kept.write(request('Content-Length: 2', '{}'))
  await once(kept, 'data')
  let arrived = 0
  const all = new Promise<void>((resolve) =>
    served!.app.server.on('request', () => {
      if (++arrived === 12) resolve()
    }),
  )
  const asked = Array.from({ length: 12 }, () => post(port, 1500))
  await all
  const closed = served!.close()
  const answers = await Promise.all(asked)
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200))
  for (const answer of answers)
    expect(((await answer.json()) as { predictions: unknown[] }).predictions).toHaveLength(1500)
  await closed
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  idle.destroy()
  kept.destroy()
})

test('closing does not wait for a client that never ends its request longer than the grace', async () => {
  const port = await open()
  const half = connect(port, '127.0.0.1')
  half.on('error', () => undefined)
  half.write(request('Content-Length: 1000', '{"rows": ['))
  await once(served!.app.server, 'request')
  const start = performance.now()
  await served!.close({ graceMs: 200 })
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a port that is taken, one that may not be used, and an address of elsewhere say so', async () => {
  const port = await open()
  const other = await service(smallModel(), { name: 'small', token: 'secret' })
  await expect(other.listen({ port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${port} is taken`,
    hint: `mlpod serve --port ${port + 1}`,
  })
  await expect(other.listen({ port: 0, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'ADDRESS_UNKNOWN' })
  await other.close()
  await expect(served!.listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'TOKEN_MISSING' })
})
