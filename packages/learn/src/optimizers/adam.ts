import { abs, add, clip, div, equal, max, mul, reduceMax, reduceSumSquare, sign, sqrt, sub, where } from '@mlpod/graph'
import { lerp, square } from './arithmetic.ts'
import { each, filled, full, zeros } from './each.ts'
import { decayed, decays } from './momentum.ts'
import { optimizer } from './optimizer.ts'
import { fixed, flag, nonNegative, positive, rate, unit } from './option.ts'
import { trustRatio } from './transforms.ts'

/** The settings that most of Adam's kin have. */
const common = {
  learningRate: rate(1e-3),
  beta1: unit(0.9),
  beta2: unit(0.999),
  epsilon: positive(1e-8),
  weightDecay: nonNegative(0),
  decays,
}

interface Betas {
  readonly beta1: number
  readonly beta2: number
}

/** 1 - beta^t: what a moving average that began with 0 has seen. */
const seen = (beta: number, t: number): number => 1 - beta ** t

/**
 * The step of Adam. The slots hold m / (1 - beta1) and v / (1 - beta2), and the constants of the step are folded into two
 * scalars, which saves four of fourteen passes over the parameters: with r the correction of the second moment,
 * rate m' / (sqrt(v') / r + epsilon) = (rate r) m / (sqrt(v) + epsilon r) in the slots' units.
 */
const folded = {
  constants: ({ beta1, beta2 }: Betas) => ({ beta1, beta2 }),
  scalars: ({ beta1, beta2, epsilon }: Betas & { readonly epsilon: number }, t: number, rate: number) => {
    const r = Math.sqrt(seen(beta2, t) / (1 - beta2))
    return { epsilon: epsilon * r, factor: (-rate * r * (1 - beta1)) / seen(beta1, t) }
  },
}

/** Returns Adam; `weightDecay` is added to the gradient, `amsgrad` keeps the largest second moment. Source: Kingma, Ba (2015); torch.optim.Adam 2.15. */
export const adam = optimizer({
  name: 'adam',
  source: 'torch.optim.Adam 2.15',
  parameters: { ...common, amsgrad: flag(false) },
  make: (options) => ({
    constants: { ...folded.constants(options), weightDecay: options.weightDecay },
    scalars: (t, rate) => folded.scalars(options, t, rate),
    ...each({ m: zeros, v: zeros, ...(options.amsgrad && { largest: zeros }) }, (one) => {
      const { slots, numbers } = one
      const g = decayed(one.gradient, one, options)
      const m = add(mul(slots.m, numbers.beta1), g)
      const v = add(mul(slots.v, numbers.beta2), mul(g, g))
      const largest = options.amsgrad ? max(slots.largest, v) : v
      return {
        gradient: mul(div(m, add(sqrt(largest), numbers.epsilon)), numbers.factor),
        slots: { m, v, ...(options.amsgrad && { largest }) },
      }
    }),
  }),
})

/** Returns Adam whose decay shrinks the parameters apart from the gradient. Source: Loshchilov, Hutter (2019); torch.optim.AdamW 2.15. */
export const adamW = optimizer({
  name: 'adamW',
  source: 'torch.optim.AdamW 2.15',
  parameters: { ...common, weightDecay: nonNegative(1e-2), amsgrad: flag(false) },
  make: (options) => ({
    constants: folded.constants(options),
    scalars: (t, rate) => ({ ...folded.scalars(options, t, rate), shrink: -rate * options.weightDecay }),
    ...each({ m: zeros, v: zeros, ...(options.amsgrad && { largest: zeros }) }, (one) => {
      const { slots, numbers, gradient: g, parameter, path } = one
      const m = add(mul(slots.m, numbers.beta1), g)
      const v = add(mul(slots.v, numbers.beta2), mul(g, g))
      const largest = options.amsgrad ? max(slots.largest, v) : v
      const step = mul(div(m, add(sqrt(largest), numbers.epsilon)), numbers.factor)
      const shrinks = options.weightDecay !== 0 && options.decays(path)
      return {
        gradient: shrinks ? add(step, mul(parameter, numbers.shrink)) : step,
        slots: { m, v, ...(options.amsgrad && { largest }) },
      }
    }),
  }),
})

/** Returns mu of step t: the momentum of NAdam, which warms up. */
const nadamMomentum = (beta1: number, decay: number, t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * decay))

