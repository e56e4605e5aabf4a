import {
  add,
  and,
  castLike,
  concat,
  div,
  equal,
  exp,
  gatherElements,
  greater,
  matMul,
  max,
  min,
  mod,
  mul,
  neg,
  not,
  reduceLogSumExp,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  shape,
  softplus,
  sqrt,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { finite, flag, positive } from '../optimizers/option.ts'
import { expectShapes, joint, loss } from './define.ts'
import { normalized, pairs, positions, square } from './maths.ts'
import { NONE } from './settings.ts'

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

/** Two views of each row, [N, d] each: row i of one belongs with row i of the other. */
export interface Views {
  readonly first: Value
  readonly second: Value
}

const VIEWS = { first: 'N d', second: 'N d' } as const

/** Returns log(sum(e^x)) over the last axis less the diagonal of x [N, N]: minus the log share of each row's own. */
const ownShare = (x: Value): Value => sub(reduceLogSumExp(x, LAST), diagonal(x))
const diagonal = (x: Value): Value => reduceSum(where(pairs(positions(x, 0), equal), x, 0), LAST)

/**
 * Returns -log(e^s_ii / sum over j of e^s_ij), s = cosine / temperature of the two views; `symmetric` is the mean of that and of
 * the views exchanged, as CLIP has it. Source: van den Oord et al. (2018); Radford et al. (2021).
 */
export const infoNce = joint<Views>()({
  name: 'infoNce',
  source: 'van den Oord et al. (2018)',
  parameters: { temperature: positive(0.07), symmetric: flag(false) },
  axes: VIEWS,
  rows:
    ({ temperature, symmetric }) =>
    ({ first, second }) => {
      const s = div(matMul(normalized(first), transpose(normalized(second))), temperature)
      const own = ownShare(s)
      return { losses: symmetric ? mul(add(own, ownShare(transpose(s))), 0.5) : own }
    },
})

/** Cosines / temperature of all pairs of rows, and the logarithms of their shares among all other rows, [N, N]. */
function sharesOfOthers(x: Value, temperature: number): Value {
  const unit = normalized(x)
  const s = div(matMul(unit, transpose(unit)), temperature)
  const self = pairs(positions(s, 0), equal)
  return sub(s, reduceLogSumExp(where(self, -1e30, s), { ...LAST, keepDims: true }))
}

/**
 * Returns for each of the 2 N views minus the log share of its partner among all other views, by cosine / temperature; first views
 * stand before second ones. Losses are [N], of both views of a row. Source: Chen et al. (2020), NT-Xent.
 */
export const simClr = joint<Views>()({
  name: 'simClr',
  source: 'Chen et al. (2020)',
  parameters: { temperature: positive(0.5) },
  axes: VIEWS,
  rows:
    ({ temperature }) =>
    ({ first, second }) => {
      const shares = sharesOfOthers(concat([first, second]), temperature)
      const n = shape(first, 0, 1)
      const places = positions(shares, 0)
      const partner = mod(add(places, n), mul(n, 2))
      const own = neg(reshape(gatherElements(shares, unsqueeze(partner, [1]), { axis: 1 }), [2, -1]))
      return { losses: reduceMean(own, { axes: [0] }) }
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

/** Two views, and a scale and bias that are learnt (one number each). */
export interface ScaledViews extends Views {
  /** The logarithm of what cosines are multiplied with; the paper begins with log 10. */
  readonly logScale: Value
  /** The paper begins with -10. */
  readonly bias: Value
}

/**
 * Returns the sum over j of log(1 + e^(-z_ij (t cos_ij + b))), z 1 for a row's own pair and -1 for others.
 * Source: Zhai et al. (2023), SigLIP.
 */
export const sigLip = joint<ScaledViews>()({
  name: 'sigLip',
  source: 'Zhai et al. (2023)',
  parameters: NONE,
  axes: { ...VIEWS, logScale: '', bias: '' },
  rows:
    () =>
    ({ first, second, logScale, bias }) => {
      const s = add(mul(matMul(normalized(first), transpose(normalized(second))), exp(logScale)), bias)
      const own = pairs(positions(s, 0), equal)
      return { losses: reduceSum(softplus(where(own, neg(s), s)), LAST) }
    },
})

/** Columns less their means over the rows. */
const centred = (x: Value): Value => sub(x, reduceMean(x, { axes: [0], keepDims: true }))
const rowsIn = (x: Value): Value => castLike(reshape(shape(x, 0, 1), []), x)

/**
 * Returns sum((1 - C_ii)^2) + weight sum over i != j of C_ij^2, C the correlations of the columns of two views over the batch.
 * Source: Zbontar et al. (2021), whose weight is 0.0051; deviations as batch normalization has them.
 */
export const barlowTwins = joint<Views>()({
  name: 'barlowTwins',
  source: 'Zbontar et al. (2021)',
  parameters: { offDiagonal: positive(0.0051), epsilon: positive(1e-5) },
  axes: VIEWS,
  rows:
    ({ offDiagonal, epsilon }) =>
    ({ first, second }) => {
      const standard = (x: Value): Value => {
        const c = centred(x)
        return div(c, sqrt(add(reduceMean(square(c), { axes: [0], keepDims: true }), epsilon)))
      }
      const correlations = div(matMul(transpose(standard(first)), standard(second)), rowsIn(first))
      const own = diagonal(correlations)
      const rest = sub(reduceSum(square(correlations)), reduceSum(square(own)))
      return { losses: add(reduceSum(square(sub(1, own))), mul(rest, offDiagonal)) }
    },
})

/**
 * Returns invariance |a - b|^2 / (N d), variance (the mean over columns of max(0, 1 - s), half of each view) and covariance (the
 * sum of squared covariances of two columns / d, of each view), by their weights. Source: Bardes et al. (2022).
 */
export const vicReg = joint<Views>()({
  name: 'vicReg',
  source: 'Bardes et al. (2022)',
  parameters: { invariance: positive(25), variance: positive(25), covariance: positive(1), epsilon: positive(1e-4) },
  axes: VIEWS,
  rows:
    ({ invariance, variance, covariance, epsilon }) =>
    ({ first, second }) => {
      const ofView = (x: Value): { readonly short: Value; readonly shared: Value } => {
        const c = centred(x)
        const matrix = div(matMul(transpose(c), c), sub(rowsIn(x), 1))
        const own = diagonal(matrix)
        const off = sub(reduceSum(square(matrix)), reduceSum(square(own)))
        return {
          short: reduceMean(relu(sub(1, sqrt(add(own, epsilon))))),
          shared: div(off, castLike(reshape(shape(x, 1, 2), []), x)),
        }
      }
      const [a, b] = [ofView(first), ofView(second)]
      return {
        losses: add(
          mul(reduceMean(square(sub(first, second))), invariance),
          add(mul(add(a.short, b.short), variance / 2), mul(add(a.shared, b.shared), covariance)),
        ),
      }
    },
})
