import { didYouMean, PodError } from '@mlpod/contract'
import { add, type Value } from '@mlpod/graph'
import type { Chosen, Given, Option, Options } from './option.ts'
import { type Clock, type Numbers, rateAt, type Schedule, type Step, type Transform } from './transform.ts'

/** A transform that gives what is added to the parameters. Source: numbers and order of operations of torch.optim 2.15. */
export interface Optimizer extends Transform {
  readonly learningRate: Schedule
}

/** Returns the error of an optimizer or transform that cannot be. */
export const refuse = (name: string, message: string, hint?: string): PodError =>
  new PodError('OPTIMIZER_INVALID', `${name}: ${message}`, { hint })

/** What a definition makes of its settings. Numbers of the graph are read from `step.numbers`, so that any may be scheduled. */
export interface Made extends Omit<Transform, 'name' | 'options' | 'scalars' | 'learningRate'> {
  readonly scalars?: (t: number, rate: number, clock: Clock) => Numbers
}

/** An optimizer or transform of the table: a function of its settings, which the table tells. */
export interface Definition<O extends Options, T extends Transform> {
  (given?: Given<O>): T
  /** The settings, with defaults and what they take. */
  readonly parameters: O
  /** Where its numbers come from. */
  readonly source: string
}

interface Defined<O extends Options> {
  readonly name: string
  readonly source: string
  readonly parameters: O
  readonly make: (options: Chosen<O>) => Made
}

/**
 * Returns an entry of the table. A setting that is a number may be given as a schedule: it is then fed at each step like the
 * learning rate. The function throws `OPTIMIZER_INVALID` for settings that it does not know or that are out of range.
 */
export function optimizer<O extends Options & { readonly learningRate: Option<Schedule> }>(
  defined: Defined<O>,
): Definition<O, Optimizer> {
  return entry(defined, (given) => {
    const learningRate = (given.learningRate ?? defined.parameters.learningRate.default) as Schedule
    return { sign: -1, learningRate, ...assembled(defined, given, learningRate) }
  })
}

function entry<O extends Options, T extends Transform>(
  { name, parameters, source }: Defined<O>,
  make: (given: Given<O>) => T,
): Definition<O, T> {
  const create = (given: Given<O> = {}): T => {
    for (const key of Object.keys(given))
      if (!(key in parameters))
        throw refuse(name, `there is no setting "${key}"${didYouMean(key, Object.keys(parameters))}`)
    for (const [key, option] of Object.entries(parameters)) check(name, key, option, given[key])
    return make(given)
  }
  return Object.assign(create, { parameters, source })
}

function check(name: string, key: string, option: Option<unknown>, value: unknown): void {
  if (value === undefined) return
  if (typeof value === 'function' && typeof option.default === 'number' && key !== 'learningRate') {
    if (option.fixed) throw refuse(name, `${key} cannot follow the step: give a number`)
    return
  }
  if (!option.test(value)) throw refuse(name, `${key} is ${value}, not ${option.takes}`)
}

function assembled<O extends Options>(
  { name, parameters, make }: Defined<O>,
  given: Given<O>,
  learningRate: Schedule,
): Omit<Transform, 'sign'> & Pick<Transform, 'sign'> {
  const scheduled = Object.keys(given).filter(
    (key) => key !== 'learningRate' && typeof parameters[key].default === 'number' && typeof given[key] === 'function',
  )
  const chosen = (of: (key: string) => unknown): Chosen<O> =>
    Object.fromEntries(
      Object.entries(parameters).map(([key, option]) => [
        key,
        scheduled.includes(key) ? of(key) : (given[key] ?? option.default),
      ]),
    ) as Chosen<O>
  const at = (t: number): Chosen<O> =>
    chosen((key) => {
      const value = (given[key] as (t: number) => number)(t)
      if (!parameters[key].test(value))
        throw refuse(name, `${key} is ${value} at step ${t}, not ${parameters[key].takes}`)
      return value
    })
  // A number that a schedule tells is none when the graph is made: what is left out because it is 0 stays in.
  const made = make(chosen(() => Number.NaN))
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value !== 'function'))
  const rate = ({ t, factor }: Clock): number => rateAt(learningRate, t) * factor
  if (scheduled.length === 0)
    return { ...made, name, options, scalars: (clock) => made.scalars?.(clock.t, rate(clock), clock) ?? {} }
  return {
    ...made,
    name,
    options,
    constants: undefined,
    scalars(clock) {
      const now = make(at(clock.t))
      return { ...now.constants, ...now.scalars?.(clock.t, rate(clock), clock) }
    },
  }
}

/** Throws `OPTIMIZER_INVALID` for what only shapes gradients: added to the parameters, they would climb. */
export function checkUpdates(transform: Partial<Transform> | undefined): asserts transform is Optimizer {
  if (transform?.sign !== -1)
    throw new PodError('OPTIMIZER_INVALID', `${transform?.name ?? 'nothing'} updates no parameters`, {
      hint: 'put an optimizer behind it: chain(clipByGlobalNorm(1), adam())',
    })
}

/** Returns the parameters after a step, and what is kept. */
export function stepped(
  optimizer: Transform,
  step: Step,
): { parameters: Value[]; state: Readonly<Record<string, Value>> } {
  const { gradients, state } = optimizer.transform(step)
  return { parameters: step.parameters.map((parameter, i) => add(parameter, gradients[i])), state }
}