/**
 * Returns Adam with Nesterov's momentum: mu_t = beta1 (1 - 0.96^(t decay) / 2); p -= rate ((1 - mu_t) g / (1 - prod mu) +
 * mu_{t+1} m / (1 - prod mu mu_{t+1})) / (sqrt(v / (1 - beta2^t)) + epsilon). `decoupled` shrinks as AdamW does. Source: Dozat
 * (2016); torch.optim.NAdam 2.15.
 */
export const nadam = optimizer({
  name: 'nadam',
  source: 'torch.optim.NAdam 2.15',
  parameters: { ...common, learningRate: rate(2e-3), momentumDecay: nonNegative(4e-3), decoupled: flag(false) },
  make(options) {
    const { beta1, beta2, epsilon, weightDecay, momentumDecay, decoupled } = options
    const products = [1]
    const product = (t: number): number => {
      for (let at = products.length; at <= t; at++)
        products.push(products[at - 1] * nadamMomentum(beta1, momentumDecay, at))
      return products[t]
    }
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, weightDecay },
      scalars(t, rate) {
        const [mu, next] = [nadamMomentum(beta1, momentumDecay, t), nadamMomentum(beta1, momentumDecay, t + 1)]
        return {
          correction: 1 / seen(beta2, t),
          now: (-rate * (1 - mu)) / (1 - product(t)),
          before: (-rate * next) / (1 - product(t) * next),
          shrink: -rate * weightDecay,
        }
      },
      ...each({ m: zeros, v: zeros }, (one) => {
        const { slots, numbers, parameter } = one
        const g = decoupled ? one.gradient : decayed(one.gradient, one, options)
        const m = lerp(slots.m, g, numbers.rest1)
        const v = lerp(slots.v, square(g), numbers.rest2)
        const size = add(sqrt(mul(v, numbers.correction)), numbers.epsilon)
        const step = div(add(mul(g, numbers.now), mul(m, numbers.before)), size)
        const shrinks = decoupled && weightDecay !== 0 && options.decays(one.path)
        return { gradient: shrinks ? add(step, mul(parameter, numbers.shrink)) : step, slots: { m, v } }
      }),
    }
  },
})

/**
 * Returns rectified Adam: while too little is known of the second moment (rho_t <= 5) the step is the momentum alone.
 * `decoupled` shrinks as AdamW does. Source: Liu et al. (2020); torch.optim.RAdam 2.15.
 */
export const radam = optimizer({
  name: 'radam',
  source: 'torch.optim.RAdam 2.15',
  parameters: { ...common, decoupled: flag(false) },
  make(options) {
    const { beta1, beta2, epsilon, weightDecay, decoupled } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, weightDecay },
      scalars(t, rate) {
        const most = 2 / (1 - beta2) - 1
        const rho = most - (2 * t * beta2 ** t) / seen(beta2, t)
        const plain = -rate / seen(beta1, t)
        const shrink = -rate * weightDecay
        // step = factor m / (adapts sqrt(v) + epsilon): without adapting, factor m
        if (rho <= 5) return { factor: plain, adapts: 0, epsilon: 1, shrink }
        const rectified = Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho))
        return { factor: plain * rectified * Math.sqrt(seen(beta2, t)), adapts: 1, epsilon, shrink }
      },
      ...each({ m: zeros, v: zeros }, (one) => {
        const { slots, numbers, parameter } = one
        const g = decoupled ? one.gradient : decayed(one.gradient, one, options)
        const m = lerp(slots.m, g, numbers.rest1)
        const v = lerp(slots.v, square(g), numbers.rest2)
        const step = div(mul(m, numbers.factor), add(mul(sqrt(v), numbers.adapts), numbers.epsilon))
        const shrinks = decoupled && weightDecay !== 0 && options.decays(one.path)
        return { gradient: shrinks ? add(step, mul(parameter, numbers.shrink)) : step, slots: { m, v } }
      }),
    }
  },
})

/** Returns Adam by the largest gradient: u = max(beta2 u, |g| + epsilon); p -= rate m / (1 - beta1^t) / u. Source: Kingma, Ba (2015); torch.optim.Adamax 2.15. */
export const adamax = optimizer({
  name: 'adamax',
  source: 'torch.optim.Adamax 2.15',
  parameters: { ...common, learningRate: rate(2e-3) },
  make: (options) => ({
    constants: {
      rest1: 1 - options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      weightDecay: options.weightDecay,
    },
    scalars: (t, rate) => ({ factor: -rate / seen(options.beta1, t) }),
    ...each({ m: zeros, largest: zeros }, (one) => {
      const { slots, numbers } = one
      const g = decayed(one.gradient, one, options)
      const m = lerp(slots.m, g, numbers.rest1)
      const largest = max(mul(slots.largest, numbers.beta2), add(abs(g), numbers.epsilon))
      return { gradient: mul(div(m, largest), numbers.factor), slots: { m, largest } }
    }),
  }),
})

