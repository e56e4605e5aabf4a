import type { Measurement } from '@mlpod/contract'
import { normalCdf, normalQuantile } from '@mlpod/math'
import type { Test } from './test.ts'

type Mean = Extract<Measurement, { kind: 'mean' }>

/** Wald test of an asymptotically normal estimate with its standard error (AUC by DeLong, mean losses). */
export const mean: Test<Mean> = {
  method: 'asymptotic normal test',
  estimate: ({ estimate }) => estimate,
  n: ({ n }) => n,
  p({ estimate, standardError }, operator, threshold) {
    const z =
      standardError > 0
        ? (estimate - threshold) / standardError
        : Math.sign(estimate - threshold) * Number.POSITIVE_INFINITY
    const [high, low] = Number.isNaN(z) ? [0, 0] : [normalCdf(-z), normalCdf(z)]
    return operator === '>=' ? { kept: high, broken: low } : { kept: low, broken: high }
  },
  bounds: ({ estimate, standardError }, tails) => [
    estimate - normalQuantile(1 - tails.lower) * standardError,
    estimate + normalQuantile(1 - tails.upper) * standardError,
  ],
  factor({ estimate, standardError }, threshold, delta) {
    const gap = Math.abs(estimate - threshold)
    return gap === 0
      ? Number.POSITIVE_INFINITY
      : (((normalQuantile(1 - delta) + normalQuantile(0.8)) * standardError) / gap) ** 2
  },
}
