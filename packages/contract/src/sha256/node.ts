import { createHash } from 'node:crypto'

/** Returns the SHA-256 digest of bytes, or of a text's UTF-8 bytes, as hexadecimal digits. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
