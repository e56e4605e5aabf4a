import { didYouMean, PodError } from '@mlpod/contract'
import { bonferroni, holm } from '@mlpod/math'
import { type Calibration, calibrateScores } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'

/**
 * How thresholds of several scores of one row hold at once.
 * - `maxScore`: one threshold for the largest score in units of its scale; exact, and the narrowest where scales fit.
 * - `maxRank`: one rank for all: the empirical copula of the scores, with the one rank more that makes it finite-sample valid; needs no scales.
 * - `bonferroni`, `weightedBonferroni`: each score gets its share of the error.
 */
export type JointMethod = 'maxScore' | 'maxRank' | 'bonferroni' | 'weightedBonferroni'

/** Settings of `calibrateJoint`. */
export interface JointOptions extends LevelOption {
  /** Scores a row. */
  readonly coordinates: number
  /** `maxScore` by default. */
  readonly method?: JointMethod
  /** `maxScore`: the size of each score, > 0, told by other rows than these; 1 by default. */
  readonly scales?: ArrayLike<number>
  /** `weightedBonferroni`: each score's share of the error; they sum to 1. */
  readonly shares?: ArrayLike<number>
}

/** Thresholds of several scores at once: plain data. */
export interface JointCalibration {
  readonly method: JointMethod
  readonly levels: readonly number[]
  readonly coordinates: number
  /** [levels, coordinates] row-major. */
  readonly thresholds: Float64Array
  /** Rows used, and rows without any score. */
  readonly n: number
  readonly dropped: number
  /** The score of whole rows (largest in its scale, or largest rank), or of each coordinate. */
  readonly calibrations: readonly Calibration[]
}

interface Rows {
  readonly scores: ArrayLike<number>
  readonly n: number
  readonly c: number
}

const column = ({ scores, n, c }: Rows, j: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => scores[i * c + j])

/** The largest over the coordinates that a row has; NaN where it has none. */
function largest({ n, c }: Rows, at: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let most = Number.NaN
    for (let j = 0; j < c; j++) {
      const value = at(i, j)
      if (!(value <= most) && !Number.isNaN(value)) most = value
    }
    return most
  })
}

type Joint = Pick<JointCalibration, 'thresholds' | 'calibrations'>

const shared = (rows: Rows, levels: readonly number[], shareOf: (j: number) => number): Joint => {
  const calibrations = Array.from({ length: rows.c }, (_, j) =>
    calibrateScores(column(rows, j), {
      level: levels.map((level) => Number((1 - (1 - level) * shareOf(j)).toPrecision(15))),
    }),
  )
  return {
    calibrations,
    thresholds: Float64Array.from(levels.flatMap((_, l) => calibrations.map((one) => one.groups[0].thresholds[l]))),
  }
}

const joint: Readonly<Record<JointMethod, (rows: Rows, levels: readonly number[], options: JointOptions) => Joint>> = {
  maxScore(rows, levels, { scales }) {
    const size = Float64Array.from({ length: rows.c }, (_, j) => scales?.[j] ?? 1)
    const one = calibrateScores(
      largest(rows, (i, j) => rows.scores[i * rows.c + j] / size[j]),
      { level: levels },
    )
    return {
      calibrations: [one],
      // infinity times a scale is infinity
      thresholds: Float64Array.from(one.groups[0].thresholds.flatMap((q) => Array.from(size, (s) => q * s))),
    }
  },
  maxRank(rows, levels) {
    const sorted = Array.from({ length: rows.c }, (_, j) =>
      column(rows, j)
        .filter((x) => !Number.isNaN(x))
        .sort(),
    )
    const rank = (j: number, score: number): number => {
      if (Number.isNaN(score)) return Number.NaN
      let [low, high] = [0, sorted[j].length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (sorted[j][middle] < score) low = middle + 1
        else high = middle
      }
      // ranks of coordinates with missing scores are on one scale
      return 1 + (low * rows.n) / sorted[j].length
    }
    const ranks = largest(rows, (i, j) => rank(j, rows.scores[i * rows.c + j]))
    const one = calibrateScores(ranks, { level: levels })
    return {
      calibrations: [one],
      thresholds: Float64Array.from(
        one.groups[0].thresholds.flatMap((most) =>
          sorted.map((scores) => {
            // with the new row among them, ranks may grow by one
            const place = Math.ceil(((most - 1) * scores.length) / rows.n + 1 - 1e-9)
            return place < scores.length ? scores[place] : Number.POSITIVE_INFINITY
          }),
        ),
      ),
    }
  },
  bonferroni: (rows, levels) => shared(rows, levels, () => 1 / rows.c),
  weightedBonferroni(rows, levels, { shares }) {
    if (shares === undefined)
      throw new PodError('OPTION_INVALID', 'weightedBonferroni needs the share of each score', {
        hint: `shares: ${rows.c} numbers that sum to 1`,
      })
    return shared(rows, levels, (j) => shares[j])
  },
}

