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

/** The directions of optimizers as members of a chain, before `scaleByLearningRate`. Source: optax.scale_by_* 0.2.8, with the numbers of ours. */
export const [scaleByAdam, scaleByRms] = [direction(adam), direction(rmsprop)]
export const [scaleByNadam, scaleByRadam, scaleByAdamax] = [direction(nadam), direction(radam), direction(adamax)]
export const [scaleByRss, scaleByAdadelta, scaleBySm3] = [direction(adagrad), direction(adadelta), direction(sm3)]
export const [scaleByBelief, scaleByYogi, scaleByAdan] = [direction(adabelief), direction(yogi), direction(adan)]
export const [scaleByNovograd, scaleByAdemamix, scaleByAdopt] = [
  direction(novograd),
  direction(ademamix),
  direction(adopt),
]
export const [scaleByAcprop, scaleByLion, scaleBySophia] = [direction(acprop), direction(lion), direction(sophia)]
export const scaleByOptimisticGradient = direction(optimistic)
