import {
  abs,
  add,
  argMax,
  div,
  exp,
  less,
  log,
  logSoftmax,
  mul,
  neg,
  pow,
  reduceSum,
  softmax,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { nonNegative, nonPositive, type Option, oneOf, positive, share } from '../optimizers/option.ts'
import { elementwise, expectShapes, loss } from './define.ts'
import { expMinus1, hot, pick, square } from './maths.ts'
import { between } from './settings.ts'

/** u = (r / c)^2 of the error r. */
const squared = (p: Value, t: Value, c: number): Value => square(div(sub(p, t), c))

/** Returns c^2 / 6 (1 - (1 - (r / c)^2)^3) up to |r| = c, c^2 / 6 beyond. Source: Beaton, Tukey (1974); c 4.685 is 95 % efficient for normal errors of deviation 1. */
export const tukey = elementwise({
  name: 'tukey',
  source: 'Beaton, Tukey (1974)',
  parameters: { c: positive(4.685) },
  each:
    ({ c }) =>
    (p, t) => {
      const u = squared(p, t, c)
      const left = sub(1, u)
      return mul(where(less(u, 1), sub(1, mul(left, square(left))), 1), c ** 2 / 6)
    },
})

/** Returns c^2 / 2 log(1 + (r / c)^2). Source: Black, Anandan (1996); c 2.385 is 95 % efficient for normal errors of deviation 1. */
export const cauchy = elementwise({
  name: 'cauchy',
  source: 'Black, Anandan (1996)',
  parameters: { c: positive(2.385) },
  each:
    ({ c }) =>
    (p, t) =>
      mul(log(add(squared(p, t, c), 1)), c ** 2 / 2),
})

/** Returns r^2 / 2 / (1 + (r / c)^2). Source: Geman, McClure (1985), with a scale. */
export const gemanMcClure = elementwise({
  name: 'gemanMcClure',
  source: 'Geman, McClure (1985)',
  parameters: { c: positive(1) },
  each:
    ({ c }) =>
    (p, t) => {
      const u = squared(p, t, c)
      return mul(div(u, add(u, 1)), c ** 2 / 2)
    },
})

/** Returns c^2 / 2 (1 - e^-(r / c)^2). Source: Dennis, Welsch (1978); c 2.985 is 95 % efficient for normal errors of deviation 1. */
export const welsch = elementwise({
  name: 'welsch',
  source: 'Dennis, Welsch (1978)',
  parameters: { c: positive(2.985) },
  each:
    ({ c }) =>
    (p, t) =>
      mul(expMinus1(neg(squared(p, t, c))), -(c ** 2) / 2),
})

const shapeOf: Option<number> = {
  default: 1,
  takes: 'a number or -infinity',
  test: (given) => given < Number.POSITIVE_INFINITY,
}

/**
 * Returns |a - 2| / a ((u / |a - 2| + 1)^(a / 2) - 1), u = (r / c)^2, and its limits: u / 2 (a = 2), log(u / 2 + 1) (a = 0) and
 * 1 - e^(-u / 2) (a = -infinity); a = 1 is Charbonnier's, -2 Geman and McClure's. Source: Barron (2019).
 */
export const barron = elementwise({
  name: 'barron',
  source: 'Barron (2019)',
  parameters: { alpha: shapeOf, c: positive(1) },
  each: ({ alpha, c }) => {
    const of = (u: Value): Value => {
      if (alpha === Number.NEGATIVE_INFINITY) return neg(expMinus1(mul(u, -0.5)))
      // near a limit the form below loses its digits
      if (Math.abs(alpha) < 1e-6) return log(add(mul(u, 0.5), 1))
      const d = Math.abs(alpha - 2)
      if (d < 1e-6) return mul(u, 0.5)
      const base = add(div(u, d), 1)
      // b^a - 1 = e^(a log b) - 1, whose digits a power near 1 would lose
      const power = alpha < 0.1 ? expMinus1(mul(log(base), alpha / 2)) : sub(pow(base, alpha / 2), 1)
      return mul(power, d / alpha)
    }
    return (p, t) => of(squared(p, t, c))
  },
})

/** Returns w log(1 + |r| / epsilon) below |r| = w, |r| - w + w log(1 + w / epsilon) beyond. Source: Feng et al. (2018). */
export const wing = elementwise({
  name: 'wing',
  source: 'Feng et al. (2018)',
  parameters: { width: positive(10), epsilon: positive(2) },
  each:
    ({ width, epsilon }) =>
    (p, t) => {
      const size = abs(sub(p, t))
      const curved = mul(log(add(div(size, epsilon), 1)), width)
      return where(less(size, width), curved, sub(size, width - width * Math.log(1 + width / epsilon)))
    },
})

const ofClasses = () => ({ prediction: 'logits', target: 'int64' }) as const
const checked = (name: string, logits: Value, target: Value): Value => {
  expectShapes(name, { logits: [logits, 'N C'], target: [target, 'N'] })
  return logSoftmax(logits)
}

/** Returns (1 - p^q) / q, p the probability of the right class under logits: unlike cross entropy, bounded. Source: Zhang, Sabuncu (2018). */
export const generalizedCrossEntropy = loss({
  name: 'generalizedCrossEntropy',
  source: 'Zhang, Sabuncu (2018)',
  parameters: { q: between(0.7) },
  of: ofClasses,
  rows:
    ({ q }) =>
    (logits, target) => {
      const own = pick(checked('generalizedCrossEntropy', logits, target), target)
      return { losses: div(expMinus1(mul(own, q)), -q) }
    },
})

/**
 * Returns alpha times the cross entropy and beta times that of the label under the prediction, -log0 (1 - p), where log 0 counts
 * as `logZero`. Source: Wang et al. (2019).
 */
export const symmetricCrossEntropy = loss({
  name: 'symmetricCrossEntropy',
  source: 'Wang et al. (2019)',
  parameters: { alpha: nonNegative(0.1), beta: nonNegative(1), logZero: nonPositive(-4) },
  of: ofClasses,
  rows:
    ({ alpha, beta, logZero }) =>
    (logits, target) => {
      const own = pick(checked('symmetricCrossEntropy', logits, target), target)
      return { losses: sub(mul(sub(1, exp(own)), -beta * logZero), mul(own, alpha)) }
    },
})

/**
 * Returns -sum((beta y + (1 - beta) q) log p): q the prediction itself (`soft`), or its most probable class (`hard`).
 * Source: Reed et al. (2015), with its beta 0.95 (soft) and 0.8 (hard).
 */
export const bootstrapped = loss({
  name: 'bootstrapped',
  source: 'Reed et al. (2015)',
  parameters: { mode: oneOf(['soft', 'hard'], 'soft'), beta: share(0.95) },
  of: ofClasses,
  rows:
    ({ mode, beta }) =>
    (logits, target) => {
      const logs = checked('bootstrapped', logits, target)
      const own = mode === 'soft' ? softmax(logits) : hot(argMax(logits, { axis: 1 }), logits)
      const believed = reduceSum(mul(own, logs), { axes: [1] })
      return { losses: neg(add(mul(pick(logs, target), beta), mul(believed, 1 - beta))) }
    },
})
