import { type Random, random } from '@mlpod/math'

/** Random numbers one after the other. */
export interface Dice {
  /** Returns a number in [0, 1). */
  uniform(): number
  /** Returns a whole number in [0, n). */
  below(n: number): number
}

/** Returns the random numbers of a seed and a path in their order. */
export function diceOf(seed: number, path: string): Dice {
  const numbers: Random = random({ seed, path })
  let i = 0
  const uniform = (): number => numbers.uniform(i++)
  return { uniform, below: (n) => Math.floor(uniform() * n) }
}
