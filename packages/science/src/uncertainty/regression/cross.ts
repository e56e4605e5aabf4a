import { PodError } from '@mlpod/contract'
import { conformalRank, sortNumbers } from '@mlpod/math'
import { asColumn, columnAlgebra, columnOf } from '../algebra/columns.ts'
import {
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  checkLength,
  groupPlaces,
  type NewRows,
} from '../calibrate/calibrate.ts'
import { eachSide, levelsOf } from '../calibrate/levels.ts'
import { cumulativeWeights, sortedWithWeights } from '../calibrate/weighted.ts'
import { pinballLoss } from '../calibrationMetrics/scores.ts'
import type { RegressionPart, RegressionScore, regressionScores } from './scores.ts'
import { type SortedScores, sampleSelect, selectionOf } from './selection.ts'
import {
  boundLine,
  checkedParts,
  type Intervals,
  type RegressionColumns,
  scoreOf,
  sideScores,
} from './splitRegression.ts'

/**
 * How intervals are made of models that each left out one fold: around the model of all rows (`base`: no guarantee in theory), around
 * each fold's own prediction (`plus`: coverage at least 2 level - 1, in practice level), or from the least to the largest of them
 * (`minmax`: coverage at least level).
 */
export type CrossMethod = 'base' | 'plus' | 'minmax'

/** Cross-conformal intervals, calibrated on out-of-fold answers. */
export interface CrossConformal {
  readonly score: RegressionScore
  readonly method: CrossMethod
  readonly levels: readonly number[]
  readonly symmetric: boolean
  readonly folds: number
  /** The scores of both sides, of all rows and by group; for `plus`, also by fold. */
  readonly above: CrossSide
  readonly below: CrossSide
}

interface CrossSide {
  readonly calibration: Calibration
  /** For each group of the calibration, the sorted scores of each fold. */
  readonly byFold: readonly (readonly SortedScores[])[]
}

/** Settings of `calibrateCross`. */
export interface CrossOptions extends CalibrateOptions {
  readonly score?: RegressionScore | keyof typeof regressionScores
  readonly symmetric?: boolean
  /** `plus` by default. */
  readonly method?: CrossMethod
  /** For each row the fold it was left out in, 0 and up: K folds for CV+, n for the jackknife+. */
  readonly folds: ArrayLike<number>
}

/**
 * Returns the calibration of cross-conformal intervals (CV, CV+, jackknife, jackknife+, minmax): `parts` holds what the model that
 * did not see a row says of it. Throws what `calibrateRegression` throws, and `FOLD_INVALID`.
 * Source: Barber, Candes, Ramdas, Tibshirani 2021.
 */
export function calibrateCross(
  y: ArrayLike<number>,
  parts: RegressionColumns,
  { score, symmetric, method = 'plus', folds, ...options }: CrossOptions,
): CrossConformal {
  const used = scoreOf(score ?? (parts.lower === undefined ? 'absolute' : 'cqr'))
  const both = symmetric ?? used.symmetric
  const levels = levelsOf(options)
  const n = y.length
  checkLength(folds.length, n, 'folds')
  const count = foldCount(folds)
  const given = checkedParts(used, parts, n, { y: asColumn(y) })
  const scores = sideScores(used, asColumn(y), given, both)
  const side = (scores: Float64Array, level: readonly number[]): CrossSide => {
    const calibration = calibrateScores(scores, { ...options, alpha: undefined, level })
    return {
      calibration,
      byFold: method === 'plus' ? scoresByFold(scores, folds, count, calibration, options) : [],
    }
  }
  const shared = { score: used, method, levels, symmetric: both, folds: count }
  if ('both' in scores) {
    const one = side(scores.both, levels)
    return { ...shared, above: one, below: one }
  }
  const sides = levels.map(eachSide)
  return { ...shared, above: side(scores.above, sides), below: side(scores.below, sides) }
}

/** What the models say of m new rows: of each fold's model [m, folds] row-major, and for `base` of the model of all rows [m]. */
export interface CrossAnswers {
  readonly folds?: RegressionColumns
  readonly full?: RegressionColumns
}

/**
 * Returns the intervals of new rows, [m, levels]. No matrix of m rows by n scores is made: the ranks are found in the folds' sorted
 * scores. Throws `PART_MISSING`, `LENGTH_MISMATCH`, `VALUE_NOT_POSITIVE`, `GROUP_INVALID`.
 */
