import { createHash } from 'node:crypto'

// Node hashes less than 2 GiB in one call.
const PIECE = 2 ** 30

/** Returns the SHA-256 digest of bytes, or of a text's UTF-8 bytes, as hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  const hash = createHash('sha256')
  if (typeof bytes === 'string') return hash.update(bytes).digest('hex')
  for (let at = 0; at < bytes.byteLength; at += PIECE) hash.update(bytes.subarray(at, at + PIECE))
  return hash.digest('hex')
}
