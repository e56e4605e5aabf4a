import { basisInverse, type PlaneProblem, type PlaneVertex, quantilePlane } from './quantilePlane.ts'

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
