import {
  abs,
  add,
  clip,
  div,
  greater,
  max,
  min,
  mul,
  pow,
  reduceMax,
  reduceMean,
  sqrt,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { lerp, rms, square } from './arithmetic.ts'
import { resultOf } from './average.ts'
import { copied, each, filled, full, zeros } from './each.ts'
import { decayed, decays } from './momentum.ts'
import { optimizer } from './optimizer.ts'
import { atLeastOne, fixed, flag, nonNegative, nonPositive, positive, rate, share, unit } from './option.ts'

/**
 * Returns RMSprop: v = alpha v + (1 - alpha) g^2; p -= rate g / (sqrt(v) + epsilon); `centered` takes the squared mean of
 * gradients away from v; `momentum` sums the quotients. `epsilonInside` puts epsilon under the root (Optax, Keras).
 * Source: Tieleman, Hinton (2012); torch.optim.RMSprop 2.15.
 */
export const rmsprop = optimizer({
  name: 'rmsprop',
  source: 'torch.optim.RMSprop 2.15',
  parameters: {
    learningRate: rate(1e-2),
    alpha: unit(0.99),
    epsilon: positive(1e-8),
    momentum: unit(0),
    centered: flag(false),
    epsilonInside: flag(false),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { alpha, epsilon, momentum, centered, epsilonInside, weightDecay } = options
    return {
      constants: { rest: 1 - alpha, epsilon, momentum, weightDecay },
      scalars: (_, rate) => ({ negativeRate: -rate }),
      ...each({ v: zeros, ...(centered && { mean: zeros }), ...(momentum !== 0 && { buffer: zeros }) }, (one) => {
        const { slots, numbers } = one
        const g = decayed(one.gradient, one, options)
        const v = lerp(slots.v, square(g), numbers.rest)
        const mean = centered ? lerp(slots.mean, g, numbers.rest) : undefined
        const spread = mean ? sub(v, square(mean)) : v
        const size = epsilonInside ? sqrt(add(spread, numbers.epsilon)) : add(sqrt(spread), numbers.epsilon)
        const direction = div(g, size)
        const buffer = momentum === 0 ? undefined : add(mul(slots.buffer, numbers.momentum), direction)
        return {
          gradient: mul(buffer ?? direction, numbers.negativeRate),
          slots: { v, ...(mean && { mean }), ...(buffer && { buffer }) },
        }
      }),
    }
  },
})

/**
 * Returns Adagrad: sum += g^2; p -= rate / (1 + (t - 1) rateDecay) g / (sqrt(sum) + epsilon). Source: Duchi et al. (2011);
 * torch.optim.Adagrad 2.15.
 */
export const adagrad = optimizer({
  name: 'adagrad',
  source: 'torch.optim.Adagrad 2.15',
  parameters: {
    learningRate: rate(1e-2),
    rateDecay: nonNegative(0),
    initial: fixed(nonNegative(0)),
    epsilon: positive(1e-10),
    epsilonInside: flag(false),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { rateDecay, initial, epsilon, epsilonInside, weightDecay } = options
    return {
      constants: { epsilon, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate / (1 + (t - 1) * rateDecay) }),
      ...each({ sum: full(initial) }, (one) => {
        const g = decayed(one.gradient, one, options)
        const sum = add(one.slots.sum, square(g))
        const size = epsilonInside ? sqrt(add(sum, one.numbers.epsilon)) : add(sqrt(sum), one.numbers.epsilon)
        return { gradient: mul(div(g, size), one.numbers.negativeRate), slots: { sum } }
      }),
    }
  },
})

/** Returns Adadelta: p -= rate g sqrt(step before + epsilon) / sqrt(v + epsilon), both mean squares. Source: Zeiler (2012); torch.optim.Adadelta 2.15. */
export const adadelta = optimizer({
  name: 'adadelta',
  source: 'torch.optim.Adadelta 2.15',
  parameters: {
    learningRate: rate(1),
    rho: share(0.9),
    epsilon: positive(1e-6),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { rho, epsilon, weightDecay } = options
    return {
      constants: { rest: 1 - rho, epsilon, weightDecay },
      scalars: (_, rate) => ({ negativeRate: -rate }),
      ...each({ v: zeros, steps: zeros }, (one) => {
        const { slots, numbers } = one
        const g = decayed(one.gradient, one, options)
        const v = lerp(slots.v, square(g), numbers.rest)
        const ratio = div(sqrt(add(slots.steps, numbers.epsilon)), sqrt(add(v, numbers.epsilon)))
        const step = mul(ratio, g)
        return {
          gradient: mul(step, numbers.negativeRate),
          slots: { v, steps: lerp(slots.steps, square(step), numbers.rest) },
        }
      }),
    }
  },
})

/**
 * Returns averaged descent: eta_t = rate / (1 + lambda rate t)^alpha; p = p (1 - lambda eta) - eta g; the mean of p from step
 * `from` on is the result. Source: Polyak, Juditsky (1992); torch.optim.ASGD 2.15.
 */
