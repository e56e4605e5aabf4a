import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { rowsOf } from '../multivariate/jointScores.ts'
import { linearQuantile, rowSpace, startVertex } from './linearQuantile.ts'
import { type PlaneProblem, type PlaneVertex, planeSolver, quantilePlane } from './quantilePlane.ts'

/** Cutoffs at a level of each row's own, calibrated: plain data. */
export interface LevelAdaptiveConformal {
  readonly width: number
  readonly n: number
  readonly features: Float64Array
  readonly scores: Float64Array
  readonly rowLevels: Float64Array
  readonly vertex: PlaneVertex
}

function checkLevels(levels: ArrayLike<number>): void {
  for (let i = 0; i < levels.length; i++)
    if (!(levels[i] > 0 && levels[i] < 1))
      throw new PodError('LEVEL_INVALID', `the level ${levels[i]} of row ${i} is not between 0 and 1`)
}

/**
 * Returns the calibration of cutoffs whose level is a function of the row, told by other rows than these (`learnLevels`): for every f linear in the
 * features, E[f(X) (1{score <= cutoff} - level(X))] >= 0 for f >= 0, and 0 if randomised; with ones, the share covered is the mean of the levels
 * stated. Scores must be finite, columns of features [n, width] independent. Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`, `CALIBRATION_EMPTY`, `FEATURES_INVALID`,
 * `SCORES_NAN`. Source: Cherian, Gibbs, Candes 2024.
 */
