import { PodError } from '@mlpod/contract'
import {
  add,
  concat,
  constant,
  cos,
  exp,
  gemm,
  matMul,
  mul,
  neg,
  pow,
  reduceSum,
  reshape,
  sigmoid,
  sub,
  transpose,
  type Value,
} from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { dense } from './linear.ts'
import { known, whole } from './shape.ts'

/**
 * Returns a factorization machine: w0 + w x + 1/2 sum_f ((sum_i v_if x_i)^2 - sum_i v_if^2 x_i^2), [batch, n] to [batch, 1] in
 * time n k. Source: Rendle (2010).
 */
export function factorizationMachine(factors: number): Layer {
  whole('factorization machine', { factors })
  return (x, scope) => {
    const n = known(x, -1, 'factorization machine', scope)
    const v = scope.parameter('factors', [n, factors], initializers.smallNormal, { fanIn: n, fanOut: factors })
    const linear = dense(1, { weightInitializer: 'zeros', biasInitializer: 'zeros' })(x, scope)
    const sums = matMul(x, v)
    const squares = matMul(pow(x, 2), pow(v, 2))
    return add(linear, mul(0.5, reduceSum(sub(pow(sums, 2), squares), { axes: [1], keepDims: true })))
  }
}

/**
 * Returns a field-aware factorization machine of [batch, n], each feature in one of `fields` (a number each):
 * w0 + w x + sum_(i < j) <v_(i, field of j), v_(j, field of i)> x_i x_j. Source: Juan et al. (2016).
 */
export function fieldAwareMachine(factors: number, fields: readonly number[]): Layer {
  whole('field-aware machine', { factors })
  const count = Math.max(...fields) + 1
  return (x, scope) => {
    const n = known(x, -1, 'field-aware machine', scope)
    if (fields.length !== n) throw new PodError('LAYER_INVALID', `${fields.length} fields are given for ${n} features`)
    const v = scope.parameter('factors', [n, count, factors], initializers.smallNormal, { fanIn: n, fanOut: factors })
    const linear = dense(1, { weightInitializer: 'zeros', biasInitializer: 'zeros' })(x, scope)
    const weighted = mul(reshape(x, [0, n, 1, 1]), v)
    // sums of all features of field a, as seen by field b: [batch, a, b, factors]
    const member = constant({
      dtype: 'float32',
      shape: [count, n],
      data: Float32Array.from({ length: count * n }, (_, i) => (fields[i % n] === Math.floor(i / n) ? 1 : 0)),
    })
    const sums = reshape(matMul(member, reshape(weighted, [0, n, count * factors])), [0, count, count, factors])
    const pairs = reduceSum(mul(sums, transpose(sums, [0, 2, 1, 3])), { axes: [1, 2, 3] })
    // each feature by itself, as seen by its own field, is no pair
    const own = constant({
      dtype: 'float32',
      shape: [n, count, 1],
      data: Float32Array.from({ length: n * count }, (_, i) => (fields[Math.floor(i / count)] === i % count ? 1 : 0)),
    })
    const alone = reduceSum(pow(mul(weighted, own), 2), { axes: [1, 2, 3] })
    return add(linear, reshape(mul(0.5, sub(pairs, alone)), [-1, 1]))
  }
}

/** Returns exp(-|x - c_k|^2 / (2 s_k^2)) for learned centres and widths: [batch, n] to [batch, units]. Source: Broomhead, Lowe (1988). */
export function radialBasis(units: number): Layer {
  whole('radial basis layer', { units })
  return (x, scope) => {
    const n = known(x, -1, 'radial basis layer', scope)
    const fans = { fanIn: n, fanOut: units }
    const centres = scope.parameter('centres', [units, n], initializers.standardNormal, fans)
    const logWidths = scope.parameter('log_widths', [units], initializers.zeros, fans)
    const squares = reduceSum(pow(sub(reshape(x, [0, 1, n]), centres), 2), { axes: [2] })
    return exp(neg(mul(mul(0.5, squares), exp(mul(-2, logWidths)))))
  }
}

/**
 * Returns random Fourier features sqrt(2 / units) cos(x w + b): their products come near the Gaussian kernel
 * exp(-gamma |x - y|^2). The weights are drawn once and kept. Source: Rahimi, Recht (2007).
 */
export function randomFourier(units: number, { gamma = 1 } = {}): Layer {
  whole('layer of random Fourier features', { units })
  return (x, scope) => {
    const n = known(x, -1, 'layer of random Fourier features', scope)
    const spread = Math.sqrt(2 * gamma)
    const w = scope.state(
      'weight',
      [n, units],
      (draw, shape) => draw.fillNormal(new Float32Array(shape[0] * shape[1]), { sd: spread }),
      (old) => old,
    )
    const b = scope.state(
      'phase',
      [units],
      (draw, [count]) => draw.fillUniform(new Float32Array(count), { low: 0, high: 2 * Math.PI }),
      (old) => old,
    )
    return mul(cos(gemm(x, w, b)), Math.sqrt(2 / units))
  }
}

/**
 * Returns a soft decision tree of `depth`: each inner node is a logistic gate of x, each leaf a vector of logits; the output
 * is their mean by the probability of each path. [batch, n] to [batch, outputs]. Source: Frosst, Hinton (2017).
 */
export function softDecisionTree(depth: number, outputs: number): Layer {
  whole('soft decision tree', { depth, outputs })
  return (x, scope) => {
    const inner = 2 ** depth - 1
    const gates = sigmoid(dense(inner)(x, scope.at('gates')))
    let reach: Value[] | undefined
    for (let level = 0; level < depth; level++) {
      const nodes = Array.from({ length: 2 ** level }, (_, i) => 2 ** level - 1 + i)
      reach = nodes.flatMap((node, i) => {
        const right = column(gates, node)
        const here = reach?.[i]
        return here ? [mul(here, sub(1, right)), mul(here, right)] : [sub(1, right), right]
      })
    }
    const leaves = scope.parameter('leaves', [2 ** depth, outputs], initializers.smallNormal, {
      fanIn: 2 ** depth,
      fanOut: outputs,
    })
    return matMul(concat(reach!, { axis: 1 }), leaves)
  }
}

const column = (x: Value, i: number): Value => {
  const [, n] = x.shape as readonly [unknown, number]
  const pick = new Float32Array(n)
  pick[i] = 1
  return matMul(x, constant({ dtype: 'float32', shape: [n, 1], data: pick }))
}
