import { sha256 as digest } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** Returns the SHA-256 digest of bytes, or of a text's UTF-8 bytes, as hexadecimal digits: a browser's own takes no calls at once. */
export const sha256 = (bytes: Uint8Array | string): string =>
  bytesToHex(digest(typeof bytes === 'string' ? utf8ToBytes(bytes) : bytes))
