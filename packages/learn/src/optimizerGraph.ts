import { PodError, type Tensor } from '@mlpod/contract'
import { add, div, gather, parameter, sub, type Value } from '@mlpod/graph'
import { globalNorm } from './optimizers/arithmetic.ts'
import type { Optimizer } from './optimizers/index.ts'
import { stepped } from './optimizers/optimizer.ts'
import type { RandomTensor, Step, Trained } from './optimizers/transform.ts'

/** The norms of a step. */
export const NORMS = ['gradientNorm', 'updateNorm', 'weightNorm'] as const

/** The names of the inputs of a step that is compiled. */
export const parameterName = (path: string): string => `parameter ${path}`
export const slotName = (name: string): string => `slot ${name}`
export const randomName = (name: string): string => `random ${name}`
export const scalarName = (name: string): string => `scalar ${name}`

/** What an optimizer asks for and keeps, for the parameters that it trains. */
export interface OptimizerNeeds {
  readonly trained: readonly Trained[]
  /** The tensors it keeps, by name. */
  readonly kept: Readonly<Record<string, Tensor>>
  /** What stands for them in the graph. */
  readonly leaves: Readonly<Record<string, Value>>
  readonly randoms: Readonly<Record<string, RandomTensor>>
  readonly scalarNames: readonly string[]
}

/** Returns what an optimizer needs for parameters with these first values. */
export function optimizerNeeds(
  optimizer: Optimizer,
  paths: readonly string[],
  values: Readonly<Record<string, Tensor>>,
): OptimizerNeeds {
  const trained = paths.map((path) => ({ path, shape: values[path].shape, initial: values[path] }))
  const kept = optimizer.state?.(trained) ?? {}
  return {
    trained,
    kept,
    leaves: Object.fromEntries(Object.entries(kept).map(([name, tensor]) => [name, parameter(slotName(name), tensor)])),
    randoms: optimizer.randoms?.(trained) ?? {},
    scalarNames: Object.keys(optimizer.scalars?.({ t: 1, factor: 1, kept: () => 0 }) ?? {}),
  }
}

/** The place of a step: how its scalars and random tensors are read, and what it may ask of the loss. */
export interface StepPlace {
  readonly parameters: readonly Value[]
  /** The number of the step within its run. */
  readonly turn: Value
  /** The scalar of each step of the run, [steps]. */
  readonly scalar: (name: string) => Value
  /** A random tensor of this step. */
  readonly random: (name: string) => Value
  /** The loss and its gradients, begun with a cotangent instead of 1. */
  readonly loss: (cotangent?: Value) => { readonly value: Value; readonly gradients: readonly Value[] }
  readonly gradientAt: Step['gradientAt']
  readonly hessianTimes: Step['hessianTimes']
}

/** What a step changes and tells. */
export interface Updated {
  readonly parameters: readonly Value[]
  readonly state: Readonly<Record<string, Value>>
  readonly loss: Value
  /** By name, where they are asked for. */
  readonly norms: Readonly<Record<string, Value>>
}

/** Returns the graph of one update. */
export function optimizerGraph(
  optimizer: Optimizer,
  { trained, leaves, randoms, scalarNames }: OptimizerNeeds,
  place: StepPlace,
  { norms = false, seeded = true } = {},
): Updated {
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, place.scalar(name)]))
  const numbersAt = (at: Value): Step['numbers'] => ({
    ...optimizer.constants,
    ...Object.fromEntries(scalarNames.map((name) => [name, gather(scalars[name], at)])),
  })
  const { parameters } = place
  const numbers = numbersAt(place.turn)
  const { seed, cotangent } = optimizer
  // begun with the step's factor, the reverse pass gives the steps themselves, and p + A B becomes one product
  if (seed !== undefined && seeded && !norms) {
    const { value, gradients } = place.loss(numbers[seed] as Value)
    return { parameters: parameters.map((p, i) => add(p, gradients[i])), state: {}, loss: value, norms: {} }
  }
  const begin = cotangent === undefined ? undefined : leaves[cotangent]
  const { value, gradients: scaled } = place.loss(begin)
  const gradients = begin ? scaled.map((g) => div(g, begin)) : scaled
  const step: Step = {
    paths: trained.map(({ path }) => path),
    parameters,
    gradients,
    state: leaves,
    numbers,
    delayed: (steps) => numbersAt(sub(place.turn, steps)),
    randoms: Object.fromEntries(Object.keys(randoms).map((name) => [name, place.random(name)])),
    loss: value,
    gradientAt: place.gradientAt,
    hessianTimes: place.hessianTimes,
  }
  const next = stepped(optimizer, step)
  const moved = (): Value[] => next.parameters.map((p, i) => sub(p, parameters[i]))
  return {
    ...next,
    loss: value,
    norms: norms
      ? Object.fromEntries([gradients, moved(), next.parameters].map((values, i) => [NORMS[i], globalNorm(values)]))
      : {},
  }
}

/** Returns the error of an optimizer that looks at the loss again where only gradients are there. */
export const onlyGradients = (optimizer: Optimizer, where: string) => (): never => {
  throw new PodError(
    'OPTIMIZER_INVALID',
    `${optimizer.name} asks for gradients at other parameters, which ${where} does not have`,
    {
      hint: 'take an optimizer with one gradient a step',
    },
  )
}
