import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import type { ConditionalCutoffs, CutoffOptions } from './conditionalConformal.ts'
import { type KernelProblem, type KernelState, kernelMove, kernelStart, residualsOf } from './kernelPath.ts'
import { rowSpace } from './linearQuantile.ts'

/** How alike two rows are: exp(-gamma |x - z|^2), or exp(-gamma |x - z|_1). */
export interface KernelChoice {
  readonly name: 'gaussian' | 'laplacian'
  readonly gamma: number
}

/** Cutoffs whose coverage holds near every place, calibrated: plain data. */
export interface KernelConformal {
  readonly level: number
  readonly kernel: KernelChoice
  readonly lambda: number
  readonly width: number
  readonly n: number
  readonly dropped: number
  readonly features: Float64Array
  /** [n, dimensions]: places. */
  readonly places: Float64Array
  readonly scores: Float64Array
  /** The optimum of the calibration rows, from which each new row's path starts. */
  readonly state: KernelState
}

/** Settings of `calibrateKernelConditional`. */
export interface KernelOptions extends LevelOption {
  /** [n, width]: features that coverage holds given exactly; ones by default, the marginal guarantee. */
  readonly features?: ArrayLike<number>
  /** [n, dimensions]: what rows near each other are near in. */
  readonly places: ArrayLike<number>
  readonly kernel: KernelChoice
  /** The ridge penalty; the larger, the smoother. Sums of losses grow with n, and so should it. */
  readonly lambda: number
}

const likeness = ({ name, gamma }: KernelChoice, a: Float64Array, b: Float64Array): number => {
  let far = 0
  for (let j = 0; j < a.length; j++) far += name === 'gaussian' ? (a[j] - b[j]) ** 2 : Math.abs(a[j] - b[j])
  return Math.exp(-gamma * far)
}

/** The problem of the calibration rows with room for one more. */
function problemOf({
  features,
  places,
  scores,
  kernel,
  lambda,
  level,
  width,
  n,
}: Omit<KernelConformal, 'state' | 'dropped'>): KernelProblem {
  const p = places.length / n
  const size = n + 1
  const matrix = new Float64Array(size * size)
  const at = (i: number): Float64Array => places.subarray(i * p, (i + 1) * p)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = likeness(kernel, at(i), at(j))
  const room = (values: Float64Array, each: number): Float64Array => {
    const out = new Float64Array(size * each)
    out.set(values)
    return out
  }
  return { n: size, kernel: matrix, features: room(features, width), width, scores: room(scores, 1), level, lambda }
}

/**
 * Returns the calibration of cutoffs from a kernel quantile regression with ridge penalty, at one level: coverage weighted by any f of the kernel's
 * space is level to within lambda times f's share of the fitted surface, and exact given the features; large lambda gives
 * `calibrateConditional`. Memory grows with n^2: for some thousand rows. Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `FEATURES_INVALID`, `SCORES_NAN`, `OPTION_INVALID`, `SOLVE_FAILED`. Source: Gibbs, Cherian, Candes 2023, section 3.2.
 */
