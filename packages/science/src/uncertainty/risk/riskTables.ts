import { PodError } from '@mlpod/contract'
import {
  binomialCdf,
  boundOfPValue,
  clopperPearson,
  cltBound,
  cltPValue,
  empiricalBernsteinBound,
  hoeffdingBentkusPValue,
  hoeffdingBound,
  pelekisRamonWangPValue,
  wsrBound,
  wsrPValue,
} from '@mlpod/math'
import type { RiskCurve } from './riskCurve.ts'

/** The p-value of "the risk at setting j is above alpha"; 1 where no row is left to tell. */
export type RiskTest = (curve: RiskCurve, j: number, alpha: number, delta: number) => number

const countAt = ({ n, sum }: RiskCurve, j: number): { n: number; sum: number } => ({ n: n[j], sum: sum[j] })

function binaryCountAt(curve: RiskCurve, j: number): { n: number; sum: number } {
  if (!curve.binary)
    throw new PodError(
      'RISK_NOT_BINARY',
      `the losses of "${curve.name}" are not 0 or 1, so they follow no binomial law`,
      {
        hint: 'take hoeffdingBentkus or wsr',
      },
    )
  return countAt(curve, j)
}

/** P-values of risks by name. `clt` is approximate, the others hold for any number of rows; `binomial` is for losses 0 and 1. */
export const RISK_TESTS = {
  hoeffdingBentkus: (curve, j, alpha) => hoeffdingBentkusPValue(countAt(curve, j), alpha, { binary: curve.binary }),
  binomial(curve, j, alpha) {
    const { n, sum } = binaryCountAt(curve, j)
    return n > 0 ? binomialCdf(sum, n, alpha) : 1
  },
  wsr: (curve, j, alpha, delta) => (curve.n[j] > 0 ? wsrPValue(curve.losses(j), alpha, { delta }) : 1),
  pelekisRamonWang: (curve, j, alpha) => pelekisRamonWangPValue(countAt(curve, j), alpha),
  clt: (curve, j, alpha) => (curve.n[j] > 1 ? cltPValue(curve.losses(j), alpha) : 1),
} as const satisfies Readonly<Record<string, RiskTest>>

/** An upper bound of the risk at setting j that holds with probability 1 - delta. */
export type RiskBound = (curve: RiskCurve, j: number, delta: number) => number

/** Upper bounds of risks by name. `clt` is approximate; `clopperPearson` is for losses 0 and 1. */
export const RISK_BOUNDS = {
  hoeffding: (curve, j, delta) => hoeffdingBound(countAt(curve, j), delta),
  bernstein: (curve, j, delta) => empiricalBernsteinBound(curve.losses(j), delta),
  wsr: (curve, j, delta) => wsrBound(curve.losses(j), delta),
  hoeffdingBentkus: (curve, j, delta) =>
    boundOfPValue((mean) => hoeffdingBentkusPValue(countAt(curve, j), mean, { binary: curve.binary }), delta),
  pelekisRamonWang: (curve, j, delta) =>
    boundOfPValue((mean) => pelekisRamonWangPValue(countAt(curve, j), mean), delta),
  clopperPearson(curve, j, delta) {
    const { n, sum } = binaryCountAt(curve, j)
    return clopperPearson({ successes: sum, n }, { confidence: 1 - delta, sides: 'upper' }).upper
  },
  clt: (curve, j, delta) => cltBound(curve.losses(j), delta),
} as const satisfies Readonly<Record<string, RiskBound>>
