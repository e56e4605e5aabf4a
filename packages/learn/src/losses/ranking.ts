import {
  abs,
  add,
  and,
  castLike,
  div,
  equal,
  exp,
  greater,
  greaterOrEqual,
  less,
  log,
  logSoftmax,
  mul,
  neg,
  or,
  reduceLogSumExp,
  reduceMax,
  reduceSum,
  softmax,
  softplus,
  stopGradient,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { positive } from '../optimizers/option.ts'
import { expectShapes, loss } from './define.ts'
import { pairs, positions } from './maths.ts'
import { NONE } from './settings.ts'

const LAST = { axes: [-1] }
const list = () => ({ prediction: 'logits' }) as const
const NOWHERE = -1e30

/** A list of items: which there are, and their scores and relevances, [N, L] each, as they count. */
interface Items {
  readonly there: Value
  readonly scores: Value
  readonly relevances: Value
}

/** Reads lists. An item of relevance below 0 is no item: it fills up a shorter list. */
function itemsOf(name: string, scores: Value, relevance: Value): Items {
  expectShapes(name, { scores: [scores, 'N L'], relevances: [relevance, 'N L'] })
  const there = greaterOrEqual(relevance, 0)
  return { there, scores: where(there, scores, NOWHERE), relevances: where(there, relevance, 0) }
}

/** Returns 1 for a list with items, else 0: such a list weighs nothing. */
const counted = ({ there, scores }: Items): Value => reduceMax(castLike(there, scores), LAST)

/** Returns -sum(shares log softmax(score)) over the items of each list. */
const entropy = ({ there, scores }: Items, shares: Value): Value =>
  neg(reduceSum(where(there, mul(shares, logSoftmax(scores)), 0), LAST))

/**
 * Returns -sum(relevance log softmax(score)) over each list: scores and relevances are [N, L]. In this and the other losses of
 * lists, items of relevance below 0 fill up shorter lists, and lists of no items weigh nothing.
 * Source: optax.losses.ranking_softmax_loss 0.2.8.
 */
export const rankingSoftmax = loss({
  name: 'rankingSoftmax',
  source: 'optax.losses.ranking_softmax_loss 0.2.8',
  parameters: NONE,
  of: list,
  rows: () => (scores, relevance) => {
    const items = itemsOf('rankingSoftmax', scores, relevance)
    return { losses: entropy(items, items.relevances), weights: counted(items) }
  },
})

/** Returns the cross entropy of softmax(relevance) and softmax(score) over each list (top one). Source: Cao et al. (2007). */
export const listNet = loss({
  name: 'listNet',
  source: 'Cao et al. (2007)',
  parameters: NONE,
  of: list,
  rows: () => (scores, relevance) => {
    const items = itemsOf('listNet', scores, relevance)
    return { losses: entropy(items, softmax(where(items.there, relevance, NOWHERE))), weights: counted(items) }
  },
})

/** Returns whether item i stands before item j by falling values, [N, L, L]; of equal ones the first stands first. */
const before = (values: Value): Value => {
  const places = positions(values, 1)
  return or(pairs(values, greater), and(pairs(values, equal), pairs(places, less)))
}

/**
 * Returns minus the log probability of the order by falling relevance when items are drawn one after the other by softmax(score);
 * items of equal relevance in the order given. Source: Xia et al. (2008); Plackett (1975).
 */
export const listMle = loss({
  name: 'listMle',
  source: 'Xia et al. (2008)',
  parameters: NONE,
  of: list,
  rows: () => (scores, relevance) => {
    const items = itemsOf('listMle', scores, relevance)
    // item i is drawn from those that do not stand before it
    const left = or(before(relevance), pairs(positions(scores, 1), equal))
    const rest = reduceLogSumExp(where(left, unsqueeze(items.scores, [1]), NOWHERE), LAST)
    return {
      losses: reduceSum(where(items.there, sub(rest, items.scores), 0), LAST),
      weights: counted(items),
    }
  },
})

/** Pairs (i, j) of items of which i is the more relevant, [N, L, L]. */
const preferred = ({ there, relevances }: Items): Value => and(pairs(relevances, greater), unsqueeze(there, [1]))

/** log(1 + e^(s_j - s_i)) of all pairs; of an item that is none it is any number. */
const lost = ({ there, scores }: Items): Value => {
  const s = where(there, scores, 0)
  return softplus(pairs(s, (i, j) => sub(j, i)))
}

/**
 * Returns the sum of log(1 + e^(s_j - s_i)) over the pairs of a list of which i is the more relevant; a mean is over pairs.
 * Source: Burges et al. (2005), RankNet.
 */
export const pairwiseLogistic = loss({
  name: 'pairwiseLogistic',
  source: 'Burges et al. (2005)',
  parameters: NONE,
  of: list,
  rows: () => (scores, relevance) => {
    const items = itemsOf('pairwiseLogistic', scores, relevance)
    const pair = preferred(items)
    return {
      losses: reduceSum(where(pair, lost(items), 0), { axes: [1, 2] }),
      weights: reduceSum(castLike(pair, scores), { axes: [1, 2] }),
    }
  },
})

/**
 * Returns the pairs of `pairwiseLogistic`, each weighed by how much the normalized discounted gain would change if the two items
 * changed places: |2^r_i - 2^r_j| |1 / log2(1 + rank_i) - 1 / log2(1 + rank_j)| / the best gain. The weights count as constants:
 * derivatives are those of LambdaRank. Summed over each list. Source: Burges et al. (2006); Wang et al. (2018).
 */
export const lambdaRank = loss({
  name: 'lambdaRank',
  source: 'Burges et al. (2006)',
  parameters: { sharpness: positive(1) },
  of: () => ({ ...list(), takes: { what: 'relevances below 64', test: (r) => r < 64 } }),
  rows:
    ({ sharpness }) =>
    (scores, relevance) => {
      const items = itemsOf('lambdaRank', scores, relevance)
      const gain = where(items.there, sub(exp(mul(items.relevances, Math.LN2)), 1), 0)
      const discounts = discountOf(items.scores)
      const best = reduceSum(mul(gain, discountOf(relevance)), { axes: [1], keepDims: true })
      const change = mul(abs(pairs(gain, sub)), abs(pairs(discounts, sub)))
      const weight = div(change, unsqueeze(where(greater(best, 0), best, 1), [2]))
      const sharper = { ...items, scores: mul(items.scores, sharpness) }
      const each = mul(stopGradient(weight), lost(sharper))
      return {
        losses: reduceSum(where(preferred(items), each, 0), { axes: [1, 2] }),
        weights: counted(items),
      }
    },
})

/** 1 / log2(1 + rank) by falling values, the first rank 1. */
function discountOf(values: Value): Value {
  const ranks = reduceSum(castLike(before(values), values), { axes: [1] }) // how many stand before j
  return div(Math.LN2, log(add(ranks, 2)))
}
