import { didYouMean, PodError } from '@mlpod/contract'
import type { S3Place } from './place.ts'

/** What of an error of the client is looked at: it may hold requests, and in them what is secret. */
interface Failure {
  readonly name?: string
  readonly code?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** What is asked to say an error well. */
export interface Asked {
  /** The endpoint without user and password. */
  readonly endpoint: string
  /** Texts that no message may hold. */
  readonly secrets: readonly string[]
  readonly bucketExists: (bucket: string) => Promise<boolean>
  readonly buckets: () => Promise<readonly string[]>
  /** The name of the error with which a list is refused: the answer to HEAD says nothing. */
  readonly refusal: (bucket: string) => Promise<string | undefined>
  readonly neighbours: (place: S3Place) => Promise<readonly string[]>
}

const UNREACHABLE = new Set(
  'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH EPIPE ECONNABORTED ERR_STREAM_PREMATURE_CLOSE'.split(
    ' ',
  ),
)
const REFUSED = new Set(
  'InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken TokenRefreshRequired InvalidClientTokenId'.split(
    ' ',
  ),
)

/** Tells whether the connection failed, so that it may be tried again. */
export const isConnection = (error: unknown): boolean => {
  const { name, code, message } = error as Failure
  return UNREACHABLE.has(code ?? '') || /^TimeoutError$/.test(name ?? '') || message === 'aborted'
}

/** Says in our words what a request failed of. Nothing that is secret is in it: neither the client's error nor its requests are kept. */
export async function problem(error: unknown, place: S3Place, asked: Asked): Promise<unknown> {
  if (error instanceof PodError || isOfDisk(error)) return error
  const { bucket, key } = place
  const status = (error as Failure).$metadata?.httpStatusCode
  const given = (error as Failure).name ?? 'Error'
  // the answer to HEAD has no body
  const isMute = status === 403 && /^(403|Forbidden|Unknown.*|Error)$/.test(given)
  const name = isMute ? ((await asked.refusal(bucket)) ?? given) : given
  const at = asked.endpoint
  const where = `s3://${bucket}/${key}`
  if (isConnection(error))
    return new PodError('ENDPOINT_UNREACHABLE', `S3 at ${at} does not answer`, {
      at: where,
      because: clean(`${(error as Failure).code ?? name}`, asked.secrets),
      hint: 'look whether AWS_ENDPOINT_URL and AWS_REGION are right and the network is there',
    })
  if (/^CredentialsProviderError$/.test(name) || /Could not load credentials/.test(String((error as Failure).message)))
    return new PodError('CREDENTIALS_MISSING', `there are no credentials to read ${where}`, {
      at,
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
    })
  if (REFUSED.has(name))
    return new PodError('CREDENTIALS_REFUSED', `S3 at ${at} does not accept the credentials`, {
      at: where,
      because: name,
      hint: 'look whether AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN belong together and still hold',
    })
  if (status === 403 || name === 'AccessDenied')
    return new PodError('CREDENTIALS_REFUSED', `the credentials give no access to ${where}`, {
      at,
      because: name === 'AccessDenied' ? name : undefined,
      hint: 'it takes the rights s3:GetObject and s3:ListBucket, and s3:PutObject to write',
    })
  if (status === 412 || name === 'PreconditionFailed')
    return new PodError('OBJECT_CHANGED', `${where} was changed while it was read`, {
      at,
      because: 'what was read would have been of two versions; nothing of it is kept',
      hint: 'let the writer finish, then run the same command again',
    })
  if (status === 301 || name === 'PermanentRedirect')
    return new PodError('REGION_WRONG', `the bucket "${bucket}" is in another region`, { at, hint: 'set AWS_REGION' })
  if (name === 'NoSuchBucket' || (status === 404 && !(await asked.bucketExists(bucket))))
    return new PodError(
      'BUCKET_MISSING',
      `there is no bucket "${bucket}"${didYouMean(bucket, await asked.buckets())}`,
      {
        at,
        hint: 'correct its name, or look whether AWS_ENDPOINT_URL and AWS_REGION are right',
      },
    )
  if (status === 404) return keyMissing(place, await asked.neighbours(place), at)
  return new PodError('S3_FAILED', `S3 at ${at} failed on ${where}: ${clean(told(error), asked.secrets)}`, {
    because: status === undefined ? undefined : `it answered ${status}`,
  })
}

/** The error of a key that is not there, with the nearest that is. */
export function keyMissing({ bucket, key }: S3Place, neighbours: readonly string[], at: string): PodError {
  return new PodError('KEY_MISSING', `there is nothing at s3://${bucket}/${key}${didYouMean(key, neighbours)}`, {
    at,
    hint: 'correct its key, or put it there',
  })
}

const isOfDisk = (error: unknown): boolean =>
  /^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS|ENOENT|EEXIST)$/.test((error as Failure).code ?? '')

const told = (error: unknown): string => {
  const { name, message } = error as Failure
  return `${name ?? 'Error'} ${message ?? ''}`.trim().split('\n')[0]
}

const clean = (text: string, secrets: readonly string[]): string =>
  secrets.filter((secret) => secret !== '').reduce((out, secret) => out.replaceAll(secret, '***'), text)
