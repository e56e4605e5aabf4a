import { didYouMean, PodError } from '@mlpod/contract'
import type { ExprNode, Sql } from '@mlpod/data'
import { type Affine, affineAlgebra, knownColumn, unknownThreshold } from '../algebra/affine.ts'
import { asColumn, type Column, columnAlgebra, columnOf } from '../algebra/columns.ts'
import { sqlAlgebra } from '../algebra/sql.ts'
import {
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  checkLength,
  type NewRows,
  thresholdsOf,
} from '../calibrate/calibrate.ts'
import { eachSide, levelsOf } from '../calibrate/levels.ts'
import { narrowestSplit } from './narrowest.ts'
import { type RegressionPart, type RegressionParts, type RegressionScore, regressionScores } from './scores.ts'

/** Intervals, calibrated: plain data but for the score's formulas. */
export interface RegressionConformal {
  readonly score: RegressionScore
  readonly levels: readonly number[]
  /** Whether one threshold serves both sides; then `above` and `below` are the same. */
  readonly symmetric: boolean
  readonly above: Calibration
  readonly below: Calibration
  /** Rows whose quantiles cross (lower > upper); they are used as they are. */
  readonly crossing: number
}

/** What a model said of n rows: an array for each part that the score reads. */
export type RegressionColumns = RegressionParts<ArrayLike<number>>

/** Settings of `calibrateRegression`. */
export interface RegressionOptions extends CalibrateOptions {
  /** By default `absolute` (or `cqr` where the model states quantiles). */
  readonly score?: RegressionScore | keyof typeof regressionScores
  /** One threshold for both sides, or one for each at half the error; the score's own choice by default. */
  readonly symmetric?: boolean
  /** Shares the error between both sides so that the calibration rows' intervals are narrowest. Only where they have their own thresholds. */
  readonly narrowest?: boolean
}

/**
 * Returns the calibration of split conformal intervals: {y: score <= threshold} of a new exchangeable row holds its y with
 * probability at least `level`, in each group. Both sides have one threshold (`symmetric`), or one each at level (1 + level) / 2.
 * `parts` holds what the model says of the n rows, by the names of the score's parts.
 * A score of your own is a `RegressionScore`; whether its bounds undo it is tried on the rows. Throws `SCORE_INCONSISTENT` if not,
 * `PART_MISSING`, `LENGTH_MISMATCH`, `VALUE_NOT_POSITIVE` (gamma), `SCORE_UNKNOWN`, `OPTION_CONFLICT` when a symmetric score
 * is to be the narrowest, and what `calibrateScores` throws.
 */
export function calibrateRegression(
  y: ArrayLike<number>,
  parts: RegressionColumns,
  { score, symmetric, narrowest, ...options }: RegressionOptions,
): RegressionConformal {
  const used = scoreOf(score ?? (parts.lower === undefined ? 'absolute' : 'cqr'))
  const truth = asColumn(y)
  const given = checkedParts(used, parts, y.length, { y: truth })
  if (typeof score === 'object') checkInverse(score, truth, given)
  const scores = sideScores(used, truth, given, symmetric ?? used.symmetric)
  return calibrateSides(used, scores, { narrowest, ...options, crossing: countCrossing(given) })
}

/** Rows whose scores are computed together, so that what is between stays near. */
const BLOCK = 4096

/** Returns the scores of rows. */
export function sideScores(
  score: RegressionScore,
  y: Float64Array,
  given: Readonly<Record<RegressionPart, Float64Array>>,
  symmetric: boolean,
): SideScores {
  const n = y.length
  const [first, second] = [new Float64Array(n), symmetric ? undefined : new Float64Array(n)]
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const truth = y.subarray(from, to)
    const parts = Object.fromEntries(score.parts.map((part) => [part, given[part].subarray(from, to)])) as typeof given
    const above = score.above(columnAlgebra, truth, parts)
    const below = score.below(columnAlgebra, truth, parts)
    first.set(columnOf(second === undefined ? columnAlgebra.max(above, below) : above, to - from), from)
    second?.set(columnOf(below, to - from), from)
  }
  return second === undefined ? { both: first } : { above: first, below: second }
}

/** Rows on which a score that is not of the table is tried. */
const TRIED = 1000

