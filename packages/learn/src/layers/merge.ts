import { PodError } from '@mlpod/contract'
import {
  add,
  concat,
  div,
  gather,
  matMul,
  max,
  min,
  mul,
  reduceL1,
  reduceL2,
  reduceSum,
  sigmoid,
  softmax,
  split,
  sub,
  sum,
  transpose,
  type Value,
} from '@mlpod/graph'
import { type AttentionLayerOptions, multiHeadAttention } from './attention.ts'
import { initializers } from './initializers.ts'
import type { Scope } from './layer.ts'
import { dense } from './linear.ts'
import { known } from './shape.ts'

/** What is made of several values: a network is a graph, and these are where its branches meet. Names are Keras'. */
export const merge = {
  add: (...values: readonly Value[]): Value => sum(...values),
  subtract: (a: Value, b: Value): Value => sub(a, b),
  multiply: (...values: readonly Value[]): Value => values.reduce((a, b) => mul(a, b)),
  average: (...values: readonly Value[]): Value => div(sum(...values), values.length),
  maximum: (...values: readonly Value[]): Value => max(...(values as [Value, Value])),
  minimum: (...values: readonly Value[]): Value => min(...(values as [Value, Value])),
  /** Along an axis, default the last. */
  concat: (values: readonly Value[], axis = -1): Value => concat(values, { axis }),
  /** Products of the rows of [batch, n] and [batch, n]: [batch, 1]; of [batch, t, n] and [batch, s, n]: [batch, t, s]. */
  dot: (a: Value, b: Value, { normalize = false } = {}): Value => {
    const unit = (x: Value): Value => (normalize ? div(x, max(reduceL2(x, { axes: [-1], keepDims: true }), 1e-12)) : x)
    const [left, right] = [unit(a), unit(b)]
    if (a.shape.length === 2) return reduceSum(mul(left, right), { axes: [1], keepDims: true })
    if (a.shape.length !== 3 || b.shape.length !== 3)
      throw new PodError(
        'SHAPE_MISMATCH',
        `a dot of [${a.shape.join(', ')}] and [${b.shape.join(', ')}] is not possible`,
      )
    return matMul(left, transpose(right, [0, 2, 1]))
  },
  /** The length of a - b + epsilon along the last axis, in the norm p (1 or 2). Source: torch.nn.PairwiseDistance. */
  distance: (
    a: Value,
    b: Value,
    { p = 2, epsilon = 1e-6, keepDims = false }: { p?: 1 | 2; epsilon?: number; keepDims?: boolean } = {},
  ): Value => (p === 1 ? reduceL1 : reduceL2)(add(sub(a, b), epsilon), { axes: [-1], keepDims }),
  /** The cosine of a and b along an axis, each as long as `epsilon` or longer. Source: torch.nn.CosineSimilarity. */
  cosine: (a: Value, b: Value, { axis = 1, epsilon = 1e-8 } = {}): Value => {
    const along = { axes: [axis] }
    const lengths = [a, b].map((x) => max(reduceL2(x, along), epsilon))
    return div(reduceSum(mul(a, b), along), mul(lengths[0], lengths[1]))
  },
  /** gate a + (1 - gate) b, the gate learned from both. */
  gated: (a: Value, b: Value, scope: Scope): Value => {
    const gate = sigmoid(dense(known(a, -1, 'gate', scope))(concat([a, b], { axis: -1 }), scope))
    return add(mul(gate, a), mul(sub(1, gate), b))
  },
  /** x (1 + scale) + shift, both learned from a condition [batch, m]. Source: Perez et al. (2018), FiLM. */
  film: (x: Value, condition: Value, scope: Scope): Value => {
    const [scale, shift] = split(dense(2 * known(x, -1, 'FiLM', scope))(condition, scope), 2, { axis: -1 })
    return add(mul(x, add(scale, 1)), shift)
  },
  /** x [batch, t, n] plus what its steps attend to of the context [batch, s, m]; `options` are those of `multiHeadAttention`. */
  crossAttention: (
    x: Value,
    context: Value,
    scope: Scope,
    { heads = 1, ...options }: AttentionLayerOptions & { readonly heads?: number } = {},
  ): Value => add(x, multiHeadAttention(heads, options)(x, scope, context)),
  /** The mean of what several branches say, of one shape, by weights that are learned: softmax of `weight`, equal at first. */
  lateFusion: (values: readonly Value[], scope: Scope): Value => {
    const fans = { fanIn: values.length, fanOut: 1 }
    const shares = softmax(scope.parameter('weight', [values.length], initializers.zeros, fans))
    return sum(...values.map((value, i) => mul(value, gather(shares, i))))
  },
} as const
