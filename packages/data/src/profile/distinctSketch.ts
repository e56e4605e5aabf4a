/** 2^10 registers: the estimate errs by 3.25 % (one standard deviation) whatever the number of values. */
const BITS = 10
const REGISTERS = 1 << BITS

/** The share by which an estimate of distinct values errs, one standard deviation. */
export const DISTINCT_ERROR = 1.04 / Math.sqrt(REGISTERS)

/**
 * Registers of a HyperLogLog sketch, one character each: the greatest number of leading zeros, and one, among the hashes that fall on
 * it. Registers of two parts merge by their greater. Source: Flajolet, Fusy, Gandouet, Meunier (2007).
 */
export type Registers = string

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const write = (registers: Uint8Array): Registers => Array.from(registers, (r) => DIGITS[r]).join('')
const VALUES = new Uint8Array(128)
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i
function read(text: Registers): Uint8Array {
  const registers = new Uint8Array(REGISTERS)
  for (let i = 0; i < REGISTERS; i++) registers[i] = VALUES[text.charCodeAt(i)]
  return registers
}

/** Returns the registers of numbers, by their bits; no negative zero is among them. */
export function registersOf(values: Float64Array): Registers {
  const registers = new Uint8Array(REGISTERS)
  // low word first, as every machine that runs Node has it
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i] | 0
    const high = words[i + 1] | 0
    const first = mix(Math.imul(low, 0xcc9e2d51) ^ mix(high ^ 0x9e3779b9))
    const second = mix(first ^ Math.imul(high, 0x1b873593) ^ low)
    const rank = Math.clz32(second) + 1
    const at = first & (REGISTERS - 1)
    if (rank > registers[at]) registers[at] = rank
  }
  return write(registers)
}

/** The finish of MurmurHash3: every bit of the input turns half of the output's. */
function mix(h: number): number {
  let x = h | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) | 0
}

/**
 * SQL of the registers of a column of texts as one text, from a relation of its distinct values: MD5 is the same in every version
 * of the engine, its own hash is not.
 */
export const registersSql = (value: string, from: string): string => `(
  SELECT string_agg(substr('${DIGITS}', coalesce(rank, 0) + 1, 1), '' ORDER BY place)
  FROM range(${REGISTERS}) AS places(place)
  LEFT JOIN (
    SELECT (hash & ${REGISTERS - 1})::BIGINT AS slot, max(CASE WHEN word = 0 THEN 33 ELSE 32 - floor(log2(word))::INTEGER END) AS rank
    FROM (SELECT hash, (hash >> 32)::BIGINT AS word FROM (SELECT md5_number_lower(${value}) AS hash FROM ${from}))
    GROUP BY 1
  ) ON slot = place)`

/** Returns the registers of all parts together. */
export function mergeRegisters(parts: readonly Registers[]): Registers {
  const merged = new Uint8Array(REGISTERS)
  for (const part of parts) {
    const registers = read(part)
    for (let i = 0; i < REGISTERS; i++) if (registers[i] > merged[i]) merged[i] = registers[i]
  }
  return write(merged)
}

/** Returns how many distinct values registers have seen, roughly. Source: Ertl (2017), the improved raw estimator. */
export function estimateDistinct(text: Registers): number {
  const q = 32
  const counts = new Float64Array(q + 2)
  for (const register of read(text)) counts[register]++
  const m = REGISTERS
  let z = m * tau(1 - counts[q + 1] / m)
  for (let k = q; k >= 1; k--) z = 0.5 * (z + counts[k])
  z += m * sigma(counts[0] / m)
  return ((m / (2 * Math.LN2)) * m) / z
}

function sigma(start: number): number {
  if (start === 1) return Infinity
  let [x, y, z] = [start, 1, start]
  for (let before = Number.NaN; z !== before; ) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0
  let [x, y, z] = [start, 1, 1 - start]
  for (let before = Number.NaN; z !== before; ) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}
