import { PodError, type Tensor } from '@mlpod/contract'
import type { Operand, Value } from '@mlpod/graph'
import { zerosLike } from './arithmetic.ts'

/** Numbers by name. */
export type Numbers = Readonly<Record<string, number>>

/** A parameter as it is before the first step. */
export interface Trained {
  readonly path: string
  readonly shape: readonly number[]
  readonly initial: Tensor
}

/** Where training stands when the numbers of a step are asked for. */
export interface Clock {
  /** The number of the step, from 1. */
  readonly t: number
  /** What every learning rate is multiplied with: 1, unless a callback lowered it. */
  readonly factor: number
  /** Returns a kept number as it was before the run. */
  readonly kept: (name: string) => number
}

/** What a transform works on: one gradient a parameter. */
export interface Step {
  readonly paths: readonly string[]
  readonly parameters: readonly Value[]
  readonly gradients: readonly Value[]
  /** The kept tensors by name. */
  readonly state: Readonly<Record<string, Value>>
  /** The constants of the transform, and its scalars as they are at this step. */
  readonly numbers: Readonly<Record<string, Operand>>
  /** The scalars as they were so many steps (int64) before, within one run. */
  readonly delayed: (steps: Value) => Readonly<Record<string, Operand>>
  /** Random tensors of this step, by name. */
  readonly randoms: Readonly<Record<string, Value>>
  /** The loss before the step: one number. */
  readonly loss: Value
  /** Returns the gradients of the same batch's loss at other parameters. */
  readonly gradientAt: (parameters: readonly Value[]) => readonly Value[]
  /** Returns the loss's Hessian times one vector a parameter. */
  readonly hessianTimes: (vectors: readonly Value[]) => readonly Value[]
}

/** What a transform gives: a gradient a parameter, and what it keeps, by the names it was kept under. */
export interface Stepped {
  readonly gradients: readonly Value[]
  readonly state: Readonly<Record<string, Value>>
}

/** Random numbers that a transform asks for at every step. */
export interface RandomTensor {
  readonly shape: readonly number[]
  /** Standard normal numbers, or -1 and 1 equally often. */
  readonly law: 'normal' | 'sign'
}

/** A transform of gradients, as graphs. Source: the composition of Optax. */
export interface Transform {
  readonly name: string
  /** The settings, as plain data: checkpoints tell by them whether a run goes on as it began. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Returns the tensors kept from step to step, by name, as they are before the first. */
  readonly state?: (parameters: readonly Trained[]) => Readonly<Record<string, Tensor>>
  /** Numbers that are the same at every step: the graph holds them. */
  readonly constants?: Numbers
  /** Numbers that are fed anew at each step, so that schedules never compile anything. */
  readonly scalars?: (clock: Clock) => Numbers
  /** The random tensors of each step, by name. */
  readonly randoms?: (parameters: readonly Trained[]) => Readonly<Record<string, RandomTensor>>
  readonly transform: (step: Step) => Stepped
  /** -1 when what it gives goes against what it is given: added to the parameters, gradients then go down. */
  readonly sign?: -1 | 0
  /** The learning rate by step, of what has one. */
  readonly learningRate?: Schedule
  /** Returns the parameters to use instead of those that are trained (averages). */
  readonly result?: (step: Pick<Step, 'paths' | 'parameters' | 'state'>) => readonly Value[]
  /**
   * The name of a scalar that the reverse pass may begin with instead of 1, when the transform is only a product with it:
   * the gradients then arrive multiplied, and adding them to the parameters joins the matrix product that makes them.
   */
  readonly seed?: string
  /** The name of a kept number that the reverse pass begins with; the gradients are divided by it before they arrive. */
  readonly cotangent?: string
  /** Set for what leaves out steps whose gradients are no numbers: then so may losses be. */
  readonly skips?: true
}

/** A number by step (from 1): constant, or a function of the step. */
export type Schedule = number | ((t: number) => number)

/** Returns the learning rate of step t. Throws `LEARNING_RATE_INVALID` unless it is finite and not negative. */
export function rateAt(schedule: Schedule, t: number): number {
  const rate = typeof schedule === 'number' ? schedule : schedule(t)
  if (!(rate >= 0 && Number.isFinite(rate)))
    throw new PodError('LEARNING_RATE_INVALID', `the learning rate of step ${t} is ${rate}`, {
      hint: 'it is a number >= 0',
    })
  return rate
}

/** A transform inside another: what it keeps and asks for stands below a prefix. */
export interface Nested {
  readonly state: (parameters: readonly Trained[]) => Record<string, Tensor>
  readonly constants: Numbers
  readonly scalars: (clock: Clock) => Record<string, number>
  readonly randoms: (parameters: readonly Trained[]) => Record<string, RandomTensor>
  /** Applies it to an outer step; `state` comes back under the outer names. */
  readonly apply: (step: Step) => Stepped
  readonly result: NonNullable<Transform['result']>
}

/** Returns a transform as it stands inside another. */
export function nested(inner: Transform, prefix: string): Nested {
  const start = `${prefix}.`
  const outside = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [start + name, value]))
  const inside = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        name.startsWith(start) ? [[name.slice(start.length), value]] : [],
      ),
    )
  return {
    state: (parameters) => outside(inner.state?.(parameters) ?? {}),
    constants: outside(inner.constants ?? {}),
    scalars: (clock) => outside(inner.scalars?.({ ...clock, kept: (name) => clock.kept(start + name) }) ?? {}),
    randoms: (parameters) => outside(inner.randoms?.(parameters) ?? {}),
    apply(step) {
      const { gradients, state } = inner.transform({
        ...step,
        state: inside(step.state),
        numbers: inside(step.numbers),
        delayed: (steps) => inside(step.delayed(steps)),
        randoms: inside(step.randoms),
      })
      return { gradients, state: outside(state) }
    },
    result: (step) => inner.result?.({ ...step, state: inside(step.state) }) ?? step.parameters,
  }
}

/** Returns the part of a step that concerns some of its parameters, by their positions. */
export function part(step: Step, positions: readonly number[]): Step {
  const pick = <T>(list: readonly T[]): T[] => positions.map((i) => list[i])
  const filled = (values: readonly Value[], rest: (i: number) => Value): Value[] =>
    step.parameters.map((_, i) => (positions.includes(i) ? values[positions.indexOf(i)] : rest(i)))
  return {
    ...step,
    paths: pick(step.paths),
    parameters: pick(step.parameters),
    gradients: pick(step.gradients),
    gradientAt: (parameters) => pick(step.gradientAt(filled(parameters, (i) => step.parameters[i]))),
    hessianTimes: (vectors) => pick(step.hessianTimes(filled(vectors, (i) => zerosLike(step.parameters[i])))),
  }
}
