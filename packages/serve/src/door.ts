import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/** Why a request may not come in. */
export interface Refusal {
  readonly status: number
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Decides who may come in, before a body is read. */
export interface Door {
  /** Returns why not, or undefined. */
  refuses(request: FastifyRequest): Refusal | undefined
  /** From now on only these names may stand in the `Host` header. */
  restrict(hosts: Iterable<string>): void
  /** From now on nobody comes in. */
  shut(): void
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Returns the door of a server: `Host` must be one of `hosts`, where given (against DNS rebinding); all but `/health` need the
 * token, where given; bodies come as they are, not compressed (nothing is decompressed, so nothing explodes).
 */
export function door({ token, hosts }: { readonly token?: string; readonly hosts?: readonly string[] }): Door {
  const lower = (names: Iterable<string>): ReadonlySet<string> => new Set([...names].map((name) => name.toLowerCase()))
  let allowed = hosts && lower(hosts)
  let shut = false
  const expected = token === undefined ? undefined : digest(token)
  // hashes of equal length are compared: the time tells nothing of the token
  const knows = (header: string | undefined): boolean =>
    expected === undefined || timingSafeEqual(digest(/^bearer +(.*)$/i.exec(header ?? '')?.[1]?.trim() ?? ''), expected)
  return {
    refuses({ hostname, headers, url }): Refusal | undefined {
      if (shut)
        return { status: 503, detail: 'the server is closing', headers: { connection: 'close', 'retry-after': '1' } }
      if (allowed && !allowed.has(hostname.toLowerCase()))
        return { status: 403, detail: 'this host name is not served here' }
      if (pathOf(url) !== '/health' && !knows(headers.authorization))
        return { status: 401, detail: 'a bearer token is required', headers: { 'www-authenticate': 'Bearer' } }
      const coding = headers['content-encoding']
      if (coding !== undefined && coding.toLowerCase() !== 'identity')
        return { status: 415, detail: 'a body must not be compressed', headers: { 'accept-encoding': 'identity' } }
      const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1]
      if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
        return { status: 415, detail: 'a body must be UTF-8' }
      return undefined
    },
    restrict(names) {
      allowed ??= lower(names)
    },
    shut() {
      shut = true
    },
  }
}

/** Returns a request's path without its query. */
export const pathOf = (url: string): string => url.split('?', 1)[0]
