import { add, div, mul, sub, type Value } from '@mlpod/graph'
import { lerp } from './arithmetic.ts'
import { around } from './around.ts'
import { copied, keyOf, slotsOf } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'
import { rateAt } from './transform.ts'

/**
 * Returns an optimizer that needs no falling learning rate: gradients are taken at y between the optimizer's own point z and
 * the average x of all z, weighed by the largest learning rate so far to a power; x is the result.
 * z += step; x = (1 - c) x + c z; y = beta1 x + (1 - beta1) z. Throws `OPTIMIZER_INVALID`.
 * Source: Defazio et al. (2024); optax.contrib.schedule_free 0.2.8.
 */
export function scheduleFree(
  optimizer: Optimizer,
  { beta1 = 0.9, power = 2 }: { readonly beta1?: number; readonly power?: number } = {},
): Optimizer {
  if (!(beta1 > 0 && beta1 <= 1)) throw refuse('scheduleFree', `beta1 is ${beta1}, not in (0, 1]`)
  const x = (y: Value, z: Value): Value => div(sub(y, mul(z, 1 - beta1)), beta1)
  // what each step adds, and the sum so far: made once, however often a step is asked for
  const weights: { largest: number; sum: number }[] = [{ largest: 0, sum: 0 }]
  const shareAt = (t: number): number => {
    for (let at = weights.length; at <= t; at++) {
      const largest = Math.max(weights[at - 1].largest, rateAt(optimizer.learningRate, at))
      weights.push({ largest, sum: weights[at - 1].sum + largest ** power })
    }
    const { largest, sum } = weights[t]
    return sum === 0 ? 0 : largest ** power / sum
  }
  return around(optimizer, {
    name: 'scheduleFree',
    options: { beta1, power },
    state: slotsOf({ z: copied }),
    scalars: ({ t }) => ({ share: shareAt(t) }),
    transform(step, inside) {
      const { gradients, state } = inside.apply(step)
      const kept: Record<string, Value> = {}
      const moves = step.paths.map((path, i) => {
        const [y, before] = [step.parameters[i], step.state[keyOf('z', path)]]
        const z = add(before, gradients[i])
        kept[keyOf('z', path)] = z
        const averaged = lerp(x(y, before), z, step.numbers.share)
        return sub(add(mul(averaged, beta1), mul(z, 1 - beta1)), y)
      })
      return { gradients: moves, state: { ...state, ...kept } }
    },
    result: ({ paths, parameters, state }) => paths.map((path, i) => x(parameters[i], state[keyOf('z', path)])),
  })
}
