import {
  abs,
  add,
  div,
  less,
  lessOrEqual,
  max,
  min,
  mul,
  neg,
  reduceSum,
  sqrt,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { globalNorm, inner, lerp, square, squaredNorm, total } from './arithmetic.ts'
import { copied, filled, keyOf, slotsOf, zeros } from './each.ts'
import { decayed, decays } from './momentum.ts'
import { optimizer } from './optimizer.ts'
import { finite, fixed, flag, nonNegative, oneOf, positive, rate, unit } from './option.ts'
import type { Step, Trained } from './transform.ts'

const EPSILON = 2.220446049250313e-16

/** The Euclidean norm of all parameters as they are before training. */
function normOf(parameters: readonly Trained[]): number {
  let sum = 0
  for (const { initial } of parameters) for (const value of initial.data as Float32Array) sum += value * value
  return Math.sqrt(sum)
}

/** Returns one slot of every parameter, in order. */
const slot = ({ paths, state }: Step, name: string): Value[] => paths.map((path) => state[keyOf(name, path)])

/** Returns values, one a parameter, under the names of their slot. */
const kept = (step: Step, name: string, values: readonly Value[]): Record<string, Value> =>
  Object.fromEntries(step.paths.map((path, i) => [keyOf(name, path), values[i]]))

/** Decay added to the gradients of a whole step. */
const allDecayed = (
  step: Step,
  options: { readonly weightDecay: number; readonly decays: (path: string) => boolean },
) =>
  step.gradients.map((g, i) =>
    decayed(g, { path: step.paths[i], parameter: step.parameters[i], numbers: step.numbers }, options),
  )

/**
 * Returns distance over gradients: the rate is the farthest distance from the start / sqrt(sum |g|^2 + epsilon). `first` says
 * how the first distance is told: `firstStep` (1 + |start|), `firstStep` itself, or by the first rate.
 * Source: Ivgi, Hinder, Carmon (2023); optax.contrib.dog 0.2.8.
 */
export const dog = optimizer({
  name: 'dog',
  source: 'optax.contrib.dog 0.2.8',
  parameters: {
    learningRate: rate(1),
    first: oneOf(['heuristic', 'distance', 'learningRate'], 'heuristic'),
    firstStep: fixed(positive(1e-6)),
    epsilon: positive(1e-8),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { first, firstStep, epsilon, weightDecay } = options
    const begin = {
      heuristic: (parameters: readonly Trained[]) => firstStep * (1 + normOf(parameters)),
      distance: () => firstStep,
      learningRate: () => 0,
    }
    return {
      constants: { epsilon, weightDecay, firstStep },
      scalars: (t, rate) => ({ negativeRate: -rate, begins: t === 1 ? 1 : 0 }),
      state: (parameters) => ({
        distance: filled([], begin[first](parameters)),
        squares: filled([]),
        ...slotsOf({ start: copied })(parameters),
      }),
      transform(step) {
        const { numbers, state, parameters } = step
        const gradients = allDecayed(step, options)
        const start = slot(step, 'start')
        const distance = max(state.distance, globalNorm(start.map((value, i) => sub(value, parameters[i]))))
        const squares = add(state.squares, squaredNorm(gradients))
        const found = div(distance, sqrt(add(squares, numbers.epsilon)))
        const size = first === 'learningRate' ? where(less(0, numbers.begins), numbers.firstStep, found) : found
        const factor = mul(size, numbers.negativeRate)
        return {
          gradients: gradients.map((g) => mul(g, factor)),
          state: { ...kept(step, 'start', start), distance, squares },
        }
      },
    }
  },
})

/**
 * Returns distance over weighted gradients: the rate is d^2 / (sqrt(sum d^2 |g|^2) + epsilon), d^2 the farthest squared distance
 * from the start. Source: Khaled, Mishchenko, Jin (2023); optax.contrib.dowg 0.2.8.
 */
export const dowg = optimizer({
  name: 'dowg',
  source: 'optax.contrib.dowg 0.2.8',
  parameters: {
    learningRate: rate(1),
    /** The first squared distance. */
    first: fixed(positive(1e-4)),
    epsilon: positive(1e-4),
    weightDecay: nonNegative(0),
    decays,
  },
  make: (options) => ({
    constants: { epsilon: options.epsilon, weightDecay: options.weightDecay },
    scalars: (_, rate) => ({ negativeRate: -rate }),
    state: (parameters) => ({
      distance: filled([], options.first),
      weighted: filled([]),
      ...slotsOf({ start: copied })(parameters),
    }),
    transform(step) {
      const { numbers, state, parameters } = step
      const gradients = allDecayed(step, options)
      const start = slot(step, 'start')
      const distance = max(state.distance, squaredNorm(start.map((value, i) => sub(value, parameters[i]))))
      const weighted = add(state.weighted, mul(distance, squaredNorm(gradients)))
      const factor = mul(div(distance, add(sqrt(weighted), numbers.epsilon)), numbers.negativeRate)
      return {
        gradients: gradients.map((g) => mul(g, factor)),
        state: { ...kept(step, 'start', start), distance, weighted },
      }
    },
  }),
})

/** The bias correction of Adam as one factor. */
const correction = (beta1: number, beta2: number, t: number): number => Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t)

