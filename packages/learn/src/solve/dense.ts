import { PodError } from '@mlpod/contract'
import {
  add,
  cast,
  constant,
  div,
  inverse,
  matMul,
  mul,
  type Operand,
  oneHot,
  range,
  sub,
  transpose,
  type Value,
  vmap,
} from '@mlpod/graph'
import type { LinearOperator } from './operator.ts'
import { achieved, type Solution } from './solution.ts'
import { precisionOf, ravel, sizeOfVector, unravel, type Vector } from './vector.ts'

/** Returns the same operator on vectors of one part [n], as `arnoldi` and `nystrom` take them. */
export function flat(a: LinearOperator): LinearOperator {
  const n = sizeOfVector(a.domain)
  const way =
    (apply: LinearOperator['apply']) =>
    ([v]: Vector): Value[] => [ravel(apply(unravel(v, a.domain)))]
  return { ...a, domain: [{ type: a.domain[0].type, shape: [n] }], apply: way(a.apply), transposed: way(a.transposed) }
}

/** Returns the matrix [n, n] of an operator: A applied to all unit vectors at once. */
export function dense(a: LinearOperator): Value {
  const n = sizeOfVector(a.domain)
  const units = cast(oneHot(range(0, n), constant(n, 'int64'), { dtype: 'float32' }), precisionOf(a.domain))
  const columns = vmap((unit) => flat(a).apply([unit])[0], [units])
  return transpose(columns, [1, 0])
}

/**
 * Returns x with A x = b by the inverse of A's matrix, with one step of refinement: for up to a few thousand numbers.
 * Throws `SHAPE_MISMATCH` when sizes are only known in a run.
 */
export function direct(a: LinearOperator, b: Vector): Solution {
  const one = flat(a)
  const inverted = inverse(dense(a))
  const rhs = ravel(b)
  const first = matMul(inverted, rhs)
  const rest = sub(rhs, one.apply([first])[0])
  return achieved(a, b, unravel(add(first, matMul(inverted, rest)), a.domain))
}

/** A rank-l approximation U diag(values) U^T of a symmetric positive operator, in the form Y C^-1 Y^T. */
export interface Nystrom {
  /** [n, l]: A times the sketch. */
  readonly y: Value
  /** [l, l]: the sketch's transpose times `y`. */
  readonly core: Value
  /** Returns the operator (approximation + damping I)^-1. */
  readonly inverse: (damping: Operand) => LinearOperator
}

/**
 * Returns the Nystrom approximation of a symmetric positive operator from a sketch [n, l] with orthonormal columns (or any of
 * full rank): its damped inverse costs l products with A once. Serves as a solver, and as the preconditioner of conjugate
 * gradients. Source: Frangella, Tropp, Udell (2023), Randomized Nystrom preconditioning.
 */
export function nystrom(a: LinearOperator, sketch: Value): Nystrom {
  if (!a.symmetric || !a.positive)
    throw new PodError(
      'OPERATOR_INVALID',
      `a Nystrom approximation takes a symmetric positive operator, and ${a.name} is none`,
    )
  const one = flat(a)
  const rows = vmap((column) => one.apply([column])[0], [transpose(sketch, [1, 0])])
  const y = transpose(rows, [1, 0])
  const core = matMul(transpose(sketch, [1, 0]), y)
  return {
    y,
    core,
    // (Y C^-1 Y^T + d I)^-1 = (I - Y (d C + Y^T Y)^-1 Y^T) / d
    inverse: (damping) => {
      const inner = inverse(add(mul(core, damping), matMul(transpose(y, [1, 0]), y)))
      const apply = ([v]: Vector): Value[] => {
        const along = matMul(inner, matMul(transpose(y, [1, 0]), v))
        return [div(sub(v, matMul(y, along)), damping)]
      }
      const whole = (v: Vector): Value[] => unravel(apply([ravel(v)])[0], a.domain)
      return { name: 'Nystrom', domain: a.domain, apply: whole, transposed: whole, symmetric: true, positive: true }
    },
  }
}