export const asgd = optimizer({
  name: 'asgd',
  source: 'torch.optim.ASGD 2.15',
  parameters: {
    learningRate: rate(1e-2),
    lambda: nonNegative(1e-4),
    alpha: nonNegative(0.75),
    from: nonNegative(1e6),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { lambda, alpha, from, weightDecay } = options
    return {
      constants: { weightDecay },
      scalars(t, rate) {
        const eta = rate / (1 + lambda * rate * (t - 1)) ** alpha
        return { negativeEta: -eta, shrink: -lambda * eta, share: t === 1 ? 1 : 1 / Math.max(1, t - 1 - from) }
      },
      ...each({ average: copied }, (one) => {
        const { slots, numbers, parameter } = one
        const g = decayed(one.gradient, one, options)
        const gradient = add(mul(parameter, numbers.shrink), mul(g, numbers.negativeEta))
        return { gradient, slots: { average: lerp(slots.average, add(parameter, gradient), numbers.share) } }
      }),
      result: resultOf('average'),
    }
  },
})

/**
 * Returns Adafactor: the second moment of a matrix is kept as a row and a column; steps are measured by the size of the
 * parameter, and no longer than `clip`. Source: Shazeer, Stern (2018); torch.optim.Adafactor 2.15.
 */
export const adafactor = optimizer({
  name: 'adafactor',
  source: 'torch.optim.Adafactor 2.15',
  parameters: {
    learningRate: rate(1e-2),
    beta2Decay: nonPositive(-0.8),
    /** Below it a second moment counts as its square; the default is float32's distance from 1 to the next number. */
    epsilon1: nonNegative(2 ** -23),
    epsilon2: nonNegative(1e-3),
    clip: atLeastOne(1),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { beta2Decay, epsilon1, epsilon2, clip: most, weightDecay } = options
    const isMatrix = (shape: readonly number[]): boolean => shape.length > 1
    return {
      constants: { epsilon1, floor: epsilon1 ** 2, epsilon2, most },
      scalars: (t, rate) => ({
        share: t ** beta2Decay,
        negativeRho: -Math.min(rate, 1 / Math.sqrt(t)),
        shrink: -rate * weightDecay,
      }),
      ...each(
        {
          row: ({ shape }) => (isMatrix(shape) ? filled([...shape.slice(0, -1), 1]) : undefined),
          column: ({ shape }) => (isMatrix(shape) ? filled([...shape.slice(0, -2), 1, ...shape.slice(-1)]) : undefined),
          v: ({ shape }) => (isMatrix(shape) ? undefined : filled(shape)),
        },
        ({ gradient: g, parameter, slots, numbers, shape, path }) => {
          const factor = mul(rms(parameter, numbers.epsilon2), numbers.negativeRho)
          const squared = square(g)
          const next: Record<string, Value> = {}
          let v: Value
          if (isMatrix(shape)) {
            next.row = lerp(slots.row, reduceMean(squared, { axes: [-1], keepDims: true }), numbers.share)
            next.column = lerp(slots.column, reduceMean(squared, { axes: [-2], keepDims: true }), numbers.share)
            const mean = max(reduceMean(next.row, { axes: [-2], keepDims: true }), numbers.epsilon1)
            v = div(mul(next.row, next.column), mean)
          } else v = next.v = lerp(slots.v, squared, numbers.share)
          const u = div(g, sqrt(max(v, numbers.floor)))
          const length = max(div(rms(u, 0), numbers.most), 1)
          // the size of the parameter is measured before it shrinks
          const shrinks = weightDecay !== 0 && options.decays(path)
          const step = mul(u, div(factor, length))
          return { gradient: shrinks ? add(step, mul(parameter, numbers.shrink)) : step, slots: next }
        },
      ),
    }
  },
})

/**
 * Returns SM3: the second moment of an element is the least of those of its slices, one number a slice. Source: Anil et al.
 * (2019); optax.sm3 0.2.8.
 */
export const sm3 = optimizer({
  name: 'sm3',
  source: 'optax.sm3 0.2.8',
  parameters: {
    learningRate: rate(1e-2),
    momentum: unit(0.9),
    beta2: share(1),
    epsilon: positive(1e-8),
  },
  make({ momentum, beta2, epsilon }) {
    const most = 8
    const axes = Array.from({ length: most }, (_, axis) => axis)
    const along = (shape: readonly number[], axis: number): readonly number[] =>
      shape.map((dim, i) => (i === axis ? dim : 1))
    return {
      constants: { rest: 1 - momentum, beta2, now: beta2 === 1 ? 1 : 1 - beta2, epsilon },
      scalars: (_, rate) => ({ negativeRate: -rate }),
      ...each(
        {
          buffer: zeros,
          ...Object.fromEntries(
            axes.map((axis) => [
              `axis${axis}`,
              ({ shape }: { readonly shape: readonly number[] }) =>
                axis < shape.length ? filled(along(shape, axis)) : undefined,
            ]),
          ),
        },
        ({ gradient: g, slots, numbers, shape }) => {
          const own = axes.slice(0, shape.length)
          const least = own.map((axis) => slots[`axis${axis}`]).reduce((a, b) => min(a, b))
          const sum = add(mul(square(g), numbers.now), mul(least, numbers.beta2))
          const direction = where(greater(sum, 0), div(g, sqrt(add(sum, numbers.epsilon))), 0)
          const buffer = lerp(slots.buffer, direction, numbers.rest)
          const next: Record<string, Value> = { buffer }
          for (const axis of own) {
            const others = own.filter((i) => i !== axis)
            next[`axis${axis}`] = others.length === 0 ? sum : reduceMax(sum, { axes: others, keepDims: true })
          }
          return { gradient: mul(buffer, numbers.negativeRate), slots: next }
        },
      ),
    }
  },
})

