import { PodError } from '@mlpod/contract'
import { asColumn, type Column, columnAlgebra } from '../algebra/columns.ts'
import { type CalibrateOptions, type Calibration, calibrateScores, checkLength } from '../calibrate/calibrate.ts'
import { eachSide, levelsOf } from '../calibrate/levels.ts'
import type { PointAggregate } from './cross.ts'
import type { RegressionPart, RegressionParts, RegressionScore } from './scores.ts'
import { sampleSelect } from './selection.ts'
import { type Intervals, scoreOf, sideScores } from './splitRegression.ts'

/** The jackknife+ after bootstrap, calibrated. */
export interface BootstrapConformal {
  readonly score: RegressionScore
  readonly method: 'plus' | 'minmax'
  readonly aggregate: PointAggregate
  readonly levels: readonly number[]
  readonly symmetric: boolean
  readonly resamples: number
  /** [resamples, rows]: 1 where a resample holds a row. */
  readonly inBag: Uint8Array
  readonly above: { readonly calibration: Calibration; readonly scores: Float64Array }
  readonly below: { readonly calibration: Calibration; readonly scores: Float64Array }
  /** Rows that every resample holds: nothing was left out of them, so they have no score. */
  readonly everywhere: number
}

/** Settings of `calibrateBootstrap`. */
export interface BootstrapOptions extends Omit<CalibrateOptions, 'groups' | 'weights' | 'unseenGroup'> {
  /** [resamples, rows] row-major: how often, or whether, a resample holds a row. The out-of-bag masks of a forest serve as they are. */
  readonly inBag: ArrayLike<number>
  readonly score?: 'absolute' | 'gamma'
  readonly symmetric?: boolean
  readonly method?: 'plus' | 'minmax'
  /** How the models that left a row out become one prediction; `mean` by default. */
  readonly aggregate?: PointAggregate
}

/**
 * Returns the calibration of the jackknife+ after bootstrap: `answers` [resamples, rows] is what each resample's model says of every
 * training row; a row is scored by the models that did not see it. Nothing is fitted again: any bagging has what it takes.
 * Throws `LENGTH_MISMATCH`, `CALIBRATION_EMPTY`, `SCORES_NAN` when no row was ever left out, and what `calibrateScores` throws.
 * Source: Kim, Xu, Barber 2020.
 */
export function calibrateBootstrap(
  y: ArrayLike<number>,
  answers: ArrayLike<number>,
  { inBag, score = 'absolute', symmetric, method = 'plus', aggregate = 'mean', ...options }: BootstrapOptions,
): BootstrapConformal {
  const n = y.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const resamples = inBag.length / n
  if (!Number.isInteger(resamples) || resamples === 0)
    throw new PodError('LENGTH_MISMATCH', `${inBag.length} marks of what is in a bag do not fall into ${n} rows`)
  checkLength(answers.length, n * resamples, 'answers')
  const held = Uint8Array.from({ length: n * resamples }, (_, i) => (inBag[i] > 0 ? 1 : 0))
  const used: RegressionScore = scoreOf(score)
  const both = symmetric ?? used.symmetric
  const levels = levelsOf(options)
  const prediction = new Float64Array(n)
  const column = new Float64Array(resamples)
  let everywhere = 0
  for (let i = 0; i < n; i++) {
    let count = 0
    for (let b = 0; b < resamples; b++) if (held[b * n + i] === 0) column[count++] = answers[b * n + i]
    if (count === 0) everywhere++
    prediction[i] = aggregateOf(column.subarray(0, count), aggregate)
  }
  const parts: RegressionParts<Float64Array> = { prediction }
  const sides = sideScores(used, asColumn(y), parts as Readonly<Record<RegressionPart, Float64Array>>, both)
  const side = (scores: Float64Array, level: readonly number[]) => ({
    scores,
    calibration: calibrateScores(scores, { ...options, alpha: undefined, level }),
  })
  const shared = { score: used, method, aggregate, levels, symmetric: both, resamples, inBag: held, everywhere }
  if ('both' in sides) {
    const one = side(sides.both, levels)
    return { ...shared, above: one, below: one }
  }
  return { ...shared, above: side(sides.above, levels.map(eachSide)), below: side(sides.below, levels.map(eachSide)) }
}

/** Intervals of new rows and their point predictions. */
export interface BootstrapIntervals extends Intervals {
  /** [m]: the mean or median, over rows, of what the models that left the row out say. */
  readonly prediction: Float64Array
}

