import { defineOp, type Operation, stopGradient, substitute, type Value } from '@mlpod/graph'
import { direct } from './dense.ts'
import { biCGStab, conjugateGradient, type IterationOptions, normalConjugateGradient } from './iterative.ts'
import type { LinearOperator } from './operator.ts'
import type { Solution } from './solution.ts'
import { minus, plus, type Vector } from './vector.ts'

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
  const found = SOLVERS[solver](a, b, options)
  return { ...found, x: differentiable(a, b, found.x, SOLVERS[solver], options) }
}

/*
 * x + S(b - A x) with x held fixed: S(r) is 0, and its derivative is A^-1 of r's, so that of the whole is
 * A^-1 (db - dA x). S solves with A^T on the way back, by this same function, so that it can be differentiated again.
 */
function differentiable(
  a: LinearOperator,
  b: Vector,
  x: readonly Value[],
  solve: Solver,
  options: IterationOptions,
): Value[] {
  const fixed = x.map((value) => stopGradient(value))
  const rest = minus(b, a.apply(fixed))
  // what A is made of goes along as inputs, so that it is replaced where the model is used on other inputs
  const leaves = leavesOf(a.apply(b))
  const n = rest.length
  const correction = defineOp('mlpod.learn', 'LinearSolve', {
    outputs: n,
    body: (inputs) => {
      const own = new Map(leaves.map((leaf, i) => [leaf, inputs[n + i]]))
      return substitute(
        solve(a, rest, options).x,
        new Map([...own, ...rest.map((value, i) => [value, inputs[i]] as const)]),
      )
    },
    vjp: ({ gs, x: inputs }) => {
      const back: LinearOperator = { ...a, apply: a.transposed, transposed: a.apply }
      const given = gs.map((g, i) => g ?? minus([inputs[i]], [inputs[i]])[0])
      const { x: solved } = solve(back, given, options)
      return [...differentiable(back, given, solved, solve, options), ...leaves.map(() => undefined)]
    },
  })
  return plus(fixed, correction([...rest, ...leaves]))
}

function leavesOf(values: readonly Value[]): Value[] {
  const seen = new Set<Operation>()
  const leaves: Value[] = []
  const stack = values.map(({ operation }) => operation)
  while (stack.length > 0) {
    const operation = stack.pop()!
    if (seen.has(operation)) continue
    seen.add(operation)
    const reads = [...operation.inputs, ...operation.captures].filter((value) => value !== null)
    if (reads.length === 0 && operation.domain === 'mlpod') leaves.push(operation.outputs[0])
    for (const value of reads) stack.push(value.operation)
  }
  return leaves
}