export function crossIntervals(conformal: CrossConformal, answers: CrossAnswers, rows: NewRows = {}): Intervals {
  const { score, method, levels, folds } = conformal
  const from = method === 'base' ? 'full' : 'folds'
  const parts = answers[from]
  if (parts === undefined)
    throw new PodError(
      'PART_MISSING',
      `the method "${method}" needs the answers of ${from === 'full' ? 'the model of all rows' : "each fold's model"}`,
      {
        hint: `give { ${from}: { ${score.parts.join(', ')} } }`,
      },
    )
  const width = from === 'full' ? 1 : folds
  const m = (parts[score.parts[0]]?.length ?? 0) / width
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${m * width} values of "${score.parts[0]}" do not fall into ${width} folds`)
  checkLength(rows.weights?.length, m, 'weights')
  const given = checkedParts(score, parts, m * width)
  const lower = new Float64Array(m * levels.length)
  const upper = new Float64Array(m * levels.length)
  let empty = 0
  const high = edges(conformal, 'above', given, width)
  const low = edges(conformal, 'below', given, width)
  const placeOf = groupPlaces(conformal.above.calibration, m, rows.groups)
  for (let i = 0; i < m; i++) {
    const group = placeOf(i)
    const weight = rows.weights?.[i] ?? 1
    for (let l = 0; l < levels.length; l++) {
      const at = i * levels.length + l
      upper[at] = high(i, group, l, weight)
      lower[at] = low(i, group, l, weight)
      if (lower[at] > upper[at]) empty++
    }
  }
  return { levels, lower, upper, empty }
}

/** Folds with fewer scores than this on average are not searched one by one. */
const SHORT = 8

type Edge = (row: number, group: number, level: number, weight: number) => number

/** Returns the function that makes one side's bound of a row. */
function edges(
  conformal: CrossConformal,
  which: 'above' | 'below',
  given: Readonly<Record<RegressionPart, Float64Array>>,
  width: number,
): Edge {
  const { score, method } = conformal
  const { calibration, byFold } = conformal[which]
  const bound = which === 'above' ? score.upper : score.lower
  const sign = which === 'above' ? 1 : -1
  const infinite = sign * Number.POSITIVE_INFINITY
  const line = boundLine(score, which === 'above' ? 'upper' : 'lower', given)
  const cells = line.offset.length
  const offset = columnOf(columnAlgebra.mul(line.offset, sign), cells)
  const scale = columnOf(columnAlgebra.mul(line.scale, sign), cells)
  const exact = (at: number, q: number): number => {
    const one = Object.fromEntries(score.parts.map((part) => [part, given[part][at]])) as Record<RegressionPart, number>
    const value = bound(columnAlgebra, q, one) as number
    return Number.isNaN(value) ? infinite : value
  }
  const [values, scratch] = [0, 1].map(() => new Float64Array(calibration.groups[0].n))
  const flat = byFold.map(flatten)
  const selections = byFold.map(selectionOf)
  if (method === 'plus')
    return (row, group, l, weight) => {
      if (group < 0) return infinite
      const { n, cumulative } = calibration.groups[group]
      const level = calibration.levels[l]
      const rank =
        cumulative === undefined
          ? conformalRank(n, level)
          : level * (cumulative[cumulative.length - 1] + weight) * (1 - 1e-12)
      const from = row * width
      if (cumulative === undefined && n < SHORT * width) {
        if (rank > n) return infinite
        // of many short lists, all values are looked at
        const { scores, fold } = flat[group]
        for (let i = 0; i < n; i++) {
          const bound = offset[from + fold[i]] + scale[from + fold[i]] * scores[i]
          // what is not known bounds nothing
          values[i] = Number.isNaN(bound) ? Number.POSITIVE_INFINITY : bound
        }
        return sign * sampleSelect(values.subarray(0, n), rank, scratch)
      }
      const lists = byFold[group]
      const place = selections[group](offset.subarray(from, from + width), scale.subarray(from, from + width), rank)
      return place === undefined ? infinite : exact(from + place.list, lists[place.list].scores[place.index])
    }
  return (row, group, l) => {
    if (group < 0) return infinite
    const q = calibration.groups[group].thresholds[l]
    let most = exact(row * width, q)
    for (let k = 1; k < width; k++) {
      const next = exact(row * width + k, q)
      if (sign * next > sign * most) most = next
    }
    return most
  }
}

/** All scores of the folds in a row, with the fold of each. */
function flatten(lists: readonly SortedScores[]): { readonly scores: Float64Array; readonly fold: Int32Array } {
  const n = lists.reduce((sum, { scores }) => sum + scores.length, 0)
  const [scores, fold] = [new Float64Array(n), new Int32Array(n)]
  let filled = 0
  lists.forEach((list, k) => {
    fold.fill(k, filled, filled + list.scores.length)
    for (let i = 0; i < list.scores.length; i++) scores[filled++] = list.scores[i]
  })
  return { scores, fold }
}

function foldCount(folds: ArrayLike<number>): number {
  let largest = -1
  for (let i = 0; i < folds.length; i++) {
    if (!(Number.isInteger(folds[i]) && folds[i] >= 0))
      throw new PodError('FOLD_INVALID', `the fold ${folds[i]} of row ${i} is no whole number >= 0`)
    if (folds[i] > largest) largest = folds[i]
  }
  return largest + 1
}

/** The sorted scores of each fold, for each group of the calibration (null is all rows). */
function scoresByFold(
  scores: Float64Array,
  folds: ArrayLike<number>,
  count: number,
  { groups: calibrated }: Calibration,
  { groups, weights }: CalibrateOptions,
): (readonly SortedScores[])[] {
  const rows = calibrated.map(() => Array.from({ length: count }, (): number[] => []))
  const places = new Map(calibrated.map(({ group }, g) => [group, g]))
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) continue
    rows[0][folds[i]].push(i)
    const own = groups && places.get(groups[i])
    if (own !== undefined) rows[own][folds[i]].push(i)
  }
  return rows.map((byFold) =>
    byFold.map((members) => {
      const own = Float64Array.from(members, (i) => scores[i])
      if (weights === undefined) return { scores: sortNumbers(own) }
      const sorted = sortedWithWeights(
        own,
        Float64Array.from(members, (i) => weights[i]),
      )
      return { scores: sorted.scores, cumulative: cumulativeWeights(sorted.weights) }
    }),
  )
}

/** How the models' predictions become one. */
export type PointAggregate = 'mean' | 'median'

/**
 * Returns one prediction a row of those of each fold's model [m, folds]: their mean or median, or the mean by weights that sum to 1
 * (`pinballWeights`). Throws `LENGTH_MISMATCH`.
 */
export function crossPoint(
  predictions: ArrayLike<number>,
  folds: number,
  aggregate: PointAggregate | ArrayLike<number> = 'mean',
): Float64Array {
  if (typeof aggregate !== 'string') checkLength(aggregate.length, folds, 'weights of folds')
  const values = new Float64Array(folds)
  return Float64Array.from({ length: predictions.length / folds }, (_, i) => {
    for (let k = 0; k < folds; k++) values[k] = predictions[i * folds + k]
    if (typeof aggregate !== 'string') return values.reduce((sum, x, k) => sum + aggregate[k] * x, 0)
    if (aggregate === 'mean') return values.reduce((sum, x) => sum + x, 0) / folds
    values.sort()
    return (values[(folds - 1) >> 1] + values[folds >> 1]) / 2
  })
}

/**
 * Returns weights of folds for the point prediction: 1 / (mean pinball loss of its held-out rows + 1e-8), made to sum to 1. A fold
 * without rows weighs nothing. Throws `LENGTH_MISMATCH`, `FOLD_INVALID`, `LEVEL_INVALID`. Source: MAPIE 1.6 `pinball_weighted_mean`.
 */
export function pinballWeights(
  y: ArrayLike<number>,
  predictions: ArrayLike<number>,
  { folds, quantile = 0.5 }: { readonly folds: ArrayLike<number>; readonly quantile?: number },
): Float64Array {
  checkLength(predictions.length, y.length, 'predictions')
  checkLength(folds.length, y.length, 'folds')
  const count = foldCount(folds)
  const rows = Array.from({ length: count }, (): number[] => [])
  for (let i = 0; i < y.length; i++) rows[folds[i]].push(i)
  const weights = Float64Array.from(rows, (members) => {
    if (members.length === 0) return 0
    const at = (values: ArrayLike<number>) => Float64Array.from(members, (i) => values[i])
    return 1 / (pinballLoss(at(y), at(predictions), quantile) + 1e-8)
  })
  const total = weights.reduce((sum, w) => sum + w, 0)
  return weights.map((w) => w / total)
}
