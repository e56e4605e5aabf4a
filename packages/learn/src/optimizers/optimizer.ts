import { PodError } from '@mlpod/contract'
import { add, type Value } from '@mlpod/graph'

/** Numbers that are fed anew at each step, so that schedules never compile anything. */
type Scalars = Readonly<Record<string, number>>

/** What a transform works on: one gradient a parameter. */
export interface Step {
  readonly paths: readonly string[]
  readonly parameters: readonly Value[]
  readonly gradients: readonly Value[]
  /** The kept tensors by slot, one a parameter. */
  readonly slots: Readonly<Record<string, readonly Value[]>>
  readonly scalars: Readonly<Record<string, Value>>
}

/** A transform of gradients, as graphs. Source: the composition of Optax. */
export interface Transform {
  readonly name: string
  /** Names of tensors kept for each parameter, of its shape, zero at first. */
  readonly slots: readonly string[]
  /** Names and values of the scalars of step t (from 1) at a learning rate. */
  readonly scalars: (t: number, learningRate: number) => Scalars
  readonly transform: (step: Step) => {
    readonly gradients: readonly Value[]
    readonly slots: Readonly<Record<string, readonly Value[]>>
  }
}

/** A transform that gives what is added to the parameters. Source: numbers and order of operations of torch.optim 2.15. */
export interface Optimizer extends Transform {
  /** The learning rate by step; a number is the same at each. */
  readonly learningRate: Schedule
  /**
   * The name of a scalar that the reverse pass may begin with instead of 1, when the transform is only a product with it:
   * the gradients then arrive multiplied, and adding them to the parameters joins the matrix product that makes them.
   */
  readonly seed?: string
}

/** A learning rate: constant, or a function of the step (from 1). */
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

/**
 * Returns the transforms one after the other: what comes before the last only shapes gradients (`clipByGlobalNorm`), the
 * last is an optimizer (`adam`). Throws `OPTIMIZER_INVALID`.
 */
export function chain(...optimizers: readonly [...Transform[], Optimizer]): Optimizer {
  const last = optimizers.at(-1) as Optimizer
  checkUpdates(last)
  if (optimizers.length === 1) return last
  const inside = (i: number, name: string): string => `${i}.${name}`
  const ours = <T>(i: number, all: Readonly<Record<string, T>>): Record<string, T> => {
    const start = `${i}.`
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        name.startsWith(start) ? [[name.slice(start.length), value]] : [],
      ),
    )
  }
  return {
    name: optimizers.map(({ name }) => name).join(', '),
    learningRate: last.learningRate,
    slots: optimizers.flatMap(({ slots }, i) => slots.map((name) => inside(i, name))),
    scalars: (t, rate) =>
      Object.fromEntries(
        optimizers.flatMap(({ scalars }, i) =>
          Object.entries(scalars(t, rate)).map(([name, value]) => [inside(i, name), value]),
        ),
      ),
    transform(step) {
      const slots: Record<string, readonly Value[]> = {}
      let { gradients } = step
      optimizers.forEach(({ transform }, i) => {
        const result = transform({ ...step, gradients, slots: ours(i, step.slots), scalars: ours(i, step.scalars) })
        gradients = result.gradients
        for (const [name, values] of Object.entries(result.slots)) slots[inside(i, name)] = values
      })
      return { gradients, slots }
    },
  }
}

/** Throws `OPTIMIZER_INVALID` for what only shapes gradients: added to the parameters, they would climb. */
export function checkUpdates(optimizer: Partial<Optimizer> | undefined): void {
  if (optimizer?.learningRate === undefined)
    throw new PodError('OPTIMIZER_INVALID', `${optimizer?.name ?? 'nothing'} updates no parameters`, {
      hint: 'put an optimizer behind it: chain(clipByGlobalNorm(1), adam())',
    })
}

/** Returns the parameters after a step, and the slots. */
export function stepped(
  optimizer: Optimizer,
  step: Step,
): { parameters: Value[]; slots: Readonly<Record<string, readonly Value[]>> } {
  const { gradients, slots } = optimizer.transform(step)
  return { parameters: step.parameters.map((parameter, i) => add(parameter, gradients[i])), slots }
}
