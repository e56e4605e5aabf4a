import { add, div, greater, min, mul, reduceSum, relu, sqrt, sub, type Value, where } from '@mlpod/graph'
import { finite, flag, nonNegative, type Option } from '../optimizers/option.ts'
import { joint } from './define.ts'
import { norm } from './maths.ts'
import { order } from './settings.ts'

/** Returns max(0, margin - y (a - b)): y = 1 says that the first is to be the larger, -1 the second. Source: torch.nn.MarginRankingLoss 2.15. */
export const marginRanking = joint<{ readonly first: Value; readonly second: Value; readonly target: Value }>()({
  name: 'marginRanking',
  source: 'torch.nn.MarginRankingLoss 2.15',
  parameters: { margin: finite(0) },
  axes: { first: 'N ...', second: 'N ...', target: 'N ...' },
  rows:
    ({ margin }) =>
    ({ first, second, target }) => ({ losses: relu(sub(margin, mul(target, sub(first, second)))) }),
})

/**
 * Returns 1 - cos for pairs [N, d] that belong together (target 1) and max(0, cos - margin) for those that do not (-1).
 * Source: torch.nn.CosineEmbeddingLoss 2.15 (its squared lengths get 1e-12).
 */
export const cosineEmbedding = joint<{ readonly first: Value; readonly second: Value; readonly target: Value }>()({
  name: 'cosineEmbedding',
  source: 'torch.nn.CosineEmbeddingLoss 2.15',
  parameters: { margin: finite(0) },
  axes: { first: 'N d', second: 'N d', target: 'N' },
  rows:
    ({ margin }) =>
    ({ first, second, target }) => {
      const dot = (a: Value, b: Value): Value => reduceSum(mul(a, b), { axes: [-1] })
      const lengths = sqrt(mul(add(dot(first, first), 1e-12), add(dot(second, second), 1e-12)))
      const cosine = div(dot(first, second), lengths)
      return { losses: where(greater(target, 0), sub(1, cosine), relu(sub(cosine, margin))) }
    },
})

/** Three embeddings a row, [N, d] each: the anchor belongs with the positive and not with the negative. */
export interface Triplet {
  readonly anchor: Value
  readonly positive: Value
  readonly negative: Value
}

const TRIPLET = { anchor: 'N ... d', positive: 'N ... d', negative: 'N ... d' } as const

/** max(0, margin + near - far); with `swap` the far distance is also that of the positive from the negative, if smaller. */
function triplet(distance: (a: Value, b: Value) => Value, margin: number, swap: boolean) {
  return ({ anchor, positive, negative }: Triplet) => {
    const own = distance(anchor, negative)
    const far = swap ? min(own, distance(positive, negative)) : own
    return { losses: relu(add(sub(distance(anchor, positive), far), margin)) }
  }
}

/**
 * Returns max(0, margin + |a - p| - |a - n|), the norms of `order` over the last axis with epsilon added to the differences.
 * `swap` takes |p - n| instead of |a - n| where it is smaller. Source: Balntas et al. (2016); torch.nn.TripletMarginLoss 2.15.
 */
export const tripletMargin = joint<Triplet>()({
  name: 'tripletMargin',
  source: 'torch.nn.TripletMarginLoss 2.15',
  parameters: { margin: nonNegative(1), order: order(2), epsilon: nonNegative(1e-6), swap: flag(false) },
  axes: TRIPLET,
  rows: ({ margin, order: p, epsilon, swap }) => triplet((a, b) => norm(add(sub(a, b), epsilon), p), margin, swap),
})

const distance = (value: (a: Value, b: Value) => Value): Option<(a: Value, b: Value) => Value> => ({
  default: value,
  takes: 'a function of two values',
  test: (given) => typeof given === 'function',
})

/** Returns `tripletMargin` with any distance of two embeddings [N, d], [N]. Source: torch.nn.TripletMarginWithDistanceLoss 2.15. */
export const tripletMarginWithDistance = joint<Triplet>()({
  name: 'tripletMarginWithDistance',
  source: 'torch.nn.TripletMarginWithDistanceLoss 2.15',
  parameters: {
    distance: distance((a, b) => norm(add(sub(a, b), 1e-6), 2)),
    margin: nonNegative(1),
    swap: flag(false),
  },
  axes: TRIPLET,
  rows: ({ distance: measure, margin, swap }) => triplet(measure, margin, swap),
})
