import type { Issue } from './request.ts'

/** A problem as RFC 9457 says it; `errors` holds everything wrong with a request at once. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly errors?: readonly Issue[]
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

/** Returns the problem of a status. */
export const problem = (status: number, detail?: string, errors?: readonly Issue[]): Problem => ({
  type: 'about:blank',
  title: titles[status] ?? 'Error',
  status,
  ...(detail === undefined ? {} : { detail }),
  ...(errors === undefined ? {} : { errors }),
})

/** The media type of problems. */
export const PROBLEM = 'application/problem+json'
