import { didYouMean, PodError } from '@mlpod/contract'
import { benjaminiHochberg } from '@mlpod/math'
import {
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  type NewRows,
  thresholdsOf,
} from '../calibrate/calibrate.ts'
import { conformalPValues, type PValueOptions, type ScoreReference } from '../pValues/pValues.ts'

/** A threshold of anomaly scores: plain data. */
export type AnomalyCalibration = Calibration

/**
 * Returns the threshold above which the score of a row is an anomaly: of rows like those that calibrate (none of them an anomaly), at most
 * 1 - level are called one, in each group. `alpha` is that share of false alarms. Where there are too few rows to tell, nothing is an anomaly;
 * puncc 0.9.3 throws. Throws what `calibrateScores` throws. Source: Laxhammar, Falkman 2011; puncc `SplitCAD`.
 */
export const calibrateAnomalies = (scores: ArrayLike<number>, options: CalibrateOptions): AnomalyCalibration =>
  calibrateScores(scores, options)

/**
 * Returns 1 for each row [n, levels] whose score is above the threshold; a score that is NaN is further out than all. Throws as
 * `thresholdsOf`.
 */
export function anomaliesOf(
  calibration: AnomalyCalibration,
  scores: ArrayLike<number>,
  rows: NewRows = {},
): Uint8Array {
  const width = calibration.levels.length
  const thresholds = thresholdsOf(calibration, scores.length, rows)
  return Uint8Array.from(thresholds, (q, i) => {
    const score = scores[Math.floor(i / width)]
    return score > q || Number.isNaN(score) ? 1 : 0
  })
}

/**
 * Returns the p-value of each row being like those that calibrate; of a score that is NaN the least there is. Throws as `conformalPValues`.
 */
export function anomalyPValues(
  reference: ScoreReference | ArrayLike<number>,
  scores: ArrayLike<number>,
  options: PValueOptions = {},
): Float64Array {
  const strange = Float64Array.from(scores, (score) => (Number.isNaN(score) ? Number.POSITIVE_INFINITY : score))
  return conformalPValues(reference, strange, options)
}

/** How false discoveries are kept few: by Benjamini and Hochberg, or with an estimate of how many rows are no anomaly (Storey). */
export type DiscoveryMethod = 'benjaminiHochberg' | 'storey'

/** Settings of `anomalyDiscoveries`. */
export interface DiscoveryOptions {
  /** Share of false alarms among all alarms that is borne. */
  readonly fdr: number
  /** `benjaminiHochberg` by default. */
  readonly method?: DiscoveryMethod
  /** Storey's: p-values above it are taken for those of rows that are no anomaly (0.5 by default). */
  readonly lambda?: number
}

/** Rows called anomalies together. */
export interface AnomalyDiscoveries {
  /** 1 for an anomaly. */
  readonly found: Uint8Array
  /** For each row the least `fdr` at which it would be found. */
  readonly adjusted: readonly number[]
  /** The share of rows that are no anomaly, as estimated (1 for Benjamini and Hochberg). */
  readonly nullShare: number
}

const nullShares: Readonly<Record<DiscoveryMethod, (p: readonly number[], lambda: number) => number>> = {
  benjaminiHochberg: () => 1,
  storey: (p, lambda) => Math.min(1, (1 + p.filter((value) => value > lambda).length) / (p.length * (1 - lambda))),
}

/**
 * Returns which rows of a batch are anomalies, so that the expected share of false alarms among the alarms is at most `fdr`: conformal
 * p-values share their calibration rows and are dependent, but positively, which both procedures bear. Throws `LEVEL_INVALID`,
 * `P_VALUE_INVALID`, `OPTION_INVALID`. Source: Bates, Candes, Lei, Romano, Sesia 2023; Storey 2002.
 */
export function anomalyDiscoveries(
  pValues: ArrayLike<number>,
  { fdr, method = 'benjaminiHochberg', lambda = 0.5 }: DiscoveryOptions,
): AnomalyDiscoveries {
  if (!(fdr > 0 && fdr < 1))
    throw new PodError('LEVEL_INVALID', `the share ${fdr} of false alarms is not a number between 0 and 1`)
  if (!(lambda > 0 && lambda < 1))
    throw new PodError('OPTION_INVALID', `"lambda" is ${lambda}`, { hint: 'a number between 0 and 1' })
  const estimate = nullShares[method]
  if (estimate === undefined)
    throw new PodError('OPTION_INVALID', `there is no method "${method}"`, {
      hint: didYouMean(method, Object.keys(nullShares)),
    })
  const p = Array.from(pValues)
  const nullShare = p.length === 0 ? 1 : estimate(p, lambda)
  const adjusted = benjaminiHochberg(p).map((value) => Math.min(1, value * nullShare))
  return { found: Uint8Array.from(adjusted, (value) => (value <= fdr ? 1 : 0)), adjusted, nullShare }
}
