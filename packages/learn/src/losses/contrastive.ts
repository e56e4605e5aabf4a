import {
  add,
  and,
  castLike,
  div,
  equal,
  greater,
  matMul,
  max,
  min,
  mul,
  neg,
  not,
  reduceLogSumExp,
  reduceSum,
  relu,
  softplus,
  sub,
  transpose,
  type Value,
  where,
} from '@mlpod/graph'
import { finite, positive } from '../optimizers/option.ts'
import { expectShapes, loss } from './define.ts'
import { normalized, pairs, positions, sharesOfOthers } from './maths.ts'

const LAST = { axes: [-1] }
const embeddings = () => ({ target: 'int64', prediction: 'value', classes: () => undefined }) as const

/** Which pairs of rows (i, j) have the same label, and which are of a row with itself: [N, N] each. */
function kinships(labels: Value): { readonly same: Value; readonly self: Value } {
  return { same: pairs(labels, equal), self: pairs(positions(labels, 0), equal) }
}

/** log(sum(e^x)) over the last axis of what a mask keeps; far below every number where it keeps nothing. */
const logSumOf = (x: Value, kept: Value): Value => reduceLogSumExp(where(kept, x, -1e30), LAST)

/**
 * Returns log(1 + sum(e^(gamma a_p (d_p - margin))) sum(e^(gamma a_n (1 - margin - d_n)))) for embeddings [N, d] of length 1 and
 * labels [N]: d the cosine distances (at least 0) to rows of the same label and of others, a_p = margin + d, a_n = 1 + margin - d.
 * A mean is over the rows that lose anything. Source: Sun et al. (2020); keras.losses.Circle 3.15.
 */
export const circle = loss({
  name: 'circle',
  source: 'keras.losses.Circle 3.15',
  parameters: { gamma: positive(80), margin: finite(0.4) },
  of: embeddings,
  rows:
    ({ gamma, margin }) =>
    (x, labels) => {
      expectShapes('circle', { embeddings: [x, 'N d'], labels: [labels, 'N'] })
      const distance = relu(sub(1, matMul(x, transpose(x))))
      const { same, self } = kinships(labels)
      const near = mul(mul(relu(add(distance, margin)), sub(distance, margin)), gamma)
      const far = mul(mul(relu(sub(1 + margin, distance)), sub(1 - margin, distance)), gamma)
      const losses = softplus(add(logSumOf(near, and(same, not(self))), logSumOf(far, not(same))))
      return { losses, weights: castLike(greater(losses, 0), losses) }
    },
})

/**
 * Returns for each pair of the same label -log(e^s / (e^s + sum of e^s with rows of other labels)), s = cosine / temperature,
 * summed over each row's pairs; a mean is over pairs. Source: Chen et al. (2020); optax.losses.ntxent 0.2.8, which leaves other
 * pairs of the same label out of the denominator.
 */
export const ntxent = loss({
  name: 'ntxent',
  source: 'optax.losses.ntxent 0.2.8',
  parameters: { temperature: positive(0.07) },
  of: embeddings,
  rows:
    ({ temperature }) =>
    (x, labels) => {
      expectShapes('ntxent', { embeddings: [x, 'N d'], labels: [labels, 'N'] })
      const unit = normalized(x)
      const s = div(matMul(unit, transpose(unit)), temperature)
      const { same, self } = kinships(labels)
      const pair = and(same, not(self))
      const others = reduceLogSumExp(where(same, -1e30, s), { ...LAST, keepDims: true })
      // log(e^s + e^others) - s
      const each = softplus(sub(others, s))
      return {
        losses: reduceSum(where(pair, each, 0), LAST),
        weights: reduceSum(castLike(pair, x), LAST),
      }
    },
})

/**
 * Returns the mean over the other rows of the same label of minus their log share among all other rows, by cosine / temperature;
 * a row without such rows weighs nothing. Embeddings are [N, d], labels [N]. Source: Khosla et al. (2020), L_out.
 */
export const supCon = loss({
  name: 'supCon',
  source: 'Khosla et al. (2020)',
  parameters: { temperature: positive(0.1) },
  of: embeddings,
  rows:
    ({ temperature }) =>
    (x, labels) => {
      expectShapes('supCon', { embeddings: [x, 'N d'], labels: [labels, 'N'] })
      const { same, self } = kinships(labels)
      const pair = and(same, not(self))
      const count = reduceSum(castLike(pair, x), LAST)
      const total = neg(reduceSum(where(pair, sharesOfOthers(x, temperature), 0), LAST))
      return { losses: div(total, max(count, 1)), weights: min(count, 1) }
    },
})
