import { quantile } from '@mlpod/math'
import { asColumn, columnAlgebra, columnOf } from '../algebra/columns.ts'
import type { RegressionPart, RegressionScore, regressionScores } from '../regression/scores.ts'
import { checkedParts, type RegressionColumns, scoreOf } from '../regression/splitRegression.ts'
import { calibrateJoint, type JointCalibration, type JointOptions, rowsOf } from './jointScores.ts'

/** Boxes over several outputs, calibrated: plain data but for the score's formulas. */
export interface JointConformal {
  readonly score: RegressionScore
  readonly outputs: number
  /** Whether one threshold serves both sides of an output; otherwise each side is a coordinate of its own. */
  readonly symmetric: boolean
  readonly joint: JointCalibration
}

/** Settings of `calibrateJointIntervals`. */
export interface JointIntervalOptions extends Omit<JointOptions, 'coordinates'> {
  /** Outputs a row: targets, or the horizons of a trajectory. */
  readonly outputs: number
  readonly score?: RegressionScore | keyof typeof regressionScores
  readonly symmetric?: boolean
}

function coordinatesOf(
  y: ArrayLike<number>,
  parts: RegressionColumns,
  score: RegressionScore,
  { outputs, symmetric }: { readonly outputs: number; readonly symmetric: boolean },
): Float64Array {
  const cells = y.length
  const given = checkedParts(score, parts, cells)
  const above = columnOf(score.above(columnAlgebra, asColumn(y), given), cells)
  const below = columnOf(score.below(columnAlgebra, asColumn(y), given), cells)
  if (symmetric) return columnOf(columnAlgebra.max(above, below), cells)
  const both = new Float64Array(2 * cells)
  for (let at = 0; at < cells; at++) {
    const [row, j] = [Math.floor(at / outputs), at % outputs]
    both[row * 2 * outputs + j] = above[at]
    both[row * 2 * outputs + outputs + j] = below[at]
  }
  return both
}

/**
 * Returns the calibration of boxes that hold all outputs of a row at once with probability at least `level`: `y` and each part [n, outputs]
 * row-major, NaN in `y` where an output is missing. Throws what `calibrateJoint` and `calibrateRegression` throw.
 */
export function calibrateJointIntervals(
  y: ArrayLike<number>,
  parts: RegressionColumns,
  { outputs, score = 'absolute', symmetric, ...options }: JointIntervalOptions,
): JointConformal {
  rowsOf(y.length, outputs, 'values of y')
  const used = scoreOf(score)
  const both = symmetric ?? used.symmetric
  const scores = coordinatesOf(y, parts, used, { outputs, symmetric: both })
  return {
    score: used,
    outputs,
    symmetric: both,
    joint: calibrateJoint(scores, { ...options, coordinates: both ? outputs : 2 * outputs }),
  }
}

/** Boxes of m rows: each bound [m, outputs, levels] row-major. */
export interface JointIntervals {
  readonly levels: readonly number[]
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** Returns the boxes of new rows, `parts` [m, outputs]. Throws `PART_MISSING`, `LENGTH_MISMATCH`. */
export function jointIntervals(
  { score, outputs, symmetric, joint }: JointConformal,
  parts: RegressionColumns,
): JointIntervals {
  const { levels, thresholds, coordinates } = joint
  const cells = parts[score.parts[0]]?.length ?? 0
  rowsOf(cells, outputs, `values of "${score.parts[0]}"`)
  const given = checkedParts(score, parts, cells)
  const lower = new Float64Array(cells * levels.length)
  const upper = new Float64Array(cells * levels.length)
  levels.forEach((_, l) => {
    const q = (side: number): Float64Array =>
      Float64Array.from({ length: cells }, (_, at) => thresholds[l * coordinates + side * outputs + (at % outputs)])
    const write = (out: Float64Array, bounds: number | Float64Array, infinity: number): void => {
      const column = columnOf(bounds, cells)
      for (let at = 0; at < cells; at++) out[at * levels.length + l] = Number.isNaN(column[at]) ? infinity : column[at]
    }
    const known = given as Readonly<Record<RegressionPart, Float64Array>>
    write(upper, score.upper(columnAlgebra, q(0), known), Number.POSITIVE_INFINITY)
    write(lower, score.lower(columnAlgebra, q(symmetric ? 0 : 1), known), Number.NEGATIVE_INFINITY)
  })
  return { levels, lower, upper }
}

/** Returns for each of m rows and levels whether its box holds all outputs that are known: [m, levels], 1 or 0. */
export function jointCover(
  y: ArrayLike<number>,
  { levels, lower, upper }: JointIntervals,
  outputs: number,
): Uint8Array {
  const m = rowsOf(y.length, outputs, 'values of y')
  const width = levels.length
  return Uint8Array.from({ length: m * width }, (_, at) => {
    const [i, l] = [Math.floor(at / width), at % width]
    for (let j = 0; j < outputs; j++) {
      const cell = i * outputs + j
      if (y[cell] < lower[cell * width + l] || y[cell] > upper[cell * width + l]) return 0
    }
    return 1
  })
}

/**
 * Returns the size of the errors at each output or horizon, [outputs]: their `level`-quantile over rows of errors [n, outputs] that
 * calibrate nothing else; the `scales` of `maxScore`, so that a trajectory's tube widens with the horizon as its errors do.
 */
export function errorScales(
  errors: ArrayLike<number>,
  outputs: number,
  { level = 0.9 }: { readonly level?: number } = {},
): Float64Array {
  const n = rowsOf(errors.length, outputs, 'errors')
  return Float64Array.from({ length: outputs }, (_, j) => {
    const sizes = Float64Array.from({ length: n }, (_, i) => Math.abs(errors[i * outputs + j]))
    return Math.max(Number.MIN_VALUE, quantile(sizes, level))
  })
}
