import { timingSafeEqual } from 'node:crypto'
import { type GuardMetadata, type Json, PodError, readGuard, rowJsonSchema } from '@mlpod/contract'
import type { Model } from '@mlpod/graph'
import { readSeal } from '@mlpod/promise'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { openAnswerer } from './answer.ts'
import { PROBLEM, problem } from './problem.ts'
import { type RequestLimits, readRequest } from './request.ts'
import { parseStrict } from './strictJson.ts'

/** Settings of a server. */
export interface ServiceOptions {
  /** The model's name in paths and answers. */
  readonly name: string
  /** If given, requests must carry `Authorization: Bearer <token>`. */
  readonly token?: string
  /** 10 000 by default. */
  readonly maxRows?: number
  /** Bytes of a request; 16 MiB by default. */
  readonly maxBytes?: number
  readonly additional?: RequestLimits['additional']
  /** Hosts that the `Host` header may name, against DNS rebinding; any when not given. */
  readonly hosts?: readonly string[]
}

/** An address to listen on. */
export interface Address {
  /** 127.0.0.1 by default. Any other address needs a token. */
  readonly host?: string
  /** 8080 by default; 0 takes a free one. */
  readonly port?: number
}

/** A server over one guarded model. */
export interface Service {
  /** The Fastify instance: `app.inject` is the test client. */
  readonly app: FastifyInstance
  /** Listens and returns the URL. Throws `PORT_IN_USE`, and `TOKEN_MISSING` for an open address without a token. */
  listen(address?: Address): Promise<string>
  /** Ends after the requests in flight. */
  close(): Promise<void>
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * Opens a server that answers with a guarded model:
 * - `POST /predict` (and `/predict/NAME`): `{"rows": [{...}], "id"?, "confidence"?, "attributions"?}`, or one row as an object;
 * - `GET /health`, `GET /models`, `GET /models/NAME` (columns, promises with verdicts, hash).
 * Wrong values are 422 with a JSON pointer each; malformed JSON is 400. The answer to no input is 500.
 * Throws `MODEL_NOT_GUARDED`, and `SEAL_BROKEN` when the model's sealed evidence is about another body.
 */
export async function service(
  model: Model,
  { name, token, maxRows = 10_000, maxBytes = 16 * 1024 * 1024, additional = 'ignore', hosts }: ServiceOptions,
): Promise<Service> {
  const guard = readGuard(model.metadata)
  const seal = readSeal(model.metadata, model.bodyHash)
  const { default: fastify } = await import('fastify')
  const answerer = await openAnswerer(model, guard)
  const app = fastify({
    bodyLimit: maxBytes,
    forceCloseConnections: 'idle',
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 200 },
  })
  const version = model.bodyHash.slice(0, 12)

  const refuse = (
    reply: FastifyReply,
    status: number,
    detail?: string,
    errors?: Parameters<typeof problem>[2],
  ): FastifyReply =>
    reply
      .code(status)
      .type(PROBLEM)
      .send(JSON.stringify(problem(status, detail, errors)))

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrict(new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer)))
    } catch (error) {
      done(
        Object.assign(error instanceof PodError ? error : new PodError('JSON_INVALID', 'the body is not UTF-8'), {
          statusCode: 400,
        }),
      )
    }
  })
  app.addHook('onRequest', async (request, reply) => {
    if (hosts && !hosts.includes(request.hostname)) return refuse(reply, 403, 'this host name is not served here')
    if (token !== undefined && request.url !== '/health' && !sameToken(request.headers.authorization, token)) {
      reply.header('www-authenticate', 'Bearer')
      return refuse(reply, 401, 'a bearer token is required')
    }
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]
    const known = path === '/predict' || path.startsWith('/predict/') || ['/health', '/models'].includes(path)
    return known
      ? refuse(reply, 405, `${request.method} is not for ${path}`)
      : refuse(reply, 404, `there is nothing at ${path}`)
  })
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error.code === 'QUEUE_FULL') return refuse(reply.header('retry-after', '1'), 503, error.message)
    const status = error.statusCode ?? 503
    return refuse(
      reply,
      status >= 400 && status < 500 ? status : 503,
      status < 500 ? error.message : 'the model is not answering',
    )
  })

  app.get('/health', async () => ({ status: 'ok', model: name, version }))
  app.get('/models', async () => ({ models: [{ name, version, hash: model.bodyHash }] }))
  app.get<{ Params: { model: string } }>('/models/:model', async (request, reply) => {
    if (!isNamed(request.params.model, name, version))
      return refuse(reply, 404, `there is no model "${request.params.model}"`)
    return describe(name, version, model, guard, seal?.evidence)
  })
  app.post<{ Params: { model?: string }; Body: Parameters<typeof readRequest>[0] }>(
    '/predict/:model',
    async (request, reply) => {
      if (!isNamed(request.params.model ?? name, name, version))
        return refuse(reply, 404, `there is no model "${request.params.model}"`)
      return predict(request.body, reply)
    },
  )
  app.post<{ Body: Parameters<typeof readRequest>[0] }>('/predict', async (request, reply) =>
    predict(request.body, reply),
  )

  async function predict(body: Parameters<typeof readRequest>[0], reply: FastifyReply): Promise<unknown> {
    const read = readRequest(body, guard, { maxRows, additional })
    if ('issues' in read) {
      const long = read.issues.find(({ type }) => type === 'too_long')
      return long
        ? refuse(reply, 413, long.message, read.issues)
        : refuse(
            reply,
            422,
            `${read.issues.length} value${read.issues.length === 1 ? ' is' : 's are'} not valid`,
            read.issues,
          )
    }
    const predictions = await answerer.answer(read.rows, read)
    const head = { ...(read.id === undefined ? {} : { id: read.id }), model: name, version }
    return read.single ? { ...head, ...predictions[0] } : { ...head, predictions }
  }

  return {
    app,
    async listen({ host = '127.0.0.1', port = 8080 } = {}) {
      if (!LOOPBACK.has(host) && token === undefined)
        throw new PodError('TOKEN_MISSING', `a server on ${host} can be reached from outside and needs a token`, {
          hint: 'set MLPOD_TOKEN, or listen on 127.0.0.1',
        })
      try {
        return await app.listen({ host, port })
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE')
          throw new PodError('PORT_IN_USE', `port ${port} is taken`, { hint: `mlpod serve --port ${port + 1}`, cause })
        throw cause
      }
    },
    async close() {
      await app.close()
      await answerer.close()
    },
  }
}

/** `name`, `name@version` or the full hash's beginning. */
const isNamed = (asked: string, name: string, version: string): boolean =>
  asked === name || asked === `${name}@${version}`

/** Compares in a time that does not tell how much of the token is right. */
function sameToken(header: string | undefined, token: string): boolean {
  const [given, expected] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)]
  return (
    timingSafeEqual(
      Buffer.concat([given, Buffer.alloc(Math.max(0, expected.length - given.length))]).subarray(0, expected.length),
      expected,
    ) && given.length === expected.length
  )
}

function describe(
  name: string,
  version: string,
  model: Model,
  guard: GuardMetadata,
  evidence: readonly { claim: { name: string; statement: string }; verdict: string; estimate: number }[] = [],
): Json {
  return {
    name,
    version,
    hash: model.bodyHash,
    schema: rowJsonSchema(guard),
    labels: guard.label.names,
    level: guard.level,
    oodLevel: guard.oodLevel,
    promises: evidence.map(({ claim, verdict, estimate }) => ({
      name: claim.name,
      statement: claim.statement,
      verdict,
      estimate,
    })),
  }
}
