import {
  abs,
  add,
  div,
  exp,
  greater,
  less,
  log,
  max,
  mul,
  neg,
  reduceSum,
  softplus,
  stopGradient,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { flag, nonNegative, positive } from '../optimizers/option.ts'
import { elementwise, expectShapes, joint, loss } from './define.ts'
import { normalized, square } from './maths.ts'
import { NONE, TARGETS } from './settings.ts'

/** Returns the squared error. Source: torch.nn.MSELoss 2.15. */
export const mse = elementwise({
  name: 'mse',
  source: 'torch.nn.MSELoss 2.15',
  parameters: NONE,
  each: () => (p, t) => square(sub(p, t)),
})

/** Returns the absolute error; its derivative at 0 is 0. Source: torch.nn.L1Loss 2.15. */
export const mae = elementwise({
  name: 'mae',
  source: 'torch.nn.L1Loss 2.15',
  parameters: NONE,
  each: () => (p, t) => abs(sub(p, t)),
})

/** d^2 / (2 beta) up to |d| = beta, then |d| - beta / 2; beta 0 is |d|. */
const smooth = (d: Value, beta: number): Value => {
  const size = abs(d)
  return beta === 0 ? size : where(less(size, beta), div(square(d), 2 * beta), sub(size, beta / 2))
}

/** Returns d^2 / (2 beta) up to |d| = beta, then |d| - beta / 2; with beta 0 the absolute error. Source: torch.nn.SmoothL1Loss 2.15. */
export const smoothL1 = elementwise({
  name: 'smoothL1',
  source: 'torch.nn.SmoothL1Loss 2.15',
  parameters: { beta: nonNegative(1) },
  each:
    ({ beta }) =>
    (p, t) =>
      smooth(sub(p, t), beta),
})

/** Returns d^2 / 2 up to |d| = delta, then delta (|d| - delta / 2). Source: Huber (1964); torch.nn.HuberLoss 2.15. */
export const huber = elementwise({
  name: 'huber',
  source: 'torch.nn.HuberLoss 2.15',
  parameters: { delta: positive(1) },
  each:
    ({ delta }) =>
    (p, t) => {
      const d = sub(p, t)
      const size = abs(d)
      // not |d| |d|, whose second derivative at 0 would be 0
      return where(less(size, delta), mul(square(d), 0.5), mul(sub(size, delta / 2), delta))
    },
})

/** Returns 100 |d| / max(|y|, 1e-7). Source: keras.losses.MeanAbsolutePercentageError 3.15. */
export const mape = elementwise({
  name: 'mape',
  source: 'keras.losses.MeanAbsolutePercentageError 3.15',
  parameters: { epsilon: positive(1e-7) },
  each:
    ({ epsilon }) =>
    (p, t) =>
      mul(div(abs(sub(t, p)), max(abs(t), epsilon)), 100),
})

/** Returns the squared difference of log(1 + x), x at least 1e-7. Source: keras.losses.MeanSquaredLogarithmicError 3.15. */
export const msle = elementwise({
  name: 'msle',
  source: 'keras.losses.MeanSquaredLogarithmicError 3.15',
  parameters: { epsilon: positive(1e-7) },
  each: ({ epsilon }) => {
    const logarithm = (x: Value): Value => log(add(max(x, epsilon), 1))
    return (p, t) => square(sub(logarithm(p), logarithm(t)))
  },
})

/** Returns log(cosh d) = d + log(1 + e^-2d) - log 2. Source: keras.losses.LogCosh 3.15. */
export const logCosh = elementwise({
  name: 'logCosh',
  source: 'keras.losses.LogCosh 3.15',
  parameters: NONE,
  each: () => (p, t) => {
    const d = sub(p, t)
    return sub(add(d, softplus(mul(d, -2))), Math.LN2)
  },
})

/** Returns minus the cosine of prediction and target over the last axis; 0 where one of them is 0. Source: keras.losses.CosineSimilarity 3.15. */
export const cosineSimilarity = loss({
  name: 'cosineSimilarity',
  source: 'keras.losses.CosineSimilarity 3.15',
  parameters: NONE,
  rows: () => (prediction, target) => {
    expectShapes('cosineSimilarity', { prediction: [prediction, 'N ... C'], target: [target, 'N ... C'] })
    return { losses: neg(reduceSum(mul(normalized(prediction), normalized(target)), { axes: [-1] })) }
  },
})

/**
 * Returns e^x - y x for a prediction x of the logarithm of the rate, or x - y log(x + epsilon) for the rate itself; `full` adds
 * Stirling's approximation of log y! where y > 1. Source: torch.nn.PoissonNLLLoss 2.15; Keras' is that of the rate with epsilon 1e-7.
 */
export const poissonNll = elementwise({
  name: 'poissonNll',
  source: 'torch.nn.PoissonNLLLoss 2.15',
  parameters: { logarithm: flag(true), full: flag(false), epsilon: positive(1e-8) },
  of: () => ({ takes: TARGETS.nonNegative }),
  each:
    ({ logarithm, full, epsilon }) =>
    (x, y) => {
      const plain = logarithm ? sub(exp(x), mul(y, x)) : sub(x, mul(y, log(add(x, epsilon))))
      if (!full) return plain
      const large = greater(y, 1)
      const safe = where(large, y, 1)
      const stirling = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5))
      return add(plain, where(large, stirling, 0))
    },
})

/**
 * Returns (log v + (x - y)^2 / v) / 2 for means x and variances v, which count as at least epsilon while their derivative
 * passes; `full` adds log(2 pi) / 2. Variances are of the means' shape, or have 1 where they are shared.
 * Source: torch.nn.GaussianNLLLoss 2.15.
 */
export const gaussianNll = joint<{ readonly mean: Value; readonly variance: Value; readonly target: Value }>()({
  name: 'gaussianNll',
  source: 'torch.nn.GaussianNLLLoss 2.15',
  parameters: { full: flag(false), epsilon: positive(1e-6) },
  axes: { mean: '... d', variance: '... v', target: '... d' },
  rows:
    ({ full, epsilon }) =>
    ({ mean, variance, target }) => {
      if (variance.shape.at(-1) !== 1)
        expectShapes('gaussianNll', { mean: [mean, '... d'], variance: [variance, '... d'] })
      const v = add(variance, stopGradient(sub(max(variance, epsilon), variance)))
      const half = mul(add(log(v), div(square(sub(mean, target)), v)), 0.5)
      return { losses: full ? add(half, Math.log(2 * Math.PI) / 2) : half }
    },
})
