import { asColumn, type Column, columnAlgebra, columnOf } from '../algebra/columns.ts'
import { eachSide, type LevelOption, levelsOf } from '../calibrate/levels.ts'
import type { RegressionScore, regressionScores } from '../regression/scores.ts'
import { checkedParts, type Intervals, type RegressionColumns, scoreOf } from '../regression/splitRegression.ts'
import {
  type ConditionalConformal,
  type CutoffOptions,
  calibrateConditional,
  conditionalCutoffs,
} from './conditionalConformal.ts'

/** Intervals with conditional guarantees, calibrated: plain data but for the score's formulas. */
export interface ConditionalRegression {
  readonly score: RegressionScore
  readonly levels: readonly number[]
  readonly symmetric: boolean
  readonly above: ConditionalConformal
  readonly below: ConditionalConformal
}

/** Settings of `calibrateConditionalIntervals`. */
export interface ConditionalRegressionOptions extends LevelOption {
  /** [n, width]: what coverage shall hold given; see `calibrateConditional`. */
  readonly features: ArrayLike<number>
  readonly score?: RegressionScore | keyof typeof regressionScores
  /** One cutoff for both sides, or one for each at half the error; the score's own choice by default. */
  readonly symmetric?: boolean
}

/**
 * Returns the calibration of intervals that cover within every weighting of rows by the features; see `calibrateConditional`, whose errors it
 * throws, and those of `calibrateRegression`.
 */
export function calibrateConditionalIntervals(
  y: ArrayLike<number>,
  parts: RegressionColumns,
  { features, score, symmetric, ...options }: ConditionalRegressionOptions,
): ConditionalRegression {
  const used = scoreOf(score ?? (parts.lower === undefined ? 'absolute' : 'cqr'))
  const both = symmetric ?? used.symmetric
  const levels = levelsOf(options)
  const n = y.length
  const given = checkedParts(used, parts, n, { y: asColumn(y) })
  const above = used.above(columnAlgebra, asColumn(y), given)
  const below = used.below(columnAlgebra, asColumn(y), given)
  const of = (scores: Column, level: readonly number[]): ConditionalConformal =>
    calibrateConditional(columnOf(scores, n), { features, level })
  if (both) {
    const one = of(columnAlgebra.max(above, below), levels)
    return { score: used, levels, symmetric: both, above: one, below: one }
  }
  const sides = levels.map(eachSide)
  return { score: used, levels, symmetric: both, above: of(above, sides), below: of(below, sides) }
}

/** Intervals of new rows, and what was found of their cutoffs. */
export interface ConditionalIntervals extends Intervals {
  /** Cutoffs that are infinite, and those given up at the cap, over both sides. */
  readonly infinite: number
  readonly capped: number
}

/** Returns the intervals of new rows from their parts and features [m, width]. Throws what `conditionalCutoffs` throws, and `PART_MISSING`. */
export function conditionalIntervals(
  { score, levels, above, below }: ConditionalRegression,
  parts: RegressionColumns,
  features: ArrayLike<number>,
  options: CutoffOptions = {},
): ConditionalIntervals {
  const ups = conditionalCutoffs(above, features, options)
  const downs = above === below ? ups : conditionalCutoffs(below, features, options)
  const width = levels.length
  const m = ups.cutoffs.length / width
  const given = checkedParts(score, parts, m)
  const lower = new Float64Array(m * width)
  const upper = new Float64Array(m * width)
  let empty = 0
  for (let l = 0; l < width; l++) {
    const at = ({ cutoffs }: typeof ups): Float64Array =>
      Float64Array.from({ length: m }, (_, i) => cutoffs[i * width + l])
    const high = columnOf(score.upper(columnAlgebra, at(ups), given), m)
    const low = columnOf(score.lower(columnAlgebra, at(downs), given), m)
    for (let i = 0; i < m; i++) {
      upper[i * width + l] = Number.isNaN(high[i]) ? Number.POSITIVE_INFINITY : high[i]
      lower[i * width + l] = Number.isNaN(low[i]) ? Number.NEGATIVE_INFINITY : low[i]
      if (lower[i * width + l] > upper[i * width + l]) empty++
    }
  }
  const found = ups === downs ? [ups] : [ups, downs]
  const sum = (of: (one: typeof ups) => number): number => found.reduce((total, one) => total + of(one), 0)
  return { levels, lower, upper, empty, infinite: sum((one) => one.infinite), capped: sum((one) => one.capped) }
}
