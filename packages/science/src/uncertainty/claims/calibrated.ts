import { type Claim, PodError } from '@mlpod/contract'
import { answersOf } from '../../guard/answers.ts'
import { bootstrapError } from '../calibrationError.ts'
import {
  calibrationKolmogorovSmirnov,
  calibrationKuiper,
  spiegelhalterTest,
} from '../calibrationMetrics/cumulativeTests.ts'
import type { ModelAndData, ModelAndRows } from '../covers.ts'

/** What a claim about calibration says; exactly one of both. */
export type CalibratedOptions = ModelAndData &
  (
    | {
        /** Among the rows with a score up to any value, events and probabilities differ by at most this share of all rows. */
        readonly within: number
        readonly level?: undefined
      }
    | {
        /** The Kolmogorov-Smirnov test does not reject calibration at this level: which shows only that nothing was found. */
        readonly level: number
        readonly within?: undefined
      }
  )

/**
 * Returns the claim that the probability of the last class is calibrated: that the largest cumulative difference between events and
 * probabilities, by ascending probability, is `within` a limit (with its bootstrap standard error, at least 1 / n), or that
 * the test of it does not reject at `level`. Evidence holds the p-values of three tests. Rows without a label are dropped.
 * Throws `LEVEL_INVALID` unless the limit is in (0, 1). Source: Arrieta-Ibarra et al. (2022).
 */
export function calibrated({ model, data, within, level }: CalibratedOptions): Claim {
  const limit = within ?? level
  if (!(limit > 0 && limit < 1))
    throw new PodError('LEVEL_INVALID', `the limit ${limit} of calibration is not between 0 and 1`)
  const exact = within === undefined
  return {
    statement: exact
      ? `calibration is not rejected at ${limit}`
      : `largest cumulative calibration difference <= ${limit}`,
    quantity: exact ? 'p-value of calibration' : 'cumulative calibration difference',
    operator: exact ? '>=' : '<=',
    threshold: limit,
    data: { model, data },
    async measure(inputs, { seed }) {
      const { model, data } = inputs as ModelAndRows
      const { positive, truth, classes } = await answersOf(model, data)
      const rows = [...truth.keys()].filter((i) => truth[i] >= 0)
      const s = Float64Array.from(rows, (i) => positive[i])
      const y = Float64Array.from(rows, (i) => Number(truth[i] === classes - 1))
      const ks = calibrationKolmogorovSmirnov(s, y, { includeStart: true })
      const difference = (chosen?: Uint32Array): number => {
        const [p, hit] = chosen
          ? [Float64Array.from(chosen, (i) => s[i]), Float64Array.from(chosen, (i) => y[i])]
          : [s, y]
        let variance = 0
        for (const q of p) variance += q * (1 - q)
        return (calibrationKolmogorovSmirnov(p, hit).statistic * Math.sqrt(variance)) / p.length
      }
      return {
        whole: exact
          ? { kind: 'exact', value: ks.pValue, n: rows.length }
          : {
              kind: 'mean',
              estimate: difference(),
              standardError: Math.max(1 / rows.length, bootstrapError(rows.length, difference, { seed })),
              n: rows.length,
            },
        dropped: truth.length - rows.length,
        method: 'cumulative differences of events and probabilities of the last class',
        detail: {
          kolmogorovSmirnov: ks.pValue,
          kuiper: calibrationKuiper(s, y, { includeStart: true }).pValue,
          spiegelhalter: spiegelhalterTest(s, y).pValue,
        },
        seed,
      }
    },
  }
}
