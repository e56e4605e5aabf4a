import {
  abs,
  add,
  castLike,
  cumSum,
  div,
  equal,
  exp,
  greater,
  greaterOrEqual,
  like,
  logSoftmax,
  matMul,
  mul,
  neg,
  or,
  pow,
  reduceSum,
  relu,
  shape,
  softmax,
  softplus,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { nonNegative, oneOf, positive } from '../optimizers/option.ts'
import { expectShapes, joint, loss } from './define.ts'
import { log1mExp, logistic, logNormalCdf, logSigmoid, pick, positions, square } from './maths.ts'
import { risingQuantiles } from './quantile.ts'
import { columnWeights, NONE } from './settings.ts'

const LAST = { axes: [-1] }
/** K - 1 scores a row tell K classes apart, 0 to K - 1, which stand in order. */
const ofThresholds = () => ({ prediction: 'logits', target: 'int64', classes: (scores: number) => scores + 1 }) as const
const ofScores = () => ({ prediction: 'logits', target: 'int64' }) as const

/** A distribution function F: the logarithms of F(x), 1 - F(x) and F(a) - F(b), a > b. */
interface Link {
  readonly below: (x: Value) => Value
  readonly above: (x: Value) => Value
  readonly within: (a: Value, b: Value) => Value
}

const LINKS: Readonly<Record<'logit' | 'probit' | 'cloglog', Link>> = {
  logit: {
    below: logSigmoid,
    above: (x) => neg(softplus(x)),
    // s(a) - s(b) = s(a) s(-b) (1 - e^(b - a))
    within: (a, b) => add(sub(logSigmoid(a), softplus(b)), log1mExp(sub(a, b))),
  },
  probit: {
    below: logNormalCdf,
    above: (x) => logNormalCdf(neg(x)),
    // on the side where both are small: F(a) - F(b) = F(-b) - F(-a)
    within: (a, b) => {
      const right = greater(add(a, b), 0)
      const [high, low] = [logNormalCdf(where(right, neg(b), a)), logNormalCdf(where(right, neg(a), b))]
      return add(high, log1mExp(sub(high, low)))
    },
  },
  cloglog: {
    below: (x) => log1mExp(exp(x)),
    above: (x) => neg(exp(x)),
    within: (a, b) => sub(log1mExp(sub(exp(a), exp(b))), exp(b)),
  },
}

/** Thresholds between classes and where the rows stand: P(class <= k) = F(threshold k - score). */
export interface CumulativeScores {
  /** [N]. */
  readonly score: Value
  /** [K - 1]: the first threshold, and what each next one lies above the one before, as `risingQuantiles` reads it. */
  readonly thresholds: Value
  /** Classes 0 to K - 1, [N], int64. */
  readonly target: Value
}

/** Minus the log probability of the class between its thresholds less the score, [N, K - 1], rising along each row. */
function between(x: Value, target: Value, { below, above, within }: Link): Value {
  const last = sub(shape(x, 1, 2), 1) // [1]
  const upper = pick(x, where(greater(target, last), last, target))
  const lower = pick(x, where(greater(target, 0), sub(target, 1), target))
  const [first, final] = [equal(target, 0), greater(target, last)]
  // of the classes at the ends one threshold is none: what stands there only must not be infinite
  const end = or(first, final)
  const inner = within(where(end, like(x, 1), upper), where(end, like(x, 0), lower))
  return neg(where(first, below(upper), where(final, above(lower), inner)))
}

/**
 * Returns minus the log probability of the class under a cumulative link: P(class <= k) = F(threshold k - score), F the
 * logistic (proportional odds), normal or Gompertz (`cloglog`, proportional hazards) distribution. Thresholds are kept in order.
 * Source: McCullagh (1980).
 */
export const cumulativeLink = joint<CumulativeScores>()({
  name: 'cumulativeLink',
  source: 'McCullagh (1980)',
  parameters: { link: oneOf(['logit', 'probit', 'cloglog'], 'logit') },
  axes: { score: 'N', thresholds: 'T', target: 'N' },
  rows:
    ({ link }) =>
    ({ score, thresholds, target }) => {
      const rising = risingQuantiles(unsqueeze(thresholds, [0]))
      return { losses: between(sub(rising, unsqueeze(score, [1])), target, LINKS[link]) }
    },
})

/**
 * Returns `cumulativeLink` of scores [N, K - 1] as a network gives them: the first is threshold 0 less the score, each next one
 * says how far the next threshold lies above. Source: McCullagh (1980).
 */
export const ordinalLikelihood = loss({
  name: 'ordinalLikelihood',
  source: 'McCullagh (1980)',
  parameters: { link: oneOf(['logit', 'probit', 'cloglog'], 'logit') },
  of: ofThresholds,
  rows:
    ({ link }) =>
    (x, target) => {
      expectShapes('ordinalLikelihood', { scores: [x, 'N T'], target: [target, 'N'] })
      return { losses: between(risingQuantiles(x), target, LINKS[link]) }
    },
})

/** [N, K - 1]: whether the class lies above threshold k, and the threshold's number. */
const levelsOf = (x: Value, target: Value): { readonly level: Value; readonly k: Value } => {
  const k = positions(x, 1)
  return { level: greater(unsqueeze(target, [1]), k), k }
}

/** How thresholds less the score are judged: by the side they should be on, with a margin of 1. */
function threshold(name: 'allThreshold' | 'immediateThreshold') {
  return loss({
    name,
    source: 'Rennie, Srebro (2005)',
    parameters: { penalty: oneOf(['hinge', 'squaredHinge', 'logistic'], 'hinge') },
    of: ofThresholds,
    rows:
      ({ penalty }) =>
      (x: Value, target: Value) => {
        expectShapes(name, { 'thresholds less score': [x, 'N T'], target: [target, 'N'] })
        const { level, k } = levelsOf(x, target)
        const margin = where(level, neg(x), x) // thresholds below the class are to be below the score
        const short = relu(sub(1, margin))
        const each = penalty === 'logistic' ? softplus(neg(margin)) : penalty === 'hinge' ? short : square(short)
        if (name === 'allThreshold') return { losses: reduceSum(each, LAST) }
        const y = unsqueeze(target, [1])
        return { losses: reduceSum(where(or(equal(k, y), equal(k, sub(y, 1))), each, 0), LAST) }
      },
  })
}

/**
 * Returns the sum over all thresholds of the penalty of thresholds less the score [N, K - 1] that are on the wrong side: hinge,
 * its square or log(1 + e^-m), with a margin of 1. Source: Rennie, Srebro (2005).
 */
export const allThreshold = threshold('allThreshold')

/** Returns the sum of `allThreshold` over the one or two thresholds at the class. Source: Rennie, Srebro (2005). */
export const immediateThreshold = threshold('immediateThreshold')

/**
 * Returns the sum over levels k of the logistic loss of logits [N, K - 1] for "the class is above k", each with its weight.
 * The logits of a row share their weights and differ by biases. Source: Cao et al. (2020); coral-pytorch 1.4.
 */
export const coral = loss({
  name: 'coral',
  source: 'coral-pytorch 1.4 coral_loss',
  parameters: { columnWeights },
  of: ofThresholds,
  rows:
    ({ columnWeights: weights }) =>
    (x, target) => {
      expectShapes('coral', { logits: [x, 'N T'], target: [target, 'N'] })
      const each = logistic(x, castLike(levelsOf(x, target).level, x))
      return { losses: reduceSum(weights ? mul(each, like(x, weights)) : each, LAST) }
    },
})

/**
 * Returns the sum over levels k of the logistic loss of logits [N, K - 1] for "above k, if it is above k - 1", of the rows where
 * that is so; a mean divides by the number of those. Source: Shi et al. (2021); coral-pytorch 1.4.
 */
export const corn = loss({
  name: 'corn',
  source: 'coral-pytorch 1.4 corn_loss',
  parameters: NONE,
  of: ofThresholds,
  rows: () => (x, target) => {
    expectShapes('corn', { logits: [x, 'N T'], target: [target, 'N'] })
    const { level, k } = levelsOf(x, target)
    const asked = greaterOrEqual(unsqueeze(target, [1]), k)
    return {
      losses: reduceSum(where(asked, logistic(x, castLike(level, x)), 0), LAST),
      weights: reduceSum(castLike(asked, x), LAST),
    }
  },
})

/** Returns the sum over classes of the squared difference of the running sums of softmax and label, from logits [N, K]. Source: Hou et al. (2016). */
export const squaredEarthMover = loss({
  name: 'squaredEarthMover',
  source: 'Hou et al. (2016)',
  parameters: NONE,
  of: ofScores,
  rows: () => (x, target) => {
    expectShapes('squaredEarthMover', { logits: [x, 'N K'], target: [target, 'N'] })
    const reached = castLike(greaterOrEqual(positions(x, 1), unsqueeze(target, [1])), x)
    return { losses: reduceSum(square(sub(cumSum(softmax(x), 1), reached)), LAST) }
  },
})

/**
 * Returns the cross entropy of logits [N, K] with labels that are soft: softmax over classes k of -sharpness |k - y|^power.
 * Source: Diaz, Marathe (2019).
 */
export const softOrdinal = loss({
  name: 'softOrdinal',
  source: 'Diaz, Marathe (2019)',
  parameters: { sharpness: positive(1), power: positive(1) },
  of: ofScores,
  rows:
    ({ sharpness, power }) =>
    (x, target) => {
      expectShapes('softOrdinal', { logits: [x, 'N K'], target: [target, 'N'] })
      const away = castLike(abs(sub(positions(x, 1), unsqueeze(target, [1]))), x)
      const shares = softmax(mul(pow(away, power), -sharpness))
      return { losses: neg(reduceSum(mul(shares, logSoftmax(x)), LAST)) }
    },
})

/**
 * Returns 1 - kappa, weighted by |i - j|^power, of softmax [N, K] and labels over the whole batch: how much they disagree beside
 * how much they would by chance. Source: de la Torre et al. (2018).
 */
export const weightedKappa = loss({
  name: 'weightedKappa',
  source: 'de la Torre et al. (2018)',
  parameters: { power: positive(2), epsilon: nonNegative(1e-10) },
  of: ofScores,
  rows:
    ({ power, epsilon }) =>
    (x, target) => {
      expectShapes('weightedKappa', { logits: [x, 'N K'], target: [target, 'N'] })
      const [p, k] = [softmax(x), positions(x, 1)]
      const apart = (a: Value, b: Value): Value => pow(castLike(abs(sub(unsqueeze(a, [1]), b)), x), power)
      const observed = reduceSum(mul(p, apart(target, k)))
      const counts = reduceSum(castLike(equal(unsqueeze(target, [1]), k), x), { axes: [0] })
      const predicted = reduceSum(p, { axes: [0] })
      const n = castLike(shape(x, 0, 1), x)
      const expected = div(reduceSum(mul(counts, matMul(apart(k, k), predicted))), n)
      return { losses: reduceSum(div(observed, add(expected, epsilon))) }
    },
})
