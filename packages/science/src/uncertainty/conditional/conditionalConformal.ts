import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import { projected, rowSpace, startVertex } from './linearQuantile.ts'
import { type PlaneProblem, type PlaneVertex, planeSolver, quantilePlane } from './quantilePlane.ts'

/** Cutoffs of scores whose coverage holds within every weighting of rows by the features, calibrated: plain data. */
export interface ConditionalConformal {
  readonly levels: readonly number[]
  /** Features a row. */
  readonly width: number
  readonly n: number
  readonly dropped: number
  /** [n, rank] */
  readonly features: Float64Array
  readonly scores: Float64Array
  /** [rank, width]: where the features' columns depend on each other, the directions that they span. */
  readonly directions: Float64Array | null
  /** For each level the vertex of the calibration rows alone, from which the search for a new row's cutoff starts. */
  readonly vertices: readonly PlaneVertex[]
}

/** Settings of `calibrateConditional`. */
export interface ConditionalOptions extends LevelOption {
  /** [n, width] row-major: what coverage shall hold given; a column of ones gives the marginal guarantee, indicators that of groups, which may overlap. */
  readonly features: ArrayLike<number>
}

/**
 * Returns the calibration of conditional conformal prediction: the cutoff of a new row x is the largest S that does not exceed its own
 * quantile in the linear quantile regression of scores on features with (x, S) among the rows. For every f linear in the
 * features, E[f(X) (1{score <= cutoff} - level)] >= 0 for f >= 0 (exactly 0 if randomised): with indicators, coverage in each group.
 * Ones alone give split conformal, indicators of disjoint groups Mondrian, exactly. Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`,
 * `LENGTH_MISMATCH`, `FEATURES_INVALID`, `SCORES_NAN`. Source: Gibbs, Cherian, Candes 2023.
 */
export function calibrateConditional(
  scores: ArrayLike<number>,
  { features, ...options }: ConditionalOptions,
): ConditionalConformal {
  const levels = levelsOf(options)
  const all = scores.length
  if (all === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const width = features.length / all
  if (!Number.isInteger(width) || width === 0)
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${all} rows`)
  checkFinite(features, width)
  const kept: number[] = []
  for (let i = 0; i < all; i++) if (!Number.isNaN(scores[i])) kept.push(i)
  if (kept.length === 0) throw new PodError('SCORES_NAN', `all ${all} calibration scores are NaN`)
  const infinite = kept.find((i) => !Number.isFinite(scores[i]))
  if (infinite !== undefined)
    throw new PodError('SCORES_NAN', `the score of row ${infinite} is ${scores[infinite]}`, {
      because: 'a plane cannot go through it',
    })
  const x = new Float64Array(kept.length * width)
  kept.forEach((i, row) => {
    for (let a = 0; a < width; a++) x[row * width + a] = features[i * width + a]
  })
  const space = rowSpace(x, width)
  const rank = space.rows.length
  if (rank === 0) throw new PodError('FEATURES_INVALID', 'all features of all calibration rows are 0')
  const used = rank === width ? x : projected(x, width, space.directions)
  const held = Float64Array.from(kept, (i) => scores[i])
  return {
    levels,
    width,
    n: kept.length,
    dropped: all - kept.length,
    features: used,
    scores: held,
    directions: rank === width ? null : space.directions,
    vertices: levels.map((level) => {
      const problem: PlaneProblem = { features: used, width: rank, scores: held, level }
      const { basis, upper } = quantilePlane(problem, { from: startVertex(problem, space.rows) })
      return { basis, upper }
    }),
  }
}

/** Settings of `conditionalCutoffs`. */
export interface CutoffOptions {
  /** Makes coverage exact: each row draws its share of the last score from (seed, key); keys are row numbers by default. */
  readonly randomize?: { readonly seed: number; readonly keys?: ArrayLike<number> }
  /** Steps of the search for one cutoff, 10,000 by default; a row that needs more gets an infinite cutoff, and is counted. */
  readonly cap?: number
}

/** The cutoffs of m rows, [m, levels] row-major. */
export interface ConditionalCutoffs {
  readonly levels: readonly number[]
  readonly cutoffs: Float64Array
  /** Cutoffs that are infinite because the calibration rows are too few, or none is like the row (its features are 0). */
  readonly infinite: number
  /** Cutoffs given up at the cap. */
  readonly capped: number
}

/** The dual of the new row stays below its bound by this much. */
const BELOW = 1e-9

/**
 * Returns the cutoff of each new row, features [m, width]: {score <= cutoff} is its set. Instead of following the last score S,
 * its dual e is moved to its bound: S(e) = x'b(e), where b(e) minimises the losses of the calibration rows minus e x'b, so the cutoff is
 * that plane at x just before the bound. Exact; a few pivots a row from the calibration's vertex.
 * Throws `LENGTH_MISMATCH`, `FEATURES_INVALID`, `SEED_INVALID`.
 */
export function conditionalCutoffs(
  conformal: ConditionalConformal,
  features: ArrayLike<number>,
  { randomize, cap }: CutoffOptions = {},
): ConditionalCutoffs {
  const { levels, width, directions, vertices } = conformal
  const m = features.length / width
  if (!Number.isInteger(m))
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into rows of ${width}`)
  checkFinite(features, width)
  checkLength(randomize?.keys?.length, m, 'keys')
  const all = Float64Array.from(features)
  const rows = directions === null ? all : projected(all, width, directions)
  const rank = rows.length / Math.max(1, m)
  const draw = randomize === undefined ? undefined : random({ seed: randomize.seed, path: 'conditional' })
  const cutoffs = new Float64Array(m * levels.length)
  const tilt = new Float64Array(rank)
  let [infinite, capped] = [0, 0]
  for (let l = 0; l < levels.length; l++) {
    const level = levels[l]
    const problem = { features: conformal.features, width: rank, scores: conformal.scores, level }
    const solve = planeSolver(problem, vertices[l])
    for (let i = 0; i < m; i++) {
      const row = rows.subarray(i * rank, (i + 1) * rank)
      const at = i * levels.length + l
      cutoffs[at] = Number.POSITIVE_INFINITY
      if (row.every((x) => Math.abs(x) <= 1e-10)) {
        infinite++
        continue
      }
      const bound = draw === undefined ? level : level - 1 + draw.uniform(randomize?.keys?.[i] ?? i)
      for (let a = 0; a < rank; a++) tilt[a] = (bound - BELOW) * row[a]
      const { status, coefficients, basis } = solve(cap === undefined ? { tilt } : { tilt, cap })
      if (status === 'capped') capped++
      else if (status === 'unbounded') {
        infinite++
        if (bound - BELOW < 0) cutoffs[at] = Number.NEGATIVE_INFINITY
      } else {
        let [cutoff, size] = [0, 0]
        for (let a = 0; a < rank; a++) {
          cutoff += row[a] * coefficients[a]
          size += Math.abs(row[a] * coefficients[a])
        }
        // a row whose score is the cutoff belongs to the set: rounding must not lose it
        for (const k of basis) {
          const score = conformal.scores[k]
          let like = 0
          for (let a = 0; a < rank; a++) like += row[a] * conformal.features[k * rank + a]
          if (like !== 0 && score > cutoff && score - cutoff <= 1e-12 * size) cutoff = score
        }
        cutoffs[at] = cutoff
      }
    }
  }
  return { levels, cutoffs, infinite, capped }
}

