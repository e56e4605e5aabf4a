import { eliminate } from './eliminate.ts'

/** Rows of a quantile regression whose plane is bent by a kernel. */
export interface KernelProblem {
  /** Rows, the last of which is the new one. */
  readonly n: number
  /** [n, n]: how alike two rows are. */
  readonly kernel: Float64Array
  /** [n, width], of full column rank over the rows. */
  readonly features: Float64Array
  readonly width: number
  readonly scores: Float64Array
  readonly level: number
  /** How much bending costs, > 0. */
  readonly lambda: number
}

/** Where a row stands: not in yet, below the surface, on it, above it. */
const OUT = 2
const BELOW = -1
const ON = 0
const ABOVE = 1

/** The optimum over the rows that are in. */
export interface KernelState {
  readonly duals: Float64Array
  readonly side: Int8Array
  readonly coefficients: Float64Array
}

/** The optimum through independent rows alone, with duals of 0. */
export function kernelStart({ n, features, width: d, scores }: KernelProblem, rows: Int32Array): KernelState {
  const side = new Int8Array(n).fill(OUT)
  for (const i of rows) side[i] = ON
  const system = Array.from(rows, (i) => Float64Array.from([...features.subarray(i * d, (i + 1) * d), scores[i]]))
  return { duals: new Float64Array(n), side, coefficients: eliminate(system) as Float64Array }
}

/** How a move ended: at its goal, on the surface, never (the rows cannot balance it), or at the cap. */
export type KernelMove = 'goal' | 'surface' | 'unbounded' | 'capped'

/**
 * Moves the dual of row v from where it is to `goal`, with all others kept optimal: between events the duals of the rows on the surface and the
 * coefficients move along a line; at an event a row comes to the surface or leaves it. `through` does not stop where v itself is on the
 * surface. Changes the state's arrays. Source: Cauwenberghs, Poggio 2001 (incremental support vectors); Li, Liu, Zhu 2007 (kernel quantiles).
 */
export function kernelMove(
  problem: KernelProblem,
  state: KernelState,
  v: number,
  { goal, through = false, cap = 10_000 }: { readonly goal: number; readonly through?: boolean; readonly cap?: number },
): KernelMove {
  const { n, kernel, features, width: d, level, lambda } = problem
  const { duals, side, coefficients } = state
  const residuals = residualsOf(problem, state)
  const sign = Math.sign(goal - duals[v])
  const change = new Float64Array(n)
  let left = -1
  for (let step = 0; step < cap; step++) {
    if (duals[v] === goal) return finish(state, v, level, goal)
    const on: number[] = []
    for (let i = 0; i < n; i++) if (side[i] === ON && i !== v) on.push(i)
    const line = direction(problem, on, v, sign)
    // where the rows on the surface no longer fix the coefficients, these alone move
    const turn = line === undefined ? freeDirection(problem, on, left, side[left]) : line.coefficients
    if (turn === undefined) return 'unbounded'
    for (let i = 0; i < n; i++) {
      let bent = 0
      if (line !== undefined) {
        for (let k = 0; k < on.length; k++) bent += kernel[i * n + on[k]] * line.duals[k]
        bent += kernel[i * n + v] * sign
      }
      let flat = 0
      for (let a = 0; a < d; a++) flat += features[i * d + a] * turn[a]
      change[i] = -(bent / lambda + flat)
    }
    let [far, event, kind] = [Number.POSITIVE_INFINITY, -1, 'none']
    const nearer = (distance: number, row: number, what: string): void => {
      if (distance < far) [far, event, kind] = [Math.max(0, distance), row, what]
    }
    if (line !== undefined) {
      nearer(Math.abs(goal - duals[v]), v, 'goal')
      on.forEach((i, k) => {
        if (line.duals[k] > 1e-14) nearer((level - duals[i]) / line.duals[k], i, 'leaves')
        else if (line.duals[k] < -1e-14) nearer((level - 1 - duals[i]) / line.duals[k], i, 'leaves')
      })
    }
    for (let i = 0; i < n; i++) {
      if (i === v || i === left) continue
      if ((side[i] === ABOVE && change[i] < -1e-14) || (side[i] === BELOW && change[i] > 1e-14))
        nearer(-residuals[i] / change[i], i, 'comes')
    }
    if (!through && residuals[v] * change[v] < 0) nearer(-residuals[v] / change[v], v, 'surface')
    if (event < 0) return 'unbounded'
    for (let i = 0; i < n; i++) residuals[i] += far * change[i]
    for (let a = 0; a < d; a++) coefficients[a] += far * turn[a]
    if (line !== undefined) {
      on.forEach((i, k) => {
        duals[i] += far * line.duals[k]
      })
      duals[v] += far * sign
    }
    left = -1
    if (kind === 'goal') return finish(state, v, level, goal)
    if (kind === 'surface') {
      side[v] = ON
      return 'surface'
    }
    if (kind === 'comes') {
      side[event] = ON
      residuals[event] = 0
    } else {
      const above = duals[event] > level - 0.5
      duals[event] = above ? level : level - 1
      side[event] = above ? ABOVE : BELOW
      residuals[event] = 0
      left = event
    }
  }
  return 'capped'
}

