import { betaQuantileOfTails, incompleteBeta } from './beta.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** Returns P(T <= t) of Student's law with `degrees` > 0 degrees of freedom (Infinity: the normal law). */
export function tCdf(t: number, degrees: number): number {
  if (!(degrees > 0) || Number.isNaN(t)) return Number.NaN
  if (degrees === Infinity) return normalCdf(t)
  if (t === 0) return 0.5
  if (!Number.isFinite(t)) return t < 0 ? 0 : 1
  const square = t * t
  const tail = incompleteBeta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square)).lower / 2
  return t < 0 ? tail : 1 - tail
}

/** Returns the t with P(T <= t) = p of Student's law with `degrees` > 0 degrees of freedom; NaN for p outside [0, 1]. */
export function tQuantile(p: number, degrees: number): number {
  if (!(degrees > 0 && p >= 0 && p <= 1)) return Number.NaN
  if (degrees === Infinity) return normalQuantile(p)
  if (p === 0.5) return 0
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity
  const tail = Math.min(p, 1 - p)
  const rest = p < 0.5 ? 1 - 2 * p : 2 * p - 1
  // y = t^2 / (degrees + t^2) and its complement x follow beta laws; the smaller of both has the digits
  const y = betaQuantileOfTails(rest, 2 * tail, 0.5, degrees / 2)
  const x = y <= 0.5 ? 1 - y : betaQuantileOfTails(2 * tail, rest, degrees / 2, 0.5)
  const size = Math.sqrt(degrees * (y <= 0.5 ? y / x : (1 - x) / x))
  return p < 0.5 ? -size : size
}