/** Throws `SCORE_INCONSISTENT` where the bounds of a row at its own score are not its y. */
function checkInverse(
  score: RegressionScore,
  truth: Float64Array,
  given: Readonly<Record<RegressionPart, Float64Array>>,
): void {
  const n = Math.min(TRIED, truth.length)
  const y = truth.subarray(0, n)
  const parts = Object.fromEntries(score.parts.map((part) => [part, given[part].subarray(0, n)])) as typeof given
  for (const [side, bound] of [
    ['upper', score.upper(columnAlgebra, score.above(columnAlgebra, y, parts), parts)],
    ['lower', score.lower(columnAlgebra, score.below(columnAlgebra, y, parts), parts)],
  ] as const) {
    const bounds = columnOf(bound, n)
    const i = bounds.findIndex((value, at) => Math.abs(value - y[at]) > 1e-6 * Math.max(1, Math.abs(y[at])))
    if (i >= 0)
      throw new PodError(
        'SCORE_INCONSISTENT',
        `the ${side} bound of the score "${score.name}" does not undo it: row ${i} has y ${y[i]}, and its bound at its own score is ${bounds[i]}`,
        { hint: 'upper(above(y)) and lower(below(y)) must give y again' },
      )
  }
}

/** How far each y lies above and below what the model says, or the farther of both where one threshold serves both sides. */
export type SideScores =
  | { readonly above: Float64Array; readonly below: Float64Array }
  | { readonly both: Float64Array }

/** Returns the calibration of scores of both sides, or of one for both. Throws as `calibrateRegression`. */
export function calibrateSides(
  score: RegressionScore,
  scores: SideScores,
  {
    narrowest = false,
    crossing,
    ...options
  }: Omit<RegressionOptions, 'score' | 'symmetric'> & { readonly crossing: number },
): RegressionConformal {
  const levels = levelsOf(options)
  const at = (values: Float64Array, level: readonly number[]): Calibration =>
    calibrateScores(values, { ...options, alpha: undefined, level })
  if ('both' in scores) {
    if (narrowest)
      throw new PodError('OPTION_CONFLICT', `the score "${score.name}" has one threshold for both sides`, {
        because: 'the narrowest interval shares the error between two thresholds',
        hint: 'set symmetric: false',
      })
    const calibration = at(scores.both, levels)
    return { score, levels, symmetric: true, crossing, above: calibration, below: calibration }
  }
  const { above, below } = scores
  const sides = levels.map((level) =>
    narrowest ? narrowestSplit(above, below, level) : { above: eachSide(level), below: eachSide(level) },
  )
  return {
    score,
    levels,
    symmetric: false,
    crossing,
    above: at(
      above,
      sides.map((side) => side.above),
    ),
    below: at(
      below,
      sides.map((side) => side.below),
    ),
  }
}

/** Intervals of n rows at each level, [n, levels] row-major. */
export interface Intervals {
  readonly levels: readonly number[]
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** Intervals that hold nothing (lower > upper): quantiles that crossed, or thresholds below 0. */
  readonly empty: number
}

/**
 * Returns the intervals of new rows. A bound that cannot be told (too few calibration rows, sigma <= 0, a prediction that is NaN) is
 * infinite. Throws `PART_MISSING`, `LENGTH_MISMATCH`, `VALUE_NOT_POSITIVE`, `GROUP_INVALID`.
 */
export function regressionIntervals(
  conformal: RegressionConformal,
  parts: RegressionColumns,
  rows: NewRows = {},
): Intervals {
  const { score, levels, above, below } = conformal
  const n = parts[score.parts[0]]?.length ?? 0
  const given = checkedParts(score, parts, n)
  const plain = rows.groups === undefined && rows.weights === undefined
  const ups = plain ? undefined : thresholdsOf(above, n, rows)
  const downs = plain ? undefined : below === above ? ups : thresholdsOf(below, n, rows)
  const high = bounds(boundLine(score, 'upper', given), above, ups, n, Number.POSITIVE_INFINITY)
  const low = bounds(boundLine(score, 'lower', given), below, downs, n, Number.NEGATIVE_INFINITY)
  let empty = 0
  for (let i = 0; i < low.length; i++) if (low[i] > high[i]) empty++
  return { levels, lower: low, upper: high, empty }
}

/** A bound as a function of the threshold q: offset + scale q, of each row or of all. */
export function boundLine(
  score: RegressionScore,
  side: 'upper' | 'lower',
  given: Readonly<Record<RegressionPart, Float64Array>>,
): { readonly offset: Float64Array; readonly scale: Column } {
  const parts = Object.fromEntries(score.parts.map((part) => [part, knownColumn(given[part])])) as Record<
    RegressionPart,
    Affine
  >
  const { offset, scale } = score[side](affineAlgebra, unknownThreshold, parts)
  return { offset: columnOf(offset, given[score.parts[0]].length), scale }
}

/** Bounds [n, levels]; what is not known is infinite. */
function bounds(
  { offset, scale }: ReturnType<typeof boundLine>,
  calibration: Calibration,
  thresholds: Float64Array | undefined,
  n: number,
  infinity: number,
): Float64Array {
  const width = calibration.levels.length
  const shared = Float64Array.from(calibration.groups[0].thresholds)
  // a mask of 0 reads the one scale of all rows
  const [scales, mask] = typeof scale === 'number' ? [Float64Array.of(scale), 0] : [scale, -1]
  const out = new Float64Array(n * width)
  for (let i = 0, at = 0; i < n; i++) {
    const [start, unit] = [offset[i], scales[i & mask]]
    for (let l = 0; l < width; l++, at++) {
      const bound = start + unit * (thresholds === undefined ? shared[l] : thresholds[at])
      out[at] = Number.isNaN(bound) ? infinity : bound
    }
  }
  return out
}

