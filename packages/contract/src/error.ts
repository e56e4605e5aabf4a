/** What a `PodError` says beside its one sentence. */
export interface PodErrorDetail {
  /** Where: `file:line`, or the object's name. */
  readonly at?: string
  /** Why it came to this, in one sentence. */
  readonly because?: string
  /** What to do: a command or the value that would be right. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * The error of every room. `code` is stable and in capitals (`COLUMN_MISSING`); `message` is one sentence that names the
 * object that was wrong. The terminal prints code, message, `at`, `because` and `hint` on a line each.
 */
export class PodError extends Error {
  readonly code: string
  readonly at?: string
  readonly because?: string
  readonly hint?: string

  constructor(code: string, message: string, { at, because, hint, cause }: PodErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PodError'
    this.code = code
    if (at !== undefined) this.at = at
    if (because !== undefined) this.because = because
    if (hint !== undefined) this.hint = hint
  }
}

/** An error as plain data, so that it crosses worker threads and is recorded with a run. */
export interface ErrorRecord {
  readonly code: string
  readonly message: string
  readonly at?: string
  readonly because?: string
  readonly hint?: string
  readonly stack?: string
}

/** Returns the plain form of anything thrown; the code of what is not a `PodError` is `UNEXPECTED`. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof PodError) {
    const { code, message, at, because, hint, stack } = error
    return { code, message, at, because, hint, stack }
  }
  if (error instanceof Error) return { code: 'UNEXPECTED', message: error.message, stack: error.stack }
  return { code: 'UNEXPECTED', message: String(error) }
}

/** Returns the `PodError` of a record made by `errorRecord`, its stack kept. */
export function errorFrom(record: ErrorRecord): PodError {
  const error = new PodError(record.code, record.message, record)
  if (record.stack !== undefined) error.stack = record.stack
  return error
}
