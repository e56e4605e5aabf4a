import { PodError } from '@mlpod/contract'

/** Throws `OPTION_INVALID` unless a number lies in [low, high] (or above `low` where `open`). */
export function checkOption(
  name: string,
  value: number,
  { low, high = Number.POSITIVE_INFINITY, open = false }: { low: number; high?: number; open?: boolean },
): number {
  if (value >= low && value <= high && !(open && value === low)) return value
  throw new PodError(
    'OPTION_INVALID',
    `the ${name} ${value} is not a number ${open ? 'above' : 'from'} ${low}${high === Infinity ? '' : ` to ${high}`}`,
  )
}

/** How many scores are kept: the latest so many, all, or those of the history for ever. */
export type WindowOption = number | 'all' | 'fixed'

/** Returns the capacity of a window. Throws `OPTION_INVALID`. */
export function capacityOf(window: WindowOption): number | null {
  if (window === 'all') return null
  if (window === 'fixed') return 0
  if (Number.isInteger(window) && window >= 1) return window
  throw new PodError('OPTION_INVALID', `the window ${window} is no number of scores`, {
    hint: "a whole number from 1, 'all' or 'fixed'",
  })
}