const adaptive = {
  learningRate: rate(1),
  beta1: unit(0.9),
  beta2: unit(0.999),
  epsilon: positive(1e-8),
  /** The first estimate of the distance to the solution. */
  first: fixed(positive(1e-6)),
  weightDecay: nonNegative(0),
}

/**
 * Returns Adam with the rate of D-Adaptation: the distance to the solution is estimated from below by the inner products of
 * gradients with their weighted sum. Source: Defazio, Mishchenko (2023); optax.contrib.dadapt_adamw 0.2.8.
 */
export const dAdaptAdamW = optimizer({
  name: 'dAdaptAdamW',
  source: 'optax.contrib.dadapt_adamw 0.2.8',
  parameters: adaptive,
  make({ beta1, beta2, epsilon, first, weightDecay }) {
    const root = Math.sqrt(beta2)
    return {
      constants: { beta1, rest1: 1 - beta1, rest2: 1 - beta2, root, restRoot: 1 - root, epsilon, weightDecay },
      scalars: (t, rate) => ({ rate: rate * correction(beta1, beta2, t) }),
      state: (parameters) => ({
        ...slotsOf({ m: zeros, v: zeros, sum: zeros })(parameters),
        estimate: filled([], first),
        numerator: filled([]),
      }),
      transform(step) {
        const { gradients, numbers, state, parameters } = step
        const [m, v, sum] = ['m', 'v', 'sum'].map((name) => slot(step, name))
        const d = mul(state.estimate, numbers.rate)
        const size = (value: Value): Value => add(sqrt(value), numbers.epsilon)
        const agreement = inner(
          gradients,
          sum.map((s, i) => div(s, size(v[i]))),
        )
        const own = mul(d, numbers.rest1)
        const nextM = m.map((value, i) => add(mul(value, numbers.beta1), mul(gradients[i], own)))
        const nextV = v.map((value, i) => lerp(value, square(gradients[i]), numbers.rest2))
        const weight = mul(d, numbers.restRoot)
        const nextSum = sum.map((value, i) => add(mul(value, numbers.root), mul(gradients[i], weight)))
        const length = total(nextSum.map((value) => reduceSum(abs(value))))
        const numerator = add(mul(state.numerator, numbers.root), mul(weight, agreement))
        const estimate = max(state.estimate, div(numerator, mul(length, numbers.restRoot)))
        const decay = mul(d, numbers.weightDecay)
        return {
          gradients: nextM.map((value, i) => {
            const step = div(value, size(nextV[i]))
            return neg(weightDecay === 0 ? step : add(step, mul(parameters[i], decay)))
          }),
          state: {
            ...kept(step, 'm', nextM),
            ...kept(step, 'v', nextV),
            ...kept(step, 'sum', nextSum),
            estimate,
            numerator,
          },
        }
      },
    }
  },
})

/**
 * Returns Prodigy, which estimates the distance to the solution faster than D-Adaptation: by inner products of gradients with
 * the way from the start. `beta3` 0 stands for sqrt(beta2). Source: Mishchenko, Defazio (2023); optax.contrib.prodigy 0.2.8.
 */
