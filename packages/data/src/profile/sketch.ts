import { type Moments, mergeMoments } from '@mlpod/math'
import { DISTINCT_ERROR, estimateDistinct, mergeRegisters, type Registers } from './distinctSketch.ts'
import { mergeRankSketches, type RankSketch } from './rankSketch.ts'
import { mergeTop, type TopSketch } from './topSketch.ts'

/** Count, mean, centred power sums to order four, least and greatest; null where it overflows or there is no value. */
export interface SketchMoments {
  readonly n: number
  readonly mean: number
  readonly m2: number
  readonly m3: number
  readonly m4: number
  readonly min: number
  readonly max: number
}

/**
 * What of a column's profile merges with that of other rows: counts, moments, least and greatest are exact, the rest within stated
 * bounds. Dates and moments are numbers of milliseconds since 1970. At most 4 KB as JSON.
 */
export interface ColumnSketch {
  /** What was measured: numbers, whole numbers that doubles cannot tell apart, texts, truth values, moments in time. */
  readonly kind: 'number' | 'bigint' | 'text' | 'bool' | 'date'
  readonly rows: number
  readonly missing: number
  readonly nan: number
  readonly infinite: number
  readonly zeros: number
  readonly negative: number
  /** Of numbers and moments in time; for texts of their lengths. */
  readonly moments: SketchMoments | null
  /** Exact in the profile of one table; after a merge an estimate from the registers. */
  readonly distinct: number
  /** Standard error of `distinct` as a share; 0 where it is exact. */
  readonly distinctError: number
  readonly registers: Registers
  readonly ranks: RankSketch | null
  readonly top: TopSketch
  /** The most frequent shapes of texts (digits 9, letters A); null where they were not looked at. */
  readonly shapes: TopSketch | null
}

/** Returns the sketch of all parts of a column together. */
export function mergeSketches(parts: readonly ColumnSketch[]): ColumnSketch {
  if (parts.length === 1) return parts[0]
  const sum = (read: (part: ColumnSketch) => number): number => parts.reduce((total, part) => total + read(part), 0)
  const registers = mergeRegisters(parts.map((part) => part.registers))
  const shapes = parts.map((part) => part.shapes)
  const ranks = parts.flatMap((part) => part.ranks ?? [])
  const filled = parts.filter(({ rows, missing }) => rows > missing)
  // the only part with values knows them exactly, and so does a list of all
  const top = mergeTop(parts.map((part) => part.top))
  const exact = filled.length <= 1 ? (filled[0]?.distinct ?? 0) : top.unlisted === 0 ? top.values.length : undefined
  const moments = filled.map((part) => part.moments)
  const kinds = new Set(parts.map((part) => part.kind))
  return {
    kind: parts[0].kind,
    rows: sum((part) => part.rows),
    missing: sum((part) => part.missing),
    nan: sum((part) => part.nan),
    infinite: sum((part) => part.infinite),
    zeros: sum((part) => part.zeros),
    negative: sum((part) => part.negative),
    moments: moments.some((part) => part === null) ? null : mergedMoments(moments as readonly Moments[]),
    // hashes of doubles and of digits do not go together: no more is known than the sum
    ...(kinds.size > 1
      ? { kind: 'bigint', distinct: sum((part) => part.distinct), distinctError: 1 }
      : {
          distinct: exact ?? Math.round(estimateDistinct(registers)),
          distinctError: exact === undefined ? DISTINCT_ERROR : (filled[0]?.distinctError ?? 0),
        }),
    registers,
    ranks: ranks.length === 0 ? null : mergeRankSketches(ranks),
    top,
    shapes: shapes.some((part) => part === null) ? null : mergeTop(shapes as readonly TopSketch[]),
  }
}

function mergedMoments(parts: readonly Moments[]): SketchMoments | null {
  const [first, ...others] = parts
  if (first === undefined) return null
  const merged = others.reduce(mergeMoments, first)
  return Object.values(merged).every(Number.isFinite) ? merged : null
}
