/** Two 32-bit words: a key or a counter. */
export type Words = readonly [number, number]

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const
/** Skein's key parity constant for 32-bit words. */
const PARITY = 0x1bd11bda

/**
 * Writes the two 32-bit words of Threefry-2x32 with 20 rounds into `out`: a bijection of the counter for each key, so
 * every number can be had by its counter alone, in any order. Source: Salmon et al. (2011), Random123; jax agrees.
 */
export function threefry(key0: number, key1: number, counter0: number, counter1: number, out: Uint32Array): void {
  const key2 = PARITY ^ key0 ^ key1
  let x0 = (counter0 + key0) | 0
  let x1 = (counter1 + key1) | 0
  for (let block = 0; block < 5; block++) {
    const at = (block % 2) * 4
    for (let round = at; round < at + 4; round++) {
      x0 = (x0 + x1) | 0
      const turn = ROTATIONS[round]
      x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0
    }
    // the key is added again after every four rounds, turned by one word each time
    const [first, second] = block % 3 === 0 ? [key1, key2] : block % 3 === 1 ? [key2, key0] : [key0, key1]
    x0 = (x0 + first) | 0
    x1 = (x1 + second + block + 1) | 0
  }
  out[0] = x0
  out[1] = x1
}
