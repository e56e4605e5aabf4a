import { eliminate } from './eliminate.ts'
import { meetingOf } from './meeting.ts'

/** Rows with features and scores, of which a linear quantile at `level` is wanted. */
export interface PlaneProblem {
  /** [n, width], row-major, of full column rank. */
  readonly features: Float64Array
  readonly width: number
  readonly scores: Float64Array
  /** One for all rows, or each row's own. */
  readonly level: number | Float64Array
}

/** A vertex: the rows it goes through, and for all others on which side of it they are. */
export interface PlaneVertex {
  readonly basis: Int32Array
  /** 1 for rows above (or counted as above, where they lie on it). */
  readonly upper: Uint8Array
}

/** The plane through the rows of the basis, and how it was found. */
export interface QuantilePlane extends PlaneVertex {
  readonly coefficients: Float64Array
  /** `unbounded`: the tilt is more than the rows can balance. `capped`: the cap on steps was reached first. */
  readonly status: 'optimal' | 'unbounded' | 'capped'
  readonly pivots: number
}

/** Settings of `quantilePlane`. */
export interface PlaneOptions {
  /** [width]: subtracted times the coefficients from the sum of losses; none by default. */
  readonly tilt?: Float64Array
  /** Where to start. */
  readonly from: PlaneVertex
  /** Steps after which the search stops; 10,000 by default. */
  readonly cap?: number
}

/** After so many steps that moved nothing, rows are taken by their number (Bland 1977), which cannot go round. */
const PATIENCE = 20

/** How often rows are put right at the end. */
const SETTLED = 3

/**
 * Returns the function that minimises over b the sum of pinball losses of s_i - x_i'b at their level, minus tilt'b, from one vertex, for any tilt:
 * from vertex to vertex, at each of which the dual of a row of the basis lies outside [level - 1, level], so that the row is left along the
 * edge on which the sum falls, past all rows until it would rise. What is known of the first vertex is computed once.
 * Source: Barrodale, Roberts 1973; Koenker, d'Orey 1987 for quantiles.
 */
