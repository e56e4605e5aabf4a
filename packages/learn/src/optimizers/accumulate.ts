import { greater, ifElse, type Value } from '@mlpod/graph'
import { lerp, zerosLike } from './arithmetic.ts'
import { around, innerNames } from './around.ts'
import { keyOf, slotsOf, zeros } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'

/**
 * Returns an optimizer that steps once in `every` steps, with the mean of the gradients since: a batch as large as so many.
 * Its schedules count its own steps. Throws `OPTIMIZER_INVALID`. Source: optax.MultiSteps 0.2.8.
 */
export function accumulate(optimizer: Optimizer, every: number): Optimizer {
  if (!(Number.isSafeInteger(every) && every >= 1)) throw refuse('accumulate', `${every} steps are not possible`)
  return around(optimizer, {
    name: 'accumulate',
    options: { every },
    state: slotsOf({ mean: zeros }),
    scalars: ({ t }) => ({ share: 1 / (((t - 1) % every) + 1), emits: t % every === 0 ? 1 : 0 }),
    clock: (clock) => ({ ...clock, t: Math.ceil(clock.t / every) }),
    transform(step, inside) {
      const { share, emits } = step.numbers
      const keys = step.paths.map((path) => keyOf('mean', path))
      const means = step.gradients.map((g, i) => lerp(step.state[keys[i]], g, share))
      const names = innerNames(step.state)
      const nothing = (): Value[] => step.parameters.map(zerosLike)
      const results = ifElse<readonly Value[]>(
        greater(emits, 0.5),
        () => {
          const { gradients, state } = inside.apply({ ...step, gradients: means })
          return [...gradients, ...nothing(), ...names.map((key) => state[key])]
        },
        () => [...nothing(), ...means, ...names.map((key) => step.state[key])],
      )
      return {
        gradients: results.slice(0, keys.length),
        state: Object.fromEntries([...keys, ...names].map((key, i) => [key, results[keys.length + i]])),
      }
    },
  })
}
