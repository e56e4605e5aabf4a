import { hashBytes, PodError } from '@mlpod/contract'
import { normalQuantile } from './normal.ts'
import { threefry, type Words } from './threefry.ts'

/** Random numbers of one seed and path. Number i depends on nothing but seed, path and i. */
export interface Random {
  readonly key: Words
  /** Returns a whole number in [0, 2^32). */
  uint32(i: number): number
  /** Returns a number in [0, 1) with 53 random bits. */
  uniform(i: number): number
  /** Returns a standard normal number, by inversion of 52 random bits. */
  normal(i: number): number
  /** Returns the numbers 0 .. n-1 in random order (Fisher, Yates). */
  permutation(n: number): Uint32Array
  /** Fills `out` with uniform numbers in [low, high); element j is number start + j. Returns `out`. */
  fillUniform<A extends Float32Array | Float64Array>(
    out: A,
    options?: { start?: number; low?: number; high?: number },
  ): A
  /** Fills `out` with normal numbers; element j is number start + j. Returns `out`. */
  fillNormal<A extends Float32Array | Float64Array>(out: A, options?: { start?: number; mean?: number; sd?: number }): A
  /** Returns the random numbers of a path below this one. */
  at(path: string): Random
}

const TWO_32 = 2 ** 32

/**
 * Returns counter-based random numbers: the key of Threefry-2x32-20 is (seed, first 32 bits of the path's SHA-256), the
 * counter is the row's number. No state: the same (seed, path, i) gives the same number on every machine.
 * `seed` is a whole number in [0, 2^32); throws `SEED_INVALID` otherwise. Counters are whole numbers in [0, 2^53).
 */
export function random({ seed, path = '' }: { readonly seed: number; readonly path?: string }): Random {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < TWO_32))
    throw new PodError('SEED_INVALID', `the seed ${seed} is not a whole number from 0 to ${TWO_32 - 1}`)
  const key: Words = [seed, Number.parseInt(hashBytes(path).slice(0, 8), 16)]
  const words = new Uint32Array(2)
  const draw = (i: number): void => threefry(key[0], key[1], i % TWO_32, Math.floor(i / TWO_32), words)
  const uint32 = (i: number): number => {
    draw(i)
    return words[0]
  }
  const uniform = (i: number): number => {
    draw(i)
    return ((words[0] >>> 5) * 67108864 + (words[1] >>> 6)) / 9007199254740992
  }
  const normal = (i: number): number => {
    draw(i)
    // the middle of one of 2^52 equal cells: never 0 or 1, and exact in a double
    return normalQuantile(((words[0] >>> 6) * 67108864 + (words[1] >>> 6) + 0.5) / 4503599627370496)
  }
  return {
    key,
    uint32,
    uniform,
    normal,
    permutation(n) {
      const order = new Uint32Array(n)
      for (let i = 0; i < n; i++) order[i] = i
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(uniform(i) * (i + 1))
        const held = order[i]
        order[i] = order[j]
        order[j] = held
      }
      return order
    },
    fillUniform(out, { start = 0, low = 0, high = 1 } = {}) {
      for (let j = 0; j < out.length; j++) out[j] = low + (high - low) * uniform(start + j)
      return out
    },
    fillNormal(out, { start = 0, mean = 0, sd = 1 } = {}) {
      for (let j = 0; j < out.length; j++) out[j] = mean + sd * normal(start + j)
      return out
    },
    at: (below) => random({ seed, path: path === '' ? below : `${path}/${below}` }),
  }
}
