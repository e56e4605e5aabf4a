import {
  add,
  cast,
  constant,
  constantOfShape,
  matMul,
  mul,
  reduceSum,
  shape,
  softmax,
  tanh,
  transpose,
  trilu,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import type { Attention } from './attention.ts'
import { initializers } from './initializers.ts'
import type { Scope } from './layer.ts'
import { dense } from './linear.ts'
import { known } from './shape.ts'

/** Settings of attention by one score of each query and key. */
export interface ScoredAttentionOptions {
  /** Which keys may be seen (bool, true: may), broadcast to [batch, queries, keys]. */
  readonly mask?: Value
  /** Whether query i sees only the keys j <= i. */
  readonly causal?: boolean
}

// what Keras takes from the scores of keys that may not be seen
const HIDDEN = 1e9

const byScores =
  (score: (q: Value, k: Value, scope: Scope) => Value, { mask, causal = false }: ScoredAttentionOptions): Attention =>
  (queries, scope, keys = queries, values = keys) => {
    const scores = score(queries, keys, scope)
    const hide = (x: Value, allowed: Value): Value => where(allowed, x, add(x, -HIDDEN))
    const masked = mask === undefined ? scores : hide(scores, mask)
    return matMul(softmax(causal ? hide(masked, past(scores)) : masked), values)
  }

/** True where query i may see key j <= i. */
const past = (scores: Value): Value => {
  const ones = constantOfShape(shape(scores, 1, 3), 1)
  return cast(trilu(ones, { upper: false }), 'bool')
}

const PAIR = { fanIn: 1, fanOut: 1 }

/**
 * Returns attention by products of queries and keys [batch, time, features], or with `concat` by tanh of their sums; without
 * projections and heads. `scale` and `concat_score_weight` are learned numbers. Source: Luong et al. (2015); Keras Attention.
 */
export function dotAttention({
  scale = false,
  score = 'dot',
  ...options
}: ScoredAttentionOptions & { readonly scale?: boolean; readonly score?: 'dot' | 'concat' } = {}): Attention {
  return byScores((q, k, scope) => {
    const factor = scale ? scope.parameter('scale', [], initializers.ones, PAIR) : constant(1, 'float32')
    if (score === 'dot') {
      const products = matMul(q, transpose(k, [0, 2, 1]))
      return scale ? mul(products, factor) : products
    }
    const weight = scope.parameter('concat_score_weight', [], initializers.ones, PAIR)
    return mul(weight, reduceSum(tanh(mul(factor, pairs(q, k))), { axes: [-1] }))
  }, options)
}

/**
 * Returns attention by v . tanh(query + key), `scale` being v. With `units` queries and keys are projected first, to `query`
 * and `key` of so many features. Source: Bahdanau, Cho, Bengio (2015); without units Keras AdditiveAttention.
 */
export function additiveAttention({
  units,
  scale = true,
  ...options
}: ScoredAttentionOptions & { readonly units?: number; readonly scale?: boolean } = {}): Attention {
  return byScores((q, k, scope) => {
    const part = (name: string, x: Value): Value =>
      units === undefined
        ? x
        : dense(units, { bias: name === 'query', weightInitializer: 'glorotUniform' })(x, scope.at(name))
    const sums = tanh(pairs(part('query', q), part('key', k)))
    const size = units ?? known(q, 2, 'additive attention', scope)
    const v = scale
      ? scope.parameter('scale', [size], initializers.glorotUniform, { fanIn: size, fanOut: size })
      : undefined
    return reduceSum(v ? mul(sums, v) : sums, { axes: [-1] })
  }, options)
}

/** Sums of every query and every key: [batch, queries, keys, features]. */
const pairs = (q: Value, k: Value): Value => add(unsqueeze(q, [2]), unsqueeze(k, [1]))
