import { defineOp, dtypeOf, input, mul, substitute, topological, type Value } from '@mlpod/graph'
import { direct } from './dense.ts'
import { biCGStab, conjugateGradient, type IterationOptions, normalConjugateGradient } from './iterative.ts'
import type { LinearOperator } from './operator.ts'
import { achieved, type Solution } from './solution.ts'
import { times, type Vector } from './vector.ts'

/** Settings of `linsolve`. */
export interface LinsolveOptions extends IterationOptions {
  /**
   * Default `auto`: conjugate gradients for symmetric positive operators, BiCGStab for others. `direct` writes the matrix
   * out, `normal` solves least squares.
   */
  readonly solver?: 'auto' | 'cg' | 'biCGStab' | 'normal' | 'direct'
}

type Solver = (a: LinearOperator, b: Vector, options: IterationOptions) => Solution

/** Solvers by name. */
const SOLVERS: { readonly [S in NonNullable<LinsolveOptions['solver']>]: Solver } = {
  auto: (a, b, options) => (a.symmetric && a.positive ? conjugateGradient : biCGStab)(a, b, options),
  cg: conjugateGradient,
  biCGStab,
  normal: normalConjugateGradient,
  direct: (a, b) => direct(a, b),
}

/**
 * Returns x with A x = b, with the residual that it achieves. Its derivative is that of the solution, not of the
 * iterations: by b it is A^-T g, by what A is made of -(A^-T g) (dA x), each one more solve, to any order.
 * Source: the implicit function theorem, as in Lineax's linear_solve.
 */
export function linsolve(
  a: LinearOperator,
  b: Vector,
  { solver = 'auto', ...options }: LinsolveOptions = {},
): Solution {
  const { solve, leaves } = solveWith(a, SOLVERS[solver], options)
  const { iterations } = SOLVERS[solver](a, b, options)
  return achieved(a, b, solve(b, leaves), iterations)
}

/*
 * x = A^-1 b is an operator of b and of the leaves that A is made of. With w = A^-T g, which is such an operator again, the
 * cotangent of b is w, and that of the leaves the one of -(A x) . w with x and w held.
 */
function solveWith(
  a: LinearOperator,
  solver: Solver,
  options: IterationOptions,
): { readonly solve: (b: Vector, leaves: Vector) => Value[]; readonly leaves: Vector } {
  const places = a.domain.map((part, i) => input(`part${i}`, dtypeOf(part as Value)!, part.shape))
  const made = a.apply(places)
  const leaves = leavesOf(made).filter((leaf) => !places.includes(leaf))
  const n = places.length
  const replaced = (v: Vector, given: Vector): ReadonlyMap<Value, Value> =>
    new Map([
      ...places.map((place, i) => [place, v[i]] as const),
      ...leaves.map((leaf, i) => [leaf, given[i]] as const),
    ])
  /** A made of other leaves. */
  const at = (given: Vector): LinearOperator => ({
    ...a,
    apply: (v) => substitute(made, replaced(v, given)),
    transposed: (v) => substitute(a.transposed(places), replaced(v, given)),
  })
  const op = defineOp('mlpod.learn', 'LinearSolve', {
    outputs: n,
    body: (inputs) => solver(at(inputs.slice(n)), inputs.slice(0, n), options).x,
    vjp: ({ gs, x: inputs, y, wanted, pullback }) => {
      const given = inputs.slice(n)
      const g = gs.map((cotangent, i) => cotangent ?? mul(y[i], 0))
      const back = solveWith({ ...a, apply: a.transposed, transposed: a.apply }, solver, options)
      const there = back.leaves.map((leaf) => given[leaves.indexOf(leaf)] ?? leaf)
      const w = back.solve(g, there)
      const asked = given.filter((_, i) => wanted[n + i])
      const found = asked.length === 0 ? [] : pullback(at(given).apply(y), asked, times(w, -1), new Set(y))
      return [...w, ...given.map((value, i) => (wanted[n + i] ? found[asked.indexOf(value)] : undefined))]
    },
  })
  return { leaves, solve: (b, given) => [...op([...b, ...given])] }
}

/** The inputs and parameters that values are made of. */
const leavesOf = (values: readonly Value[]): Value[] =>
  topological(values).flatMap(({ domain, inputs, outputs: [leaf] }) =>
    domain === 'mlpod' && inputs.length === 0 ? [leaf] : [],
  )
