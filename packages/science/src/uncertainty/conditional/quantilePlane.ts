/** Rows with features and scores, of which a linear quantile at `level` is wanted. */
export interface PlaneProblem {
  /** [n, width], row-major, of full column rank. */
  readonly features: Float64Array
  readonly width: number
  readonly scores: Float64Array
  readonly level: number
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
 * Minimises over b the sum of pinball losses of s_i - x_i'b at `level`, minus tilt'b, from vertex to vertex: at each the dual of a
 * row of the basis lies outside [level - 1, level], and the row is left along the edge on which the sum falls, past all rows until it would rise.
 * Source: Barrodale, Roberts 1973; Koenker, d'Orey 1987 for quantiles.
 */
export function quantilePlane(problem: PlaneProblem, { tilt, from, cap = 10_000 }: PlaneOptions): QuantilePlane {
  const { features, width: d, scores, level } = problem
  const n = scores.length
  const basis = from.basis.slice()
  const upper = from.upper.slice()
  const inBasis = new Uint8Array(n)
  for (const i of basis) inBasis[i] = 1
  const inverse = basisInverse(problem, basis)
  const coefficients = new Float64Array(d)
  const residuals = new Float64Array(n)
  // sums of the features of the rows above and below, so that duals are made of few roundings
  const sums = [new Float64Array(d), new Float64Array(d)]
  const count = (i: number, side: number, sign: number): void => {
    const sum = sums[side]
    for (let a = 0; a < d; a++) sum[a] += sign * features[i * d + a]
  }
  const place = (): void => {
    for (let a = 0; a < d; a++) {
      coefficients[a] = 0
      for (let k = 0; k < d; k++) coefficients[a] += inverse[a * d + k] * scores[basis[k]]
    }
    for (let i = 0; i < n; i++) {
      let fitted = 0
      for (let a = 0; a < d; a++) fitted += features[i * d + a] * coefficients[a]
      residuals[i] = inBasis[i] ? 0 : scores[i] - fitted
    }
  }
  place()
  for (let i = 0; i < n; i++) if (!inBasis[i]) count(i, upper[i], 1)
  const tolerance = Math.min(5e-10, 1e-15 * n + 1e-11)
  const slopes = new Float64Array(n)
  const need = new Float64Array(d)
  const settle = (): boolean => {
    inverse.set(basisInverse(problem, basis))
    place()
    let wrong = false
    for (let i = 0; i < n; i++) {
      const side = residuals[i] > 0 ? 1 : residuals[i] < 0 ? 0 : upper[i]
      if (side === upper[i] || inBasis[i]) continue
      count(i, upper[i], -1)
      upper[i] = side
      count(i, side, 1)
      wrong = true
    }
    return wrong
  }
  let idle = 0
  let settled = 0
  let status: QuantilePlane['status'] = 'capped'
  let pivots = 0
  for (; pivots < cap; pivots++) {
    // duals of the basis: sum over all rows of dual x feature = -tilt
    for (let a = 0; a < d; a++) need[a] = -(tilt?.[a] ?? 0) - level * sums[1][a] + (1 - level) * sums[0][a]
    let [leaving, violation, side] = [-1, tolerance, 0]
    for (let k = 0; k < d; k++) {
      let dual = 0
      for (let a = 0; a < d; a++) dual += inverse[a * d + k] * need[a]
      const over = dual - level
      const under = level - 1 - dual
      const most = Math.max(over, under)
      if (idle > PATIENCE ? most > tolerance && (leaving < 0 || basis[k] < basis[leaving]) : most > violation)
        [leaving, violation, side] = [k, most, over > under ? 1 : 0]
    }
    if (leaving < 0) {
      status = 'optimal'
      // rows so near the plane that rounding put them on the wrong side are put right, and the search goes on
      if (settled++ < SETTLED && settle()) continue
      break
    }
    // along -column (the row will be above) or column (below)
    const sign = side === 1 ? -1 : 1
    let steepest = 0
    for (let i = 0; i < n; i++) {
      let slope = 0
      for (let a = 0; a < d; a++) slope += features[i * d + a] * inverse[a * d + leaving]
      slopes[i] = inBasis[i] ? 0 : sign * slope
      steepest = Math.max(steepest, Math.abs(slopes[i]))
    }
    const { entering, step, passed } = edge(residuals, slopes, upper, violation, 1e-11 * steepest, idle > PATIENCE)
    if (entering < 0) {
      status = 'unbounded'
      break
    }
    for (const i of passed) {
      count(i, upper[i], -1)
      upper[i] = 1 - upper[i]
      count(i, upper[i], 1)
    }
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
      for (let i = 0; i < n; i++) residuals[i] -= step * slopes[i]
      residuals[left] = -step * sign
      residuals[entering] = 0
    }
  }
  inverse.set(basisInverse(problem, basis))
  place()
  return { basis, upper, coefficients, status, pivots }
}

