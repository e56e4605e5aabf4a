import {
  add,
  cast,
  greater,
  ifElse,
  isInf,
  isNaN as isNaNValue,
  less,
  not,
  or,
  reduceMax,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { squaredNorm, zerosLike } from './arithmetic.ts'
import { around, innerNames } from './around.ts'
import { filled } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'
import type { Step } from './transform.ts'

/** Returns whether all elements of all values are finite: one bool. */
export function allFinite(values: readonly Value[]): Value {
  // the maximum of truth values taken as numbers: no sum that overflows
  const wrong = values.map((value) => reduceMax(cast(or(isNaNValue(value), isInf(value)), 'float32')))
  return not(
    greater(
      wrong.reduce((a, b) => add(a, b)),
      0,
    ),
  )
}

/**
 * Returns an optimizer that takes a step only where the condition (one bool, of the step) holds; else parameters, state and
 * the count of steps stay as they are, so that schedules and corrections wait as well. The state `skipped` counts.
 * Source: optax.conditionally_mask 0.2.8.
 */
export const conditionally = (optimizer: Optimizer, condition: (step: Step) => Value): Optimizer =>
  guarded('conditionally', optimizer, condition)

/** Returns an optimizer that takes no step when a gradient is not finite. Source: optax.skip_not_finite 0.2.8. */
export const skipNotFinite = (optimizer: Optimizer): Optimizer =>
  guarded('skipNotFinite', optimizer, ({ gradients }) => allFinite(gradients))

/** Returns an optimizer that takes no step unless the squared norm of all gradients is below this. Source: optax.skip_large_updates 0.2.8. */
export const skipLargeUpdates = (optimizer: Optimizer, maximum: number): Optimizer =>
  guarded('skipLargeUpdates', optimizer, ({ gradients }) => less(squaredNorm(gradients), maximum))

/**
 * Returns an optimizer that takes no step when a gradient is not finite, unless that happened `most` times in a row: then it
 * does, and the loss shows it. Throws `OPTIMIZER_INVALID`. Source: optax.apply_if_finite 0.2.8.
 */
export function applyIfFinite(optimizer: Optimizer, most: number): Optimizer {
  if (!(Number.isSafeInteger(most) && most >= 0))
    throw refuse('applyIfFinite', `${most} times in a row are not possible`)
  const finite = ({ gradients }: Step) => allFinite(gradients)
  const counted = (step: Step) => where(finite(step), 0, add(step.state.row, 1))
  return {
    ...guarded('applyIfFinite', optimizer, (step) => or(finite(step), greater(counted(step), most)), {
      initial: { row: filled([], 0, 'int64') },
      next: (step) => ({ row: counted(step) }),
    }),
  }
}

function guarded(
  name: string,
  optimizer: Optimizer,
  condition: (step: Step) => Value,
  own?: {
    readonly initial: Readonly<Record<string, ReturnType<typeof filled>>>
    readonly next: (step: Step) => Readonly<Record<string, Value>>
  },
): Optimizer {
  // the inner clock stands still when a step is skipped: its numbers are those of as many steps before
  return around(optimizer, {
    name,
    state: () => ({ skipped: filled([], 0, 'int64'), ...own?.initial }),
    scalars: ({ kept }) => ({ before: kept('skipped') }),
    clock: (clock) => ({ ...clock, t: clock.t - clock.kept('skipped') }),
    transform(step, inside) {
      const holds = condition(step)
      const { skipped } = step.state
      const delay = sub(skipped, cast(step.numbers.before as Value, 'int64'))
      const numbers = step.delayed(delay)
      const delayed: Step['delayed'] = (steps) => step.delayed(add(delay, steps))
      const names = innerNames(step.state)
      const results = ifElse<readonly Value[]>(
        holds,
        () => {
          const { gradients, state } = inside.apply({ ...step, numbers, delayed })
          return [...gradients, ...names.map((key) => state[key])]
        },
        () => [...step.parameters.map(zerosLike), ...names.map((key) => step.state[key])],
      )
      const count = step.paths.length
      return {
        gradients: results.slice(0, count),
        state: {
          ...own?.next(step),
          ...Object.fromEntries(names.map((key, i) => [key, results[count + i]])),
          skipped: add(skipped, cast(not(holds), 'int64')),
        },
      }
    },
  })
}
