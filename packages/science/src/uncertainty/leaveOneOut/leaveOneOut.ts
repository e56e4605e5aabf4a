import { PodError } from '@mlpod/contract'
import { cholesky, choleskySolve } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { rowsOf } from '../multivariate/jointScores.ts'

/** What models that each left one row out say, as cross-conformal intervals take it. */
export interface LeftOneOut {
  /** [n]: of each row, by the model without it. */
  readonly own: Float64Array
  /** [m, n] row-major: of each new row, by the model without row i: the `folds` answers of `crossIntervals`, each row its own fold. */
  readonly fresh: Float64Array
  /** [n]: 0 .. n - 1, the `folds` of `calibrateCross`. */
  readonly folds: Uint32Array
}

/** Settings of `ridgeLeaveOneOut`. */
export interface RidgeOptions {
  readonly features: number
  /** Penalty on the squared coefficients, >= 0; 0 is least squares. */
  readonly lambda?: number
}

/**
 * Returns, without a refit, exactly what ridge regression without each row says: with A = X'X + lambda, r_i the residual and h_i = x_i' A^-1 x_i,
 * the coefficients without row i are b - A^-1 x_i r_i / (1 - h_i). Add a column of ones for an intercept. Throws `LENGTH_MISMATCH`,
 * `MATRIX_NOT_POSITIVE`, and `LEVERAGE_ONE` for a row without which the fit is not determined. Source: Sherman, Morrison 1950; Allen 1974.
 */
export function ridgeLeaveOneOut(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  fresh: ArrayLike<number>,
  { features: d, lambda = 0 }: RidgeOptions,
): LeftOneOut {
  const n = rowsOf(x.length, d, 'features')
  checkLength(y.length, n, 'values of y')
  const m = rowsOf(fresh.length, d, 'new features')
  const gram = new Float64Array(d * d)
  const moment = new Float64Array(d)
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++) {
      moment[a] += x[i * d + a] * y[i]
      for (let b = 0; b < d; b++) gram[a * d + b] += x[i * d + a] * x[i * d + b]
    }
  for (let a = 0; a < d; a++) gram[a * d + a] += lambda
  const factor = cholesky(gram, d)
  const coefficients = choleskySolve(factor, d, moment)
  return leftOut(n, m, d, {
    row: (i) =>
      choleskySolve(
        factor,
        d,
        Float64Array.from({ length: d }, (_, a) => x[i * d + a]),
      ),
    slope: (i) => dot(x, i, coefficients) - y[i],
    jacobian: x,
    curvature: () => 1,
    predictions: Float64Array.from({ length: n }, (_, i) => dot(x, i, coefficients)),
    fresh,
    freshPredictions: Float64Array.from({ length: m }, (_, j) => dot(fresh, j, coefficients)),
  })
}

/** A fitted model seen through derivatives at its parameters. */
export interface ModelDerivatives {
  /** Parameters of the model. */
  readonly parameters: number
  /** [n] and [m]: what the model of all rows says of them and of new rows. */
  readonly predictions: ArrayLike<number>
  readonly freshPredictions: ArrayLike<number>
  /** [n, parameters] and [m, parameters]: derivatives of those predictions. */
  readonly jacobian: ArrayLike<number>
  readonly freshJacobian: ArrayLike<number>
  /** [n]: derivative of each row's loss by its prediction (prediction - y for half the squared error). */
  readonly slopes: ArrayLike<number>
  /** [n]: second derivative of each row's loss by its prediction; 0 (first-order influence) where it is not given, 1 for half the squared error. */
  readonly curvatures?: ArrayLike<number>
  /** Returns the Hessian of the whole training loss (the sum over rows, with any penalty) times a vector of parameters. */
  hessianProduct(vector: Float64Array): ArrayLike<number>
}

/** Settings of `influenceLeaveOneOut`. */
export interface InfluenceOptions {
  /** Added to the Hessian's diagonal, where the loss is not strongly convex; 0 by default. */
  readonly damping?: number
  /** Relative residual at which a linear system counts as solved; 1e-10 by default. */
  readonly tolerance?: number
  /** Steps of conjugate gradients a row; 2 parameters + 20 by default. */
  readonly steps?: number
}

/**
 * Returns approximately what the model without each row says, by one Newton step from the fitted parameters: they move by
 * H^-1 J_i l'_i / (1 - l''_i J_i' H^-1 J_i), which for ridge regression is exact. The linear systems are solved by conjugate gradients, so the Hessian
 * is only ever multiplied (`hvp` of a graph). Throws `LENGTH_MISMATCH`, `LEVERAGE_ONE`, and `SOLVE_FAILED` where the Hessian is not positive or
 * the steps do not do. Source: Koh, Liang 2017; Giordano et al. 2019; Martinez et al. 2023 (approximate full conformal); Barber et al. 2021.
 */
