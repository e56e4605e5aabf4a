import {
  andersonDarling,
  baumgartnerWeissSchindler,
  cramerVonMises,
  energyDistance,
  eppsSingleton,
  kolmogorovSmirnov,
  kuiper,
  mannWhitney,
  type Runs,
  runsOf,
  studentTest,
  type TestResult,
  variance,
  wasserstein,
  wassersteinOf,
  welchTest,
} from '@mlpod/math'
import { rangeOf } from './bins.ts'
import { drawn, meanDiscrepancy } from './meanDiscrepancy.ts'
import type { Method } from './method.ts'
import type { NumberSample, Sample } from './sample.ts'

const both = (a: Sample, b: Sample) => [a as NumberSample, b as NumberSample] as const
const p = ({ pValue, statistic }: TestResult) => ({ score: pValue, statistic })

/** A test on the sorted values of both sides. */
const ordered = (
  about: string,
  threshold: number,
  drifted: Method['drifted'],
  run: (a: Runs, b: Runs) => TestResult,
): Method => ({
  about,
  kinds: ['number'],
  gives: 'p-value',
  threshold,
  drifted,
  compare: (a, b) => {
    const [reference, current] = both(a, b)
    return p(run(reference.runs(), current.runs()))
  },
})

/** A test on the moments of both sides. */
const ofMoments = (about: string, run: typeof studentTest): Method => ({
  about,
  kinds: ['number'],
  gives: 'p-value',
  threshold: 0.05,
  drifted: below,
  compare: (a, b) => {
    const [reference, current] = both(a, b)
    return p(run(reference.spread(), current.spread()))
  },
})

const below = (score: number, threshold: number): boolean => score < threshold
const atMost = (score: number, threshold: number): boolean => score <= threshold

/** Methods for numbers. Source of names, thresholds and comparisons: Evidently 0.7.23. */
export const numberMethods = {
  ks: ordered('Kolmogorov-Smirnov test', 0.05, atMost, kolmogorovSmirnov),
  anderson: ordered('Anderson-Darling test', 0.1, below, andersonDarling),
  cramer_von_mises: ordered('Cramer-von Mises test', 0.1, atMost, cramerVonMises),
  es: ordered('Epps-Singleton test', 0.05, below, eppsSingleton),
  mannw: ordered('Mann-Whitney test that the reference is smaller', 0.05, below, (a, b) =>
    mannWhitney(a, b, { alternative: 'less' }),
  ),
  mannw_two_sided: ordered('Mann-Whitney test, two-sided', 0.05, below, mannWhitney),
  kuiper: ordered("Kuiper's test", 0.05, below, kuiper),
  bws: {
    about: 'test of Baumgartner, Weiss and Schindler, by permutation; more rows than `maxRows` are drawn from',
    kinds: ['number'],
    gives: 'p-value',
    threshold: 0.05,
    drifted: below,
    compare: (a, b, { seed = 0, maxRows = 2000 }) => {
      const cut = (sample: Sample): Runs => runsOf(drawn((sample as NumberSample).values(), maxRows, seed, 'bws'))
      return p(baumgartnerWeissSchindler(cut(a), cut(b), { seed }))
    },
  },
  t_test: ofMoments("Student's t-test", studentTest),
  welch: ofMoments("Welch's t-test", welchTest),
  wasserstein: {
    about: 'earth mover distance in standard deviations of the reference',
    kinds: ['number'],
    gives: 'distance',
    threshold: 0.1,
    drifted: (score, threshold) => score >= threshold,
    compare: (a, b) => {
      const [reference, current] = both(a, b)
      const scale = Math.max(Math.sqrt(variance(reference.spread(), { ddof: 0 })), 0.001)
      // what is counted is sorted already
      const distance =
        reference.tallied.counts && current.tallied.counts
          ? wasserstein(reference.runs(), current.runs())
          : wassersteinOf(reference.values(), current.values(), rangeOf(reference, current))
      return { score: distance / scale }
    },
  },
  ed: {
    about: 'energy distance',
    kinds: ['number'],
    gives: 'distance',
    threshold: 0.1,
    drifted: (score, threshold) => score > threshold,
    compare: (a, b) => {
      const [reference, current] = both(a, b)
      return { score: energyDistance(reference.runs(), current.runs()) }
    },
  },
  empirical_mmd: {
    about: 'maximum mean discrepancy, p-value by permutation',
    kinds: ['number'],
    gives: 'p-value',
    threshold: 0.1,
    drifted: below,
    compare: (a, b, { seed = 0, maxRows = 1000 }) => {
      const [reference, current] = both(a, b)
      return p(meanDiscrepancy(reference.values(), current.values(), { seed, maxRows }))
    },
  },
} as const satisfies Readonly<Record<string, Method>>
