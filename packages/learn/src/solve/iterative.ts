import { PodError } from '@mlpod/contract'
import {
  add,
  cast,
  constant,
  constantOfShape,
  div,
  dtypeOf,
  equal,
  gather,
  greater,
  loop,
  matMul,
  mul,
  neg,
  type Operand,
  range,
  reduceSum,
  reshape,
  scatterND,
  sqrt,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { composed, type LinearOperator } from './operator.ts'
import { achieved, type Solution } from './solution.ts'
import { dot, length, minus, plus, times, type Vector, zeros } from './vector.ts'

/** When an iteration ends. */
export interface IterationOptions {
  /** The residual |b - A x| / |b| that is enough. Default 1e-5. */
  readonly tolerance?: number
  /** The most iterations. Default 100. */
  readonly iterations?: number
  /** Where it starts. Default 0. */
  readonly start?: Vector
}

/** Settings of `conjugateGradient`. */
export interface ConjugateGradientOptions extends IterationOptions {
  /** An approximate inverse of A, symmetric and positive. Default the identity. */
  readonly preconditioner?: LinearOperator
}

function checked({ tolerance = 1e-5, iterations = 100 }: IterationOptions): { tolerance: number; iterations: number } {
  if (!(tolerance >= 0)) throw new PodError('OPTION_INVALID', `the tolerance is ${tolerance}, no number >= 0`)
  if (!(Number.isSafeInteger(iterations) && iterations > 0))
    throw new PodError('OPTION_INVALID', `iterations is ${iterations}, not a whole number above 0`)
  return { tolerance, iterations }
}

const safe = (value: Value): Value => where(equal(value, 0), 1, value)

/**
 * Returns x with A x = b for a symmetric positive A: conjugate gradients, in one loop of the graph, until the residual is
 * small enough. Throws `OPERATOR_INVALID` for an operator that is not symmetric, `OPTION_INVALID`.
 * Source: Hestenes, Stiefel (1952); Nocedal, Wright (2006) algorithm 5.3.
 */
export function conjugateGradient(a: LinearOperator, b: Vector, options: ConjugateGradientOptions = {}): Solution {
  if (!a.symmetric)
    throw new PodError('OPERATOR_INVALID', `conjugate gradients take a symmetric operator, and ${a.name} is none`, {
      hint: 'take biCGStab, or normalConjugateGradient',
    })
  const { tolerance, iterations } = checked(options)
  const { preconditioner, start } = options
  const precondition = (r: Vector): Value[] => preconditioner?.apply(r) ?? [...r]
  const enough = mul(length(b), tolerance)
  const x0 = start ?? zeros(b)
  const r0 = start === undefined ? [...b] : minus(b, a.apply(start))
  const z0 = precondition(r0)
  const n = b.length
  const results = loop(
    [...x0, ...r0, ...z0, dot(r0, z0), constant(0, 'int64')],
    (state) => {
      const [x, r, p] = [state.slice(0, n), state.slice(n, 2 * n), state.slice(2 * n, 3 * n)]
      const [rz, count] = state.slice(3 * n)
      const ap = a.apply(p)
      const alpha = div(rz, safe(dot(p, ap)))
      const residual = plus(r, ap, neg(alpha))
      const z = precondition(residual)
      const next = dot(residual, z)
      const direction = plus(z, p, div(next, safe(rz)))
      return {
        state: [...plus(x, p, alpha), ...residual, ...direction, next, add(count, constant(1, 'int64'))],
        proceed: greater(length(residual), enough),
      }
    },
    { trips: iterations, proceed: greater(length(r0), enough) },
  )
  return achieved(a, b, results.slice(0, n), results[3 * n + 1])
}

/** Returns the least-squares solution of A x = b: conjugate gradients on A^T A. Source: Björck (1996), CGLS. */
export function normalConjugateGradient(a: LinearOperator, b: Vector, options: IterationOptions = {}): Solution {
  const square = { ...composed({ ...a, apply: a.transposed, transposed: a.apply }, a), symmetric: true, positive: true }
  const { x, iterations } = conjugateGradient(square, a.transposed(b), options)
  return achieved(a, b, x, iterations)
}

/** Returns x with A x = b for any square A. Source: van der Vorst (1992), BiCGStab. */
export function biCGStab(a: LinearOperator, b: Vector, options: IterationOptions = {}): Solution {
  const { tolerance, iterations } = checked(options)
  const enough = mul(length(b), tolerance)
  const x0 = options.start ?? zeros(b)
  const r0 = options.start === undefined ? [...b] : minus(b, a.apply(options.start))
  const n = b.length
  const results = loop(
    [...x0, ...r0, ...r0, dot(r0, r0), constant(0, 'int64')],
    (state) => {
      const [x, r, p] = [state.slice(0, n), state.slice(n, 2 * n), state.slice(2 * n, 3 * n)]
      const [rho, count] = state.slice(3 * n)
      const v = a.apply(p)
      const alpha = div(rho, safe(dot(r0, v)))
      const s = plus(r, v, neg(alpha))
      const t = a.apply(s)
      const omega = div(dot(t, s), safe(dot(t, t)))
      const residual = plus(s, t, neg(omega))
      const next = dot(r0, residual)
      const beta = mul(div(next, safe(rho)), div(alpha, safe(omega)))
      const direction = plus(residual, plus(p, v, neg(omega)), beta)
      return {
        state: [
          ...plus(plus(x, p, alpha), s, omega),
          ...residual,
          ...direction,
          next,
          add(count, constant(2, 'int64')),
        ],
        proceed: greater(length(residual), enough),
      }
    },
    { trips: iterations, proceed: greater(length(r0), enough) },
  )
  return achieved(a, b, results.slice(0, n), results[3 * n + 1])
}

/** Settings of `lissa`. */
export interface LissaOptions extends IterationOptions {
  /** What A is divided by; it must be at least half the largest eigenvalue, else the sum runs away. */
  readonly scale: Operand
  /** A of turn k, for products with another batch at each turn. Default A itself. */
  readonly at?: (turn: Value) => LinearOperator
}

/**
 * Returns the sum of the Neumann series x = sum_k (I - A / scale)^k b / scale, at most `iterations` terms (default 100).
 * Each turn may see another batch of the data. Source: Agarwal, Bullins, Hazan (2017), LiSSA.
 */
export function lissa(a: LinearOperator, b: Vector, { scale, at, ...options }: LissaOptions): Solution {
  const { tolerance, iterations } = checked(options)
  const enough = mul(length(b), tolerance)
  const n = b.length
  const results = loop(
    [...(options.start ?? times(b, div(1, toValue(scale, b)))), constant(0, 'int64')],
    (state, turn) => {
      const x = state.slice(0, n)
      const change = minus(b, (at?.(turn) ?? a).apply(x))
      return {
        state: [...plus(x, change, div(1, toValue(scale, b))), add(state[n], constant(1, 'int64'))],
        proceed: greater(length(change), enough),
      }
    },
    { trips: iterations },
  )
  return achieved(a, b, results.slice(0, n), results[n])
}

const toValue = (operand: Operand, like: Vector): Value =>
  typeof operand === 'object' && 'operation' in operand ? operand : constant(operand as number, dtypeOf(like[0]))

/** A Krylov basis: A Q_m = Q_(m+1) H. */
export interface Krylov {
  /** Orthonormal rows [steps + 1, n]. */
  readonly basis: Value
  /** [steps + 1, steps]; of a symmetric operator tridiagonal. */
  readonly projected: Value
}

/**
 * Returns the Krylov basis of an operator on vectors of one part [n], from a start, with full orthogonalisation taken twice.
 * For several parts wrap the operator with `flat`. Source: Arnoldi (1951); Lanczos (1950) for symmetric operators;
 * Schioppa et al. (2022) for influence functions.
 */
export function arnoldi(a: LinearOperator, start: Value, steps: number): Krylov {
  if (!(Number.isSafeInteger(steps) && steps > 0))
    throw new PodError('OPTION_INVALID', `steps is ${steps}, not a whole number above 0`)
  const dtype = dtypeOf(start)!
  const [size] = start.shape
  const first = div(start, safe(sqrt(reduceSum(mul(start, start)))))
  const empty =
    typeof size === 'number'
      ? constantOfShape([steps + 1, size], 0, dtype)
      : mul(unsqueeze(start, [0]), constantOfShape([steps + 1, 1], 0, dtype))
  const row = (k: Value): Value => reshape(k, [1, 1])
  const begin = scatterND(
    empty,
    constant({ dtype: 'int64', shape: [1, 1], data: BigInt64Array.of(0n) }),
    unsqueeze(first, [0]),
  )
  const columns = constantOfShape([steps, steps + 1], 0, dtype)
  const [basis, projected] = loop(
    [begin, columns],
    ([q, h], turn) => {
      const [v] = a.apply([gather(q, turn)])
      const once = matMul(q, v)
      const left = sub(v, matMul(transpose(q, [1, 0]), once))
      const twice = matMul(q, left)
      const rest = sub(left, matMul(transpose(q, [1, 0]), twice))
      const norm = sqrt(reduceSum(mul(rest, rest)))
      const place = add(turn, constant(1, 'int64'))
      const next = div(rest, safe(norm))
      const mask = cast(equal(range(0, steps + 1), place), dtype)
      const column = add(add(once, twice), mul(mask, norm))
      return {
        state: [scatterND(q, row(place), unsqueeze(next, [0])), scatterND(h, row(turn), unsqueeze(column, [0]))],
      }
    },
    { trips: steps },
  )
  return { basis, projected: transpose(projected, [1, 0]) }
}
