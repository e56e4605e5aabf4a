import type { Cell } from '../relation.ts'

/** Values that a sketch lists. */
export const LISTED = 20

/**
 * The most frequent values. A value occurs at least `count` and at most `count + more` times; one that is not listed occurs at most
 * `unlisted` times (0: all values are listed).
 */
export interface TopSketch {
  readonly values: readonly { readonly value: Cell; readonly count: number; readonly more?: number }[]
  readonly unlisted: number
}

/** Returns the list of all parts together. Source of the bounds: Misra, Gries (1982); Agarwal et al. (2012), mergeable summaries. */
export function mergeTop(parts: readonly TopSketch[]): TopSketch {
  const unlisted = parts.reduce((sum, part) => sum + part.unlisted, 0)
  const sums = new Map<Cell, { count: number; more: number }>()
  for (const part of parts)
    for (const { value, count, more = 0 } of part.values) {
      // until it is met in a part, the part's bound speaks for it
      const sum = sums.get(value) ?? { count: 0, more: unlisted }
      sums.set(value, { count: sum.count + count, more: sum.more + more - part.unlisted })
    }
  const order = [...sums].sort(
    ([a, x], [b, y]) => y.count - x.count || (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0),
  )
  const cut = order.slice(LISTED).reduce((most, [, { count, more }]) => Math.max(most, count + more), 0)
  return {
    values: order
      .slice(0, LISTED)
      .map(([value, { count, more }]) => (more > 0 ? { value, count, more } : { value, count })),
    unlisted: Math.max(unlisted, cut),
  }
}
