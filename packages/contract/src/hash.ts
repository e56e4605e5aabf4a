import { sha256 } from '#sha256'
import { canonical } from './canonical.ts'
import { PodError } from './error.ts'

declare const hashBrand: unique symbol

/** A SHA-256 digest as 64 lowercase hexadecimal digits. */
export type Hash = string & { readonly [hashBrand]: true }

/** Returns the hash of bytes, or of a text's UTF-8 bytes. */
export function hashBytes(bytes: Uint8Array | string): Hash {
  return sha256(bytes) as Hash
}

/** Returns the hash of a value's canonical encoding. Throws what `canonical` throws. */
export function hashValue(value: unknown): Hash {
  return hashBytes(canonical(value))
}

/** Tells whether a text has the form of a hash. */
export function isHash(text: unknown): text is Hash {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
}

/** Returns the text as a hash; throws `HASH_MALFORMED` otherwise. */
export function asHash(text: string): Hash {
  if (!isHash(text))
    throw new PodError('HASH_MALFORMED', `"${text}" is no hash: it must be 64 lowercase hexadecimal digits`)
  return text
}
