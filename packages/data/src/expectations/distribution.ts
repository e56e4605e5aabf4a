import { betaCdf, chiSquareCdf, incompleteGamma, kolmogorovExactTail, normalCdf, sortNumbers } from '@mlpod/math'
import { numbers } from '../aggregates/index.ts'
import type { Distribution, Of } from './expectation.ts'
import { distance } from './partition.ts'
import { type Entry, known, number, one, type Plan } from './plan.ts'

/** A distribution: its shapes before location and scale, and its function at location 0 and scale 1. */
interface Family {
  readonly shapes: number
  readonly cdf: (x: number, ...shapes: readonly number[]) => number
}

/** Distributions with scipy's parameters: shapes, then location (0) and scale (1). */
const families: Readonly<Record<Distribution, Family>> = {
  norm: { shapes: 0, cdf: normalCdf },
  uniform: { shapes: 0, cdf: (x) => Math.min(1, Math.max(0, x)) },
  expon: { shapes: 0, cdf: (x) => (x <= 0 ? 0 : -Math.expm1(-x)) },
  beta: { shapes: 2, cdf: (x, a, b) => (x <= 0 ? 0 : x >= 1 ? 1 : betaCdf(x, a, b)) },
  gamma: { shapes: 1, cdf: (x, a) => (x <= 0 ? 0 : incompleteGamma(a, x).lower) },
  chi2: { shapes: 1, cdf: (x, k) => (x <= 0 ? 0 : chiSquareCdf(x, k)) },
}

/** The expectation that numbers follow a named distribution. */
export const distributionEntries = {
  distributionKsAbove: {
    fits: 'number',
    columns: one,
    sentence: ({ column, distribution, parameters = [], p = 0.05 }: Of<'distributionKsAbove'>) =>
      `${column} follows ${distribution}(${parameters.join(', ')}) (Kolmogorov-Smirnov test, p above ${p})`,
    refuse({ distribution, parameters = [], p = 0.05 }) {
      const family: Family | undefined = families[distribution]
      if (family === undefined)
        return `there is no distribution "${distribution}", only ${Object.keys(families).join(', ')}`
      if (parameters.length < family.shapes || parameters.length > family.shapes + 2)
        return `${distribution} has ${family.shapes} shapes, a location and a scale, and ${parameters.length} parameters are given`
      const scale = parameters[family.shapes + 1] ?? 1
      if (!(scale > 0)) return `its scale ${scale} is not positive`
      return p >= 0 && p <= 1 ? undefined : `its p ${p} is not between 0 and 1`
    },
    plan(context, { distribution, parameters = [], p = 0.05 }): Plan {
      const { shapes, cdf } = families[distribution]
      const given = parameters.slice(0, shapes)
      const [location = 0, scale = 1] = parameters.slice(shapes)
      const wish = numbers(number(context))
      return {
        needs: [wish],
        finish(read) {
          const values = sortNumbers(Float64Array.from(read(wish)))
          if (values.length === 0) return known(false, null)
          const d = distance(values, (x) => cdf((x - location) / scale, ...given))
          const n = values.length
          const value = kolmogorovExactTail(d, n)
          return { by: 'whole', elements: n, holds: value >= p, observed: value, details: { statistic: d, n } }
        },
      }
    },
  } satisfies Entry<Of<'distributionKsAbove'>>,
} as const