/**
 * Returns thresholds q_j such that {every score j <= q_j} covers a new exchangeable row with probability at least `level`: scores
 * [n, coordinates] row-major, NaN where a coordinate is missing. Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`,
 * `METHOD_UNKNOWN`, and `OPTION_INVALID` for scales that are not above 0 and shares that do not sum to 1.
 * Source: max-rank: Timans et al. 2025; copulas: Messoudi, Destercke, Rousseau 2021.
 */
export function calibrateJoint(scores: ArrayLike<number>, options: JointOptions): JointCalibration {
  const { coordinates: c, method = 'maxScore', scales, shares } = options
  const levels = levelsOf(options)
  const n = rowsOf(scores.length, c, 'scores')
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (!(method in joint))
    throw new PodError('METHOD_UNKNOWN', `there is no joint method "${method}"`, {
      hint: didYouMean(method, Object.keys(joint)),
    })
  for (const [name, values] of [
    ['scales', scales],
    ['shares', shares],
  ] as const) {
    if (values === undefined) continue
    if (values.length !== c) throw new PodError('LENGTH_MISMATCH', `${values.length} ${name} do not match ${c} scores`)
    for (let j = 0; j < c; j++)
      if (!(values[j] > 0 && values[j] < Number.POSITIVE_INFINITY))
        throw new PodError('OPTION_INVALID', `the ${name.slice(0, -1)} ${values[j]} of score ${j} is not above 0`)
  }
  if (shares !== undefined) {
    const sum = Array.from(shares).reduce((a, b) => a + b)
    if (Math.abs(sum - 1) > 1e-12) throw new PodError('OPTION_INVALID', `the shares sum to ${sum} and not to 1`)
  }
  const { thresholds, calibrations } = joint[method]({ scores, n, c }, levels, options)
  const any = largest({ scores, n, c }, (i, j) => scores[i * c + j])
  const dropped = any.reduce((count, x) => count + Number(Number.isNaN(x)), 0)
  return { method, levels, coordinates: c, thresholds, n: n - dropped, dropped, calibrations }
}

/** How p-values of several scores are corrected: `maxStatistic` compares each with the largest score of every calibration row. */
export type JointCorrection = 'none' | 'bonferroni' | 'holm' | 'maxStatistic'

/**
 * Returns the p-value of each score of m rows [m, coordinates]: which coordinates of a row are out of line, with at most a share alpha of
 * exchangeable rows wrongly flagged at p <= alpha for any correction but `none`. `calibration` holds the scores [n, coordinates], in like units
 * for `maxStatistic`. Throws `LENGTH_MISMATCH`.
 */
export function jointPValues(
  scores: ArrayLike<number>,
  calibration: ArrayLike<number>,
  { coordinates: c, correction = 'holm' }: { readonly coordinates: number; readonly correction?: JointCorrection },
): Float64Array {
  const n = rowsOf(calibration.length, c, 'calibration scores')
  const m = rowsOf(scores.length, c, 'scores')
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const rows = { scores: calibration, n, c }
  const most = correction === 'maxStatistic' ? largest(rows, (i, j) => calibration[i * c + j]).sort() : undefined
  const sorted = Array.from({ length: c }, (_, j) => most ?? column(rows, j).sort())
  const out = new Float64Array(m * c)
  for (let i = 0; i < m; i++) {
    const p = Array.from({ length: c }, (_, j) => {
      let [low, high] = [0, n]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (sorted[j][middle] < scores[i * c + j]) low = middle + 1
        else high = middle
      }
      return (n - low + 1) / (n + 1)
    })
    out.set(correction === 'bonferroni' ? bonferroni(p) : correction === 'holm' ? holm(p) : p, i * c)
  }
  return out
}

/** Returns how many rows of c values there are. Throws `LENGTH_MISMATCH`. */
export function rowsOf(length: number, c: number, what: string): number {
  if (Number.isInteger(c) && c >= 1 && length % c === 0) return length / c
  throw new PodError('LENGTH_MISMATCH', `${length} ${what} do not fall into rows of ${c}`)
}
