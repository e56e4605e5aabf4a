import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import type { S3Place } from './place.ts'
import type { Sdk } from './sdk.ts'

/** Bytes that are read piece by piece. */
export interface Bytes {
  readonly size: number
  readonly read: (from: number, to: number) => Promise<Uint8Array>
}

interface Upload {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly at: S3Place
  readonly partSize: number
  readonly abreast: number
}

/** The most parts that S3 takes of one object. */
const PARTS = 10_000

/** Writes an object, each part with its SHA-256, which S3 compares with what it got. */
export async function upload(
  { sdk, client, at: { bucket, key }, partSize, abreast }: Upload,
  { size, read }: Bytes,
): Promise<void> {
  const target = { Bucket: bucket, Key: key, ChecksumAlgorithm: 'SHA256' } as const
  if (size <= partSize) {
    await client.send(new sdk.PutObjectCommand({ ...target, Body: await read(0, size) }))
    return
  }
  const length = Math.max(partSize, Math.ceil(size / PARTS))
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target))
  const parts: CompletedPart[] = new Array(Math.ceil(size / length))
  try {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < parts.length) {
        const i = next++
        const Body = await read(i * length, Math.min((i + 1) * length, size))
        const sent = { ...target, UploadId, PartNumber: i + 1, Body }
        const { ETag, ChecksumSHA256 } = await client.send(new sdk.UploadPartCommand(sent)).catch((error) => {
          next = parts.length
          throw error
        })
        parts[i] = { PartNumber: i + 1, ETag, ChecksumSHA256 }
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: Math.min(abreast, parts.length) }, lane))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    const whole = { Bucket: bucket, Key: key, UploadId, MultipartUpload: { Parts: parts } }
    await client.send(new sdk.CompleteMultipartUploadCommand(whole))
  } catch (error) {
    // parts that nobody completes would stay, and be paid for
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId })).catch(() => {})
    throw error
  }
}
