import {
  add,
  castLike,
  concat,
  div,
  equal,
  exp,
  gatherElements,
  matMul,
  mod,
  mul,
  neg,
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
import { flag, positive } from '../optimizers/option.ts'
import { joint } from './define.ts'
import { normalized, pairs, positions, sharesOfOthers, square } from './maths.ts'
import { NONE } from './settings.ts'

const LAST = { axes: [-1] }

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