/** One interval as SQL: numbers of double precision, infinite where they cannot be told. */
export interface IntervalSql {
  readonly level: number
  readonly lower: ExprNode
  readonly upper: ExprNode
}

/**
 * Returns the intervals as SQL over the columns that hold the parts, one a level; `group` is the expression of a row's group as text.
 * The same doubles as `regressionIntervals`. Throws `PART_MISSING`.
 */
export function intervalSql(
  { score, levels, above, below }: RegressionConformal,
  sql: Sql,
  parts: RegressionParts<ExprNode>,
  { group }: { readonly group?: ExprNode } = {},
): readonly IntervalSql[] {
  const algebra = sqlAlgebra(sql)
  checkPresent(score, parts)
  const asDouble = Object.fromEntries(
    score.parts.map((part) => [part, sql.cast(parts[part] as ExprNode, 'DOUBLE')]),
  ) as Partial<Record<RegressionPart, ExprNode>> as Record<RegressionPart, ExprNode>
  const told = (bound: ExprNode, infinity: number): ExprNode =>
    sql.cond(sql.or(sql.isNull(bound), sql.isNaN(bound)), algebra.number(infinity), bound)
  return levels.map((level, l) => ({
    level,
    lower: told(score.lower(algebra, thresholdSql(below, l, sql, group), asDouble), Number.NEGATIVE_INFINITY),
    upper: told(score.upper(algebra, thresholdSql(above, l, sql, group), asDouble), Number.POSITIVE_INFINITY),
  }))
}

/** Returns the threshold of a row at the l-th level as SQL. */
export function thresholdSql({ groups, unseenGroup }: Calibration, l: number, sql: Sql, group?: ExprNode): ExprNode {
  const { number } = sqlAlgebra(sql)
  const [pool, ...named] = groups
  if (group === undefined || named.length === 0) return number(pool.thresholds[l])
  const unseen = number(unseenGroup === 'infinite' ? Number.POSITIVE_INFINITY : pool.thresholds[l])
  return named.reduceRight(
    (otherwise, { group: name, thresholds }) =>
      sql.cond(sql.eq(group, sql.literal(name)), number(thresholds[l]), otherwise),
    unseen,
  )
}

export function scoreOf(score: RegressionScore | keyof typeof regressionScores): RegressionScore {
  if (typeof score !== 'string') return score
  const found: RegressionScore | undefined = regressionScores[score]
  if (found) return found
  throw new PodError('SCORE_UNKNOWN', `there is no score "${score}"`, {
    hint: didYouMean(score, Object.keys(regressionScores)),
  })
}

export function checkPresent(score: RegressionScore, parts: RegressionParts<unknown>): void {
  const missing = score.parts.find((part) => parts[part] === undefined)
  if (missing)
    throw new PodError('PART_MISSING', `the score "${score.name}" needs "${missing}" of each row`, {
      hint: `give { ${score.parts.join(', ')} }`,
    })
}

/** Returns the parts that the score reads as doubles, each n long and above 0 where it must be. */
export function checkedParts(
  score: RegressionScore,
  parts: RegressionColumns,
  n: number,
  { y }: { readonly y?: Float64Array } = {},
): Readonly<Record<RegressionPart, Float64Array>> {
  checkPresent(score, parts)
  for (const part of score.parts) checkLength(parts[part]?.length, n, `values of "${part}"`)
  const given = Object.fromEntries(
    score.parts.map((part) => [part, asColumn(parts[part] as ArrayLike<number>)]),
  ) as Readonly<Record<RegressionPart, Float64Array>>
  for (const part of score.positive ?? []) {
    const values = part === 'y' ? y : given[part]
    if (values) checkPositive(values, part)
  }
  return given
}

function checkPositive(values: Float64Array, part: string): void {
  const i = values.findIndex((value) => value <= 0)
  if (i >= 0)
    throw new PodError('VALUE_NOT_POSITIVE', `"${part}" of row ${i} is ${values[i]}, not above 0`, {
      because: 'the gamma score divides by the prediction, and speaks of shares of it',
      hint: 'take the score "absolute"',
    })
}

function countCrossing({ lower, upper }: RegressionParts<Float64Array>): number {
  if (lower === undefined || upper === undefined) return 0
  let crossing = 0
  for (let i = 0; i < lower.length; i++) if (lower[i] > upper[i]) crossing++
  return crossing
}
