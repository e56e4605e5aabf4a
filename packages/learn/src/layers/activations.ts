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
  matMul,
  min,
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
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, whole } from './shape.ts'

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

const halves = (x: Value, axis = -1): readonly Value[] => split(x, 2, { axis })

/** Settings of activations that work along an axis. Default the last. */
export interface AlongAxis {
  readonly axis?: number
}

/** The activations by name, with the defaults of torch.nn 2.15; some have settings. Those that divide (`glu`) halve the last axis. */
export const activations = {
  /** x from `below` on, no more than `most`, and under `below` `slope` times what is missing. Source: Keras ReLU. */
  relu: (
    x: Value,
    { most, slope = 0, below = 0 }: { readonly most?: number; readonly slope?: number; readonly below?: number } = {},
  ) => {
    if (slope === 0 && below === 0) return most === undefined ? relu(x) : clip(x, 0, most)
    const y = where(lessOrEqual(below, x), x, mul(slope, sub(x, below)))
    return most === undefined ? y : min(y, most)
  },
  relu6: (x: Value) => clip(x, 0, 6),
  gelu: (x: Value) => gelu(x),
  geluTanh: (x: Value) => gelu(x, { approximate: 'tanh' }),
  tanh: (x: Value) => tanh(x),
  hardtanh: (x: Value, { low = -1, high = 1 }: { readonly low?: number; readonly high?: number } = {}) =>
    clip(x, low, high),
  sigmoid: (x: Value) => sigmoid(x),
  hardSigmoid: (x: Value) => hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 }),
  logSigmoid: (x: Value) => neg(softplus(neg(x))),
  softplus: (x: Value, { beta = 1 }: { readonly beta?: number } = {}) =>
    beta === 1 ? softplus(x) : div(softplus(mul(x, beta)), beta),
  softsign: (x: Value) => softsign(x),
  elu: (x: Value, { alpha = 1 }: { readonly alpha?: number } = {}) => elu(x, { alpha }),
  selu: (x: Value) => selu(x),
  celu: (x: Value, { alpha = 1 }: { readonly alpha?: number } = {}) => celu(x, { alpha }),
  leakyRelu: (x: Value, { slope = 0.01 }: { readonly slope?: number } = {}) => leakyRelu(x, { alpha: slope }),
  hardSwish: (x: Value) => hardSwish(x),
  silu: (x: Value) => swish(x),
  mish: (x: Value) => mish(x),
  /** x above `limit`, else `value`. */
  threshold: (x: Value, { limit = 0.1, value = 0 }: { readonly limit?: number; readonly value?: number } = {}) =>
    value === 0 && limit >= 0 ? thresholdedRelu(x, { alpha: limit }) : where(greater(x, limit), x, value),
  tanhshrink: (x: Value) => sub(x, tanh(x)),
  softshrink: (x: Value, { limit = 0.5 }: { readonly limit?: number } = {}) => shrink(x, { limit, bias: limit }),
  hardshrink: (x: Value, { limit = 0.5 }: { readonly limit?: number } = {}) => shrink(x, { limit, bias: 0 }),
  softmax: (x: Value, options: AlongAxis = {}) => softmax(x, options),
  softmin: (x: Value, options: AlongAxis = {}) => softmax(neg(x), options),
  /** Over the channels of images [N, C, H, W]. */
  softmax2d: (x: Value) => softmax(x, { axis: -3 }),
  logSoftmax: (x: Value, options: AlongAxis = {}) => logSoftmax(x, options),
  /** (x + sqrt(x^2 + 4)) / 2. Source: Barron (2021). */
  squareplus: (x: Value) => mul(add(x, sqrt(add(pow(x, 2), 4))), 0.5),
  sparsemax,
  entmax15,
  glu: (x: Value, { axis = -1 }: AlongAxis = {}) => {
    const [a, b] = halves(x, axis)
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
  /** 0 up to -1, x from 1 on, (x + 1)^2 / 4 between. Source: Keras sparse_plus. */
  sparsePlus: (x: Value) => where(lessOrEqual(1, x), x, mul(pow(relu(add(clip(x, -1, 1), 1)), 2), 0.25)),
  /** 0 up to -1, 1 from 1 on, a line between. Source: Keras sparse_sigmoid. */
  sparseSigmoid: (x: Value) => clip(mul(add(x, 1), 0.5), 0, 1),
  exponential: (x: Value) => exp(x),
  linear: (x: Value) => x,
} as const

/** The name of an activation. */
export type ActivationName = keyof typeof activations

/** Returns an activation as a layer, with its settings: `activation('leakyRelu', { slope: 0.2 })`. */
export const activation =
  <Name extends ActivationName>(name: Name, settings?: Parameters<(typeof activations)[Name]>[1]): Layer =>
  (x) =>
    (activations[name] as (x: Value, settings?: object) => Value)(x, settings)

/** Returns the largest of `pieces` linear layers, unit by unit: [batch, ..., n] to [batch, ..., units]. Source: Goodfellow et al. (2013). */
export function maxout(units: number, pieces = 2): Layer {
  whole('maxout layer', { units, pieces })
  return (x, scope) => {
    const n = known(x, -1, 'maxout layer', scope)
    const fans = { fanIn: n, fanOut: units }
    const weight = scope.parameter('weight', [n, units * pieces], initializers.torch, fans)
    const y = add(matMul(x, weight), scope.parameter('bias', [units * pieces], initializers.torch, fans))
    return reduceMax(reshape(y, [...x.shape.slice(0, -1).map(() => 0), units, pieces]), { axes: [-1] })
  }
}

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