/**
 * Returns follow-the-regularized-leader, for sparse linear models: parameters whose sum of gradients stays within `l1` are 0.
 * Source: McMahan et al. (2013); keras.optimizers.Ftrl 3.15.
 */
export const ftrl = optimizer({
  name: 'ftrl',
  source: 'keras.optimizers.Ftrl 3.15',
  parameters: {
    learningRate: rate(1e-3),
    power: nonPositive(-0.5),
    initial: fixed(nonNegative(0.1)),
    l1: nonNegative(0),
    l2: nonNegative(0),
    shrinkage: nonNegative(0),
    beta: nonNegative(0),
  },
  make: ({ power, initial, l1, l2, shrinkage, beta }) => ({
    constants: { exponent: -power, l1, negativeL1: -l1, shrinkage: 2 * shrinkage },
    scalars: (_, rate) => ({ inverseRate: 1 / rate, curvature: 2 * (l2 + beta / (2 * rate)) }),
    ...each({ sum: full(initial), linear: zeros }, ({ gradient: g, parameter: p, slots, numbers }) => {
      const used = add(g, mul(p, numbers.shrinkage))
      const sum = add(slots.sum, square(g))
      const power = (x: Value): Value => pow(x, numbers.exponent)
      const sigma = mul(sub(power(sum), power(slots.sum)), numbers.inverseRate)
      const linear = add(slots.linear, sub(used, mul(sigma, p)))
      const quadratic = add(mul(power(sum), numbers.inverseRate), numbers.curvature)
      const next = div(sub(clip(linear, numbers.negativeL1, numbers.l1), linear), quadratic)
      return { gradient: sub(next, p), slots: { sum, linear } }
    }),
  }),
})

/**
 * Returns MADGRAD: dual averaging with the cube root of the sum of squares; p goes a share 1 - momentum towards
 * start - s / (cbrt(sum) + epsilon). Source: Defazio, Jelassi (2021); optax.contrib.madgrad 0.2.8.
 */
export const madgrad = optimizer({
  name: 'madgrad',
  source: 'optax.contrib.madgrad 0.2.8',
  parameters: {
    learningRate: rate(1e-2),
    momentum: unit(0.9),
    epsilon: positive(1e-6),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { momentum, epsilon, weightDecay } = options
    return {
      constants: { rest: 1 - momentum, epsilon, weightDecay },
      scalars: (t, rate) => ({ lambda: (rate + epsilon) * Math.sqrt(t) }),
      ...each({ sum: zeros, s: zeros, start: copied }, (one) => {
        const { slots, numbers, parameter: p } = one
        const g = decayed(one.gradient, one, options)
        const sum = add(slots.sum, mul(square(g), numbers.lambda))
        const s = add(slots.s, mul(g, numbers.lambda))
        const z = sub(slots.start, div(s, add(pow(sum, 1 / 3), numbers.epsilon)))
        return { gradient: mul(sub(z, p), numbers.rest), slots: { sum, s, start: slots.start } }
      }),
    }
  },
})

/**
 * Returns coin betting: every element bets a part of what it has won so far. Source: Orabona, Tommasi (2017);
 * optax.contrib.cocob 0.2.8.
 */
export const cocob = optimizer({
  name: 'cocob',
  source: 'optax.contrib.cocob 0.2.8',
  parameters: {
    learningRate: rate(1),
    alpha: positive(100),
    epsilon: fixed(positive(1e-8)),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { alpha, epsilon, weightDecay } = options
    return {
      constants: { alpha, weightDecay },
      scalars: (_, rate) => ({ rate }),
      ...each({ start: copied, gradients: zeros, scale: full(epsilon), sizes: zeros, reward: zeros }, (one) => {
        const { slots, numbers, parameter: p } = one
        const c = mul(decayed(one.gradient, one, options), numbers.rate)
        const scale = max(slots.scale, abs(c))
        const sizes = add(slots.sizes, abs(c))
        const reward = max(sub(slots.reward, mul(c, sub(p, slots.start))), 0)
        const gradients = sub(slots.gradients, c)
        const bet = div(gradients, mul(scale, max(add(sizes, scale), mul(scale, numbers.alpha))))
        const next = add(slots.start, mul(bet, add(scale, reward)))
        return { gradient: sub(next, p), slots: { start: slots.start, gradients, scale, sizes, reward } }
      }),
    }
  },
})
