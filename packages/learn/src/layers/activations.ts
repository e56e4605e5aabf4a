import {
  add,
  cast,
  celu,
  clip,
  constant,
  cumSum,
  div,
  dtypeOf,
  elu,
  equal,
  exp,
  gelu,
  greater,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  lessOrEqual,
  logSoftmax,
  mish,
  mul,
  neg,
  pow,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  selu,
  shrink,
  sigmoid,
  softmax,
  softplus,
  softsign,
  split,
  sqrt,
  sub,
  swish,
  tanh,
  thresholdedRelu,
  topK,
  type Value,
  where,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { known } from './shape.ts'

/** Returns the point of the simplex nearest to x along the last axis. Source: Martins, Astudillo (2016). */
export function sparsemax(x: Value): Value {
  const n = x.shape.at(-1) as number
  const shifted = sub(x, reduceMax(x, { axes: [-1], keepDims: true }))
  const { values: sorted } = topK(shifted, n)
  const ranks = cast(constant(Array.from({ length: n }, (_, i) => i + 1)), dtypeOf(x)!)
  const sums = cumSum(sorted, -1)
  const inside = greater(add(1, mul(ranks, sorted)), sums)
  const count = reduceSum(cast(inside, dtypeOf(x)!), { axes: [-1], keepDims: true })
  const total = reduceSum(where(inside, sorted, 0), { axes: [-1], keepDims: true })
  return relu(sub(shifted, div(sub(total, 1), count)))
}

/** Returns entmax with alpha 1.5 along the last axis: between softmax and sparsemax. Source: Peters, Niculae, Martins (2019). */
export function entmax15(x: Value): Value {
  const n = x.shape.at(-1) as number
  const shifted = mul(sub(x, reduceMax(x, { axes: [-1], keepDims: true })), 0.5)
  const { values: sorted } = topK(shifted, n)
  const ranks = cast(constant(Array.from({ length: n }, (_, i) => i + 1)), dtypeOf(x)!)
  const means = div(cumSum(sorted, -1), ranks)
  const squares = div(cumSum(mul(sorted, sorted), -1), ranks)
  const deviation = mul(ranks, sub(squares, mul(means, means)))
  const delta = div(sub(1, deviation), ranks)
  // outside of the support delta is below 0, where its root has no derivative
  const real = greater(delta, 0)
  const thresholds = sub(means, where(real, sqrt(where(real, delta, 1)), 0))
  const count = reduceSum(cast(lessOrEqual(thresholds, sorted), dtypeOf(x)!), { axes: [-1], keepDims: true })
  const last = equal(ranks, count)
  const threshold = reduceSum(where(last, thresholds, 0), { axes: [-1], keepDims: true })
  const left = relu(sub(shifted, threshold))
  return mul(left, left)
}

const halves = (x: Value): readonly Value[] => split(x, 2, { axis: -1 })

/** The activations by name, with the defaults of torch.nn 2.15. Those that divide (`glu`) halve the last axis. */
export const activations = {
  relu: (x: Value) => relu(x),
  relu6: (x: Value) => clip(x, 0, 6),
  gelu: (x: Value) => gelu(x),
  geluTanh: (x: Value) => gelu(x, { approximate: 'tanh' }),
  tanh: (x: Value) => tanh(x),
  hardtanh: (x: Value) => clip(x, -1, 1),
  sigmoid: (x: Value) => sigmoid(x),
  hardSigmoid: (x: Value) => hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 }),
  logSigmoid: (x: Value) => neg(softplus(neg(x))),
  softplus: (x: Value) => softplus(x),
  softsign: (x: Value) => softsign(x),
  elu: (x: Value) => elu(x),
  selu: (x: Value) => selu(x),
  celu: (x: Value) => celu(x),
  leakyRelu: (x: Value) => leakyRelu(x),
  hardSwish: (x: Value) => hardSwish(x),
  silu: (x: Value) => swish(x),
  mish: (x: Value) => mish(x),
  threshold: (x: Value) => thresholdedRelu(x, { alpha: 0.1 }),
  tanhshrink: (x: Value) => sub(x, tanh(x)),
  softshrink: (x: Value) => shrink(x, { limit: 0.5, bias: 0.5 }),
  hardshrink: (x: Value) => shrink(x, { limit: 0.5, bias: 0 }),
  softmax: (x: Value) => softmax(x),
  softmin: (x: Value) => softmax(neg(x)),
  /** Over the channels of images [N, C, H, W]. */
  softmax2d: (x: Value) => softmax(x, { axis: -3 }),
  logSoftmax: (x: Value) => logSoftmax(x),
  /** (x + sqrt(x^2 + 4)) / 2. Source: Barron (2021). */
  squareplus: (x: Value) => mul(add(x, sqrt(add(pow(x, 2), 4))), 0.5),
  sparsemax,
  entmax15,
  glu: (x: Value) => {
    const [a, b] = halves(x)
    return mul(a, sigmoid(b))
  },
  geglu: (x: Value) => {
    const [a, b] = halves(x)
    return mul(a, gelu(b))
  },
  reglu: (x: Value) => {
    const [a, b] = halves(x)
    return mul(a, relu(b))
  },
  swiglu: (x: Value) => {
    const [a, b] = halves(x)
    return mul(swish(a), b)
  },
  exponential: (x: Value) => exp(x),
  linear: (x: Value) => x,
} as const

/** The name of an activation. */
export type ActivationName = keyof typeof activations

/** Returns an elementwise layer without parameters. */
export const activation =
  (name: ActivationName): Layer =>
  (x) =>
    activations[name](x)

/** Returns the layer max(x, 0) + slope min(x, 0) with a slope that is learned, one for all or one a channel. Source: He et al. (2015); torch PReLU. */
export function prelu({ channels = false, initial = 0.25 } = {}): Layer {
  return (x, scope) => {
    const count = channels ? known(x, 1, 'prelu layer', scope) : 1
    const slope = scope.parameter('weight', [count], (_, [n]) => new Float32Array(n).fill(initial), {
      fanIn: 1,
      fanOut: 1,
    })
    // one a channel, along the spatial axes
    const wide = channels ? reshape(slope, [count, ...new Array<number>(x.shape.length - 2).fill(1)]) : slope
    return add(relu(x), mul(wide, min0(x)))
  }
}

const min0 = (x: Value): Value => neg(relu(neg(x)))
