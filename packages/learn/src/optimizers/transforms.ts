import {
  add,
  clip as clipValue,
  div,
  equal,
  greater,
  isNaN as isNaNValue,
  less,
  max,
  min,
  mul,
  neg,
  type Operand,
  or,
  reduceMean,
  reduceSumSquare,
  sign,
  sqrt,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { globalNorm, rms, zerosLike } from './arithmetic.ts'
import { each, keyOf, zeros } from './each.ts'
import type { Optimizer } from './optimizer.ts'
import { refuse } from './optimizer.ts'
import { rateAt, type Schedule, type Step, type Transform } from './transform.ts'

const needs = (name: string, what: string, value: number, holds: boolean): void => {
  if (!holds) throw refuse(name, `${what} is ${value}`)
}
const above0 = (value: number): boolean => value > 0 && Number.isFinite(value)

/** A transform without memory: what it makes of all gradients. */
const stateless = (
  name: string,
  options: Readonly<Record<string, unknown>>,
  make: (step: Step) => readonly Value[],
  more: Partial<Transform> = {},
): Transform => ({ name, options, transform: (step) => ({ gradients: make(step), state: {} }), ...more })

/** Returns a transform that multiplies by a number. One below 0 makes a chain go down, as an optimizer does. Source: optax.scale. */
export const scale = (factor: number): Transform =>
  stateless(
    'scale',
    { factor },
    ({ gradients }) => gradients.map((g) => mul(g, factor)),
    factor < 0 ? { sign: -1 } : {},
  )

/** Returns a transform that multiplies by the schedule, without turning the sign. Source: optax.scale_by_schedule. */
export const scaleBySchedule = (schedule: Schedule): Optimizer => ({
  ...stateless('scaleBySchedule', {}, ({ gradients, numbers }) => gradients.map((g) => mul(g, numbers.rate))),
  learningRate: schedule,
  scalars: ({ t, factor }) => ({ rate: rateAt(schedule, t) * factor }),
})

/** Returns the end of a chain: it multiplies by minus the learning rate. Source: optax.scale_by_learning_rate. */
export const scaleByLearningRate = (learningRate: Schedule): Optimizer => ({
  ...stateless('scaleByLearningRate', {}, ({ gradients, numbers }) =>
    gradients.map((g) => mul(g, numbers.negativeRate)),
  ),
  sign: -1,
  learningRate,
  scalars: ({ t, factor }) => ({ negativeRate: -rateAt(learningRate, t) * factor }),
})

/** Returns a transform that adds decay * parameter, for the paths that decay. Source: optax.add_decayed_weights. */
export function addDecayedWeights(
  decay: Schedule,
  { decays = () => true }: { readonly decays?: (path: string) => boolean } = {},
): Transform {
  return {
    ...stateless(
      'addDecayedWeights',
      typeof decay === 'number' ? { decay } : {},
      ({ gradients, parameters, paths, numbers }) =>
        gradients.map((g, i) => (decays(paths[i]) ? add(g, mul(parameters[i], numbers.decay)) : g)),
    ),
    ...(typeof decay === 'number' ? { constants: { decay } } : { scalars: ({ t }) => ({ decay: decay(t) }) }),
  }
}

/** Returns the sum of gradients that fades: trace = g + decay trace; Nesterov gives g + decay trace. Source: optax.trace. */
export function trace(decay: number, { nesterov = false }: { readonly nesterov?: boolean } = {}): Transform {
  needs('trace', 'the decay', decay, decay >= 0 && decay <= 1)
  return {
    name: 'trace',
    options: { decay, nesterov },
    ...each({ trace: zeros }, ({ gradient, slots }) => {
      const sum = add(gradient, mul(slots.trace, decay))
      return { gradient: nesterov ? add(gradient, mul(sum, decay)) : sum, slots: { trace: sum } }
    }),
  }
}

/** Returns the moving average of gradients, corrected for its beginning at 0 unless `debias` is false. Source: optax.ema. */
export function ema(decay: number, { debias = true }: { readonly debias?: boolean } = {}): Transform {
  needs('ema', 'the decay', decay, decay >= 0 && decay < 1)
  return {
    name: 'ema',
    options: { decay, debias },
    scalars: ({ t }) => ({ correction: debias ? 1 / (1 - decay ** t) : 1 }),
    ...each({ mean: zeros }, ({ gradient, slots, numbers }) => {
      const mean = add(mul(slots.mean, decay), mul(gradient, 1 - decay))
      return { gradient: debias ? mul(mean, numbers.correction) : mean, slots: { mean } }
    }),
  }
}

/** Returns a transform that cuts every element to [-maximum, maximum]. Source: optax.clip; torch clip_grad_value_. */
export function clip(maximum: number): Transform {
  needs('clip', 'the maximum', maximum, above0(maximum))
  return stateless('clip', { maximum }, ({ gradients }) => gradients.map((g) => clipValue(g, -maximum, maximum)))
}

/**
 * Returns a transform that shortens all gradients together to this norm: by min(1, max / (norm + epsilon)). Source: torch
 * clip_grad_norm_ (epsilon 1e-6); Optax and Keras have epsilon 0.
 */
export function clipByGlobalNorm(maximum: number, { epsilon = 1e-6 }: { readonly epsilon?: number } = {}): Transform {
  if (!(maximum > 0)) throw refuse('clipByGlobalNorm', `the norm ${maximum} is not positive`)
  return stateless('clipByGlobalNorm', { maximum, epsilon }, ({ gradients }) => {
    const norm = globalNorm(gradients)
    const factor = min(div(maximum, epsilon === 0 ? norm : add(norm, epsilon)), 1)
    return gradients.map((g) => mul(g, factor))
  })
}

/** Returns a transform that shortens each gradient to this norm: Keras's clipnorm. */
export function clipByNorm(maximum: number): Transform {
  needs('clipByNorm', 'the norm', maximum, above0(maximum))
  return stateless('clipByNorm', { maximum }, ({ gradients }) =>
    gradients.map((g) => mul(g, min(div(maximum, globalNorm([g])), 1))),
  )
}

/** Returns a transform that divides each gradient by max(1, its root mean square / threshold). Source: optax.clip_by_block_rms. */
export function clipByBlockRms(threshold: number): Transform {
  needs('clipByBlockRms', 'the threshold', threshold, above0(threshold))
  return stateless('clipByBlockRms', { threshold }, ({ gradients }) =>
    gradients.map((g) => div(g, max(div(rms(g, 0), threshold), 1))),
  )
}

/**
 * Returns a transform that shortens the gradient of each unit to `clipping` times the norm of its weights, at least epsilon.
 * A unit is a column of [inputs, units], a kernel over all axes but the last beyond. Source: Brock et al. (2021);
 * optax.adaptive_grad_clip 0.2.8.
 */
export function adaptiveGradClip(clipping: number, { epsilon = 1e-3 }: { readonly epsilon?: number } = {}): Transform {
  needs('adaptiveGradClip', 'the clipping', clipping, above0(clipping))
  const unitNorm = (x: Value): Value => {
    const rank = x.shape.length
    const whole = (x.shape as readonly number[]).filter((dim) => dim !== 1).length <= 1
    const axes = whole ? x.shape.map((_, i) => i) : rank <= 3 ? [0] : x.shape.slice(0, -1).map((_, i) => i)
    return sqrt(reduceSumSquare(x, { axes, keepDims: true }))
  }
  return stateless('adaptiveGradClip', { clipping, epsilon }, ({ gradients, parameters }) =>
    gradients.map((g, i) => {
      const [norm, most] = [unitNorm(g), mul(max(unitNorm(parameters[i]), epsilon), clipping)]
      return where(less(norm, most), g, mul(g, div(most, max(norm, 1e-6))))
    }),
  )
}

/**
 * Returns a transform that takes the mean over all other axes away from the gradient of each slice along `axis` (of what has
 * two axes or more). Source: Yong et al. (2020); optax.centralize 0.2.8, whose axis is the first: the last one is that of the
 * units of `dense`.
 */
export const centralize = ({ axis = 0 }: { readonly axis?: number } = {}): Transform =>
  stateless('centralize', { axis }, ({ gradients }) =>
    gradients.map((g) => {
      const kept = axis < 0 ? axis + g.shape.length : axis
      const axes = g.shape.map((_, i) => i).filter((i) => i !== kept)
      return axes.length === 0 || g.shape.length < 2 ? g : sub(g, reduceMean(g, { axes, keepDims: true }))
    }),
  )

/** Returns a transform that gives all gradients together this norm: g * factor / (norm + epsilon). Source: optax.normalize_by_update_norm. */
export const normalizeByNorm = ({ factor = 1, epsilon = 1e-6 } = {}): Transform =>
  stateless('normalizeByNorm', { factor, epsilon }, ({ gradients }) => {
    const norm = div(add(globalNorm(gradients), epsilon), factor)
    return gradients.map((g) => div(g, norm))
  })

/** Returns the signs of the gradients. Source: optax.scale_by_sign. */
export const scaleBySign = (): Transform =>
  stateless('scaleBySign', {}, ({ gradients }) => gradients.map((g) => sign(g)))

/** Returns the gradients with 0 where one is not a number. Source: optax.zero_nans. */
export const zeroNans = (): Transform =>
  stateless('zeroNans', {}, ({ gradients }) => gradients.map((g) => where(isNaNValue(g), 0, g)))

/** Returns zeros: what is given stays as it is. Source: optax.set_to_zero. */
export const setToZero = (): Transform =>
  stateless('setToZero', {}, ({ parameters }) => parameters.map(zerosLike), { sign: 0 })

/** Returns a transform that leaves the parameters of these paths as they are; last in a chain. Source: optax.freeze 0.2.8. */
export const freeze = (paths: (path: string) => boolean): Transform =>
  stateless('freeze', {}, ({ gradients, parameters, paths: all }) =>
    gradients.map((g, i) => (paths(all[i]) ? zerosLike(parameters[i]) : g)),
  )

/** Returns a transform that keeps parameters from going below 0; last in a chain. Source: optax.keep_params_nonnegative. */
export const keepNonNegative = (): Transform =>
  stateless('keepNonNegative', {}, ({ gradients, parameters }) =>
    gradients.map((g, i) => where(less(add(parameters[i], g), 0), neg(parameters[i]), g)),
  )

/** max(norm, least), where a norm at the least or below is the least itself. */
const safeNorm = (x: Value, least: Operand): Value => (least === 0 ? globalNorm([x]) : max(globalNorm([x]), least))

/**
 * Returns a transform that multiplies each gradient by coefficient |p| / (|g| + epsilon), or by 1 where a norm is 0. Source:
 * You et al. (2017); optax.scale_by_trust_ratio 0.2.8.
 */
export const scaleByTrustRatio = ({ leastNorm = 0, coefficient = 1, epsilon = 0 } = {}): Transform =>
  stateless('scaleByTrustRatio', { leastNorm, coefficient, epsilon }, ({ gradients, parameters }) =>
    gradients.map((g, i) => mul(g, trustRatio(parameters[i], g, leastNorm, coefficient, epsilon))),
  )

/** coefficient |p| / (|g| + epsilon), or 1 where a norm is 0. */
export function trustRatio(
  p: Value,
  g: Value,
  leastNorm: Operand = 0,
  coefficient: Operand = 1,
  epsilon: Operand = 0,
): Value {
  const [size, length] = [safeNorm(p, leastNorm), safeNorm(g, leastNorm)]
  const ratio = div(mul(size, coefficient), epsilon === 0 ? length : add(length, epsilon))
  return where(or(equal(size, 0), equal(length, 0)), 1, ratio)
}

/** Returns a transform that multiplies each gradient by the norm of its parameter, at least `least`. Source: optax.scale_by_param_block_norm. */
export const scaleByParameterNorm = ({ least = 1e-3 } = {}): Transform =>
  stateless('scaleByParameterNorm', { least }, ({ gradients, parameters }) =>
    gradients.map((g, i) => mul(g, safeNorm(parameters[i], least))),
  )

/** Returns a transform that multiplies each gradient by the root mean square of its parameter, at least `least`. Source: optax.scale_by_param_block_rms. */
export const scaleByParameterRms = ({ least = 1e-3 } = {}): Transform =>
  stateless('scaleByParameterRms', { least }, ({ gradients, parameters }) =>
    gradients.map((g, i) => mul(g, rms(parameters[i], least))),
  )

/** Returns the sum of gradients at every k-th step and zeros between, to be put before a rate alone. Source: optax.apply_every 0.2.8. */
export function applyEvery(k: number): Transform {
  needs('applyEvery', 'k', k, Number.isSafeInteger(k) && k >= 1)
  return {
    name: 'applyEvery',
    options: { k },
    scalars: ({ t }) => ({ begins: (t - 1) % k === 0 ? 1 : 0, ends: t % k === 0 ? 1 : 0 }),
    ...each({ sum: zeros }, ({ gradient, slots, numbers }) => {
      const sum = add(gradient, where(greater(numbers.begins, 0.5), 0, slots.sum))
      return { gradient: where(greater(numbers.ends, 0.5), sum, 0), slots: { sum } }
    }),
  }
}

/**
 * Returns the gradients with normal noise of variance eta / t^gamma, drawn from the seed of `fit`. Source: Neelakantan et al.
 * (2015); optax.add_noise 0.2.8.
 */
export const addNoise = ({ eta = 0.01, gamma = 0.55 } = {}): Transform => ({
  ...stateless('addNoise', { eta, gamma }, ({ gradients, paths, numbers, randoms }) =>
    gradients.map((g, i) => add(g, mul(randoms[keyOf('noise', paths[i])], numbers.deviation))),
  ),
  scalars: ({ t }) => ({ deviation: Math.sqrt(eta / t ** gamma) }),
  randoms: (parameters) =>
    Object.fromEntries(parameters.map(({ path, shape }) => [keyOf('noise', path), { shape, law: 'normal' as const }])),
})
