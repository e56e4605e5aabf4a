import { PodError } from '@mlpod/contract'
import { farmHash } from './farmHash.ts'

/** A value that is hashed: a text, or a whole number. */
export type Hashable = string | number | bigint

const binsOf = (bins: number): bigint => {
  if (Number.isSafeInteger(bins) && bins > 0) return BigInt(bins)
  throw new PodError('RANGE_INVALID', `values are hashed into ${bins} bins, not a whole number above 0`)
}

/**
 * Returns the bin in [0, bins) of each value, numbers as their digits (without their fraction); with `mask` bin 0 is its alone.
 * ONNX has no hash, so this runs in the data pipeline; `categoryEncoding` encodes what comes out. Throws `RANGE_INVALID`, `VALUE_RANGE` for nan and infinities.
 * Source: Keras Hashing without salt, which is FarmHash64.
 */
export function hashing(
  values: readonly Hashable[],
  bins: number,
  { mask }: { readonly mask?: Hashable } = {},
): BigInt64Array {
  const all = binsOf(bins)
  const kept = mask !== undefined && all > 1n ? 1n : 0n
  return BigInt64Array.from(values, (value) =>
    kept > 0n && value === mask ? 0n : (farmHash(textOf(value)) % (all - kept)) + kept,
  )
}

const textOf = (value: Hashable): string => (typeof value === 'string' ? value : String(wholeOf(value)))

/** A number without its fraction. */
function wholeOf(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value
  if (Number.isFinite(value)) return BigInt(Math.trunc(value))
  throw new PodError('VALUE_RANGE', `${value} is not hashed: whole numbers and texts are`)
}

const MULTIPLIER = 0xc6a4a7935bd1e995n
const KEY = 0xdecafcaffen
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x)
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n)

/** Two hashes as one: TensorFlow's FingerprintCat64. */
function joined(a: bigint, b: bigint): bigint {
  const mixed = u64((a ^ MULTIPLIER ^ u64(shiftMix(u64(b * MULTIPLIER)) * MULTIPLIER)) * MULTIPLIER)
  return shiftMix(u64(shiftMix(mixed) * MULTIPLIER))
}

/**
 * Returns the bin in [0, bins) of each row of values of several columns of one length. Runs in the data pipeline. Throws
 * `RANGE_INVALID`, `SHAPE_MISMATCH`, `VALUE_RANGE`. Source: Keras HashedCrossing.
 */
export function hashedCrossing(columns: readonly (readonly Hashable[])[], bins: number): BigInt64Array {
  const all = binsOf(bins)
  const lengths = columns.map(({ length }) => length)
  if (columns.length < 2 || lengths.some((length) => length !== lengths[0]))
    throw new PodError(
      'SHAPE_MISMATCH',
      `columns of ${lengths.join(', ')} values do not cross: two or more of one length do`,
    )
  return BigInt64Array.from(columns[0], (_, row) => {
    const hash = columns.reduce((so, column) => {
      const value = column[row]
      return joined(so, typeof value === 'string' ? farmHash(value) : u64(wholeOf(value)))
    }, KEY)
    return hash % all
  })
}
