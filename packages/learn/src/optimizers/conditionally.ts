import type { Tensor } from '@mlpod/contract'
import {
  add,
  cast,
  greater,
  greaterOrEqual,
  ifElse,
  isInf,
  isNaN as isNaNValue,
  less,
  mul,
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

/** Whether a step is taken, and what is kept of that beside the count of those left out. */
interface Judged {
  readonly holds: Value
  readonly state?: Readonly<Record<string, Value>>
}

/**
 * Returns an optimizer that takes a step only where it is judged so. The clock of the one inside stands still when a step is left
 * out: its numbers are those of as many steps before.
 */
export function guarded(
  name: string,
  optimizer: Optimizer,
  judge: (step: Step) => Judged,
  {
    initial = {},
    options,
  }: { readonly initial?: Readonly<Record<string, Tensor>>; readonly options?: Readonly<Record<string, unknown>> } = {},
): Optimizer {
  const guard = around(optimizer, {
    name,
    options,
    state: () => ({ skipped: filled([], 0, 'int64'), ...initial }),
    scalars: ({ kept }) => ({ before: kept('skipped') }),
    clock: (clock) => ({ ...clock, t: clock.t - clock.kept('skipped') }),
    transform(step, inside) {
      const { holds, state: judged } = judge(step)
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
          ...judged,
          ...Object.fromEntries(names.map((key, i) => [key, results[count + i]])),
          skipped: add(skipped, cast(not(holds), 'int64')),
        },
      }
    },
  })
  return { ...guard, skips: true }
}

/**
 * Returns an optimizer that takes a step only where the condition (one bool, of the step) holds; else parameters, state and
 * the count of steps stay as they are, so that schedules and corrections wait as well. The state `skipped` counts.
 * Source: optax.conditionally_mask 0.2.8.
 */
export const conditionally = (optimizer: Optimizer, condition: (step: Step) => Value): Optimizer =>
  guarded('conditionally', optimizer, (step) => ({ holds: condition(step) }))

/** Returns an optimizer that takes no step when a gradient is not finite. Source: optax.skip_not_finite 0.2.8. */
export const skipNotFinite = (optimizer: Optimizer): Optimizer =>
  guarded('skipNotFinite', optimizer, ({ gradients }) => ({ holds: allFinite(gradients) }))

/** Returns an optimizer that takes no step unless the squared norm of all gradients is below this. Source: optax.skip_large_updates 0.2.8. */
export const skipLargeUpdates = (optimizer: Optimizer, maximum: number): Optimizer =>
  guarded('skipLargeUpdates', optimizer, ({ gradients }) => ({ holds: less(squaredNorm(gradients), maximum) }), {
    options: { maximum },
  })

/**
 * Returns an optimizer that takes no step when a gradient is not finite, unless that happened `most` times in a row: then it
 * does, and the loss shows it. Throws `OPTIMIZER_INVALID`. Source: optax.apply_if_finite 0.2.8.
 */
export function applyIfFinite(optimizer: Optimizer, most: number): Optimizer {
  if (!(Number.isSafeInteger(most) && most >= 0))
    throw refuse('applyIfFinite', `${most} times in a row are not possible`)
  const judge = ({ gradients, state }: Step): Judged => {
    const finite = allFinite(gradients)
    const row = where(finite, 0, add(state.row, 1))
    return { holds: or(finite, greater(row, most)), state: { row } }
  }
  return guarded('applyIfFinite', optimizer, judge, { initial: { row: filled([], 0, 'int64') }, options: { most } })
}

/** What the reverse pass begins with, in the state of `scaledLoss`. */
const SCALE = 'scale'

/**
 * Returns an optimizer whose gradients are taken of the loss times a scale, and divided by it again: small ones of half precision
 * do not vanish. A step whose gradients are not finite is left out and shrinks the scale; `interval` good steps in a row let it
 * grow. It must be the outermost. Throws `OPTIMIZER_INVALID`.
 * Source: Micikevicius et al. (2018); torch.amp.GradScaler 2.15; keras LossScaleOptimizer 3.15.
 */
export function scaledLoss(
  optimizer: Optimizer,
  { initial = 2 ** 16, growth = 2, shrink = 0.5, interval = 2000 } = {},
): Optimizer {
  if (!(initial > 0 && growth >= 1 && shrink > 0 && shrink < 1))
    throw refuse('scaledLoss', `a scale of ${initial} that grows by ${growth} and shrinks by ${shrink} is not possible`)
  if (!(Number.isSafeInteger(interval) && interval >= 1))
    throw refuse('scaledLoss', `an interval of ${interval} steps is not possible`)
  const judge = ({ gradients, state: { [SCALE]: scale, good } }: Step): Judged => {
    const holds = allFinite(gradients)
    const grows = greaterOrEqual(add(good, 1), interval)
    return {
      holds,
      state: {
        [SCALE]: where(holds, where(grows, mul(scale, growth), scale), mul(scale, shrink)),
        good: where(holds, where(grows, 0, add(good, 1)), 0),
      },
    }
  }
  return {
    ...guarded('scaledLoss', optimizer, judge, {
      initial: { [SCALE]: filled([], initial), good: filled([], 0, 'int64') },
      options: { initial, growth, shrink, interval },
    }),
    cotangent: SCALE,
  }
}
