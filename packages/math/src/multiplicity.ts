import { PodError } from '@mlpod/contract'

/** A correction for several tests: a p-value for each, so that rejecting where it is <= alpha errs at all at most alpha. */
export type Correction = (pValues: readonly number[]) => number[]

const check = (pValues: readonly number[]): void => {
  for (const p of pValues) if (!(p >= 0 && p <= 1)) throw new PodError('P_VALUE_INVALID', `${p} is no p-value`)
}

/** Returns the adjusted p-values of Holm's step-down procedure, in the given order. Source: Holm (1979). */
export const holm: Correction = (pValues) => {
  check(pValues)
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b] || a - b)
  const adjusted = new Array<number>(pValues.length)
  let largest = 0
  order.forEach((index, step) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - step) * pValues[index]))
    adjusted[index] = largest
  })
  return adjusted
}

/** Returns the p-values times their number, at most 1. Source: Bonferroni (1936). */
export const bonferroni: Correction = (pValues) => {
  check(pValues)
  return pValues.map((p) => Math.min(1, p * pValues.length))
}

/**
 * Returns the adjusted p-values of the step-up procedure that bounds the expected share of false rejections among all
 * rejections, for independent or positively dependent tests. Source: Benjamini, Hochberg (1995).
 */
export const benjaminiHochberg: Correction = (pValues) => {
  check(pValues)
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[b] - pValues[a] || b - a)
  const adjusted = new Array<number>(pValues.length)
  let smallest = 1
  order.forEach((index, step) => {
    smallest = Math.min(smallest, (pValues.length * pValues[index]) / (pValues.length - step))
    adjusted[index] = smallest
  })
  return adjusted
}

/**
 * Returns, for each e-value, the least level at which it is rejected so that the expected share of false rejections is at most that level, whatever
 * the dependence of the tests: 1 / e in place of p in the procedure of Benjamini and Hochberg. Throws `E_VALUE_INVALID`.
 * Source: Wang, Ramdas (2022), False discovery rate control with e-values.
 */
export function eBenjaminiHochberg(eValues: readonly number[]): number[] {
  for (const e of eValues) if (!(e >= 0)) throw new PodError('E_VALUE_INVALID', `${e} is no e-value`)
  return benjaminiHochberg(eValues.map((e) => Math.min(1, 1 / e)))
}