/** Finds where the sum of losses, which falls by `fall` a step, begins to rise: the row met there and the rows met before. */
function edge(
  residuals: Float64Array,
  slopes: Float64Array,
  upper: Uint8Array,
  fall: number,
  least: number,
  first: boolean,
): { readonly entering: number; readonly step: number; readonly passed: readonly number[] } {
  const meets = (i: number): boolean => (upper[i] === 1 ? slopes[i] > least : slopes[i] < -least)
  const at = (i: number): number => Math.max(0, residuals[i] / slopes[i])
  let [entering, step] = [-1, Number.POSITIVE_INFINITY]
  for (let i = 0; i < slopes.length; i++)
    if (meets(i) && at(i) < step) {
      entering = i
      step = at(i)
    }
  if (entering < 0 || first || Math.abs(slopes[entering]) >= fall) return { entering, step, passed: [] }
  const met: number[] = []
  for (let i = 0; i < slopes.length; i++) if (meets(i)) met.push(i)
  met.sort((a, b) => at(a) - at(b) || a - b)
  let left = fall
  for (let k = 0; k < met.length; k++) {
    left -= Math.abs(slopes[met[k]])
    if (left <= 0) return { entering: met[k], step: at(met[k]), passed: met.slice(0, k) }
  }
  return { entering: -1, step, passed: [] }
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

/** Returns the inverse [width, basis] of the matrix of the basis's features, by elimination with the largest pivots. */
function basisInverse({ features, width: d }: PlaneProblem, basis: Int32Array): Float64Array {
  const wide = 2 * d
  const rows = Array.from(basis, (i, k) => {
    const row = new Float64Array(wide)
    row.set(features.subarray(i * d, (i + 1) * d))
    row[d + k] = 1
    return row
  })
  for (let a = 0; a < d; a++) {
    let best = a
    for (let k = a + 1; k < d; k++) if (Math.abs(rows[k][a]) > Math.abs(rows[best][a])) best = k
    const held = rows[a]
    rows[a] = rows[best]
    rows[best] = held
    const pivot = rows[a][a]
    for (let c = 0; c < wide; c++) rows[a][c] /= pivot
    for (let k = 0; k < d; k++) {
      const share = rows[k][a]
      if (k === a || share === 0) continue
      for (let c = 0; c < wide; c++) rows[k][c] -= share * rows[a][c]
    }
  }
  const inverse = new Float64Array(d * d)
  for (let a = 0; a < d; a++) inverse.set(rows[a].subarray(d), a * d)
  return inverse
}

/** Independent rows, farthest first, and an orthonormal basis of what they span. */
export interface RowSpace {
  readonly rows: Int32Array
  /** [rank, width] */
  readonly directions: Float64Array
}

/** Returns as many independent rows as there are; what is below `tolerance` is 0. */
export function rowSpace(features: Float64Array, d: number, tolerance = 1e-10): RowSpace {
  const n = features.length / d
  const rest = features.slice()
  const rows: number[] = []
  const directions: Float64Array[] = []
  for (let r = 0; r < d; r++) {
    let [best, most] = [-1, tolerance * tolerance]
    for (let i = 0; i < n; i++) {
      let square = 0
      for (let a = 0; a < d; a++) square += rest[i * d + a] ** 2
      if (square > most) [best, most] = [i, square]
    }
    if (best < 0) break
    const direction = rest.slice(best * d, (best + 1) * d)
    // twice, so that what is left of the others is gone (Kahan, Parlett)
    for (const other of directions) {
      let along = 0
      for (let a = 0; a < d; a++) along += other[a] * direction[a]
      for (let a = 0; a < d; a++) direction[a] -= along * other[a]
    }
    const norm = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0))
    for (let a = 0; a < d; a++) direction[a] /= norm
    rows.push(best)
    directions.push(direction)
    for (let i = 0; i < n; i++) {
      let along = 0
      for (let a = 0; a < d; a++) along += rest[i * d + a] * direction[a]
      for (let a = 0; a < d; a++) rest[i * d + a] -= along * direction[a]
    }
  }
  const all = new Float64Array(directions.length * d)
  directions.forEach((direction, r) => {
    all.set(direction, r * d)
  })
  return { rows: Int32Array.from(rows), directions: all }
}

/** Returns the vertex through independent rows, to start from. */
export function startVertex(problem: PlaneProblem, rows: Int32Array): PlaneVertex {
  const { features, width: d, scores } = problem
  const inverse = basisInverse(problem, rows)
  const coefficients = new Float64Array(d)
  for (let a = 0; a < d; a++) for (let k = 0; k < d; k++) coefficients[a] += inverse[a * d + k] * scores[rows[k]]
  return {
    basis: rows,
    upper: Uint8Array.from(scores, (score, i) => {
      let fitted = 0
      for (let a = 0; a < d; a++) fitted += features[i * d + a] * coefficients[a]
      return score > fitted ? 1 : 0
    }),
  }
}

/**
 * Returns the coefficients of the linear `level`-quantile of scores given features [n, width]; columns must be independent (throws nothing:
 * of dependent ones, the least in the span of the rows are returned).
 */
export function linearQuantile(
  features: Float64Array,
  width: number,
  scores: Float64Array,
  level: number,
): Float64Array {
  const { rows, directions } = rowSpace(features, width)
  const rank = rows.length
  const reduced = rank === width ? features : projected(features, width, directions)
  const problem = { features: reduced, width: rank, scores, level }
  const { coefficients } = quantilePlane(problem, { from: startVertex(problem, rows) })
  if (rank === width) return coefficients
  const full = new Float64Array(width)
  for (let r = 0; r < rank; r++) for (let a = 0; a < width; a++) full[a] += coefficients[r] * directions[r * width + a]
  return full
}

/** Returns rows [m, width] in the coordinates of orthonormal directions [rank, width]: [m, rank]. */
export function projected(features: Float64Array, width: number, directions: Float64Array): Float64Array {
  const rank = directions.length / width
  const out = new Float64Array((features.length / width) * rank)
  for (let i = 0; i < features.length / width; i++)
    for (let r = 0; r < rank; r++)
      for (let a = 0; a < width; a++) out[i * rank + r] += features[i * width + a] * directions[r * width + a]
  return out
}