export function calibrateKernelConditional(
  scores: ArrayLike<number>,
  { features, places, kernel, lambda, ...options }: KernelOptions,
): KernelConformal {
  const levels = levelsOf(options)
  if (levels.length > 1) throw new PodError('LEVEL_INVALID', `a kernel calibration has one level, not ${levels.length}`)
  for (const [name, value] of [
    ['lambda', lambda],
    ['gamma', kernel.gamma],
  ] as const)
    if (!(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new PodError('OPTION_INVALID', `the ${name} ${value} is not above 0`)
  const all = scores.length
  if (all === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const given = features ?? new Float64Array(all).fill(1)
  const kept = Array.from({ length: all }, (_, i) => i).filter((i) => !Number.isNaN(scores[i]))
  if (kept.length === 0) throw new PodError('SCORES_NAN', `all ${all} calibration scores are NaN`)
  const take = (values: ArrayLike<number>, what: string): Float64Array => {
    const each = values.length / all
    if (!Number.isInteger(each) || each === 0)
      throw new PodError('LENGTH_MISMATCH', `${values.length} ${what} do not fall into ${all} rows`)
    const out = Float64Array.from(
      { length: kept.length * each },
      (_, at) => values[kept[Math.floor(at / each)] * each + (at % each)],
    )
    if (out.some((x) => !Number.isFinite(x))) throw new PodError('FEATURES_INVALID', `${what} are finite numbers`)
    return out
  }
  const n = kept.length
  const used = take(given, 'features')
  const width = used.length / n
  const space = rowSpace(used, width)
  if (space.rows.length < width)
    throw new PodError('FEATURES_INVALID', `the ${width} columns of features depend on each other`, {
      hint: 'drop columns',
    })
  const plain = {
    level: levels[0],
    kernel,
    lambda,
    width,
    n,
    features: used,
    places: take(places, 'places'),
    scores: Float64Array.from(kept, (i) => scores[i]),
  }
  const problem = problemOf(plain)
  const state = kernelStart(problem, space.rows)
  const started = new Set(space.rows)
  for (let i = 0; i < n; i++) {
    if (started.has(i)) continue
    const residual = residualsOf(problem, state)[i]
    if (residual === 0) state.side[i] = 0
    else if (kernelMove(problem, state, i, { goal: residual > 0 ? levels[0] : levels[0] - 1 }) === 'capped')
      throw new PodError('SOLVE_FAILED', `the surface was not found when row ${kept[i]} was added`, {
        hint: 'a larger lambda, or a little noise on tied scores',
      })
  }
  return { ...plain, dropped: all - n, state }
}

/**
 * Returns the cutoff of each new row, features [m, width] (ones by default) at places [m, dimensions]; see `conditionalCutoffs`. Exact: the path of the
 * optimum along the new row's dual. Throws `LENGTH_MISMATCH`, `SEED_INVALID`.
 */
export function kernelCutoffs(
  conformal: KernelConformal,
  { features, places }: { readonly features?: ArrayLike<number>; readonly places: ArrayLike<number> },
  { randomize, cap }: CutoffOptions = {},
): ConditionalCutoffs {
  const { n, width: d, level, lambda, kernel } = conformal
  const p = conformal.places.length / n
  const m = places.length / p
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${places.length} places do not fall into rows of ${p}`)
  checkLength(features?.length, m * d, 'features')
  checkLength(randomize?.keys?.length, m, 'keys')
  const draw = randomize === undefined ? undefined : random({ seed: randomize.seed, path: 'conditional' })
  const problem = problemOf(conformal)
  const size = n + 1
  let [infinite, capped] = [0, 0]
  const cutoffs = Float64Array.from({ length: m }, (_, r) => {
    const here = Float64Array.from({ length: p }, (_, j) => places[r * p + j])
    for (let i = 0; i < n; i++)
      problem.kernel[i * size + n] = problem.kernel[n * size + i] = likeness(
        kernel,
        conformal.places.subarray(i * p, (i + 1) * p),
        here,
      )
    problem.kernel[n * size + n] = 1
    for (let a = 0; a < d; a++) problem.features[n * d + a] = features?.[r * d + a] ?? 1
    const bound = draw === undefined ? level : level - 1 + draw.uniform(randomize?.keys?.[r] ?? r)
    const state = {
      duals: conformal.state.duals.slice(),
      side: conformal.state.side.slice(),
      coefficients: conformal.state.coefficients.slice(),
    }
    const goal = bound - 1e-9
    const end = kernelMove(problem, state, n, { goal, through: true, ...(cap === undefined ? {} : { cap }) })
    if (end === 'goal') {
      let fitted = 0
      for (let i = 0; i < size; i++) fitted += problem.kernel[n * size + i] * state.duals[i]
      fitted /= lambda
      for (let a = 0; a < d; a++) fitted += problem.features[n * d + a] * state.coefficients[a]
      return fitted
    }
    if (end === 'capped') capped++
    else infinite++
    return end === 'unbounded' && goal < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  })
  return { levels: [level], cutoffs, infinite, capped }
}
