import { applyOne } from '../apply.ts'
import { flag, float } from '../attribute.ts'
import { lift, type Operand } from '../leaf.ts'
import { dtypeOf, type Value } from '../value.ts'

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
