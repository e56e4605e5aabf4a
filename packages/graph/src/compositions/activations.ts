import {
  abs,
  add,
  cast,
  clip,
  cos,
  cosh,
  div,
  exp,
  greater,
  hardSigmoid,
  less,
  log,
  mul,
  neg,
  sigmoid,
  sin,
  softplus,
  sqrt,
  sub,
  sum,
  tanh,
  where,
} from '../operators/elementwise.ts'
import { reduceLogSumExp } from '../operators/reduction.ts'
import { concat, constantOfShape, shape, unsqueeze } from '../operators/structure.ts'
import { float } from '../schema.ts'
import type { Value } from '../value.ts'
import { dtypeOf } from '../value.ts'
import type { Composition, Compositions, Use } from './composition.ts'

const of =
  (make: (x: Value, use: Use) => Value): Composition =>
  (use) => [make(use.inputs[0]!, use)]

/** What activations, and functions of one number without a kernel in double precision, are made of. */
export const activations: Compositions = {
  Tan: of((x) => div(sin(x), cos(x))),
  // tanh is exact near 0, where a difference of powers is not
  Sinh: of((x) => mul(tanh(x), cosh(x))),
  Cosh: of((x) => mul(0.5, add(exp(x), exp(neg(x))))),
  // odd: taken where nothing cancels
  Asinh: of((x) => {
    const below = less(x, 0)
    const size = where(below, neg(x), x)
    const y = log(add(size, sqrt(add(mul(size, size), 1))))
    return where(below, neg(y), y)
  }),
  Acosh: of((x) => log(add(x, mul(sqrt(sub(x, 1)), sqrt(add(x, 1)))))),
  Atanh: of((x) => mul(0.5, log(div(add(1, x), sub(1, x))))),
  LeakyRelu: of((x, use) => where(greater(x, 0), x, mul(float(use, 'alpha', 0.01), x))),
  PRelu: ({ inputs: [x, slope] }) => [where(greater(x!, 0), x!, mul(slope!, x!))],
  ThresholdedRelu: of((x, use) => where(greater(x, float(use, 'alpha', 1)), x, 0)),
  Elu: of((x, use) => {
    const above = greater(x, 0)
    return where(above, x, mul(float(use, 'alpha', 1), sub(exp(where(above, 0, x)), 1)))
  }),
  Celu: of((x, use) => {
    const [above, alpha] = [greater(x, 0), float(use, 'alpha', 1)]
    return where(above, x, mul(alpha, sub(exp(div(where(above, 0, x), alpha)), 1)))
  }),
  Selu: of((x, use) => {
    const [alpha, gamma, above] = [float(use, 'alpha', SELU_ALPHA), float(use, 'gamma', SELU_GAMMA), greater(x, 0)]
    return mul(gamma, where(above, x, mul(alpha, sub(exp(where(above, 0, x)), 1))))
  }),
  Softplus: of((x) => {
    const zero = constantOfShape(shape(x), 0, dtypeOf(x))
    return reduceLogSumExp(concat([unsqueeze(x, [-1]), unsqueeze(zero, [-1])], { axis: -1 }), { axes: [-1] })
  }),
  Softsign: of((x) => div(x, add(1, abs(x)))),
  HardSigmoid: of((x, use) => clip(add(mul(float(use, 'alpha', 0.2), x), float(use, 'beta', 0.5)), 0, 1)),
  HardSwish: of((x) => mul(x, hardSigmoid(x, { alpha: 1 / 6 }))),
  Shrink: of((x, use) => {
    const [limit, bias] = [float(use, 'lambd', 0.5), float(use, 'bias', 0)]
    return where(less(x, -limit), add(x, bias), where(greater(x, limit), sub(x, bias), 0))
  }),
  Mish: of((x) => mul(x, tanh(softplus(x)))),
  Swish: of((x, use) => mul(x, sigmoid(scaledBy(x, float(use, 'alpha', 1))))),
  CastLike: ({ inputs: [x, like] }) => [cast(x!, dtypeOf(like!)!)],
  Mean: ({ inputs }) => [div(sum(...(inputs as readonly Value[])), inputs.length)],
}

const scaledBy = (x: Value, factor: number): Value => (factor === 1 ? x : mul(factor, x))

/** Selu's constants with ONNX's defaults. Source: Klambauer et al. 2017. */
export const SELU_ALPHA = 1.6732631921768188
export const SELU_GAMMA = 1.0507010221481323
