import { intsOf } from '../known.ts'
import { add } from '../operators/elementwise.ts'
import { gemm } from '../operators/linear.ts'
import { reduceSum } from '../operators/reduction.ts'
import { reshape } from '../operators/structure.ts'
import { float, int, sameShape } from '../schema.ts'
import type { Value } from '../value.ts'

/** A sum over the turns: what is added turn by turn, and products of what was stacked. */
export interface Total {
  readonly added?: Value
  readonly products: readonly Product[]
}

interface Product {
  /** Values of a turn that are stacked on a first axis. */
  readonly parts: readonly Value[]
  readonly product: (stacks: readonly Value[]) => Value
}

/** Splits a cotangent of a captured value, summed over the turns, into what is added and what is one product in the end. */
export function totalOf(value: Value, to: Value): Total {
  const terms = termsOf(value)
  const products: Product[] = []
  const rest: Value[] = []
  for (const term of terms) {
    const product = productOf(term, to)
    if (product === undefined) rest.push(term)
    else products.push(product)
  }
  return { added: rest.length === 0 ? undefined : rest.reduce((a, b) => add(a, b)), products }
}

function termsOf(value: Value): readonly Value[] {
  const { type, inputs } = value.operation
  const whole = (type === 'Add' || type === 'Sum') && inputs.every((input) => sameShape(input!.shape, value.shape))
  return whole ? inputs.flatMap((input) => termsOf(input!)) : [value]
}

/** sum_t A_t^T B_t is one product of the stacked rows, sum_t sum_rows(g_t) one sum. */
function productOf(term: Value, to: Value): Product | undefined {
  const { operation } = term
  const { type, inputs } = operation
  if (!sameShape(term.shape, to.shape)) return undefined
  if (
    type === 'Gemm' &&
    int(operation, 'transA', 0) === 1 &&
    int(operation, 'transB', 0) === 0 &&
    inputs.length === 2
  ) {
    const alpha = float(operation, 'alpha', 1)
    const rows = (stack: Value): Value => {
      const width = stack.shape[2]
      return typeof width === 'number' ? reshape(stack, [-1, width]) : stack
    }
    if (inputs.some((input) => typeof input!.shape[1] !== 'number')) return undefined
    return {
      parts: inputs as readonly Value[],
      product: ([a, b]) => gemm(rows(a), rows(b), null, { transA: true, alpha }),
    }
  }
  if (type === 'ReduceSum' && inputs.length === 2) {
    const axes = intsOf(inputs[1])
    if (axes === undefined || int(operation, 'keepdims', 1) === 1) return undefined
    return {
      parts: [inputs[0]!],
      product: ([stack]) =>
        reduceSum(stack, { axes: [0, ...axes.map((axis) => (axis < 0 ? axis + stack.shape.length : axis + 1))] }),
    }
  }
  return undefined
}
