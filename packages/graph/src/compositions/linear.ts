import { PodError } from '@mlpod/contract'
import { add, div, mul, neg } from '../operators/elementwise.ts'
import { matMul } from '../operators/linear.ts'
import { reduceSum } from '../operators/reduction.ts'
import { eye, squeeze, unsqueeze } from '../operators/structure.ts'
import { capture } from '../site.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Compositions } from './composition.ts'

/**
 * Returns the adjugate of square matrices, the matrix of products that A times it is det A on the diagonal, and det A:
 * n (a number) products of matrices that divide by nothing but 1 to n, so that singular matrices are no exception.
 * Source: Faddeev and Le Verrier; Gantmacher 1959, chapter IV.
 */
export function adjugate(a: Value): { readonly adjugate: Value; readonly det: Value } {
  const size = a.shape.at(-1) as number
  const identity = eye(size, { dtype: dtypeOf(a) })
  // M_1 = I, c_k = -tr(A M_k) / k, M_(k+1) = A M_k + c_k I
  const trace = (x: Value): Value => reduceSum(mul(x, identity), { axes: [-2, -1] })
  let m = identity
  let last = identity
  let c: Value | undefined
  for (let k = 1; k <= size; k++) {
    last = m
    const product = k === 1 ? a : matMul(a, m)
    c = neg(div(trace(product), k))
    m = add(product, mul(unsqueeze(c, [-2, -1]), identity))
  }
  const even = size % 2 === 0
  return { adjugate: even ? neg(last) : last, det: even ? c! : neg(c!) }
}

/** What determinants, and products of vectors, are made of. */
export const linear: Compositions = {
  // a vector as a matrix of one row or one column
  MatMul: ({ inputs }) => {
    const [a, b] = inputs as readonly [Value, Value]
    if (b.shape.length === 1)
      return [
        squeeze(
          matMul(a.shape.length === 1 ? unsqueeze(a, [0]) : a, unsqueeze(b, [1])),
          a.shape.length === 1 ? [0, 1] : [-1],
        ),
      ]
    return [squeeze(matMul(unsqueeze(a, [0]), b), [-2])]
  },
  Det: ({ inputs: [a] }) => {
    const size = a!.shape.at(-1)!
    if (typeof size === 'string' || size > LARGEST)
      throw new PodError(
        'DTYPE_UNSUPPORTED',
        `a determinant in double precision needs a size that is known and at most ${LARGEST}, not ${size}`,
        { at: capture().at, hint: 'cast the matrices to float32' },
      )
    return [adjugate(a!).det]
  },
}

// Beyond, the sums of the adjugate lose the digits that double precision has.
const LARGEST = 16
