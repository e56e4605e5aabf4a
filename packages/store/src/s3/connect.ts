import type { S3Client } from '@aws-sdk/client-s3'
import { PodError } from '@mlpod/contract'
import type { S3Object, S3Options } from './openS3.ts'
import type { S3Place } from './place.ts'
import type { Asked } from './problem.ts'
import { loadSdk, type Sdk } from './sdk.ts'

/** The client, and what is told of it. */
export interface Connection {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly endpoint: string
  readonly secrets: readonly string[]
}

/** Makes the client of settings and environment. */
export async function connect(
  { endpoint: given, region: named, credentials: own }: S3Options,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Connection> {
  const place = given ?? (env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined)
  const region = named ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1')
  const endpoint = place === undefined ? `https://s3.${region}.amazonaws.com` : bare(place)
  const credentials = own ?? fromEnvironment(env)
  const sdk = await loadSdk()
  const client = new sdk.S3Client({
    region,
    ...(place !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
  })
  const { accessKeyId = '', secretAccessKey = '', sessionToken = '' } = credentials ?? {}
  return { sdk, client, endpoint, secrets: [secretAccessKey, sessionToken, accessKeyId] }
}

/** An endpoint without user, password and what follows its path. */
function bare(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new PodError('OPTION_INVALID', 'the endpoint of S3 is no address', { hint: 'as in http://127.0.0.1:9000' })
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): S3Options['credentials'] {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  return accessKeyId && secretAccessKey
    ? { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
    : undefined
}

/** Returns an object of what S3 says of it. */
export const objectOf = ({ bucket, key }: S3Place, size = 0, etag = ''): S3Object => ({
  place: `s3://${bucket}/${key}`,
  key,
  size,
  etag: etag.replaceAll('"', ''),
})

/** What is asked for the sake of a good error; what is refused is not known. */
export function questions({ sdk, client, endpoint, secrets }: Connection): Asked {
  return {
    endpoint,
    secrets,
    bucketExists: (bucket) =>
      client.send(new sdk.HeadBucketCommand({ Bucket: bucket })).then(
        () => true,
        (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode !== 404,
      ),
    buckets: () =>
      client.send(new sdk.ListBucketsCommand({})).then(
        ({ Buckets = [] }) => Buckets.map(({ Name = '' }) => Name),
        () => [],
      ),
    refusal: (bucket) =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 })).then(
        () => undefined,
        (error: Error) => error.name,
      ),
    neighbours: ({ bucket, key }) =>
      client
        .send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key.slice(0, key.lastIndexOf('/') + 1) }))
        .then(
          ({ Contents = [] }) => Contents.map(({ Key = '' }) => Key),
          () => [],
        ),
  }
}