function finish({ duals, side }: KernelState, v: number, level: number, goal: number): KernelMove {
  duals[v] = goal
  side[v] = goal >= level ? ABOVE : goal <= level - 1 ? BELOW : OUT
  return 'goal'
}

/** Returns what each row's score lies above the surface. */
export function residualsOf(
  { n, kernel, features, width: d, scores, lambda }: KernelProblem,
  { duals, coefficients }: KernelState,
): Float64Array {
  const used: number[] = []
  for (let j = 0; j < n; j++) if (duals[j] !== 0) used.push(j)
  return Float64Array.from({ length: n }, (_, i) => {
    let fitted = 0
    for (const j of used) fitted += kernel[i * n + j] * duals[j]
    fitted /= lambda
    for (let a = 0; a < d; a++) fitted += features[i * d + a] * coefficients[a]
    return scores[i] - fitted
  })
}

/** How the duals of the rows on the surface and the coefficients move with the dual of v; undefined where that is not determined. */
function direction(
  { n, kernel, features, width: d, lambda }: KernelProblem,
  on: readonly number[],
  v: number,
  sign: number,
): { readonly duals: Float64Array; readonly coefficients: Float64Array } | undefined {
  const e = on.length
  if (e < d) return undefined
  const size = e + d
  const system = Array.from({ length: size }, (_, r) => {
    const row = new Float64Array(size + 1)
    if (r < e) {
      for (let k = 0; k < e; k++) row[k] = kernel[on[r] * n + on[k]] / lambda
      for (let a = 0; a < d; a++) row[e + a] = features[on[r] * d + a]
      row[size] = (-sign * kernel[on[r] * n + v]) / lambda
    } else {
      for (let k = 0; k < e; k++) row[k] = features[on[k] * d + r - e]
      row[size] = -sign * features[v * d + r - e]
    }
    return row
  })
  const found = eliminate(system, 1e-13)
  return found && { duals: found.subarray(0, e), coefficients: found.subarray(e) }
}

/** A move of the coefficients that keeps all rows on the surface there, away from the row that left on its side. */
function freeDirection(
  { features, width: d }: KernelProblem,
  on: readonly number[],
  left: number,
  side: number,
): Float64Array | undefined {
  if (left < 0) return undefined
  // the part of the row's features that is orthogonal to those on the surface
  const found: Float64Array[] = []
  const remainder = (row: Float64Array): Float64Array => {
    const rest = row.slice()
    for (let twice = 0; twice < 2; twice++)
      for (const other of found) {
        let along = 0
        for (let a = 0; a < d; a++) along += other[a] * rest[a]
        for (let a = 0; a < d; a++) rest[a] -= along * other[a]
      }
    return rest
  }
  const lengthOf = (row: Float64Array): number => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))
  for (const i of on) {
    const rest = remainder(features.slice(i * d, (i + 1) * d))
    const length = lengthOf(rest)
    if (length > 1e-10) found.push(rest.map((x) => x / length))
  }
  const away = remainder(features.slice(left * d, (left + 1) * d))
  const length = lengthOf(away)
  return length > 1e-10 ? away.map((x) => (-side * x) / length) : undefined
}
