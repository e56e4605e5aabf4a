import {
  abs,
  add,
  castLike,
  div,
  equal,
  exp,
  gatherElements,
  greater,
  less,
  log,
  matMul,
  max,
  mul,
  neg,
  pow,
  range,
  reduceL1,
  reduceL2,
  reduceLogSumExp,
  reduceMax,
  reduceSum,
  reshape,
  shape,
  softplus,
  sqrt,
  squeeze,
  sub,
  sum,
  tanh,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { square } from '../optimizers/arithmetic.ts'

export { square }

/** Returns log(1 / (1 + e^-x)), without overflow. */
export const logSigmoid = (x: Value): Value => neg(softplus(neg(x)))

/** Returns minus the log likelihood of a share y of successes under a logit z: (1 - y) z + log(1 + e^-z). */
export const logistic = (z: Value, y: Value): Value => add(mul(sub(1, y), z), softplus(neg(z)))

/** Returns log(1 - e^-d), d > 0: with t = tanh(d / 2), 1 - e^-d = 2 t / (1 + t), which loses no digits for small d. */
export function log1mExp(d: Value): Value {
  const t = tanh(mul(d, 0.5))
  return add(sub(log(t), log(add(t, 1))), Math.LN2)
}

/** Returns e^y - 1, which loses no digits for small y: with t = tanh(y / 2) it is 2 t / (1 - t). For y below 15. */
export function expMinus1(y: Value): Value {
  const t = tanh(mul(y, 0.5))
  return div(mul(t, 2), sub(1, t))
}

/** Returns log x where x is above `least`, elsewhere the log of that, with derivative 0. */
export function logAbove(x: Value, least: number, floor = Math.log(least)): Value {
  const inside = greater(x, least)
  return where(inside, log(where(inside, x, 1)), floor)
}

/** Returns x log x, 0 at 0. */
export function xLogX(x: Value): Value {
  const inside = greater(x, 0)
  return where(inside, mul(x, log(where(inside, x, 1))), 0)
}

/** Returns the square root with derivative 0 at 0. */
export function rootAt0(x: Value): Value {
  const inside = greater(x, 0)
  return where(inside, sqrt(where(inside, x, 1)), 0)
}

/** Returns the norm of an order over the last axis. */
export function norm(x: Value, order: number): Value {
  const axes = [-1]
  if (order === 1) return reduceL1(x, { axes })
  if (order === 2) return reduceL2(x, { axes })
  if (order === Number.POSITIVE_INFINITY) return reduceMax(abs(x), { axes })
  const total = reduceSum(pow(abs(x), order), { axes })
  const inside = greater(total, 0)
  return where(inside, pow(where(inside, total, 1), 1 / order), 0)
}

/** Returns x over the last axis divided by its norm, which is at least `least`. */
export const normalized = (x: Value, least = 1e-12): Value =>
  div(x, rootAt0(max(reduceSum(square(x), { axes: [-1], keepDims: true }), least ** 2)))

/** Returns for each row of scores [N, C, ...] the one at its label [N, ...] on axis 1: [N, ...]. */
export const pick = (scores: Value, labels: Value, axis = 1): Value =>
  squeeze(gatherElements(scores, unsqueeze(labels, [axis]), { axis }), [axis])

/** Returns 0, 1, ... (int64) along an axis of x. */
export const positions = (x: Value, axis: number): Value => {
  const at = axis < 0 ? axis + x.shape.length : axis
  return range(0, reshape(shape(x, at, at + 1), []), 1)
}

/** Returns 1 where the last axis of x is at the label, else 0, in x's element type: labels [...] to [..., C]. */
export const hot = (labels: Value, x: Value): Value => castLike(equal(unsqueeze(labels, [-1]), positions(x, -1)), x)

/** Returns truth values of a comparison of each element with each other along the last axis: [..., i, j]. */
export const pairs = (x: Value, compare: (i: Value, j: Value) => Value, y: Value = x): Value =>
  compare(unsqueeze(x, [-1]), unsqueeze(y, [-2]))

// erfc(z) = t exp(-z^2 + p(t)), t = 1 / (1 + z / 2), z >= 0
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
]

/**
 * Returns the logarithm of the normal distribution function, far into both tails, to a relative error of 1.2e-7 of the
 * function. Source: Chebyshev fit of erfc, Press et al. (1992), Numerical Recipes, 6.2.
 */
export function logNormalCdf(x: Value): Value {
  const z = mul(abs(x), Math.SQRT1_2)
  const t = div(1, add(mul(z, 0.5), 1))
  const polynomial = ERFC.slice(0, -1).reduceRight<Value>((p, c) => add(mul(p, t), c), add(mul(t, 0), ERFC.at(-1)!))
  const logTail = sum(log(t), sub(polynomial, square(z)), -Math.LN2) // of |x|: log(1 - Phi(|x|))
  return where(less(x, 0), logTail, logOneMinus(logTail))
}

/** Returns log(1 - e^a), a < 0. */
const logOneMinus = (a: Value): Value => log1mExp(neg(a))

/** Returns the normal distribution function. */
export const normalCdf = (x: Value): Value => exp(logNormalCdf(x))

/** Returns the normal density. */
export const normalDensity = (x: Value): Value => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))

/** Returns the logarithm of each row's share among all other rows, by cosine / temperature, [N, N]. */
export function sharesOfOthers(x: Value, temperature: number): Value {
  const unit = normalized(x)
  const s = div(matMul(unit, transpose(unit)), temperature)
  const self = pairs(positions(s, 0), equal)
  return sub(s, reduceLogSumExp(where(self, -1e30, s), { axes: [-1], keepDims: true }))
}