export function influenceLeaveOneOut(
  model: ModelDerivatives,
  { damping = 0, tolerance = 1e-10, steps = 2 * model.parameters + 20 }: InfluenceOptions = {},
): LeftOneOut {
  const p = model.parameters
  const n = model.predictions.length
  const m = model.freshPredictions.length
  checkLength(rowsOf(model.jacobian.length, p, 'derivatives'), n, 'rows of derivatives')
  checkLength(rowsOf(model.freshJacobian.length, p, 'new derivatives'), m, 'new rows of derivatives')
  checkLength(model.slopes.length, n, 'slopes')
  checkLength(model.curvatures?.length, n, 'curvatures')
  const times = (v: Float64Array): Float64Array =>
    Float64Array.from(model.hessianProduct(v), (value, a) => value + damping * v[a])
  return leftOut(n, m, p, {
    row: (i) =>
      conjugateGradients(
        times,
        Float64Array.from({ length: p }, (_, a) => model.jacobian[i * p + a]),
        {
          tolerance,
          steps,
          row: i,
        },
      ),
    slope: (i) => model.slopes[i],
    jacobian: model.jacobian,
    curvature: (i) => model.curvatures?.[i] ?? 0,
    predictions: model.predictions,
    fresh: model.freshJacobian,
    freshPredictions: model.freshPredictions,
  })
}

interface Parts {
  /** H^-1 J_i. */
  row(i: number): Float64Array
  slope(i: number): number
  curvature(i: number): number
  readonly jacobian: ArrayLike<number>
  readonly predictions: ArrayLike<number>
  readonly fresh: ArrayLike<number>
  readonly freshPredictions: ArrayLike<number>
}

/** The shift of every prediction when row i is left out: J' H^-1 J_i l'_i / (1 - l''_i h_i). */
function leftOut(n: number, m: number, p: number, parts: Parts): LeftOneOut {
  const own = new Float64Array(n)
  const fresh = new Float64Array(m * n)
  for (let i = 0; i < n; i++) {
    const direction = parts.row(i)
    if (direction.length !== p)
      throw new PodError('LENGTH_MISMATCH', `${direction.length} values do not match ${p} parameters`)
    const leverage = dot(parts.jacobian, i, direction)
    const rest = 1 - parts.curvature(i) * leverage
    if (!(rest > 1e-12))
      throw new PodError('LEVERAGE_ONE', `without row ${i} the fit is not determined`, {
        hint: 'add a penalty, or leave out the feature that only this row has',
      })
    const scale = parts.slope(i) / rest
    own[i] = parts.predictions[i] + leverage * scale
    for (let j = 0; j < m; j++) fresh[j * n + i] = parts.freshPredictions[j] + dot(parts.fresh, j, direction) * scale
  }
  return { own, fresh, folds: Uint32Array.from({ length: n }, (_, i) => i) }
}

function dot(rows: ArrayLike<number>, i: number, vector: Float64Array): number {
  let sum = 0
  for (let a = 0; a < vector.length; a++) sum += rows[i * vector.length + a] * vector[a]
  return sum
}

/** Solves H u = b by products with H. Source: Hestenes, Stiefel 1952. */
function conjugateGradients(
  times: (v: Float64Array) => Float64Array,
  b: Float64Array,
  { tolerance, steps, row }: { readonly tolerance: number; readonly steps: number; readonly row: number },
): Float64Array {
  const u = new Float64Array(b.length)
  const residual = b.slice()
  let direction = b.slice()
  const square = (v: Float64Array): number => v.reduce((sum, x) => sum + x * x, 0)
  const goal = tolerance * tolerance * square(b)
  let now = square(residual)
  for (let step = 0; now > goal; step++) {
    const product = times(direction)
    const bend = direction.reduce((sum, x, a) => sum + x * product[a], 0)
    if (!(bend > 0) || step === steps)
      throw new PodError(
        'SOLVE_FAILED',
        step === steps
          ? `the system of row ${row} is not solved after ${steps} steps`
          : `the Hessian is not positive along a direction of row ${row}`,
        { hint: 'add damping' },
      )
    const length = now / bend
    for (let a = 0; a < u.length; a++) {
      u[a] += length * direction[a]
      residual[a] -= length * product[a]
    }
    const next = square(residual)
    const share = next / now
    direction = direction.map((x, a) => residual[a] + share * x)
    now = next
  }
  return u
}
