import { abs, add, clip, div, less, min, mul, neg, relu, sign, sub, tanh, type Value, where } from '@mlpod/graph'
import { lerp, squaredNorm } from './arithmetic.ts'
import { each, full, zeros } from './each.ts'
import { type Made, optimizer, refuse } from './optimizer.ts'
import { aboveOne, finite, flag, nonNegative, oneOf, paths, positive, rate, share, unit } from './option.ts'
import type { Step } from './transform.ts'
import { trustRatio } from './transforms.ts'

/** Which parameters weight decay shrinks, by path; all of them in torch. */
export const decays = paths(() => true)

/** What weight decay needs of one parameter. */
interface Decaying {
  readonly path: string
  readonly parameter: Value
  readonly numbers: Step['numbers']
}

/** Returns g + decay p, where the parameter decays. */
export const decayed = (
  gradient: Value,
  { path, parameter, numbers }: Decaying,
  options: { readonly weightDecay: number; readonly decays: (path: string) => boolean },
): Value =>
  options.weightDecay === 0 || !options.decays(path) ? gradient : add(gradient, mul(parameter, numbers.weightDecay))

/**
 * Returns stochastic gradient descent: d = g + decay p; buffer = momentum buffer + (1 - dampening) d (d itself at the
 * first step); p -= rate * buffer, with Nesterov p -= rate * (d + momentum buffer). Source: torch.optim.SGD 2.15.
 */
export const sgd = optimizer({
  name: 'sgd',
  source: 'torch.optim.SGD 2.15',
  parameters: {
    learningRate: rate(1e-3),
    momentum: unit(0),
    dampening: share(0),
    nesterov: flag(false),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options): Made {
    const { momentum, dampening, nesterov, weightDecay } = options
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw refuse('sgd', 'Nesterov needs a momentum and no dampening')
    if (momentum === 0)
      return {
        constants: { weightDecay },
        scalars: (_, rate) => ({ negativeRate: -rate }),
        // without decay the step is the gradient times -rate: the reverse pass may begin with that
        seed: weightDecay === 0 ? 'negativeRate' : undefined,
        ...each({}, (one) => ({ gradient: mul(decayed(one.gradient, one, options), one.numbers.negativeRate) })),
      }
    return {
      constants: { momentum, weightDecay },
      // the first buffer is not damped
      scalars: (t, rate) => ({ negativeRate: -rate, share: t === 1 ? 1 : 1 - dampening }),
      ...each({ buffer: zeros }, (one) => {
        const { slots, numbers } = one
        const d = decayed(one.gradient, one, options)
        const buffer = add(mul(slots.buffer, numbers.momentum), dampening === 0 ? d : mul(d, numbers.share))
        const step = nesterov ? add(d, mul(buffer, numbers.momentum)) : buffer
        return { gradient: mul(step, numbers.negativeRate), slots: { buffer } }
      }),
    }
  },
})

/** Returns descent by the sign of the gradient: p -= rate sign(g). Source: Bernstein et al. (2018); optax.sign_sgd 0.2.8. */
export const signSgd = optimizer({
  name: 'signSgd',
  source: 'optax.sign_sgd 0.2.8',
  parameters: { learningRate: rate(1e-3) },
  make: () => ({
    scalars: (_, rate) => ({ negativeRate: -rate }),
    ...each({}, ({ gradient, numbers }) => ({ gradient: mul(sign(gradient), numbers.negativeRate) })),
  }),
})

/** Returns descent by the sign of the gradients' moving average. Source: Bernstein et al. (2018); optax.signum 0.2.8. */
export const signum = optimizer({
  name: 'signum',
  source: 'optax.signum 0.2.8',
  parameters: { learningRate: rate(1e-3), beta: unit(0.9) },
  make: ({ beta }) => ({
    constants: { rest: 1 - beta },
    scalars: (_, rate) => ({ negativeRate: -rate }),
    ...each({ m: zeros }, ({ gradient, slots, numbers }) => {
      const m = lerp(slots.m, gradient, numbers.rest)
      return { gradient: mul(sign(m), numbers.negativeRate), slots: { m } }
    }),
  }),
})

/**
 * Returns Lion: p -= rate (sign(beta1 m + (1 - beta1) g) + decay p), m = beta2 m + (1 - beta2) g. `mode` puts tanh(smoothness x),
 * or x within [-1, 1], in the place of the sign. Source: Chen et al. (2023); optax.lion 0.2.8.
 */
export const lion = optimizer({
  name: 'lion',
  source: 'optax.lion 0.2.8',
  parameters: {
    learningRate: rate(1e-4),
    beta1: unit(0.9),
    beta2: unit(0.99),
    weightDecay: nonNegative(1e-3),
    mode: oneOf(['hard', 'smooth', 'refined'], 'hard'),
    smoothness: positive(1),
    decays,
  },
  make(options) {
    const { beta1, beta2, weightDecay, smoothness, mode } = options
    const shapes = {
      hard: (x: Value) => sign(x),
      smooth: (x: Value, numbers: Step['numbers']) => tanh(mul(x, numbers.smoothness)),
      refined: (x: Value) => where(less(abs(x), 1), x, sign(x)),
    }
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, weightDecay, smoothness },
      scalars: (_, rate) => ({ negativeRate: -rate }),
      ...each({ m: zeros }, (one) => {
        const { gradient, slots, numbers } = one
        const direction = shapes[mode](lerp(slots.m, gradient, numbers.rest1), numbers)
        return {
          gradient: mul(decayed(direction, one, options), numbers.negativeRate),
          slots: { m: lerp(slots.m, gradient, numbers.rest2) },
        }
      }),
    }
  },
})

