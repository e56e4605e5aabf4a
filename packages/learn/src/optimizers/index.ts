import {
  acprop,
  adabelief,
  adam,
  adamax,
  adamW,
  adan,
  ademamix,
  adopt,
  lamb,
  nadam,
  novograd,
  radam,
  simplifiedAdemamix,
  sparseAdam,
  yogi,
} from './adam.ts'
import { adadelta, adafactor, adagrad, asgd, cocob, ftrl, madgrad, rmsprop, sm3 } from './adaptive.ts'
import { muon, shampoo, sophia } from './matrix.ts'
import { fromage, lars, lion, optimistic, polyakSgd, rprop, sgd, signSgd, signum } from './momentum.ts'
import { dAdaptAdamW, dog, dowg, momo, momoAdam, prodigy } from './parameterFree.ts'
import { soap } from './soap.ts'

/** Every optimizer by its name: a function of its settings, with `parameters` (defaults and what they take) and `source`. */
export const optimizers = {
  sgd,
  adam,
  adamW,
  nadam,
  radam,
  adamax,
  sparseAdam,
  rmsprop,
  adagrad,
  adadelta,
  adafactor,
  rprop,
  asgd,
  muon,
  signSgd,
  signum,
  lion,
  lars,
  lamb,
  fromage,
  optimistic,
  polyakSgd,
  adabelief,
  yogi,
  adan,
  novograd,
  ademamix,
  simplifiedAdemamix,
  adopt,
  acprop,
  sm3,
  ftrl,
  madgrad,
  cocob,
  dog,
  dowg,
  dAdaptAdamW,
  prodigy,
  momo,
  momoAdam,
  sophia,
  shampoo,
  soap,
} as const

export { accumulate } from './accumulate.ts'
export { emaOfParameters, lookahead, meanOfParameters } from './average.ts'
export { chain } from './chain.ts'
export { applyIfFinite, conditionally, scaledLoss, skipLargeUpdates, skipNotFinite } from './conditionally.ts'
export * from './directions.ts'
export { galore } from './galore.ts'
export type { MuonParts } from './matrix.ts'
export { mechanize } from './mechanize.ts'
export type { Definition, Optimizer } from './optimizer.ts'
export type { Given, Option, Options } from './option.ts'
export { type Label, masked, partition } from './partition.ts'
export { sam } from './sam.ts'
export { scheduleFree } from './scheduleFree.ts'
export {
  type Clock,
  rateAt,
  type Schedule,
  type Step,
  type Stepped,
  type Trained,
  type Transform,
} from './transform.ts'
export * from './transforms.ts'
export {
  acprop,
  adabelief,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamW,
  adan,
  ademamix,
  adopt,
  asgd,
  cocob,
  dAdaptAdamW,
  dog,
  dowg,
  fromage,
  ftrl,
  lamb,
  lars,
  lion,
  madgrad,
  momo,
  momoAdam,
  muon,
  nadam,
  novograd,
  optimistic,
  polyakSgd,
  prodigy,
  radam,
  rmsprop,
  rprop,
  sgd,
  shampoo,
  signSgd,
  signum,
  simplifiedAdemamix,
  sm3,
  soap,
  sophia,
  sparseAdam,
  yogi,
}
