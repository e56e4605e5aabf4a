import { PodError } from '@mlpod/contract'

/** Points in (0, 1) and their weights, which sum to 1. */
export interface Quadrature {
  readonly points: readonly number[]
  readonly weights: readonly number[]
}

/** The rules that integrate along a path, as captum 0.9 names them (its trapezoid weights sum to (n - 1) / n; ours to 1). */
export type QuadratureRule = 'gausslegendre' | 'riemann_middle' | 'riemann_trapezoid'

/**
 * Returns a rule with `steps` points on [0, 1]. Gauss-Legendre is exact for polynomials of degree 2 steps - 1.
 * Throws `STEPS_INVALID` unless `steps` is a whole number >= 1 (>= 2 for the trapezoid).
 */
export function quadrature(steps: number, rule: QuadratureRule = 'gausslegendre'): Quadrature {
  if (!(Number.isInteger(steps) && steps >= (rule === 'riemann_trapezoid' ? 2 : 1)))
    throw new PodError('STEPS_INVALID', `${steps} is no number of steps for ${rule}`, { hint: 'a whole number >= 2' })
  const index = Array.from({ length: steps }, (_, i) => i)
  if (rule === 'riemann_middle')
    return { points: index.map((i) => (i + 0.5) / steps), weights: index.map(() => 1 / steps) }
  if (rule === 'riemann_trapezoid')
    return {
      points: index.map((i) => i / (steps - 1)),
      weights: index.map((i) => (i === 0 || i === steps - 1 ? 0.5 : 1) / (steps - 1)),
    }
  const nodes = index.map((i) => legendreRoot(steps, i))
  return { points: nodes.map(({ x }) => (1 + x) / 2), weights: nodes.map(({ weight }) => weight / 2) }
}

/** The i-th root of the Legendre polynomial of a degree, ascending, by Newton's method from Tricomi's estimate, with its weight. */
function legendreRoot(degree: number, i: number): { x: number; weight: number } {
  let x = -Math.cos((Math.PI * (i + 0.75)) / (degree + 0.5))
  let slope = 1
  for (let iteration = 0; iteration < 100; iteration++) {
    let [previous, current] = [1, x]
    for (let k = 2; k <= degree; k++)
      [previous, current] = [current, ((2 * k - 1) * x * current - (k - 1) * previous) / k]
    slope = (degree * (x * current - previous)) / (x * x - 1)
    const step = current / slope
    x -= step
    if (Math.abs(step) < 1e-15) break
  }
  return { x, weight: 2 / ((1 - x * x) * slope * slope) }
}