/**
 * Returns the intervals of m new rows from what each resample's model says of them: `answers` [resamples, m]. Memory grows with
 * n + m, not with their product. Throws `LENGTH_MISMATCH`.
 */
export function bootstrapIntervals(conformal: BootstrapConformal, answers: ArrayLike<number>): BootstrapIntervals {
  const { score, method, levels, resamples, above, below, aggregate } = conformal
  const m = answers.length / resamples
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${answers.length} answers do not fall into ${resamples} resamples`)
  const leftOut = leaveOut(conformal)
  const n = above.scores.length
  const lower = new Float64Array(m * levels.length)
  const upper = new Float64Array(m * levels.length)
  const prediction = new Float64Array(m)
  const said = new Float64Array(resamples)
  const without = new Float64Array(n)
  const [values, scratch] = [new Float64Array(n), new Float64Array(n)]
  let empty = 0
  for (let j = 0; j < m; j++) {
    for (let b = 0; b < resamples; b++) said[b] = answers[b * m + j]
    leftOut(said, without)
    const known = without.filter((x) => !Number.isNaN(x))
    prediction[j] = aggregateOf(known, aggregate)
    const bound = (sign: 1 | -1, { calibration, scores }: BootstrapConformal['above'], l: number): number => {
      const { ranks, thresholds, n: scored } = calibration.groups[0]
      const edge = sign > 0 ? score.upper : score.lower
      if (ranks[l] > scored) return sign * Number.POSITIVE_INFINITY
      const at = (q: number, prediction: number): number =>
        edge(columnAlgebra, q, { prediction } as RegressionParts<Column> as Readonly<
          Record<RegressionPart, Column>
        >) as number
      if (method === 'minmax') {
        const extreme = known.reduce((a, b) => (sign > 0 ? Math.max(a, b) : Math.min(a, b)))
        return at(thresholds[l], extreme)
      }
      let filled = 0
      for (let i = 0; i < n; i++)
        if (!Number.isNaN(scores[i]) && !Number.isNaN(without[i])) values[filled++] = sign * at(scores[i], without[i])
      return sign * sampleSelect(values.subarray(0, filled), ranks[l], scratch)
    }
    for (let l = 0; l < levels.length; l++) {
      const k = j * levels.length + l
      upper[k] = bound(1, above, l)
      lower[k] = bound(-1, below, l)
      if (lower[k] > upper[k]) empty++
    }
  }
  return { levels, lower, upper, empty, prediction }
}

/** Bits of a table of sums. */
const BITS = 8

/** Returns the function that writes, for each training row, the aggregate of what the models without it say. */
function leaveOut({
  inBag,
  resamples,
  aggregate,
}: BootstrapConformal): (said: Float64Array, out: Float64Array) => void {
  const n = inBag.length / resamples
  const counts = new Float64Array(n)
  for (let b = 0; b < resamples; b++) for (let i = 0; i < n; i++) counts[i] += 1 - inBag[b * n + i]
  if (aggregate === 'median') {
    const column = new Float64Array(resamples)
    return (said, out) => {
      for (let i = 0; i < n; i++) {
        let count = 0
        for (let b = 0; b < resamples; b++) if (inBag[b * n + i] === 0) column[count++] = said[b]
        out[i] = aggregateOf(column.subarray(0, count), aggregate)
      }
    }
  }
  // eight resamples at a time, all their partial sums are made once for a new row and read by each training row
  const chunks = Math.ceil(resamples / BITS)
  const masks = new Uint8Array(chunks * n)
  for (let b = 0; b < resamples; b++)
    for (let i = 0; i < n; i++) if (inBag[b * n + i] === 0) masks[(b >> 3) * n + i] |= 1 << (b & 7)
  const sums = new Float64Array(1 << BITS)
  return (said, out) => {
    out.fill(0)
    for (let c = 0; c < chunks; c++) {
      for (let bits = 1; bits < sums.length; bits++) {
        const low = 31 - Math.clz32(bits & -bits)
        sums[bits] = sums[bits & (bits - 1)] + (said[c * BITS + low] ?? 0)
      }
      const from = c * n
      for (let i = 0; i < n; i++) out[i] += sums[masks[from + i]]
    }
    for (let i = 0; i < n; i++) out[i] /= counts[i]
  }
}

function aggregateOf(values: Float64Array, aggregate: PointAggregate): number {
  const n = values.length
  if (n === 0) return Number.NaN
  if (aggregate === 'mean') return values.reduce((sum, x) => sum + x, 0) / n
  const sorted = values.slice().sort()
  return (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2
}