/**
 * Returns Adam for gradients that are zero in most rows, as those of an embedding are: a row without gradient keeps its
 * moments and its values. Source: torch.optim.SparseAdam 2.15, in dense form.
 */
export const sparseAdam = optimizer({
  name: 'sparseAdam',
  source: 'torch.optim.SparseAdam 2.15',
  parameters: {
    learningRate: common.learningRate,
    beta1: common.beta1,
    beta2: common.beta2,
    epsilon: common.epsilon,
  },
  make: ({ beta1, beta2, epsilon }) => ({
    constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon },
    scalars: (t, rate) => ({ factor: (-rate * Math.sqrt(seen(beta2, t))) / seen(beta1, t) }),
    ...each({ m: zeros, v: zeros }, ({ gradient: g, slots, numbers, shape }) => {
      const axes = shape.map((_, i) => i).slice(1)
      const untouched = equal(axes.length > 0 ? reduceMax(abs(g), { axes, keepDims: true }) : g, 0)
      const m = where(untouched, slots.m, lerp(slots.m, g, numbers.rest1))
      const v = where(untouched, slots.v, lerp(slots.v, square(g), numbers.rest2))
      const step = mul(div(m, add(sqrt(v), numbers.epsilon)), numbers.factor)
      return { gradient: where(untouched, 0, step), slots: { m, v } }
    }),
  }),
})

/**
 * Returns AdaBelief: the second moment is that of g - m, the surprise. Source: Zhuang et al. (2020); optax.adabelief 0.2.8.
 */
export const adabelief = optimizer({
  name: 'adabelief',
  source: 'optax.adabelief 0.2.8',
  parameters: { ...common, epsilon: positive(1e-16), epsilonRoot: nonNegative(1e-16), nesterov: flag(false) },
  make(options) {
    const { beta1, beta2, epsilon, epsilonRoot, weightDecay, nesterov } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({
        negativeRate: -rate,
        first: nesterov ? beta1 / seen(beta1, t + 1) : 1 / seen(beta1, t),
        now: (1 - beta1) / seen(beta1, t),
        second: 1 / seen(beta2, t),
      }),
      ...each({ m: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const m = lerp(slots.m, g, numbers.rest1)
        const v = add(lerp(slots.v, square(sub(g, m)), numbers.rest2), numbers.epsilonRoot)
        const corrected = mul(m, numbers.first)
        const numerator = nesterov ? add(corrected, mul(g, numbers.now)) : corrected
        const direction = div(numerator, add(sqrt(mul(v, numbers.second)), numbers.epsilon))
        return { gradient: mul(decayed(direction, one, options), numbers.negativeRate), slots: { m, v } }
      }),
    }
  },
})

/** Returns Yogi: v goes towards g^2 by a step that does not depend on how far it is. Source: Zaheer et al. (2018); optax.yogi 0.2.8. */
export const yogi = optimizer({
  name: 'yogi',
  source: 'optax.yogi 0.2.8',
  parameters: {
    ...common,
    epsilon: positive(1e-3),
    epsilonRoot: nonNegative(0),
    initial: fixed(positive(1e-6)),
  },
  make(options) {
    const { beta1, beta2, epsilon, epsilonRoot, initial, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate, first: 1 / seen(beta1, t), second: 1 / seen(beta2, t) }),
      ...each({ m: full(initial), v: full(initial) }, (one) => {
        const { gradient: g, slots, numbers } = one
        const m = lerp(slots.m, g, numbers.rest1)
        const squared = square(g)
        const v = sub(slots.v, mul(mul(sign(sub(slots.v, squared)), squared), numbers.rest2))
        const size = add(sqrt(add(mul(v, numbers.second), numbers.epsilonRoot)), numbers.epsilon)
        const direction = div(mul(m, numbers.first), size)
        return { gradient: mul(decayed(direction, one, options), numbers.negativeRate), slots: { m, v } }
      }),
    }
  },
})

/**
 * Returns Adan: moments of the gradient, of its change, and of the square of both. Source: Xie et al. (2022); optax.adan 0.2.8.
 */
