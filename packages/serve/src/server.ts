import { type GuardMetadata, type Json, PodError, readGuard, rowJsonSchema } from '@mlpod/contract'
import type { Model } from '@mlpod/graph'
import { readSeal, type Seal } from '@mlpod/promise'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { openAnswerer } from './answer.ts'
import type { BatcherOptions } from './batcher.ts'
import { door } from './door.ts'
import { drain, openHttp, patience, refuse } from './http.ts'
import { openapi } from './openapi.ts'
import { type RequestLimits, readRequest } from './request.ts'
import { selfTest } from './selfTest.ts'
import type { JsonValue } from './strictJson.ts'

/** Settings of a server. */
export interface ServiceOptions {
  /** The model's name in paths and answers. */
  readonly name: string
  /** If given, every request but `GET /health` must carry `Authorization: Bearer <token>`. */
  readonly token?: string
  /** 10 000 by default. */
  readonly maxRows?: number
  /** Bytes of a body; 10 MiB by default. */
  readonly maxBytes?: number
  /** Time for a request to arrive, and again for its answer; 30 s by default. */
  readonly timeoutMs?: number
  readonly additional?: RequestLimits['additional']
  /** Hosts that the `Host` header may name, against DNS rebinding. When listening on loopback, its names by default; else any. */
  readonly hosts?: readonly string[]
  /** How requests wait. */
  readonly queue?: BatcherOptions
  /** Told what was not the client's fault. */
  readonly onError?: (error: unknown) => void
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
  /**
   * Listens and returns the URL. Throws `TOKEN_MISSING` for an open address without a token, `PORT_IN_USE`, `PORT_REFUSED`,
   * `ADDRESS_UNKNOWN`.
   */
  listen(address?: Address): Promise<string>
  /** Takes no more requests, answers those in flight (for at most `graceMs`, 25 s by default), and ends. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Why the system does not let a server listen, in our words: code, sentence, what to try. */
const notListening: Readonly<Record<string, (host: string, port: number) => readonly [string, string, string]>> = {
  EADDRINUSE: (_host, port) => ['PORT_IN_USE', `port ${port} is taken`, `mlpod serve --port ${(port + 1) % 65_536}`],
  EACCES: (_host, port) => ['PORT_REFUSED', `this user may not listen on port ${port}`, 'take a port above 1023'],
  ENOTFOUND: (host) => ['ADDRESS_UNKNOWN', `"${host}" is no address of this machine`, 'mlpod serve --host 127.0.0.1'],
  EADDRNOTAVAIL: (host) => [
    'ADDRESS_UNKNOWN',
    `"${host}" is no address of this machine`,
    'mlpod serve --host 127.0.0.1',
  ],
}

/**
 * Opens a server that answers with a guarded model:
 * - `POST /predict` (and `/predict/NAME`): `{"rows": [{...}], "id"?, "confidence"?, "attributions"?}`, or one row as an object;
 * - `GET /health`, `GET /models`, `GET /models/NAME` (columns, promises with verdicts, hash), `GET /openapi.json`.
 * Wrong values are 422 with a JSON pointer each; malformed JSON is 400. The answer to no input is 500.
 * Before it opens, the model answers its golden rows. Throws `MODEL_NOT_GUARDED`, `SELF_TEST_FAILED`, `TOKEN_EMPTY`, and
 * `SEAL_BROKEN` when the model's sealed evidence is about another body.
 */
export async function service(
  model: Model,
  {
    name,
    token,
    maxRows = 10_000,
    maxBytes = 10 * 1024 * 1024,
    timeoutMs = 30_000,
    additional = 'ignore',
    hosts,
    queue = {},
    onError = () => undefined,
  }: ServiceOptions,
): Promise<Service> {
  if (token?.trim() === '') throw new PodError('TOKEN_EMPTY', 'the token is empty', { hint: 'set MLPOD_TOKEN' })
  const guard = readGuard(model.metadata)
  const seal = readSeal(model.metadata, model.bodyHash)
  const entry = door({ ...(token === undefined ? {} : { token }), ...(hosts ? { hosts } : {}) })
  const app = await openHttp({ door: entry, maxBytes, timeoutMs, onError })
  const answerer = await openAnswerer(model, guard, queue)
  try {
    await selfTest(model.metadata, answerer)
  } catch (error) {
    await answerer.close()
    throw error
  }
  const version = model.bodyHash.slice(0, 12)
  const isServed = (asked: string): boolean => asked === name || asked === `${name}@${version}`
  const absent = (asked: string, reply: FastifyReply): FastifyReply =>
    refuse(reply, 404, `there is no model "${asked.slice(0, 200)}"`)

  app.get('/health', async () => ({ status: 'ok', model: name, version }))
  app.get('/models', async () => ({ models: [{ name, version, hash: model.bodyHash }] }))
  app.get('/openapi.json', async () => openapi(name, version, guard, { secured: token !== undefined, maxRows }))
  app.get<{ Params: { model: string } }>('/models/:model', async ({ params }, reply) =>
    isServed(params.model)
      ? { name, version, hash: model.bodyHash, ...describe(guard, seal) }
      : absent(params.model, reply),
  )
  app.post<{ Params: { model: string }; Body: JsonValue }>('/predict/:model', async (request, reply) =>
    isServed(request.params.model) ? predict(request, reply) : absent(request.params.model, reply),
  )
  app.post<{ Body: JsonValue }>('/predict', (request, reply) => predict(request, reply))

  async function predict({ body }: { readonly body: JsonValue }, reply: FastifyReply): Promise<unknown> {
    const read = readRequest(body, guard, { maxRows, additional })
    if ('issues' in read) {
      const { issues } = read
      const long = issues.find(({ type }) => type === 'too_long')
      return long
        ? refuse(reply, 413, long.message, issues)
        : refuse(reply, 422, `${issues.length} value${issues.length === 1 ? ' is' : 's are'} not valid`, issues)
    }
    const predictions = await answerer.answer(read.rows, { ...read, signal: patience(reply, timeoutMs) })
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
      if (LOOPBACK.has(host)) entry.restrict([...LOOPBACK, '[::1]'])
      try {
        return await app.listen({ host, port })
      } catch (cause) {
        const [code, message, hint] = notListening[(cause as NodeJS.ErrnoException).code ?? '']?.(host, port) ?? []
        throw code === undefined || message === undefined ? cause : new PodError(code, message, { hint, cause })
      }
    },
    async close({ graceMs = 25_000 } = {}) {
      entry.shut()
      await drain(app, graceMs)
      await answerer.close()
    },
  }
}

/** What `GET /models/NAME` says beside the name: how to ask, and what is promised. */
function describe(guard: GuardMetadata, seal: Seal | undefined): Readonly<Record<string, Json>> {
  const { label, level, oodLevel } = guard
  return {
    schema: rowJsonSchema(guard),
    labels: label.names,
    level,
    oodLevel,
    promises: (seal?.evidence ?? []).map(({ claim, verdict, estimate, lower, upper, n }) => ({
      name: claim.name,
      statement: claim.statement,
      verdict,
      estimate,
      lower,
      upper,
      n,
    })),
  }
}
