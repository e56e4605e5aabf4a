import { expect, test } from 'vitest'
import { minimizeConvex } from './minimizeConvex.ts'

/** sum of exp(w) - c w: least at log c. */
const exponentials = (c: readonly number[]) => (w: Float64Array) => ({
  value: w.reduce((sum, x, i) => sum + Math.exp(x) - c[i] * x, 0),
  gradient: w.map((x, i) => Math.exp(x) - c[i]),
  hessianProduct: (v: Float64Array) => v.map((x, i) => Math.exp(w[i]) * x),
})

test('Newton finds the minimum to rounding, from afar too', () => {
  const c = [0.01, 1, 50]
  const found = minimizeConvex(new Float64Array(3).fill(8), exponentials(c), { tolerance: 1e-12 })
  expect(found.converged).toBe(true)
  expect(found.iterations).toBeLessThan(40)
  for (const [i, x] of found.place.entries()) expect(x).toBeCloseTo(Math.log(c[i]), 10)
})

test('a function without a minimum is said not to converge', () => {
  const found = minimizeConvex(
    new Float64Array(1),
    ([w]) => ({
      value: Math.log1p(Math.exp(-w)),
      gradient: Float64Array.of(-1 / (1 + Math.exp(w))),
      hessianProduct: ([v]) => Float64Array.of((v * Math.exp(w)) / (1 + Math.exp(w)) ** 2),
    }),
    { maxIterations: 10, tolerance: 1e-12 },
  )
  expect(found.converged).toBe(false)
})