export const adan = optimizer({
  name: 'adan',
  source: 'optax.adan 0.2.8',
  parameters: {
    ...common,
    beta1: unit(0.98),
    beta2: unit(0.92),
    beta3: unit(0.99),
    epsilonRoot: nonNegative(1e-8),
  },
  make(options) {
    const { beta1, beta2, beta3, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, rest3: 1 - beta3, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({
        negativeRate: -rate,
        changed: t === 1 ? 0 : 1,
        first: 1 / seen(beta1, t),
        second: (1 - beta2) / seen(beta2, t),
        third: 1 / seen(beta3, t),
      }),
      ...each({ m: zeros, v: zeros, n: zeros, before: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const change = mul(sub(g, slots.before), numbers.changed)
        const m = lerp(slots.m, g, numbers.rest1)
        const v = lerp(slots.v, change, numbers.rest2)
        const n = lerp(slots.n, square(add(g, mul(change, numbers.rest2))), numbers.rest3)
        const u = add(mul(m, numbers.first), mul(v, numbers.second))
        const direction = div(u, add(sqrt(add(mul(n, numbers.third), numbers.epsilonRoot)), numbers.epsilon))
        return { gradient: mul(decayed(direction, one, options), numbers.negativeRate), slots: { m, v, n, before: g } }
      }),
    }
  },
})

/**
 * Returns AdEMAMix: Adam's momentum plus alpha times a second, much slower one. `beta3` and `alpha` may be schedules. Source:
 * Pagliardini et al. (2024); optax.contrib.ademamix 0.2.8.
 */
export const ademamix = optimizer({
  name: 'ademamix',
  source: 'optax.contrib.ademamix 0.2.8',
  parameters: { ...common, beta3: unit(0.9999), alpha: nonNegative(5), epsilonRoot: nonNegative(0) },
  make(options) {
    const { beta1, beta2, beta3, alpha, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, rest3: 1 - beta3, alpha, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate, first: 1 / seen(beta1, t), second: 1 / seen(beta2, t) }),
      ...each({ m: zeros, slow: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const m = lerp(slots.m, g, numbers.rest1)
        const slow = lerp(slots.slow, g, numbers.rest3)
        const v = lerp(slots.v, square(g), numbers.rest2)
        const size = add(sqrt(add(mul(v, numbers.second), numbers.epsilonRoot)), numbers.epsilon)
        const direction = div(add(mul(m, numbers.first), mul(slow, numbers.alpha)), size)
        return { gradient: mul(decayed(direction, one, options), numbers.negativeRate), slots: { m, slow, v } }
      }),
    }
  },
})

/** Returns AdEMAMix with one slow sum instead of two averages: u = (m + alpha g) / sqrt(n). Source: Morwani et al. (2025); optax.contrib.simplified_ademamix 0.2.8. */
export const simplifiedAdemamix = optimizer({
  name: 'simplifiedAdemamix',
  source: 'optax.contrib.simplified_ademamix 0.2.8',
  parameters: { ...common, beta1: unit(0.99), beta2: unit(0.95), alpha: nonNegative(0), epsilonRoot: nonNegative(0) },
  make(options) {
    const { beta1, beta2, alpha, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { beta1, rest2: 1 - beta2, alpha, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate, second: 1 / seen(beta2, t) }),
      ...each({ m: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const m = add(g, mul(slots.m, numbers.beta1))
        const v = lerp(slots.v, square(g), numbers.rest2)
        const size = add(sqrt(add(mul(v, numbers.second), numbers.epsilonRoot)), numbers.epsilon)
        const direction = div(add(m, mul(g, numbers.alpha)), size)
        return { gradient: mul(decayed(direction, one, options), numbers.negativeRate), slots: { m, v } }
      }),
    }
  },
})

/**
 * Returns ADOPT: the gradient is divided by the second moment of the steps before, cut at (t - 1)^(1/4), then averaged.
 * Source: Taniguchi et al. (2024); optax.contrib.adopt 0.2.8.
 */
