import { abs, add, constant, div, max, min, mul, neg, reduceSum, sqrt, sub, type Value } from '@mlpod/graph'
import { globalNorm, inner } from './arithmetic.ts'
import { around } from './around.ts'
import { copied, filled, keyOf, slotsOf } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'

/**
 * Returns an optimizer whose scale is learnt by betting: the steps of the one inside, summed since the beginning, are
 * multiplied by s, which grows as long as gradients go against them. Throws `OPTIMIZER_INVALID`.
 * Source: Cutkosky, Defazio, Mehta (2023); optax.contrib.mechanize 0.2.8.
 */
export function mechanize(
  optimizer: Optimizer,
  {
    weightDecay = 1e-2,
    epsilon = 1e-8,
    initialScale = 1e-6,
    betas: count = 6,
  }: {
    readonly weightDecay?: number
    readonly epsilon?: number
    readonly initialScale?: number
    readonly betas?: number
  } = {},
): Optimizer {
  if (!(Number.isSafeInteger(count) && count >= 1)) throw refuse('mechanize', `${count} betas are not possible`)
  if (!(initialScale > 0)) throw refuse('mechanize', `initialScale is ${initialScale}, not a number above 0`)
  const betas = Array.from({ length: count }, (_, i) => 1 - 0.1 ** (i + 1))
  return around(optimizer, {
    name: 'mechanize',
    options: { weightDecay, epsilon, initialScale, betas: count },
    state: (parameters) => ({
      r: filled([count]),
      v: filled([count]),
      m: filled([count]),
      s: filled([count], initialScale),
      ...slotsOf({ start: copied })(parameters),
    }),
    transform(step, inside) {
      const { parameters, paths } = step
      const { r, v, m, s } = step.state
      const { gradients: steps, state } = inside.apply(step)
      const scale = reduceSum(s)
      const decay = div(mul(mul(scale, weightDecay), globalNorm(step.gradients)), add(globalNorm(parameters), epsilon))
      const decayed = step.gradients.map((g, i) => add(g, mul(decay, parameters[i])))
      const starts = paths.map((path) => step.state[keyOf('start', path)])
      const before = parameters.map((p, i) => div(sub(starts[i], p), add(scale, epsilon)))
      const moved = before.map((d, i) => sub(d, steps[i]))
      const h = inner(decayed, before)
      const beta = constant(betas)
      const clipped = min(max(h, neg(m)), m)
      const nextM = max(mul(beta, m), add(abs(h), epsilon))
      const nextV = add(mul(constant(betas.map((b) => b * b)), v), mul(h, h))
      const nextR = add(mul(beta, r), mul(clipped, s))
      const wealth = add(mul(nextM, initialScale / count), max(nextR, 0))
      const nextS = div(wealth, add(sqrt(nextV), epsilon))
      const next = reduceSum(nextS)
      const gradients = parameters.map((p, i) => sub(sub(starts[i], mul(next, moved[i])), p))
      const kept: Record<string, Value> = { ...state, r: nextR, v: nextV, m: nextM, s: nextS }
      for (const [i, path] of paths.entries()) kept[keyOf('start', path)] = starts[i]
      return { gradients, state: kept }
    },
  })
}
