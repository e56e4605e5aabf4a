const MASK = 0xffffffffffffffffn
const K0 = 0xc3a5c85c97cb3127n
const K1 = 0xb492b66fbe98f273n
const K2 = 0x9ae16a3b2f90404fn

const u64 = (x: bigint): bigint => x & MASK
const rotate = (x: bigint, by: bigint): bigint => u64((x >> by) | (x << (64n - by)))
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n)

function mixed(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(u64((u ^ v) * mul))
  return u64(shiftMix(u64((v ^ a) * mul)) * mul)
}

type Pair = readonly [bigint, bigint]

/**
 * Returns the 64 bits that FarmHash gives the UTF-8 bytes of a string, the same on every machine. Source: Pike, Alakuijala
 * (2014), FarmHash's Fingerprint64; TensorFlow's and Keras' hash of strings.
 */
export function farmHash(text: string): bigint {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(bytes.buffer)
  const n = bytes.length
  const at = (i: number): bigint => view.getBigUint64(i, true)
  const half = (i: number): bigint => BigInt(view.getUint32(i, true))
  const size = BigInt(n)
  const mul = u64(K2 + size * 2n)
  if (n === 0) return K2
  if (n < 4) {
    const y = BigInt(bytes[0]) + (BigInt(bytes[n >> 1]) << 8n)
    const z = size + (BigInt(bytes[n - 1]) << 2n)
    return u64(shiftMix(u64(y * K2) ^ u64(z * K0)) * K2)
  }
  if (n < 8) return mixed(u64(size + (half(0) << 3n)), half(n - 4), mul)
  if (n <= 16) {
    const [a, b] = [u64(at(0) + K2), at(n - 8)]
    return mixed(u64(rotate(b, 37n) * mul + a), u64((rotate(a, 25n) + b) * mul), mul)
  }
  const [a, b, c, d] = [u64(at(0) * (n <= 32 ? K1 : K2)), at(8), u64(at(n - 8) * mul), u64(at(n - 16) * K2)]
  const y = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d)
  const z = u64(a + rotate(u64(b + K2), 18n) + c)
  if (n <= 32) return mixed(y, z, mul)
  if (n <= 64) {
    const low = mixed(y, z, mul)
    const [e, f] = [u64(at(16) * mul), at(24)]
    const [g, h] = [u64((y + at(n - 32)) * mul), u64((low + at(n - 24)) * mul)]
    return mixed(u64(rotate(u64(e + f), 43n) + rotate(g, 30n) + h), u64(e + rotate(u64(f + a), 18n) + g), mul)
  }
  return long(n, at)
}

/** More than 64 bytes: 64 at a time into 56 bytes of state, the last 64 again. */
function long(n: number, at: (i: number) => bigint): bigint {
  const weak = (s: number, first: bigint, second: bigint): Pair => {
    const a = u64(first + at(s))
    const b = rotate(u64(second + a + at(s + 24)), 21n)
    const sum = u64(a + at(s + 8) + at(s + 16))
    return [u64(sum + at(s + 24)), u64(b + rotate(sum, 44n) + a)]
  }
  const seed = 81n
  let x = u64(seed * K2 + at(0))
  let y = u64(seed * K1 + 113n)
  let z = u64(shiftMix(u64(y * K2 + 113n)) * K2)
  let v: Pair = [0n, 0n]
  let w: Pair = [0n, 0n]
  const turn = (s: number, mul: bigint, nine: bigint): void => {
    x = u64(rotate(u64(x + y + v[0] + at(s + 8)), 37n) * mul) ^ u64(w[1] * nine)
    y = u64(rotate(u64(y + v[1] + at(s + 48)), 42n) * mul + v[0] * nine + at(s + 40))
    z = u64(rotate(u64(z + w[0]), 33n) * mul)
    v = weak(s, u64(v[1] * mul), u64(x + w[0]))
    w = weak(s + 32, u64(z + w[1]), u64(y + at(s + 16)))
    ;[z, x] = [x, z]
  }
  const end = Math.floor((n - 1) / 64) * 64
  for (let s = 0; s < end; s += 64) turn(s, K1, 1n)
  const mul = u64(K1 + ((z & 0xffn) << 1n))
  const first = u64(w[0] + BigInt((n - 1) & 63))
  const second = u64(v[0] + first)
  ;[w, v] = [
    [u64(first + second), w[1]],
    [second, v[1]],
  ]
  turn(n - 64, mul, 9n)
  return mixed(u64(mixed(v[0], w[0], mul) + shiftMix(y) * K0 + z), u64(mixed(v[1], w[1], mul) + x), mul)
}
