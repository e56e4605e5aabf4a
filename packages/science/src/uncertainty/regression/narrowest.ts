import { sortedWithoutNaN } from '@mlpod/math'
import { complement } from '../calibrate/levels.ts'

/** Shares of the error that are tried. */
const TRIED = 100

/**
 * Returns the levels of both sides that share the error alpha = 1 - level so that the scores' interval is narrowest: beta below and
 * alpha - beta above, beta one of 100 equally spaced numbers of [1 / (n + 1), alpha]; the first of equally narrow ones.
 * Source: MAPIE 1.6 `minimize_interval_width`, where quantiles are read as numpy's `higher` and `lower`.
 */
export function narrowestSplit(
  above: ArrayLike<number>,
  below: ArrayLike<number>,
  level: number,
): { readonly above: number; readonly below: number } {
  const ups = sortedWithoutNaN(above)
  const downs = sortedWithoutNaN(below)
  const n = Math.min(ups.length, downs.length)
  const alpha = complement(level)
  const [from, to] = [1 - n / (n + 1), alpha]
  let best = { width: Number.POSITIVE_INFINITY, beta: alpha / 2 }
  for (let i = 0; i < TRIED && n > 0; i++) {
    const beta = from + ((to - from) * i) / (TRIED - 1)
    const width = higher(ups, level + beta) + higher(downs, 1 - beta)
    if (width < best.width) best = { width, beta }
  }
  return { above: within(level + best.beta), below: within(1 - best.beta) }
}

const higher = (sorted: Float64Array, p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length - 1) * p - 1e-9))]

/** A side that may not err at all asks for all but the least share. */
const within = (level: number): number => Math.min(level, 1 - 1e-12)