export const prodigy = optimizer({
  name: 'prodigy',
  source: 'optax.contrib.prodigy 0.2.8',
  parameters: { ...adaptive, beta3: unit(0), coefficient: positive(1), safeguardWarmup: flag(false) },
  make({ beta1, beta2, beta3: given, epsilon, first, coefficient, weightDecay, safeguardWarmup }) {
    const beta3 = given === 0 ? Math.sqrt(beta2) : given
    return {
      constants: {
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        beta3,
        epsilon,
        first,
        coefficient,
        weightDecay,
      },
      scalars: (t, rate) => ({ rate: rate * correction(beta1, beta2, t) }),
      state: (parameters) => ({
        ...slotsOf({ m: zeros, v: zeros, sum: zeros, start: copied })(parameters),
        estimate: filled([], first),
        numerator: filled([]),
      }),
      transform(step) {
        const { gradients, numbers, state, parameters } = step
        const [m, v, sum, start] = ['m', 'v', 'sum', 'start'].map((name) => slot(step, name))
        const d = mul(state.estimate, numbers.rate)
        const scaled = gradients.map((g) => mul(g, state.estimate))
        const agreement = inner(
          gradients,
          start.map((value, i) => sub(value, parameters[i])),
        )
        const nextM = m.map((value, i) => add(mul(value, numbers.beta1), mul(scaled[i], numbers.rest1)))
        const nextV = v.map((value, i) => add(mul(value, numbers.beta2), mul(square(scaled[i]), numbers.rest2)))
        const weight = div(safeguardWarmup ? state.estimate : d, numbers.first)
        const nextSum = sum.map((value, i) => add(mul(value, numbers.beta3), mul(scaled[i], weight)))
        const gain = mul(mul(div(state.estimate, numbers.first), d), agreement)
        const numerator = add(mul(state.numerator, numbers.beta3), gain)
        const length = total(nextSum.map((value) => reduceSum(abs(value))))
        const estimate = max(state.estimate, div(mul(numerator, numbers.coefficient), length))
        const floor = mul(estimate, numbers.epsilon)
        const negative = neg(d)
        const decay = mul(negative, numbers.weightDecay)
        return {
          gradients: nextM.map((value, i) => {
            const step = div(mul(value, negative), add(sqrt(nextV[i]), floor))
            return weightDecay === 0 ? step : add(step, mul(parameters[i], decay))
          }),
          state: {
            ...kept(step, 'm', nextM),
            ...kept(step, 'v', nextV),
            ...kept(step, 'sum', nextSum),
            ...kept(step, 'start', start),
            estimate,
            numerator,
          },
        }
      },
    }
  },
})

const momoOptions = {
  weightDecay: nonNegative(0),
  /** What the loss cannot fall below. */
  lowest: fixed(finite(0)),
  adaptsLowest: flag(false),
}

/** What both MoMos share: the bound of the loss, the length of the step, and the next bound. */
function momentumModel(
  step: Step,
  adaptsLowest: boolean,
  terms: {
    readonly mean: Value
    readonly gamma: Value
    readonly product: Value
    readonly length: Value
    readonly cap: Value
    /** The bias correction of the first moment; 1 where there is none. */
    readonly correction: Value | number
  },
): { readonly tau: Value; readonly lowest: Value } {
  const { numbers, state } = step
  const { mean, gamma, product, length, cap, correction } = terms
  // 1 + rate decay
  const grown = numbers.grown
  const bound = mul(state.lowest, correction)
  const reach = add(mul(sub(mean, gamma), grown), product)
  const lower = adaptsLowest
    ? where(
        less(reach, mul(bound, grown)),
        max(div(reach, mul(mul(2, grown) as Value, correction)), numbers.lowest),
        state.lowest,
      )
    : state.lowest
  const room = max(add(mul(sub(sub(mean, mul(lower, correction)), gamma), grown), product), 0)
  const ratio = where(lessOrEqual(length, EPSILON), 0, div(room, length))
  const tau = min(cap, ratio)
  const next = div(sub(sub(add(mean, product), gamma), mul(mul(tau, length), 0.5)), correction)
  return { tau, lowest: adaptsLowest ? max(next, numbers.lowest) : state.lowest }
}

