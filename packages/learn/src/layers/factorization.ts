import { PodError } from '@mlpod/contract'
import {
  add,
  constant,
  cumSum,
  matMul,
  mul,
  pow,
  reduceSum,
  reshape,
  sub,
  transpose,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import type { ActivationName } from './activations.ts'
import { initializers } from './initializers.ts'
import type { Layer, Scope } from './layer.ts'
import { mlp } from './layers.ts'
import { dense } from './linear.ts'
import { known, whole } from './shape.ts'

/** The factors [n, count] of n features. */
const factorsOf = (name: string, n: number, count: number, scope: Scope): Value =>
  scope.parameter(name, [n, count], initializers.smallNormal, { fanIn: n, fanOut: count })

/** w0 + w x. */
const linearPart = (x: Value, scope: Scope): Value =>
  dense(1, { weightInitializer: 'zeros', biasInitializer: 'zeros' })(x, scope)

/** Sum over pairs i < j of <v_i, v_j> x_i x_j, in time n k: half of (sum v x)^2 - sum (v x)^2. */
const pairs = (x: Value, v: Value): Value => {
  const squares = matMul(pow(x, 2), pow(v, 2))
  return mul(0.5, reduceSum(sub(pow(matMul(x, v), 2), squares), { axes: [1], keepDims: true }))
}

/** Which features belong to which field: [fields, n] of 1 and 0. */
function memberOf(fields: readonly number[]): Value {
  const n = fields.length
  const count = Math.max(...fields) + 1
  const data = Float32Array.from({ length: count * n }, (_, i) => Number(fields[i % n] === Math.floor(i / n)))
  return constant({ dtype: 'float32', shape: [count, n], data })
}

/**
 * Returns a factorization machine: w0 + w x + 1/2 sum_f ((sum_i v_if x_i)^2 - sum_i v_if^2 x_i^2), [batch, n] to [batch, 1] in
 * time n k. Source: Rendle (2010).
 */
export function factorizationMachine(factors: number): Layer {
  whole('factorization machine', { factors })
  return (x, scope) => {
    const v = factorsOf('factors', known(x, -1, 'factorization machine', scope), factors, scope)
    return add(linearPart(x, scope), pairs(x, v))
  }
}

/**
 * Returns a factorization machine of all interactions up to an `order`: w0 + w x + sum over m = 2 .. order of
 * sum_(i1 < .. < im) x_i1 .. x_im sum_f v_i1f .. v_imf, with factors `factors2`, `factors3` ... of their own [n, factors].
 * [batch, n] to [batch, 1] in time n k order. Source: Blondel et al. (2016), the recursion of the ANOVA kernel.
 */
export function higherOrderMachine(factors: number, order: number): Layer {
  whole('higher-order factorization machine', { factors, order })
  return (x, scope) => {
    const n = known(x, -1, 'higher-order factorization machine', scope)
    const orders = Array.from({ length: order - 1 }, (_, i) => i + 2)
    return orders.reduce(
      (sum, m) => {
        const z = mul(unsqueeze(x, [2]), factorsOf(`factors${m}`, n, factors, scope))
        return add(sum, reduceSum(anova(z, m), { axes: [1], keepDims: true }))
      },
      linearPart(x, scope),
    )
  }
}

/** Sums of products of m different ones of z [batch, n, k] along n: [batch, k]. */
function anova(z: Value, m: number): Value {
  // below[j] holds the products of those before j: a_m[j] = a_m[j - 1] + z_j a_(m - 1)[j - 1]
  let below: Value | undefined
  for (let level = 1; level < m; level++) below = cumSum(below ? mul(z, below) : z, 1, { exclusive: true })
  return reduceSum(below ? mul(z, below) : z, { axes: [1] })
}

/** Settings of `deepFM`. */
export interface DeepFMOptions {
  /** Sizes of the hidden layers of the deep part. Default [64, 32]. */
  readonly hidden?: readonly number[]
  /** The field of each feature (a number each): the deep part reads one vector a field. Default each feature is one. */
  readonly fields?: readonly number[]
  readonly activation?: ActivationName
  readonly dropout?: number
}

/**
 * Returns a factorization machine plus a dense network that reads the same factors, those of each field summed by its
 * features: [batch, n] to [batch, 1]. Source: Guo et al. (2017).
 */
export function deepFM(factors: number, { hidden = [64, 32], fields, ...options }: DeepFMOptions = {}): Layer {
  whole('DeepFM', { factors })
  return (x, scope) => {
    const n = known(x, -1, 'DeepFM', scope)
    if (fields && fields.length !== n)
      throw new PodError('LAYER_INVALID', `${fields.length} fields are given for ${n} features`)
    const v = factorsOf('factors', n, factors, scope)
    const weighted = mul(unsqueeze(x, [2]), v)
    const vectors = fields ? matMul(memberOf(fields), weighted) : weighted
    const width = (fields ? Math.max(...fields) + 1 : n) * factors
    const deep = mlp(hidden, 1, options)(reshape(vectors, [-1, width]), scope.at('deep'))
    return add(add(linearPart(x, scope), pairs(x, v)), deep)
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
    const linear = linearPart(x, scope)
    const weighted = mul(reshape(x, [0, n, 1, 1]), v)
    // sums of all features of field a, as seen by field b: [batch, a, b, factors]
    const sums = reshape(matMul(memberOf(fields), reshape(weighted, [0, n, count * factors])), [
      0,
      count,
      count,
      factors,
    ])
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
