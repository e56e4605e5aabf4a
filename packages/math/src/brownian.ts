import { normalCdf } from './normal.ts'

/**
 * Returns P(max |B(t)| > x over t in [0, 1]) of Brownian motion from 0, to full relative precision.
 * Source: Feller (1951); 1 minus the series (4 / pi) sum (-1)^k / (2k + 1) exp(-(2k + 1)^2 pi^2 / (8 x^2)) for small x.
 */
export function brownianSupremumTail(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  let sum = 0
  if (x < 1.2) {
    for (let k = 0; k < 20; k++)
      sum += ((k % 2 ? -1 : 1) / (2 * k + 1)) * Math.exp(-(((2 * k + 1) * Math.PI) ** 2) / (8 * x * x))
    return 1 - (4 / Math.PI) * sum
  }
  // by reflections, each smaller than the one before
  for (let k = 0; k < 20; k++) sum += (k % 2 ? -4 : 4) * normalCdf(-(2 * k + 1) * x)
  return sum
}

/** Returns P(max B - min B > x over [0, 1]) of Brownian motion from 0, to full relative precision. Source: Feller (1951). */
export function brownianRangeTail(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  let sum = 0
  if (x < 2) {
    for (let k = 0; k < 20; k++) {
      const odd = (k + 0.5) ** 2 * Math.PI ** 2
      sum += (8 / (x * x) + 2 / odd) * Math.exp((-2 * odd) / (x * x))
    }
    return 1 - sum
  }
  for (let k = 1; k <= 40; k++) sum += (k % 2 ? 8 : -8) * k * normalCdf(-k * x)
  return sum
}