/** Settings of `conditionalCutoffByBisection`. */
export interface BisectionOptions {
  readonly level: number
  /** Width at which the bracket is narrow enough; 1e-3 by default. */
  readonly tolerance?: number
}

/**
 * Returns one row's cutoff by bisection on its score, with a regression of all n + 1 rows at each step: slower, a check of the exact one.
 * The upper end of a bracket that starts from the least score and twice the greatest. Source: Gibbs, Cherian, Candes 2023, section 4.
 */
export function conditionalCutoffByBisection(
  conformal: ConditionalConformal,
  row: ArrayLike<number>,
  { level, tolerance = 1e-3 }: BisectionOptions,
): number {
  const { scores, features, directions, width, n } = conformal
  checkLength(row.length, width, 'features')
  const x = directions === null ? Float64Array.from(row) : projected(Float64Array.from(row), width, directions)
  const d = x.length
  const all = new Float64Array((n + 1) * d)
  all.set(features)
  all.set(x, n * d)
  const space = rowSpace(all, d)
  const below = (score: number): boolean => {
    const problem = { features: all, width: d, scores: Float64Array.from([...scores, score]), level }
    const plane = quantilePlane(problem, { from: startVertex(problem, space.rows) })
    // below its bound where the plane goes through it or above it
    return plane.basis.includes(n) || plane.upper[n] === 0
  }
  let low = scores.reduce((a, b) => Math.min(a, b))
  let high = 2 * scores.reduce((a, b) => Math.max(a, b))
  if (below(high)) return Number.POSITIVE_INFINITY
  while (high - low > tolerance) {
    const middle = (low + high) / 2
    if (below(middle)) low = middle
    else high = middle
  }
  return high
}

function checkFinite(features: ArrayLike<number>, width: number): void {
  for (let i = 0; i < features.length; i++)
    if (!Number.isFinite(features[i]))
      throw new PodError('FEATURES_INVALID', `feature ${i % width} of row ${Math.floor(i / width)} is ${features[i]}`, {
        hint: 'features of conditional coverage are finite numbers',
      })
}

/** Returns indicators [n, groups] of the groups that each row belongs to, `names` in order; `ones` adds a column of ones in front. */
export function groupFeatures(
  memberships: readonly (readonly string[])[],
  names: readonly string[],
  { ones = false }: { readonly ones?: boolean } = {},
): Float64Array {
  const shift = ones ? 1 : 0
  const width = names.length + shift
  const out = new Float64Array(memberships.length * width)
  memberships.forEach((groups, i) => {
    if (ones) out[i * width] = 1
    for (const group of groups) {
      const at = names.indexOf(group)
      if (at < 0) throw new PodError('GROUP_INVALID', `the group "${group}" of row ${i} is none of ${names.join(', ')}`)
      out[i * width + shift + at] = 1
    }
  })
  return out
}