export function calibrateLevelAdaptive(
  scores: ArrayLike<number>,
  { features, rowLevels }: { readonly features: ArrayLike<number>; readonly rowLevels: ArrayLike<number> },
): LevelAdaptiveConformal {
  const n = scores.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  checkLength(rowLevels.length, n, 'levels')
  checkLevels(rowLevels)
  const width = features.length / n
  if (!Number.isInteger(width))
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${n} rows`)
  const x = Float64Array.from(features)
  if (x.some((v) => !Number.isFinite(v))) throw new PodError('FEATURES_INVALID', 'features are finite numbers')
  const s = Float64Array.from(scores)
  if (s.some((v) => !Number.isFinite(v))) throw new PodError('SCORES_NAN', 'scores are finite numbers')
  const { rows } = rowSpace(x, width)
  if (rows.length < width)
    throw new PodError('FEATURES_INVALID', `the ${width} columns of features depend on each other`, {
      hint: 'drop columns',
    })
  const problem: PlaneProblem = { features: x, width, scores: s, level: Float64Array.from(rowLevels) }
  const { basis, upper } = quantilePlane(problem, { from: startVertex(problem, rows) })
  return { width, n, features: x, scores: s, rowLevels: Float64Array.from(rowLevels), vertex: { basis, upper } }
}

/** The cutoff of each of m new rows, features [m, width], at its own level; see `conditionalCutoffs`. Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`. */
export function levelAdaptiveCutoffs(
  { width, features: known, scores, rowLevels: levels, vertex }: LevelAdaptiveConformal,
  { features, rowLevels }: { readonly features: ArrayLike<number>; readonly rowLevels: ArrayLike<number> },
  { randomize }: { readonly randomize?: { readonly seed: number; readonly keys?: ArrayLike<number> } } = {},
): Float64Array {
  const m = rowsOf(features.length, width, 'features')
  checkLength(rowLevels.length, m, 'levels')
  checkLevels(rowLevels)
  const solve = planeSolver({ features: known, width, scores, level: levels }, vertex)
  const draw = randomize === undefined ? undefined : random({ seed: randomize.seed, path: 'conditional' })
  const tilt = new Float64Array(width)
  return Float64Array.from({ length: m }, (_, i) => {
    const bound = rowLevels[i] - 1e-9 - (draw === undefined ? 0 : 1 - draw.uniform(randomize?.keys?.[i] ?? i))
    let any = false
    for (let a = 0; a < width; a++) {
      tilt[a] = bound * features[i * width + a]
      any ||= features[i * width + a] !== 0
    }
    if (!any) return Number.POSITIVE_INFINITY
    const { status, coefficients } = solve({ tilt })
    if (status === 'unbounded' && bound < 0) return Number.NEGATIVE_INFINITY
    if (status !== 'optimal') return Number.POSITIVE_INFINITY
    let cutoff = 0
    for (let a = 0; a < width; a++) cutoff += features[i * width + a] * coefficients[a]
    return cutoff
  })
}

/** An answer made of statements, each with a score of how sure it is, and for calibration whether it is true. */
export interface ScoredAnswer {
  readonly scores: ArrayLike<number>
  readonly correct?: ArrayLike<number | boolean>
}

/**
 * Returns the score of each answer: the least cutoff at which what is kept (score > cutoff) holds at most `allowed` false statements; just below the
 * least score where nothing need go. Throws `PART_MISSING`, `LENGTH_MISMATCH`.
 */
export function answerScores(
  answers: readonly ScoredAnswer[],
  { allowed = 0 }: { readonly allowed?: number } = {},
): Float64Array {
  const least = answers.reduce((low, { scores }) => Array.from(scores).reduce((a, b) => Math.min(a, b), low), 0) - 1e-3
  return Float64Array.from(answers, ({ scores, correct }, at) => {
    if (correct === undefined) throw new PodError('PART_MISSING', `answer ${at} does not say which statements are true`)
    checkLength(correct.length, scores.length, `marks of answer ${at}`)
    const wrong = Array.from(scores)
      .filter((_, j) => !correct[j])
      .sort((a, b) => b - a)
    return wrong[allowed] ?? least
  })
}

/** Returns which statements of an answer are kept at a cutoff: 1 or 0. */
export const keptStatements = (scores: ArrayLike<number>, cutoff: number): Uint8Array =>
  Uint8Array.from({ length: scores.length }, (_, j) => Number(scores[j] > cutoff))

/** Settings of `learnLevels`. */
export interface LearnLevelOptions {
  /** [n, width] */
  readonly features: ArrayLike<number>
  /** The share of statements that an answer shall keep. */
  readonly keep: number
  /** Levels that are tried, ascending; 0.5, 0.55, ..., 0.95 by default. */
  readonly levels?: readonly number[]
  /** The share of answers that may keep less; 0.1 by default. */
  readonly fewer?: number
}

/** A level for each row as a function of its features: clipped to the levels tried. */
export interface LearnedLevels {
  readonly coefficients: Float64Array
  readonly lowest: number
  readonly highest: number
}

/**
 * Returns how sure one can be of an answer that keeps a share of its statements, as a linear function of features: for each row the highest level
 * whose cutoff (a quantile regression) keeps as much, and of these a low quantile. Use other rows than those that calibrate. Throws `LENGTH_MISMATCH`,
 * `LEVEL_INVALID`, `OPTION_INVALID`. Source: Cherian, Gibbs, Candes 2024, section 3.
 */
export function learnLevels(
  answers: readonly ScoredAnswer[],
  { features, keep, levels = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95], fewer = 0.1 }: LearnLevelOptions,
): LearnedLevels {
  checkLevels(levels)
  for (const [name, share] of [
    ['keep', keep],
    ['fewer', fewer],
  ] as const)
    if (!(share > 0 && share < 1))
      throw new PodError('OPTION_INVALID', `the share ${name} ${share} is not between 0 and 1`)
  const n = answers.length
  const width = features.length / n
  if (!Number.isInteger(width))
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${n} answers`)
  const x = Float64Array.from(features)
  const scores = answerScores(answers)
  const planes = levels.map((level) => linearQuantile(x, width, scores, level))
  const best = Float64Array.from(answers, ({ scores: own }, i) => {
    for (let l = levels.length - 1; l >= 0; l--) {
      const cutoff = planes[l].reduce((sum, b, a) => sum + b * x[i * width + a], 0)
      const kept = keptStatements(own, cutoff).reduce((a, b) => a + b, 0)
      if (kept >= keep * own.length) return levels[l]
    }
    return levels[0]
  })
  return { coefficients: linearQuantile(x, width, best, fewer), lowest: levels[0], highest: levels[levels.length - 1] }
}

/** Returns the levels of rows of features [m, width]. Throws `LENGTH_MISMATCH`. */
export function levelsAt({ coefficients, lowest, highest }: LearnedLevels, features: ArrayLike<number>): Float64Array {
  const width = coefficients.length
  return Float64Array.from({ length: rowsOf(features.length, width, 'features') }, (_, i) => {
    let level = 0
    for (let a = 0; a < width; a++) level += coefficients[a] * features[i * width + a]
    return Math.min(highest, Math.max(lowest, level))
  })
}
