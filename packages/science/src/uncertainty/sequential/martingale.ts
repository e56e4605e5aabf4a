import { PodError } from '@mlpod/contract'

/** What every betting strategy's state tells: steps made, and the logarithm of the wealth, which starts at 1. */
export interface Wealth {
  readonly t: number
  readonly logWealth: number
}

/**
 * A strategy of bets against a stream: of p-values that are uniform, or e-values with mean at most 1. While that holds, the
 * wealth is a (super)martingale: it ever reaches 1 / level with probability at most `level` (Ville 1939). States are plain
 * data: save one, read it again, go on.
 */
export interface Martingale<S extends Wealth> {
  readonly start: S
  /** Returns the state after betting on `value`, decided by the state before it, which is one of this strategy's own. */
  next(state: S, value: number): S
}

/** A stream of bets. */
export interface MartingaleRun<S> {
  /** Logarithm of the wealth after each value. */
  readonly logWealth: Float64Array
  /** Place of the first value after which the wealth reached 1 / level; null if it never did. */
  readonly rejectedAt: number | null
  readonly state: S
}

/** Returns the wealth along a stream, from a state or the start. `level` is 0.05 by default. Throws `LEVEL_INVALID`. */
export function runMartingale<S extends Wealth>(
  martingale: Martingale<S>,
  values: ArrayLike<number>,
  { state = martingale.start, level = 0.05 }: { readonly state?: S; readonly level?: number } = {},
): MartingaleRun<S> {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
  const logWealth = new Float64Array(values.length)
  const goal = -Math.log(level)
  let [now, rejectedAt] = [state, null as number | null]
  for (let i = 0; i < values.length; i++) {
    now = martingale.next(now, values[i])
    logWealth[i] = now.logWealth
    if (rejectedAt === null && now.logWealth >= goal) rejectedAt = i
  }
  return { logWealth, rejectedAt, state: now }
}

/** Throws `P_VALUE_INVALID`. */
export function checkPValue(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new PodError('P_VALUE_INVALID', `${p} is no p-value`)
}

/** log(sum exp) of numbers, -Infinity of none. */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = -Infinity
  for (let i = 0; i < values.length; i++) if (values[i] > largest) largest = values[i]
  if (largest === -Infinity) return largest
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - largest)
  return largest + Math.log(sum)
}
