import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'

/**
 * Where the uniform numbers of randomised scores come from: a seed and a key for each row (a whole number, the row's place by default),
 * so that the same row has the same set in any order; or the numbers themselves, in [0, 1].
 */
export type Randomize =
  | { readonly seed: number; readonly keys?: ArrayLike<number> }
  | { readonly uniform: ArrayLike<number> }

/** What a conformal predictor remembers of it. */
export type RandomSource = { readonly seed: number } | 'given'

/** Returns the uniform numbers of n rows of this kind (`path`). Throws `LENGTH_MISMATCH`, `UNIFORM_INVALID`, `SEED_INVALID`. */
export function uniformOf(n: number, given: Randomize, path: string): Float64Array {
  if ('uniform' in given) {
    checkLength(given.uniform.length, n, 'uniform numbers')
    for (let i = 0; i < n; i++)
      if (!(given.uniform[i] >= 0 && given.uniform[i] <= 1))
        throw new PodError('UNIFORM_INVALID', `the uniform number ${given.uniform[i]} of row ${i} is not in [0, 1]`)
    return Float64Array.from(given.uniform)
  }
  checkLength(given.keys?.length, n, 'keys')
  const { uniform } = random({ seed: given.seed, path: `conformal/${path}` })
  const { keys } = given
  if (keys === undefined) return Float64Array.from({ length: n }, (_, i) => uniform(i))
  return Float64Array.from({ length: n }, (_, i) => {
    if (!(Number.isSafeInteger(keys[i]) && keys[i] >= 0))
      throw new PodError('KEY_INVALID', `the key ${keys[i]} of row ${i} is no whole number >= 0`)
    return uniform(keys[i])
  })
}

/** Returns what to remember. */
export const sourceOf = (given: Randomize): RandomSource => ('uniform' in given ? 'given' : { seed: given.seed })

/** Returns the uniform numbers of n new rows, whose calibration was randomised from this source. Throws `PART_MISSING`. */
export function uniformOfNew(
  n: number,
  source: RandomSource,
  { keys, uniform }: { readonly keys?: ArrayLike<number>; readonly uniform?: ArrayLike<number> },
): Float64Array {
  if (uniform !== undefined) return uniformOf(n, { uniform }, 'new')
  if (source === 'given')
    throw new PodError('PART_MISSING', 'the calibration was randomised by given numbers, and the new rows have none', {
      hint: 'give { uniform }, one number in [0, 1] a row',
    })
  return uniformOf(n, { seed: source.seed, ...(keys ? { keys } : {}) }, 'new')
}