/**
 * Returns MoMo: the step of momentum, as long as a model of the loss (which is never below `lowest`) says, at most the learning
 * rate. Source: Schaipp et al. (2024); optax.contrib.momo 0.2.8.
 */
export const momo = optimizer({
  name: 'momo',
  source: 'optax.contrib.momo 0.2.8',
  parameters: { learningRate: rate(1), beta: unit(0.9), ...momoOptions },
  make: ({ beta, weightDecay, lowest, adaptsLowest }) => ({
    constants: { lowest },
    scalars: (t, rate) => ({
      rest: t === 1 ? 1 : 1 - beta,
      rate,
      grown: 1 + rate * weightDecay,
      shrink: (-rate * weightDecay) / (1 + rate * weightDecay),
    }),
    state: (parameters) => ({
      ...slotsOf({ m: zeros })(parameters),
      mean: filled([]),
      gamma: filled([]),
      lowest: filled([], lowest),
    }),
    transform(step) {
      const { gradients, numbers, state, parameters, loss } = step
      const m = slot(step, 'm').map((value, i) => lerp(value, gradients[i], numbers.rest))
      const mean = lerp(state.mean, loss, numbers.rest)
      const gamma = lerp(state.gamma, inner(gradients, parameters), numbers.rest)
      const { tau, lowest: bound } = momentumModel(step, adaptsLowest, {
        mean,
        gamma,
        product: inner(m, parameters),
        length: squaredNorm(m),
        cap: numbers.rate as Value,
        correction: 1,
      })
      return {
        gradients: m.map((value, i) => {
          const step = neg(mul(value, tau))
          return weightDecay === 0 ? step : add(step, mul(parameters[i], numbers.shrink))
        }),
        state: { ...kept(step, 'm', m), mean, gamma, lowest: bound },
      }
    },
  }),
})

/** Returns MoMo in the metric of Adam. Source: Schaipp et al. (2024); optax.contrib.momo_adam 0.2.8. */
export const momoAdam = optimizer({
  name: 'momoAdam',
  source: 'optax.contrib.momo_adam 0.2.8',
  parameters: {
    learningRate: rate(1e-2),
    beta1: unit(0.9),
    beta2: unit(0.999),
    epsilon: positive(1e-8),
    ...momoOptions,
  },
  make: ({ beta1, beta2, epsilon, weightDecay, lowest, adaptsLowest }) => ({
    constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, lowest },
    scalars: (t, rate) => ({
      correction: 1 - beta1 ** t,
      second: 1 / (1 - beta2 ** t),
      cap: rate / (1 - beta1 ** t),
      grown: 1 + rate * weightDecay,
      shrink: (-rate * weightDecay) / (1 + rate * weightDecay),
    }),
    state: (parameters) => ({
      ...slotsOf({ m: zeros, v: zeros })(parameters),
      mean: filled([]),
      gamma: filled([]),
      lowest: filled([], lowest),
    }),
    transform(step) {
      const { gradients, numbers, state, parameters, loss } = step
      const m = slot(step, 'm').map((value, i) => lerp(value, gradients[i], numbers.rest1))
      const v = slot(step, 'v').map((value, i) => lerp(value, square(gradients[i]), numbers.rest2))
      const directions = m.map((value, i) => div(value, add(sqrt(mul(v[i], numbers.second)), numbers.epsilon)))
      const mean = lerp(state.mean, loss, numbers.rest1)
      const gamma = lerp(state.gamma, inner(gradients, parameters), numbers.rest1)
      const { tau, lowest: bound } = momentumModel(step, adaptsLowest, {
        mean,
        gamma,
        product: inner(m, parameters),
        length: inner(m, directions),
        cap: numbers.cap as Value,
        correction: numbers.correction as Value,
      })
      return {
        gradients: directions.map((value, i) => {
          const step = neg(mul(value, tau))
          return weightDecay === 0 ? step : add(step, mul(parameters[i], numbers.shrink))
        }),
        state: { ...kept(step, 'm', m), ...kept(step, 'v', v), mean, gamma, lowest: bound },
      }
    },
  }),
})
