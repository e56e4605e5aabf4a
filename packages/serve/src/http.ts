import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PodError } from '@mlpod/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Door, pathOf } from './door.ts'
import { PROBLEM, problem } from './problem.ts'
import type { Issue } from './request.ts'
import { parseStrict } from './strictJson.ts'

/** What bounds a server. */
export interface HttpOptions {
  readonly door: Door
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly onError: (error: unknown) => void
}

/** What is at each path, for those who ask with another method. */
const METHODS: readonly (readonly [RegExp, string])[] = [
  [/^\/predict(\/[^/]+)?$/, 'POST'],
  [/^\/(health|models|openapi\.json|models\/[^/]+)$/, 'GET, HEAD'],
]

const CLIENT_ERRORS: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** Errors that pass: the client may come again in a moment. */
const BUSY = new Set(['QUEUE_FULL', 'WORKER_DIED', 'SESSION_CLOSED', 'ANSWER_LATE'])

/** Sends a problem. What is still to come of a refused body is not waited for: the connection ends. */
export function refuse(reply: FastifyReply, status: number, detail?: string, errors?: readonly Issue[]): FastifyReply {
  const { complete, headers } = reply.request.raw
  if (!complete && ('transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0))
    reply.header('connection', 'close')
  return reply
    .code(status)
    .type(PROBLEM)
    .send(JSON.stringify(problem(status, detail, errors)))
}

/** Returns a signal that aborts when the client goes before its answer is sent (`REQUEST_GONE`), or after `ms` (`ANSWER_LATE`). */
export function patience({ raw }: FastifyReply, ms: number): AbortSignal {
  const controller = new AbortController()
  const late = (): void => controller.abort(new PodError('ANSWER_LATE', `there was no answer in ${ms} ms`))
  const timer = setTimeout(late, ms)
  raw.once('close', () => {
    clearTimeout(timer)
    if (!raw.writableFinished) controller.abort(new PodError('REQUEST_GONE', 'the client has gone'))
  })
  return controller.signal
}

/**
 * Ends a server when what is in flight has been answered, or after `graceMs`. Connections on which nothing goes on end with it.
 */
export async function drain(app: FastifyInstance, graceMs: number): Promise<void> {
  const active = answering.get(app)
  const until = performance.now() + graceMs
  const closed = app.close()
  while (active && active.size > 0 && performance.now() < until) await sleep(5)
  app.server.closeAllConnections()
  await closed
}

/** The responses that each server is making. */
const answering = new WeakMap<FastifyInstance, Set<object>>()

/**
 * Returns a Fastify instance with every limit set: bytes, headers, time, connections; only strict JSON comes in, and whatever
 * is wrong is a problem (RFC 9457) of the 400s. What is not the client's fault is 503, and `onError` is told.
 */
export async function openHttp({ door, maxBytes, timeoutMs, onError }: HttpOptions): Promise<FastifyInstance> {
  const { default: fastify } = await import('fastify')
  const app = fastify({
    bodyLimit: maxBytes,
    requestTimeout: timeoutMs,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: Math.min(timeoutMs, 10_000),
      connectionsCheckingInterval: Math.ceil(Math.min(timeoutMs / 3, 2_000)),
      maxHeaderSize: 16 * 1024,
    },
    clientErrorHandler,
    frameworkErrors: ({ statusCode = 400 }, _request, reply) =>
      refuse(
        reply as FastifyReply,
        statusCode,
        statusCode === 414 ? 'the address is too long' : 'the address is malformed',
      ),
  })
  app.server.maxConnections = 10_000

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrict(utf8(body as Buffer)))
    } catch (error) {
      done(Object.assign(error as PodError, { statusCode: 400 }))
    }
  })
  const active = new Set<object>()
  answering.set(app, active)
  app.addHook('onRequest', async (request, reply) => {
    active.add(reply.raw)
    reply.raw.once('close', () => active.delete(reply.raw))
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store')
    const refusal = door.refuses(request)
    if (refusal) return refuse(reply.headers(refusal.headers ?? {}), refusal.status, refusal.detail)
  })
  app.setNotFoundHandler(notFound)
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (BUSY.has(error.code ?? '')) reply.header('retry-after', '1')
    // nobody is there to read what is said to a client that has gone
    const { statusCode = error.code === 'REQUEST_GONE' ? 400 : 503 } = error
    if (statusCode >= 400 && statusCode < 500) return refuse(reply, statusCode, error.message)
    if (error.code !== 'QUEUE_FULL') onError(error)
    return refuse(reply, 503, error.code === 'QUEUE_FULL' ? error.message : 'the model is not answering')
  })
  return app
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request.url)
  const allow = METHODS.find(([pattern]) => pattern.test(path))?.[1]
  if (allow === undefined) return refuse(reply, 404, `there is nothing at ${path.slice(0, 200)}`)
  reply.header('allow', allow)
  return request.method === 'OPTIONS'
    ? reply.code(204).send()
    : refuse(reply, 405, `${request.method} is not for ${path.slice(0, 200)}`)
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body)
  } catch {
    throw new PodError('JSON_INVALID', 'the body is not UTF-8')
  }
}

/** Answers what is not HTTP, too long or too slow, and ends the connection. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const refusal = problem(CLIENT_ERRORS[error.code ?? ''] ?? 400)
  const body = JSON.stringify(refusal)
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${refusal.status} ${refusal.title}\r\ncontent-type: ${PROBLEM}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
  socket.destroy(error)
}
