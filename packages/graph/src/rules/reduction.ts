import { reduction as reductionOf } from '../compositions/reduction.ts'
import { cast, div, equal, exp, mul, sign, sub, where } from '../operators/elementwise.ts'
import { cumSum, reduceSum } from '../operators/reduction.ts'
import { reshape, unsqueeze } from '../operators/structure.ts'
import type { Differentiable, Reverse, Rule } from '../rule.ts'
import { int } from '../schema.ts'
import { reducedAxes, type reduction as schemas } from '../schemas/reduction.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { decomposed } from './law.ts'
import { countOf, expandTo } from './shape.ts'

/** Returns a reduction's value with the reduced axes back as axes of size 1, so that it broadcasts with x. */
function restored(value: Value, operation: Operation): Value {
  const [x, axes] = operation.inputs as readonly [Value, Value | undefined]
  if (int(operation, 'keepdims', 1) === 1 || x.shape.length === 0) return value
  const known = reducedAxes(operation, x, axes)
  if (known?.length === 0) return value
  if (known && known.length === x.shape.length)
    return reshape(
      value,
      x.shape.map(() => 1),
    )
  return unsqueeze(value, known ?? axes!)
}

/** y = reduce(x) with dy/dx[i] = slope[i]: g goes back to every element, times its slope. */
const reduced = (slope: (g: Value, x: Value, y: Value, c: Reverse) => Value): Differentiable => ({
  vjp: (c) => {
    const g = () => slope(restored(c.g, c.operation), c.x[0], restored(c.y[0], c.operation), c)
    return [() => expandTo(g(), c.x[0])]
  },
})

/** Max and Min: the elements equal to the result share g equally. */
const shared = reduced((g, x, y, { operation }) => {
  const winners = cast(equal(x, y), dtypeOf(x)!)
  const axes = operation.inputs[1] ?? undefined
  const all = reducedAxes(operation, x, axes)
  return mul(winners, div(g, reduceSum(winners, { axes: all ?? axes!, keepDims: true })))
})

const axisOf = (operation: Operation): number => int(operation, 'axis', -1)

/** Rules of the operators that sum up along axes. */
export const reduction: { readonly [O in keyof typeof schemas]: Rule } = {
  ReduceSum: reduced((g) => g),
  ReduceMean: reduced((g, x, _, { operation, y }) =>
    div(g, countOf(x, y[0], reducedAxes(operation, x, operation.inputs[1]))),
  ),
  ReduceMax: shared,
  ReduceMin: shared,
  // 2x
  ReduceSumSquare: reduced((g, x) => mul(mul(2, g), x)),
  // x / y, 0 at y = 0
  ReduceL2: reduced((g, x, y) => mul(where(equal(y, 0), 0, div(g, where(equal(y, 0), 1, y))), x)),
  // softmax, 0 where all are -inf
  ReduceLogSumExp: reduced((g, x, y) => mul(g, exp(sub(x, where(equal(y, Number.NEGATIVE_INFINITY), 0, y))))),
  // 1 / sum
  ReduceLogSum: reduced((g, x, _, { operation }) => {
    const axes = operation.inputs[1] ?? undefined
    return div(g, reduceSum(x, { axes: reducedAxes(operation, x, axes) ?? axes!, keepDims: true }))
  }),
  ReduceL1: reduced((g, x) => mul(g, sign(x))),
  ReduceProd: decomposed(reductionOf.ReduceProd!),
  ArgMax: 'zero',
  ArgMin: 'zero',
  Hardmax: 'zero',
  // y (g - sum(g y)); its matrix is symmetric, so the tangent has the same form
  Softmax: {
    vjp: ({ g, y, operation }) => [() => softmaxSlope(g, y[0], operation)],
    jvp: ({ ts: [t], y, operation }) => [t && softmaxSlope(t, y[0], operation)],
  },
  // g - softmax sum(g)
  LogSoftmax: {
    vjp: ({ g, y, operation }) => {
      const axis = axisOf(operation)
      return [() => sub(g, mul(exp(y[0]), reduceSum(g, { axes: [axis], keepDims: true })))]
    },
    jvp: ({ ts: [t], y, operation }) => {
      const axis = axisOf(operation)
      return [t && sub(t, reduceSum(mul(exp(y[0]), t), { axes: [axis], keepDims: true }))]
    },
  },
  // linear; its transpose sums from the other end
  CumSum: {
    vjp: ({ g, operation }) => [() => sums(g, operation, true)],
    jvp: ({ ts: [t], operation }) => [t && sums(t, operation, false)],
  },
  CumProd: decomposed(reductionOf.CumProd!),
}

function sums(x: Value, operation: Operation, transposed: boolean): Value {
  const reverse = (int(operation, 'reverse', 0) === 1) !== transposed
  return cumSum(x, operation.inputs[1]!, { exclusive: int(operation, 'exclusive', 0) === 1, reverse })
}

function softmaxSlope(g: Value, y: Value, operation: Operation): Value {
  return mul(y, sub(g, reduceSum(mul(g, y), { axes: [axisOf(operation)], keepDims: true })))
}
