import { applyOne } from '../apply.ts'
import { flag, float, text } from '../attribute.ts'
import { contractionOf, equationOf } from '../contraction.ts'
import { lift, type Operand } from '../leaf.ts'
import type { Call } from '../schema.ts'
import { capture } from '../site.ts'
import { dtypeOf, isRanked, type Value } from '../value.ts'

/** Returns the matrix product; leading axes are batches and broadcast, a vector is a row on the left and a column on the right. */
export const matMul = (a: Value, b: Value): Value => applyOne('MatMul', [a, b])

/** Returns alpha * A B + beta * C for matrices, A and B transposed on demand, C (optional) broadcast to the product. */
export function gemm(
  a: Value,
  b: Value,
  c?: Operand | null,
  { alpha = 1, beta = 1, transA = false, transB = false } = {},
): Value {
  const inputs = c === undefined || c === null ? [a, b] : [a, b, lift(c, dtypeOf(a))]
  return applyOne('Gemm', inputs, {
    alpha: float(alpha),
    beta: float(beta),
    transA: flag(transA),
    transB: flag(transB),
  })
}

/**
 * Returns the Einstein sum of the operands: `bij,bjk->bik` multiplies batches of matrices. A label twice in one operand is
 * its diagonal; a label that the result leaves out is summed; `...` stands for axes that broadcast. Without `->` the
 * result has the labels met once, in the order of the alphabet. Throws `EQUATION_INVALID`, `SHAPE_MISMATCH`.
 */
export function einsum(equation: string, ...operands: readonly Value[]): Value {
  const call: Call = {
    type: 'Einsum',
    inputs: operands,
    attributes: { equation: text(equation) },
    outputs: 1,
    site: capture(),
  }
  const written = equation.includes('...') && operands.every(isRanked) ? equationOf(contractionOf(call)) : equation
  return applyOne('Einsum', operands, { equation: text(written) })
}

/**
 * Returns the determinants of square matrices (the last two axes). Up to 8 rows the derivative is that of singular
 * matrices too (their adjugate); above, those have none (infinite, or nan).
 */
export const det = (a: Value): Value => applyOne('Det', [a])

/** Returns the inverses of square matrices (the last two axes); of singular ones infinities or nan come back. */
export const inverse = (a: Value): Value => applyOne('Inverse', [a])
