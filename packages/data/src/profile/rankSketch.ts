import { sortNumbers } from '@mlpod/math'
import type { Tally } from './tally.ts'

/** Intervals of equal depth. */
const INTERVALS = 40

/**
 * Values at about equal steps of rank. The rank of each is known to within `error` (a share of n; 0 before any merge), and that
 * of any other number to within `error` and half the values between its neighbours.
 */
export interface RankSketch {
  readonly n: number
  readonly values: readonly number[]
  /** Values between the one before and this, and as large as this. */
  readonly between: readonly number[]
  readonly equal: readonly number[]
  /** Greatest error of the rank of a value in the list, as a share of n. */
  readonly error: number
}

/** Returns the sketch of values. */
export function rankSketch({ values, counts, ends, n }: Tally): RankSketch {
  const points: Point[] = []
  const last = values.length - 1
  const depth = n / INTERVALS
  for (let i = 0; i <= last; ) {
    points.push({ value: values[i], below: ends[i] - counts[i], upTo: ends[i] })
    if (i === last) break
    // the next is the last that leaves no gap deeper than an interval: it ends where the one after would begin too late
    let [low, high] = [i + 1, last]
    const limit = ends[i] + depth
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle + 1] - counts[middle + 1] > limit) high = middle
      else low = middle + 1
    }
    i = low
  }
  return written(points, n, 0)
}

interface Point {
  readonly value: number
  /** Ranks: values less than it, and at most as large. */
  readonly below: number
  readonly upTo: number
}

const written = (points: readonly Point[], n: number, error: number): RankSketch => ({
  n,
  values: points.map(({ value }) => value),
  between: points.map(({ below }, i) => below - (i === 0 ? 0 : points[i - 1].upTo)),
  equal: points.map(({ below, upTo }) => upTo - below),
  error,
})

function pointsOf({ values, between, equal }: RankSketch): Point[] {
  let seen = 0
  return values.map((value, i) => {
    const below = seen + between[i]
    seen = below + equal[i]
    return { value, below, upTo: seen }
  })
}

/** The ranks (below, up to) of a number, and the greatest error of each beside that of the sketch's own points, in rows. */
function ranksOf(points: readonly Point[], value: number): { below: number; upTo: number; error: number } {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle].value < value) low = middle + 1
    else high = middle
  }
  const next = points[low]
  if (next?.value === value) return { below: next.below, upTo: next.upTo, error: 0 }
  const from = low === 0 ? 0 : points[low - 1].upTo
  const to = next === undefined ? from : next.below
  const middle = (from + to) / 2
  return { below: middle, upTo: middle, error: (to - from) / 2 }
}

/**
 * Returns the sketch of all parts together, cut once more to equal depth. Ranks in it err by what they erred in the parts, and where
 * a part does not hold a value by half of its gap there: at most 1 / 80 a merge, whatever the number of parts.
 */
export function mergeRankSketches(parts: readonly RankSketch[]): RankSketch {
  const filled = parts.filter(({ n }) => n > 0)
  const n = filled.reduce((sum, part) => sum + part.n, 0)
  const own = filled.reduce((sum, part) => sum + part.error * part.n, 0)
  const all = sortNumbers(Float64Array.from(new Set(filled.flatMap(({ values }) => values))))
  const place = new Map(Array.from(all, (value, i) => [value, i]))
  const [below, upTo] = [new Float64Array(all.length), new Float64Array(all.length)]
  // what holds between two of a part's points is written as a step up at the first place and a step down after the last
  const [steps, errorSteps] = [new Float64Array(all.length + 1), new Float64Array(all.length + 1)]
  for (const part of filled) {
    let [from, seen] = [0, 0]
    const gap = (to: number, rank: number): void => {
      const [middle, half] = [(seen + rank) / 2, (rank - seen) / 2]
      steps[from] += middle
      steps[to] -= middle
      errorSteps[from] += half
      errorSteps[to] -= half
    }
    for (const point of pointsOf(part)) {
      const at = place.get(point.value)!
      gap(at, point.below)
      below[at] += point.below
      upTo[at] += point.upTo
      ;[from, seen] = [at + 1, point.upTo]
    }
    gap(all.length, seen)
  }
  let [level, errorLevel] = [0, 0]
  const merged = Array.from(all, (value, i) => {
    level += steps[i]
    errorLevel += errorSteps[i]
    // whole rows, for half a row of error
    return {
      value,
      below: Math.round(below[i] + level),
      upTo: Math.round(upTo[i] + level),
      error: own + errorLevel + 0.5,
    }
  })
  const kept: (typeof merged)[number][] = []
  for (const [i, point] of merged.entries()) {
    const next = merged[i + 1]
    const last = kept.at(-1)?.upTo ?? 0
    if (i === 0 || next === undefined || next.upTo - last > n / INTERVALS) kept.push(point)
  }
  const error = kept.reduce((most, point) => Math.max(most, point.error), 0) / Math.max(1, n)
  return written(kept, n, error)
}

/** The greatest error of the rank of a quantile read from the sketch, as a share of n. */
export const rankError = ({ n, between, error }: RankSketch): number => error + Math.max(0, ...between) / Math.max(1, n)

/** Returns the value at a share p of the ranks, whose true rank is within `rankError` of it; null of no values. */
export function quantileOfSketch(sketch: RankSketch, p: number): number | null {
  if (sketch.n === 0) return null
  const points = pointsOf(sketch)
  const rank = p * (sketch.n - 1)
  for (const [i, { value, below, upTo }] of points.entries()) {
    if (rank < below && i > 0) {
      const before = points[i - 1]
      const share = (rank - before.upTo + 1) / (below - before.upTo + 1)
      return before.value + (value - before.value) * Math.min(1, Math.max(0, share))
    }
    if (rank < upTo) return value
  }
  return points[points.length - 1].value
}

/** Returns the greatest difference of the distribution functions of two sketches, and by how much it may be off. */
export function rankDistance(a: RankSketch, b: RankSketch): { readonly value: number; readonly error: number } {
  const sides = [a, b].map((sketch) => ({ n: sketch.n, points: pointsOf(sketch), error: rankError(sketch) }))
  let value = 0
  for (const at of new Set([...a.values, ...b.values])) {
    const [x, y] = sides.map(({ n, points }) => {
      const { below, upTo } = ranksOf(points, at)
      return { below: below / n, upTo: upTo / n }
    })
    value = Math.max(value, Math.abs(x.below - y.below), Math.abs(x.upTo - y.upTo))
  }
  return { value, error: sides[0].error + sides[1].error }
}