export function planeSolver(
  problem: PlaneProblem,
  from: PlaneVertex,
): (options?: Omit<PlaneOptions, 'from'>) => QuantilePlane {
  const { features, width: d, scores, level } = problem
  const n = scores.length
  const basis = from.basis.slice()
  const upper = from.upper.slice()
  const inBasis = new Uint8Array(n)
  for (const i of basis) inBasis[i] = 1
  const inverse = basisInverse(problem, basis)
  const coefficients = new Float64Array(d)
  const residuals = new Float64Array(n)
  // sums of the features of the rows below and above, so that duals are made of few roundings
  const sums = new Float64Array(2 * d)
  // (with each row's own level, of the features times their duals)
  const own = typeof level === 'number' ? undefined : level
  const [unitBelow, unitAbove] = typeof level === 'number' ? [1 - level, level] : [1, 1]
  const count = (i: number, side: number, sign: number): void => {
    const weight = own === undefined ? sign : sign * (side === 1 ? own[i] : 1 - own[i])
    for (let a = 0; a < d; a++) sums[side * d + a] += weight * features[i * d + a]
  }
  // column by column, in loops that are fast from the start
  const columns = Array.from({ length: d }, (_, a) => Float64Array.from({ length: n }, (_, i) => features[i * d + a]))
  /** Writes x_i'w, where w_a is at a step + from. */
  const along = (w: Float64Array, step: number, from: number, out: Float64Array): void => {
    out.fill(0)
    for (let a = 0; a < d; a++) addScaled(out, columns[a], w[a * step + from])
  }
  const place = (): void => {
    for (let a = 0; a < d; a++) {
      coefficients[a] = 0
      for (let k = 0; k < d; k++) coefficients[a] += inverse[a * d + k] * scores[basis[k]]
    }
    along(coefficients, 1, 0, residuals)
    for (let i = 0; i < n; i++) residuals[i] = scores[i] - residuals[i]
    for (const i of basis) residuals[i] = 0
  }
  const flip = (i: number): void => {
    count(i, upper[i], -1)
    upper[i] = 1 - upper[i]
    count(i, upper[i], 1)
  }
  /** Computes all anew, and puts rows right that are so near the plane that rounding put them on the wrong side. */
  const settle = (): boolean => {
    inverse.set(basisInverse(problem, basis))
    place()
    let wrong = false
    for (let i = 0; i < n; i++)
      if (!inBasis[i] && residuals[i] !== 0 && residuals[i] > 0 !== (upper[i] === 1)) {
        flip(i)
        wrong = true
      }
    return wrong
  }
  place()
  for (let i = 0; i < n; i++) if (!inBasis[i]) count(i, upper[i], 1)
  const state = [basis, upper, inBasis, inverse, coefficients, residuals, sums]
  const first = state.map((values) => values.slice())
  const tolerance = Math.min(5e-10, 1e-15 * n + 1e-11)
  const slopes = new Float64Array(n)
  const need = new Float64Array(d)
  const meet = meetingOf(residuals, slopes, upper)
  return ({ tilt, cap = 10_000 } = {}) => {
    for (const [at, values] of state.entries()) values.set(first[at])
    let [idle, settled, pivots] = [0, 0, 0]
    let status: QuantilePlane['status'] = 'capped'
    for (; pivots < cap; pivots++) {
      // duals of the basis: sum over all rows of dual x feature = -tilt
      for (let a = 0; a < d; a++) need[a] = -(tilt?.[a] ?? 0) - unitAbove * sums[d + a] + unitBelow * sums[a]
      let [leaving, violation, side] = [-1, tolerance, 0]
      for (let k = 0; k < d; k++) {
        let dual = 0
        for (let a = 0; a < d; a++) dual += inverse[a * d + k] * need[a]
        const bound = own === undefined ? unitAbove : own[basis[k]]
        const over = dual - bound
        const under = bound - 1 - dual
        const most = Math.max(over, under)
        if (idle > PATIENCE ? most > tolerance && (leaving < 0 || basis[k] < basis[leaving]) : most > violation)
          [leaving, violation, side] = [k, most, over > under ? 1 : 0]
      }
      if (leaving < 0) {
        status = 'optimal'
        if ((pivots > 0 || settled > 0) && settled++ < SETTLED && settle()) continue
        break
      }
      // along -column (the row will be above) or column (below)
      const sign = side === 1 ? -1 : 1
      along(inverse, d, leaving, slopes)
      for (const i of basis) slopes[i] = 0
      const { entering, step, passed } = meet(sign, violation, idle > PATIENCE)
      if (entering < 0) {
        status = 'unbounded'
        break
      }
      for (const i of passed) flip(i)
      const left = basis[leaving]
      count(entering, upper[entering], -1)
      upper[left] = side
      count(left, side, 1)
      inBasis[left] = 0
      inBasis[entering] = 1
      basis[leaving] = entering
      idle = step > 0 ? 0 : idle + 1
      exchange(inverse, features, d, entering, leaving)
      if (pivots % 50 === 49) {
        inverse.set(basisInverse(problem, basis))
        place()
      } else {
        addScaled(residuals, slopes, -step * sign)
        residuals[left] = -step * sign
        residuals[entering] = 0
      }
    }
    return { basis: basis.slice(), upper: upper.slice(), coefficients: coefficients.slice(), status, pivots }
  }
}

/** Returns one solution of `planeSolver`. */
export const quantilePlane = (problem: PlaneProblem, { from, ...options }: PlaneOptions): QuantilePlane =>
  planeSolver(problem, from)(options)

/** Adds x times w. */
function addScaled(out: Float64Array, x: Float64Array, w: number): void {
  for (let i = 0; i < out.length; i++) out[i] += w * x[i]
}

/** The inverse after the `leaving`-th row of the basis has become the row `entering`. */
function exchange(inverse: Float64Array, features: Float64Array, d: number, entering: number, leaving: number): void {
  const row = new Float64Array(d)
  for (let k = 0; k < d; k++) for (let a = 0; a < d; a++) row[k] += features[entering * d + a] * inverse[a * d + k]
  for (let a = 0; a < d; a++) {
    const pivot = inverse[a * d + leaving] / row[leaving]
    for (let k = 0; k < d; k++) inverse[a * d + k] = k === leaving ? pivot : inverse[a * d + k] - row[k] * pivot
  }
}

/** Returns the inverse [width, basis] of the matrix of the basis's features, whose rows must be independent. */
export function basisInverse({ features, width: d }: PlaneProblem, basis: Int32Array): Float64Array {
  const rows = Array.from(basis, (i, k) => {
    const row = new Float64Array(2 * d)
    row.set(features.subarray(i * d, (i + 1) * d))
    row[d + k] = 1
    return row
  })
  return eliminate(rows) as Float64Array
}
