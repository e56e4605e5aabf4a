import { atLeastOne, flag, nonNegative, positive, share } from '../optimizers/option.ts'
import { impossible, milestones, scales, schedule, values } from './schedule.ts'

const rate = ['rate', nonNegative] as const
const steps = ['steps', atLeastOne] as const
const factor = ['factor', nonNegative] as const

/** Half a cosine from `from` to `to` as `at` goes from 0 to 1. */
export const halfCosine = (from: number, to: number, at: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * at))) / 2
/** A line from `from` to `to` as `at` goes from 0 to 1. */
export const line = (from: number, to: number, at: number): number => from + (to - from) * at

/** Returns the rate falling from `rate` to `end` along half a cosine over `steps` steps. Throws `SCHEDULE_INVALID`. Source: torch CosineAnnealingLR, kept at its end. */
export const cosine = schedule(
  { name: 'cosine', source: 'torch CosineAnnealingLR 2.15', needs: [rate, steps], parameters: { end: nonNegative(0) } },
  (rate, steps, { end }) =>
    (n) =>
      halfCosine(rate, end, Math.min(n, steps) / steps),
)

/** Returns the rate multiplied by `factor` after every step. Throws `SCHEDULE_INVALID`. Source: torch ExponentialLR 2.15. */
export const exponential = schedule(
  { name: 'exponential', source: 'torch ExponentialLR 2.15', needs: [rate, factor], parameters: {} },
  (rate, factor) => (n) => rate * factor ** n,
)

/** Returns the rate multiplied by `factor` after every `steps` steps. Throws `SCHEDULE_INVALID`. Source: torch StepLR 2.15. */
export const stepwise = schedule(
  { name: 'stepwise', source: 'torch StepLR 2.15', needs: [rate, steps], parameters: { factor: nonNegative(0.1) } },
  (rate, steps, { factor }) =>
    (n) =>
      rate * factor ** Math.floor(n / steps),
)

/** Returns the rate multiplied by `factor` at each of the steps `at`, as often as one is named. Throws `SCHEDULE_INVALID`. Source: torch MultiStepLR 2.15. */
export const multiStep = schedule(
  {
    name: 'multiStep',
    source: 'torch MultiStepLR 2.15',
    needs: [rate, ['at', milestones]],
    parameters: { factor: nonNegative(0.1) },
  },
  (rate, at, { factor }) =>
    (n) =>
      rate * factor ** at.filter((step) => step <= n).length,
)

/** Returns `factor` times the rate for the first `steps` steps, then the rate. Throws `SCHEDULE_INVALID`. Source: torch ConstantLR 2.15. */
export const constantFactor = schedule(
  {
    name: 'constantFactor',
    source: 'torch ConstantLR 2.15',
    needs: [rate],
    parameters: { factor: share(1 / 3), steps: atLeastOne(5) },
  },
  (rate, { factor, steps }) =>
    (n) =>
      n < steps ? rate * factor : rate,
)

/** Returns the rate times a factor that goes along a line from `start` to `end` over `steps` steps. Throws `SCHEDULE_INVALID`. Source: torch LinearLR 2.15. */
export const linearFactor = schedule(
  {
    name: 'linearFactor',
    source: 'torch LinearLR 2.15',
    needs: [rate],
    parameters: { start: share(1 / 3), end: share(1), steps: atLeastOne(5) },
  },
  (rate, { start, end, steps }) =>
    (n) =>
      rate * line(start, end, Math.min(n, steps) / steps),
)

/** Returns rate (1 - n / steps)^power, and 0 from then on. Throws `SCHEDULE_INVALID`. Source: torch PolynomialLR 2.15. */
export const polynomialFactor = schedule(
  {
    name: 'polynomialFactor',
    source: 'torch PolynomialLR 2.15',
    needs: [rate, steps],
    parameters: { power: positive(1) },
  },
  (rate, steps, { power }) =>
    (n) =>
      rate * (1 - Math.min(n, steps) / steps) ** power,
)

const begin = nonNegative(0)

/** Returns (from - to) (1 - n / steps)^power + to, counted from the step `begin`. Throws `SCHEDULE_INVALID`. Source: optax.polynomial_schedule 0.2.8. */
export const polynomialDecay = schedule(
  {
    name: 'polynomialDecay',
    source: 'optax.polynomial_schedule 0.2.8',
    needs: [['from', nonNegative], ['to', nonNegative], ['power', positive], steps],
    parameters: { begin },
  },
  (from, to, power, steps, { begin }) =>
    (n) =>
      (from - to) * (1 - Math.min(Math.max(n - begin, 0), steps) / steps) ** power + to,
)

