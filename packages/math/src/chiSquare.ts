import { incompleteGamma } from './gamma.ts'

/** Returns P(X <= x) of the chi-square law with `degrees` > 0 degrees of freedom. */
export function chiSquareCdf(x: number, degrees: number): number {
  return degrees > 0 && !Number.isNaN(x) ? incompleteGamma(degrees / 2, x / 2).lower : Number.NaN
}

/** Returns P(X > x) of the chi-square law, exact also where it is tiny: the p-value of a chi-square test. */
export function chiSquareTail(x: number, degrees: number): number {
  return degrees > 0 && !Number.isNaN(x) ? incompleteGamma(degrees / 2, x / 2).upper : Number.NaN
}
