import { PodError } from '@mlpod/contract'
import { whileUnchanged } from '../hashFile.ts'
import { connect, objectOf, questions } from './connect.ts'
import { type DownloadOptions, download } from './download.ts'
import { type S3Place, s3Place } from './place.ts'
import { problem } from './problem.ts'
import { type Bytes, upload } from './upload.ts'

/** An object as S3 tells it. */
export interface S3Object {
  /** `s3://bucket/key`. */
  readonly place: string
  readonly key: string
  /** In bytes. */
  readonly size: number
  /** Another one, another object: kept without its quotes. */
  readonly etag: string
}

/** Who asks. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Where S3 is and who asks; what is left out is taken from the environment. */
export interface S3Options {
  /** By default `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or that of the region. Buckets of an endpoint that is named are parts of the path. */
  readonly endpoint?: string
  /** By default `AWS_REGION`, `AWS_DEFAULT_REGION`, or `us-east-1`. */
  readonly region?: string
  /** By default `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, or whatever else the official client finds: profiles, roles. */
  readonly credentials?: S3Credentials
  /** Bytes that are fetched or put at once; larger objects are moved in parts. 8 MiB by default, 5 MiB at least for what is put. */
  readonly partSize?: number
  /** Parts that are moved at the same time; 4 by default. */
  readonly abreast?: number
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Objects on S3, or on what speaks like it. Places are `s3://bucket/key`. Everything throws `PLACE_INVALID`, `BUCKET_MISSING`, `KEY_MISSING` with the nearest
 * key, `CREDENTIALS_MISSING`, `CREDENTIALS_REFUSED`, `REGION_WRONG`, `ENDPOINT_UNREACHABLE`, `S3_FAILED`; no error holds a secret.
 */
export interface S3 {
  /** Without user and password. */
  readonly endpoint: string
  /** All objects whose key begins with that of the place, in the order of their keys. */
  list(place: string): AsyncGenerator<S3Object>
  head(place: string): Promise<S3Object>
  /** The bytes of an object, or those from the first to before the second of `range`. Throws `OBJECT_CHANGED` where its ETag is not `etag`. */
  get(
    place: string,
    options?: { readonly range?: readonly [number, number]; readonly etag?: string },
  ): Promise<Uint8Array>
  /** Writes an object as a file, atomically; a large one in parts, some at a time. Throws `OBJECT_CHANGED`, `DISK_FULL`. */
  download(place: string, path: string, options?: DownloadOptions): Promise<S3Object>
  /** Writes bytes, with their SHA-256, which S3 checks. */
  put(place: string, bytes: Uint8Array | string): Promise<S3Object>
  /** Writes the bytes of a file; a large one in parts, of which nothing is left when one fails. Throws `FILE_MISSING`, `FILE_CHANGED`. */
  putFile(place: string, path: string): Promise<S3Object>
  /** Ends its connections. */
  close(): void
}

/**
 * Opens S3 by the official client, a package that is installed by those who use it. Nothing is asked before it is needed. Throws `PACKAGE_MISSING`,
 * `OPTION_INVALID`.
 */
export async function openS3({
  env = process.env,
  partSize = 8 << 20,
  abreast = 4,
  ...options
}: S3Options = {}): Promise<S3> {
  const connection = await connect(options, env)
  const { sdk, client, endpoint } = connection
  const asked = questions(connection)
  const trying = async <T>(place: S3Place, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw await problem(error, place, asked)
    }
  }
  const head = (place: string): Promise<S3Object> => {
    const at = s3Place(place)
    return trying(at, async () => {
      const found = await client.send(new sdk.HeadObjectCommand({ Bucket: at.bucket, Key: at.key }))
      return objectOf(at, found.ContentLength, found.ETag)
    })
  }
  const body = async (at: S3Place, range: readonly [number, number] | undefined, etag: string | undefined) => {
    const { Body } = await client.send(
      new sdk.GetObjectCommand({
        Bucket: at.bucket,
        Key: at.key,
        ...(range && { Range: `bytes=${range[0]}-${range[1] - 1}` }),
        ...(etag !== undefined && { IfMatch: `"${etag}"` }),
      }),
    )
    return Body as unknown as AsyncIterable<Uint8Array>
  }
  const put = async (at: S3Place, bytes: Bytes): Promise<S3Object> => {
    await trying(at, () => upload({ sdk, client, at, partSize: Math.max(partSize, 5 << 20), abreast }, bytes))
    return await head(`s3://${at.bucket}/${at.key}`)
  }
  return {
    endpoint,
    async *list(place) {
      const { bucket, key } = s3Place(place)
      let token: string | undefined
      do {
        const page = await trying({ bucket, key }, () =>
          client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key, ContinuationToken: token })),
        )
        for (const { Key = '', Size, ETag } of page.Contents ?? []) yield objectOf({ bucket, key: Key }, Size, ETag)
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    head,
    async get(place, { range, etag } = {}) {
      const at = s3Place(place)
      if (range && !(range[0] >= 0 && range[1] > range[0] && range.every(Number.isSafeInteger)))
        throw new PodError('OPTION_INVALID', `the range ${range.join(' to ')} of ${place} holds no bytes`)
      return await trying(at, async () => {
        const blocks: Uint8Array[] = []
        for await (const block of await body(at, range, etag)) blocks.push(block)
        return Uint8Array.from(Buffer.concat(blocks))
      })
    },
    async download(place, path, settings) {
      const at = s3Place(place)
      const object = await head(place)
      await trying(at, () =>
        download({ object, path, partSize, abreast, read: (range) => body(at, range, object.etag) }, settings),
      )
      return object
    },
    put(place, bytes) {
      const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      return put(s3Place(place), { size: data.length, read: async (from, to) => data.subarray(from, to) })
    },
    putFile(place, path) {
      const at = s3Place(place)
      return whileUnchanged(path, async (handle) => {
        const { size } = await handle.stat()
        const read = async (from: number, to: number): Promise<Uint8Array> => {
          const buffer = Buffer.allocUnsafe(to - from)
          const { bytesRead } = await handle.read(buffer, 0, to - from, from)
          return buffer.subarray(0, bytesRead)
        }
        return await put(at, { size, read })
      })
    },
    close: () => client.destroy(),
  }
}
