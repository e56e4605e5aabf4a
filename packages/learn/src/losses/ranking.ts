import { castLike, greaterOrEqual, logSoftmax, mul, neg, reduceMax, reduceSum, type Value, where } from '@mlpod/graph'
import { expectShapes, loss } from './define.ts'
import { NONE } from './settings.ts'

const LAST = { axes: [-1] }

/** Lists of items: scores and relevances [N, L]. An item of relevance below 0 is no item: it fills up a shorter list. */
const list = () => ({ prediction: 'logits' }) as const

/** Checks a list, and returns which items there are, and their relevances (0 where there is none). */
function itemsOf(name: string, scores: Value, relevance: Value): { readonly there: Value; readonly relevances: Value } {
  expectShapes(name, { scores: [scores, 'N L'], relevances: [relevance, 'N L'] })
  const there = greaterOrEqual(relevance, 0)
  return { there, relevances: where(there, relevance, 0) }
}

const NOWHERE = -1e30

/** Returns -sum(relevance log softmax(score)) over each list; a list of no items weighs nothing. Source: optax.losses.ranking_softmax_loss 0.2.8. */
export const rankingSoftmax = loss({
  name: 'rankingSoftmax',
  source: 'optax.losses.ranking_softmax_loss 0.2.8',
  parameters: NONE,
  of: list,
  rows: () => (scores, relevance) => {
    const { there, relevances } = itemsOf('rankingSoftmax', scores, relevance)
    const each = mul(relevances, logSoftmax(where(there, scores, NOWHERE)))
    const items = reduceMax(castLike(there, scores), LAST)
    return { losses: neg(reduceSum(where(there, each, 0), LAST)), weights: items }
  },
})