export const adopt = optimizer({
  name: 'adopt',
  source: 'optax.contrib.adopt 0.2.8',
  parameters: {
    ...common,
    beta2: unit(0.9999),
    epsilon: positive(1e-6),
    nesterov: flag(false),
    clips: flag(true),
  },
  make(options) {
    const { beta1, beta2, epsilon, weightDecay, nesterov, clips } = options
    return {
      constants: { epsilon, weightDecay },
      scalars: (t, rate) => ({
        negativeRate: -rate,
        // the first step only looks
        rest1: t === 1 ? 0 : 1 - beta1,
        rest2: t === 1 ? 1 : 1 - beta2,
        most: (t - 1) ** 0.25,
        least: -((t - 1) ** 0.25),
      }),
      ...each({ m: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const ratio = div(g, max(sqrt(slots.v), numbers.epsilon))
        const cut = clips ? clip(ratio, numbers.least, numbers.most) : ratio
        const m = lerp(slots.m, cut, numbers.rest1)
        const direction = nesterov ? lerp(m, cut, numbers.rest1) : m
        return {
          gradient: mul(decayed(direction, one, options), numbers.negativeRate),
          slots: { m, v: lerp(slots.v, square(g), numbers.rest2) },
        }
      }),
    }
  },
})

/** Returns ACProp: the gradient is divided by the surprise of the steps before. Source: Zhuang et al. (2021); optax.contrib.acprop 0.2.8. */
export const acprop = optimizer({
  name: 'acprop',
  source: 'optax.contrib.acprop 0.2.8',
  parameters: { ...common, epsilon: positive(1e-16), epsilonRoot: nonNegative(1e-16) },
  make(options) {
    const { beta1, beta2, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, epsilonRoot, weightDecay },
      // at the first step nothing is known: 1 stands for the moment
      scalars: (t, rate) => ({
        negativeRate: -rate,
        correction: t === 1 ? 0 : 1 / seen(beta2, t - 1),
        first: t === 1 ? 1 : 0,
      }),
      ...each({ m: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers } = one
        const before = add(mul(slots.v, numbers.correction), numbers.first)
        const direction = div(g, add(sqrt(before), numbers.epsilon))
        const v = add(lerp(slots.v, square(sub(g, slots.m)), numbers.rest2), numbers.epsilonRoot)
        return {
          gradient: mul(decayed(direction, one, options), numbers.negativeRate),
          slots: { m: lerp(slots.m, g, numbers.rest1), v },
        }
      }),
    }
  },
})

/** Returns LAMB: Adam's direction plus decay, with the trust ratio of LARS. Source: You et al. (2020); optax.lamb 0.2.8. */
export const lamb = optimizer({
  name: 'lamb',
  source: 'optax.lamb 0.2.8',
  parameters: { ...common, epsilon: positive(1e-6), epsilonRoot: nonNegative(0) },
  make(options) {
    const { beta1, beta2, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate, first: 1 / seen(beta1, t), second: 1 / seen(beta2, t) }),
      ...each({ m: zeros, v: zeros }, (one) => {
        const { gradient: g, slots, numbers, parameter } = one
        const m = lerp(slots.m, g, numbers.rest1)
        const v = lerp(slots.v, square(g), numbers.rest2)
        const size = add(sqrt(add(mul(v, numbers.second), numbers.epsilonRoot)), numbers.epsilon)
        const direction = decayed(div(mul(m, numbers.first), size), one, options)
        const trusted = mul(direction, trustRatio(parameter, direction))
        return { gradient: mul(trusted, numbers.negativeRate), slots: { m, v } }
      }),
    }
  },
})

/**
 * Returns NovoGrad: one second moment for each parameter; m = beta1 m + g / (sqrt(v) + epsilon) + decay p. Source: Ginsburg et
 * al. (2019); optax.novograd 0.2.8.
 */
export const novograd = optimizer({
  name: 'novograd',
  source: 'optax.novograd 0.2.8',
  parameters: { ...common, beta2: unit(0.25), epsilon: positive(1e-6), epsilonRoot: nonNegative(0) },
  make(options) {
    const { beta1, beta2, epsilon, epsilonRoot, weightDecay } = options
    return {
      constants: { beta1, epsilon, epsilonRoot, weightDecay },
      scalars: (t, rate) => ({ negativeRate: -rate, rest2: t === 1 ? 1 : 1 - beta2 }),
      ...each({ m: zeros, v: () => filled([]) }, (one) => {
        const { gradient: g, slots, numbers } = one
        const v = lerp(slots.v, reduceSumSquare(g), numbers.rest2)
        const scaled = div(g, add(sqrt(add(v, numbers.epsilonRoot)), numbers.epsilon))
        const m = add(mul(slots.m, numbers.beta1), decayed(scaled, one, options))
        return { gradient: mul(m, numbers.negativeRate), slots: { m, v } }
      }),
    }
  },
})
