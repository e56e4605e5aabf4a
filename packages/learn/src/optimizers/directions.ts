import { acprop, adabelief, adam, adamax, adan, ademamix, adopt, nadam, novograd, radam, yogi } from './adam.ts'
import { adadelta, adagrad, rmsprop, sm3 } from './adaptive.ts'
import { sophia } from './matrix.ts'
import { lion, optimistic } from './momentum.ts'
import type { Definition, Optimizer } from './optimizer.ts'
import type { Given, Options } from './option.ts'
import type { Transform } from './transform.ts'

/** The direction of an optimizer whose step is a product with the rate: its step at the rate -1. */
const direction =
  <O extends Options>(make: Definition<O, Optimizer>) =>
  (given?: Omit<Given<O>, 'learningRate'>): Transform => {
    const {
      sign: _,
      learningRate: __,
      seed: ___,
      scalars,
      name,
      ...rest
    } = make({ ...given, learningRate: 1 } as unknown as Given<O>)
    return { ...rest, name: `scaleBy(${name})`, scalars: (clock) => scalars?.({ ...clock, factor: -1 }) ?? {} }
  }

// Members of a chain before `scaleByLearningRate`, with the numbers of the optimizers here.

/** Returns the direction of `adam`. Source: optax.scale_by_adam 0.2.8. */
export const scaleByAdam = direction(adam)
/** Returns the direction of `rmsprop`. Source: optax.scale_by_rms 0.2.8. */
export const scaleByRms = direction(rmsprop)
/** Returns the direction of `nadam`. Source: optax.scale_by_adam 0.2.8. */
export const scaleByNadam = direction(nadam)
/** Returns the direction of `radam`. Source: optax.scale_by_radam 0.2.8. */
export const scaleByRadam = direction(radam)
/** Returns the direction of `adamax`. Source: optax.scale_by_adamax 0.2.8. */
export const scaleByAdamax = direction(adamax)
/** Returns the direction of `adagrad`. Source: optax.scale_by_rss 0.2.8. */
export const scaleByRss = direction(adagrad)
/** Returns the direction of `adadelta`. Source: optax.scale_by_adadelta 0.2.8. */
export const scaleByAdadelta = direction(adadelta)
/** Returns the direction of `sm3`. Source: optax.scale_by_sm3 0.2.8. */
export const scaleBySm3 = direction(sm3)
/** Returns the direction of `adabelief`. Source: optax.scale_by_belief 0.2.8. */
export const scaleByBelief = direction(adabelief)
/** Returns the direction of `yogi`. Source: optax.scale_by_yogi 0.2.8. */
export const scaleByYogi = direction(yogi)
/** Returns the direction of `adan`. Source: optax.scale_by_adan 0.2.8. */
export const scaleByAdan = direction(adan)
/** Returns the direction of `novograd`. Source: optax.scale_by_novograd 0.2.8. */
export const scaleByNovograd = direction(novograd)
/** Returns the direction of `ademamix`. Source: optax.contrib.scale_by_ademamix 0.2.8. */
export const scaleByAdemamix = direction(ademamix)
/** Returns the direction of `adopt`. Source: optax.contrib.scale_by_adopt 0.2.8. */
export const scaleByAdopt = direction(adopt)
/** Returns the direction of `acprop`. Source: optax.contrib.scale_by_acprop 0.2.8. */
export const scaleByAcprop = direction(acprop)
/** Returns the direction of `lion`. Source: optax.scale_by_lion 0.2.8. */
export const scaleByLion = direction(lion)
/** Returns the direction of `sophia`. Source: optax.contrib.scale_by_sophia 0.2.8. */
export const scaleBySophia = direction(sophia)
/** Returns the direction of `optimistic`. Source: optax.scale_by_optimistic_gradient 0.2.8. */
export const scaleByOptimisticGradient = direction(optimistic)
