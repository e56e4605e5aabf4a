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
    const z = (estimate - threshold) / standardError
    const [high, low] = [normalCdf(-z), normalCdf(z)]
    return operator === '>=' ? { kept: high, broken: low } : { kept: low, broken: high }
  },
  bounds: ({ estimate, standardError }, tails) => [
    estimate - normalQuantile(1 - tails.lower) * standardError,
    estimate + normalQuantile(1 - tails.upper) * standardError,
  ],
  sides: () => 1,
  scaled: ({ estimate, standardError, n }, factor, shift) => {
    const error = standardError / Math.sqrt(factor)
    return { kind: 'mean', estimate: estimate + shift * error, standardError: error, n: Math.round(n * factor) }
  },
}