/**
 * Returns LARS: u = (g + decay p) coefficient |p| / (|g + decay p| + epsilon); buffer = momentum buffer - rate u; p += buffer.
 * `trusts` tells which parameters have the ratio. Source: You et al. (2017); optax.lars 0.2.8.
 */
export const lars = optimizer({
  name: 'lars',
  source: 'optax.lars 0.2.8',
  parameters: {
    learningRate: rate(1e-1),
    momentum: unit(0.9),
    nesterov: flag(false),
    weightDecay: nonNegative(0),
    coefficient: positive(1e-3),
    epsilon: nonNegative(0),
    decays,
    trusts: paths(() => true),
  },
  make(options) {
    const { momentum, nesterov, weightDecay, coefficient, epsilon, trusts } = options
    return {
      constants: { momentum, weightDecay, coefficient, epsilon },
      scalars: (_, rate) => ({ negativeRate: -rate }),
      ...each({ buffer: zeros }, (one) => {
        const { slots, numbers } = one
        const d = decayed(one.gradient, one, options)
        const trusted = trusts(one.path)
          ? mul(d, trustRatio(one.parameter, d, 0, numbers.coefficient, numbers.epsilon))
          : d
        const u = mul(trusted, numbers.negativeRate)
        const buffer = add(u, mul(slots.buffer, numbers.momentum))
        return { gradient: nesterov ? add(u, mul(buffer, numbers.momentum)) : buffer, slots: { buffer } }
      }),
    }
  },
})

/** Returns Fromage: u = g |p| / |g|; p = (p - rate u) / sqrt(1 + rate^2). Source: Bernstein et al. (2020); optax.fromage 0.2.8. */
export const fromage = optimizer({
  name: 'fromage',
  source: 'optax.fromage 0.2.8',
  parameters: { learningRate: rate(1e-2), leastNorm: positive(1e-6) },
  make: ({ leastNorm }) => ({
    constants: { leastNorm },
    scalars: (_, rate) => {
      const shrink = 1 / Math.sqrt(1 + rate * rate)
      return { step: -rate * shrink, shrink: shrink - 1 }
    },
    ...each({}, ({ gradient, parameter, numbers }) => {
      const trusted = mul(gradient, trustRatio(parameter, gradient, numbers.leastNorm))
      return { gradient: add(mul(trusted, numbers.step), mul(parameter, numbers.shrink)) }
    }),
  }),
})

/** Returns optimistic descent, for games: p -= rate ((alpha + beta) g - beta g before). Source: Mokhtari et al. (2019); optax.optimistic_gradient_descent 0.2.8. */
export const optimistic = optimizer({
  name: 'optimistic',
  source: 'optax.optimistic_gradient_descent 0.2.8',
  parameters: { learningRate: rate(1e-2), alpha: finite(1), beta: finite(1) },
  make: ({ alpha, beta }) => ({
    // at the first step the gradient stands for the one before
    scalars: (t, rate) => ({ now: -rate * (t === 1 ? alpha : alpha + beta), before: t === 1 ? 0 : rate * beta }),
    ...each({ before: zeros }, ({ gradient, slots, numbers }) => ({
      gradient: add(mul(gradient, numbers.now), mul(slots.before, numbers.before)),
      slots: { before: gradient },
    })),
  }),
})

/**
 * Returns descent with Polyak's step: min((loss - lowest) / (|g|^2 + epsilon), maximum), times the learning rate. `positive`
 * takes no step where the loss is below the lowest. Source: Loizou et al. (2021); optax.polyak_sgd 0.2.8.
 */
export const polyakSgd = optimizer({
  name: 'polyakSgd',
  source: 'optax.polyak_sgd 0.2.8',
  parameters: {
    learningRate: rate(1),
    maximum: positive(1),
    lowest: finite(0),
    epsilon: nonNegative(0),
    positive: flag(false),
  },
  make: ({ maximum, lowest, epsilon, positive: only }) => ({
    constants: { maximum, lowest, epsilon },
    scalars: (_, rate) => ({ negativeRate: -rate }),
    transform({ gradients, loss, numbers }) {
      // the gradients that Optax measures are those after the rate
      const scaled = gradients.map((g) => mul(g, numbers.negativeRate))
      const gap = sub(loss, numbers.lowest)
      const square = add(squaredNorm(scaled), numbers.epsilon)
      const step = where(
        less(square, 2.220446049250313e-16),
        0,
        min(div(only ? relu(gap) : gap, square), numbers.maximum),
      )
      return { gradients: scaled.map((g) => mul(g, step)), state: {} }
    },
  }),
})

/** Returns Rprop: a step size of its own for every element, which grows while the sign of the gradient stays. */
export const rprop = optimizer({
  name: 'rprop',
  source: 'torch.optim.Rprop 2.15',
  parameters: {
    learningRate: rate(1e-2),
    shrink: unit(0.5),
    grow: aboveOne(1.2),
    least: positive(1e-6),
    most: positive(50),
  },
  make({ shrink, grow, least, most, learningRate }) {
    return {
      constants: { shrink, grow, least, most },
      ...each(
        {
          before: zeros,
          size: full(firstRate(learningRate)),
        },
        ({ gradient, slots, numbers }) => {
          const turn = sign(mul(gradient, slots.before))
          const factor = where(less(turn, 0), numbers.shrink, where(less(neg(turn), 0), numbers.grow, 1))
          const size = clip(mul(slots.size, factor), numbers.least, numbers.most)
          // where the sign turned, the step is left out once
          const kept = where(less(turn, 0), 0, gradient)
          return { gradient: neg(mul(sign(kept), size)), slots: { before: kept, size } }
        },
      ),
    }
  },
})

const firstRate = (schedule: number | ((t: number) => number)): number =>
  typeof schedule === 'number' ? schedule : schedule(1)
