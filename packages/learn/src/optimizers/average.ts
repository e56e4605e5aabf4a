import { add, mul, sub, type Value } from '@mlpod/graph'
import { lerp } from './arithmetic.ts'
import { around } from './around.ts'
import { copied, keyOf, slotsOf } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'
import type { Transform } from './transform.ts'

/** Returns one slot of each parameter instead of the parameters. */
export const resultOf =
  (slot: string): NonNullable<Transform['result']> =>
  ({ paths, state }) =>
    paths.map((path) => state[keyOf(slot, path)])

function averaged(
  name: string,
  optimizer: Optimizer,
  options: Readonly<Record<string, number>>,
  share: (t: number) => number,
): Optimizer {
  return around(optimizer, {
    name,
    options,
    state: slotsOf({ average: copied }),
    scalars: ({ t }) => ({ share: share(t) }),
    transform(step, inside) {
      const { gradients, state } = inside.apply(step)
      const next: Record<string, Value> = {}
      for (const [i, path] of step.paths.entries()) {
        const key = keyOf('average', path)
        next[key] = lerp(step.state[key], add(step.parameters[i], gradients[i]), step.numbers.share)
      }
      return { gradients, state: { ...state, ...next } }
    },
    result: resultOf('average'),
  })
}

/**
 * Returns an optimizer whose result is the moving average of the parameters: average = decay average + (1 - decay) p, after
 * each step; the first copies. Training goes on with the parameters themselves. Throws `OPTIMIZER_INVALID`.
 * Source: torch.optim.swa_utils.get_ema_multi_avg_fn 2.15.
 */
export function emaOfParameters(optimizer: Optimizer, { decay = 0.999 }: { readonly decay?: number } = {}): Optimizer {
  if (!(decay >= 0 && decay <= 1)) throw refuse('emaOfParameters', `decay is ${decay}, not in [0, 1]`)
  return averaged('emaOfParameters', optimizer, { decay }, (t) => (t === 1 ? 1 : 1 - decay))
}

/**
 * Returns an optimizer whose result is the mean of the parameters after the steps `from`, `from + every`, ... (stochastic
 * weight averaging). Throws `OPTIMIZER_INVALID`. Source: Izmailov et al. (2018); torch.optim.swa_utils.AveragedModel 2.15.
 */
export function meanOfParameters(
  optimizer: Optimizer,
  { from = 1, every = 1 }: { readonly from?: number; readonly every?: number } = {},
): Optimizer {
  for (const [name, value] of Object.entries({ from, every }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw refuse('meanOfParameters', `${name} is ${value}, not a whole number >= 1`)
  // until the first mean, the parameters themselves
  const share = (t: number): number => (t <= from ? 1 : (t - from) % every === 0 ? 1 / ((t - from) / every + 1) : 0)
  return averaged('meanOfParameters', optimizer, { from, every }, share)
}

/**
 * Returns an optimizer whose slow parameters go a share `slowStep` towards the fast ones after every `period` steps, from
 * where both go on; the slow ones are the result. Throws `OPTIMIZER_INVALID`. Source: Zhang et al. (2019); optax.lookahead 0.2.8.
 */
export function lookahead(
  optimizer: Optimizer,
  { period = 5, slowStep = 0.5 }: { readonly period?: number; readonly slowStep?: number } = {},
): Optimizer {
  if (!(Number.isSafeInteger(period) && period >= 1))
    throw refuse('lookahead', `a period of ${period} steps is not possible`)
  if (!(slowStep > 0 && slowStep <= 1)) throw refuse('lookahead', `slowStep is ${slowStep}, not in (0, 1]`)
  return around(optimizer, {
    name: 'lookahead',
    options: { period, slowStep },
    state: slotsOf({ slow: copied }),
    scalars: ({ t }) => {
      const synchronizes = t % period === 0 ? 1 : 0
      return { forward: synchronizes * slowStep, back: -synchronizes * (1 - slowStep) }
    },
    transform(step, inside) {
      const { gradients, state } = inside.apply(step)
      const slow: Record<string, Value> = {}
      const fast = step.paths.map((path, i) => {
        const before = step.state[keyOf('slow', path)]
        const apart = sub(add(step.parameters[i], gradients[i]), before)
        slow[keyOf('slow', path)] = add(before, mul(apart, step.numbers.forward))
        return add(gradients[i], mul(apart, step.numbers.back))
      })
      return { gradients: fast, state: { ...state, ...slow } }
    },
    result: resultOf('slow'),
  })
}
