import { PodError } from '@mlpod/contract'
import { conformalRank, sortNumbers } from '@mlpod/math'

/**
 * Scores seen as a stream, kept as a few thousand: `levels[h]` holds scores that stand for 2^h each. A pair that is joined is
 * replaced by its larger one, so that the sketch never counts more scores below a number than there are: thresholds read from
 * it cover at least as often as exact ones, and by at most `excess` ranks more.
 */
export interface ScoreSketch {
  readonly capacity: number
  readonly n: number
  readonly dropped: number
  /** Ranks by which the sketch may count too few. */
  readonly excess: number
  readonly levels: readonly Float64Array[]
}

/**
 * Returns an empty sketch. With `capacity` c (16,384 by default, even, >= 2) and n scores it keeps at most c (log2(n / c) + 1) of them,
 * and its excess is at most n (log2(n / c) + 1) / c. Throws `CAPACITY_INVALID`.
 * Source: Manku, Rajagopalan, Lindsay 1998, with one-sided joining so that the error never costs coverage.
 */
export function scoreSketch({ capacity = 16_384 }: { readonly capacity?: number } = {}): ScoreSketch {
  if (!(Number.isInteger(capacity) && capacity >= 2 && capacity % 2 === 0))
    throw new PodError('CAPACITY_INVALID', `${capacity} is no capacity of a sketch`, { hint: 'an even number >= 2' })
  return { capacity, n: 0, dropped: 0, excess: 0, levels: [] }
}

/** Returns the sketch with more scores; NaN are dropped and counted. */
export function addScores(sketch: ScoreSketch, scores: ArrayLike<number>): ScoreSketch {
  const { capacity } = sketch
  const levels = [...sketch.levels]
  let { n, dropped, excess } = sketch
  const buffer = new Float64Array(capacity)
  let filled = 0
  const flush = (): void => {
    excess += put(levels, 0, buffer.slice(0, filled), capacity)
    filled = 0
  }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    if (Number.isNaN(score)) {
      dropped++
      continue
    }
    n++
    buffer[filled++] = score
    if (filled === capacity) flush()
  }
  if (filled > 0) flush()
  return { capacity, n, dropped, excess, levels }
}

/** Returns the sketch of both streams. Throws `CAPACITY_INVALID` when their capacities differ. */
export function mergeSketches(a: ScoreSketch, b: ScoreSketch): ScoreSketch {
  if (a.capacity !== b.capacity)
    throw new PodError('CAPACITY_INVALID', `sketches of capacity ${a.capacity} and ${b.capacity} do not merge`)
  const levels = [...a.levels]
  let excess = a.excess + b.excess
  b.levels.forEach((values, h) => {
    if (values.length > 0) excess += put(levels, h, values, a.capacity)
  })
  return { capacity: a.capacity, n: a.n + b.n, dropped: a.dropped + b.dropped, excess, levels }
}

/** Puts scores at a level, joining pairs upward while a level is full; returns the ranks that this may cost. */
function put(levels: Float64Array[], level: number, values: Float64Array, capacity: number): number {
  let cost = 0
  let carried = values
  for (let h = level; carried.length > 0; h++) {
    const held = levels[h] ?? new Float64Array(0)
    const all = new Float64Array(held.length + carried.length)
    all.set(held)
    all.set(carried, held.length)
    if (all.length < capacity) {
      levels[h] = all
      break
    }
    sortNumbers(all)
    // the least stays alone when their number is odd
    const odd = all.length % 2
    carried = new Float64Array(all.length >> 1)
    for (let i = 0; i < carried.length; i++) carried[i] = all[odd + 2 * i + 1]
    levels[h] = all.slice(0, odd)
    cost += 2 ** h
  }
  return cost
}

/** A threshold read from a sketch: the true rank of `threshold` is between `rank` and `rank + excess`. */
export interface SketchThreshold {
  readonly threshold: number
  readonly rank: number
  readonly n: number
  readonly dropped: number
  readonly excess: number
}

/**
 * Returns the thresholds at these levels: each covers at least as often as the exact rank k = ceil((n + 1) level), and is infinite
 * where the sketch cannot tell k scores below a number. Throws `CALIBRATION_EMPTY`, `LEVEL_INVALID`.
 */
export function sketchThresholds(sketch: ScoreSketch, levels: readonly number[]): SketchThreshold[] {
  const { n, dropped, excess } = sketch
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration score in the sketch')
  const pairs = sketch.levels.flatMap((values, h) => Array.from(values, (value) => [value, 2 ** h] as const))
  pairs.sort(([a], [b]) => a - b)
  return levels.map((level) => {
    const rank = conformalRank(n, level)
    let seen = 0
    const at = pairs.find(([, weight]) => {
      seen += weight
      return seen >= rank
    })
    return { threshold: at === undefined ? Number.POSITIVE_INFINITY : at[0], rank, n, dropped, excess }
  })
}
