import { abs, add, div, mul, type Value } from '@mlpod/graph'
import { globalNorm, square } from './arithmetic.ts'
import { around } from './around.ts'
import { type Optimizer, refuse } from './optimizer.ts'

/**
 * Returns an optimizer that steps with the gradient at p + rho g / |g|, the worst place nearby (sharpness-aware
 * minimization): two gradients a step. `adaptive` measures nearness by the size of each parameter: p + rho p^2 g / |p g|
 * (Kwon et al. 2021). Throws `OPTIMIZER_INVALID`. Source: Foret et al. (2021); optax.contrib.sam 0.2.8.
 */
export function sam(
  optimizer: Optimizer,
  { rho = 0.05, adaptive = false }: { readonly rho?: number; readonly adaptive?: boolean } = {},
): Optimizer {
  if (!(rho > 0 && Number.isFinite(rho))) throw refuse('sam', `rho is ${rho}, not a number above 0`)
  return around(optimizer, {
    name: 'sam',
    options: { rho, adaptive },
    transform(step, inside) {
      const scaled = (g: Value, i: number): Value => (adaptive ? mul(g, abs(step.parameters[i])) : g)
      const factor = div(rho, globalNorm(step.gradients.map(scaled)))
      const away = step.gradients.map((g, i) => mul(adaptive ? mul(g, square(step.parameters[i])) : g, factor))
      const gradients = step.gradientAt(step.parameters.map((p, i) => add(p, away[i])))
      return inside.apply({ ...step, gradients })
    },
  })
}