/** Returns a line from `from` to `to` over `steps` steps, counted from the step `begin`. Throws `SCHEDULE_INVALID`. Source: optax.linear_schedule 0.2.8. */
export const linearDecay = schedule(
  {
    name: 'linearDecay',
    source: 'optax.linear_schedule 0.2.8',
    needs: [['from', nonNegative], ['to', nonNegative], steps],
    parameters: { begin },
  },
  (from, to, steps, { begin }) =>
    (n) =>
      line(from, to, Math.min(Math.max(n - begin, 0), steps) / steps),
)

/**
 * Returns rate factor^(n / steps) from the step `begin` on, in whole powers with `staircase`, and never beyond `end` (infinite: no
 * end). Throws `SCHEDULE_INVALID`. Source: optax.exponential_decay 0.2.8; keras ExponentialDecay 3.15.
 */
export const exponentialDecay = schedule(
  {
    name: 'exponentialDecay',
    source: 'optax.exponential_decay 0.2.8',
    needs: [rate, steps, ['factor', positive]],
    parameters: { begin, staircase: flag(false), end: { ...nonNegative(0), default: 0 } },
  },
  (rate, steps, factor, { begin, staircase, end }) =>
    (n) => {
      const power = (n - begin) / steps
      const value = n <= begin ? rate : rate * factor ** (staircase ? Math.floor(power) : power)
      return factor < 1 ? Math.max(value, end) : end > 0 ? Math.min(value, end) : value
    },
)

/** Returns rate ((1 - end) (half a cosine)^power + end) over `steps` steps; `end` is a share of the rate. Throws `SCHEDULE_INVALID`. Source: optax.cosine_decay_schedule 0.2.8; keras CosineDecay 3.15. */
export const cosineDecay = schedule(
  {
    name: 'cosineDecay',
    source: 'optax.cosine_decay_schedule 0.2.8',
    needs: [rate, steps],
    parameters: { end: share(0), power: positive(1) },
  },
  (rate, steps, { end, power }) =>
    (n) =>
      rate * ((1 - end) * halfCosine(1, 0, Math.min(n, steps) / steps) ** power + end),
)

/** Returns rate / (1 + factor n / steps), in whole steps with `staircase`. Throws `SCHEDULE_INVALID`. Source: keras InverseTimeDecay 3.15. */
export const inverseTime = schedule(
  {
    name: 'inverseTime',
    source: 'keras.optimizers.schedules.InverseTimeDecay 3.15',
    needs: [rate, steps, factor],
    parameters: { staircase: flag(false) },
  },
  (rate, steps, factor, { staircase }) =>
    (n) =>
      rate / (1 + factor * (staircase ? Math.floor(n / steps) : n / steps)),
)

/** Returns the rate multiplied by each factor once its step is reached. Throws `SCHEDULE_INVALID`. Source: optax.piecewise_constant_schedule 0.2.8. */
export const piecewiseConstant = schedule(
  {
    name: 'piecewiseConstant',
    source: 'optax.piecewise_constant_schedule 0.2.8',
    needs: [rate, ['factors', scales]],
    parameters: {},
  },
  (rate, factors) => (n) =>
    Object.entries(factors).reduce((value, [at, factor]) => (n >= Number(at) ? value * factor : value), rate),
)

/** Returns the value of the interval that n is in: `values[i]` up to `bounds[i]`, the last beyond. Throws `SCHEDULE_INVALID`. Source: keras PiecewiseConstantDecay 3.15. */
export const piecewiseValues = schedule(
  {
    name: 'piecewiseValues',
    source: 'keras.optimizers.schedules.PiecewiseConstantDecay 3.15',
    needs: [
      ['bounds', milestones],
      ['values', values],
    ],
    parameters: {},
  },
  (bounds, list) => {
    if (list.length !== bounds.length + 1)
      throw impossible(
        'piecewiseValues',
        `${bounds.length} bounds need ${bounds.length + 1} values, not ${list.length}`,
      )
    return (n) => list[bounds.filter((bound) => n > bound).length]
  },
)
