import { div, equal, type Value, where } from '@mlpod/graph'
import type { LinearOperator } from './operator.ts'
import { length, minus, type Vector } from './vector.ts'

/** What a solver found. */
export interface Solution {
  readonly x: Value[]
  /** |b - A x| / |b|, computed from x itself: how well it solves. 0 where b is 0. */
  readonly residual: Value
  /** How many products with A the solver took (int64), where that depends on the run. */
  readonly iterations?: Value
}

/** Returns a solution with the residual that it achieves. */
export function achieved(a: LinearOperator, b: Vector, x: Value[], iterations?: Value): Solution {
  const size = length(b)
  const zero = equal(size, 0)
  const residual = div(length(minus(b, a.apply(x))), where(zero, 1, size))
  return { x, residual, ...(iterations && { iterations }) }
}
