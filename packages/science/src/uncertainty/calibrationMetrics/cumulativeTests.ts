import { brownianRangeTail, brownianSupremumTail, normalCdf } from '@mlpod/math'
import { binaryOutcomes, visitSorted } from './pairs.ts'

/** A statistic of "the probabilities are calibrated" and its p-value. */
export interface CalibrationTest {
  readonly statistic: number
  readonly pValue: number
  readonly n: number
}

/** Settings of the cumulative tests. */
export interface CumulativeOptions {
  /** Whether the start of the cumulative differences, 0, counts as a value of theirs, as the law has it; false by default. */
  readonly includeStart?: boolean
}

/** Largest and smallest cumulative difference (1 / n) sum (y - s) by ascending score, and its scale sqrt(sum s (1 - s)) / n. */
function differences(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  includeStart: boolean,
): { low: number; high: number; scale: number; n: number } {
  let [sum, low, high, variance] = [0, includeStart ? 0 : Infinity, includeStart ? 0 : -Infinity, 0]
  visitSorted(binaryOutcomes(probabilities, outcomes), (score, n, hits) => {
    sum += hits - n * score
    variance += n * score * (1 - score)
    if (sum < low) low = sum
    if (sum > high) high = sum
  })
  const rows = outcomes.length
  return { low: low / rows, high: high / rows, scale: Math.sqrt(variance) / rows, n: rows }
}

/** 0 / 0 is a sample that no law can be held against: its probabilities are 0 and 1 and all came true. */
const ratio = (size: number, scale: number): number => (size === 0 ? 0 : size / scale)

/**
 * Returns the Kolmogorov-Smirnov test of calibration: the largest |cumulative difference| over its scale, against the law of
 * the largest |Brownian motion|. Differences are taken at the ends of ties, so that the order of rows does not matter.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`.
 * Source: Arrieta-Ibarra et al. (2022); MAPIE 1.6 `kolmogorov_smirnov_statistic` (which breaks ties by random jitter).
 */
export function calibrationKolmogorovSmirnov(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  { includeStart = false }: CumulativeOptions = {},
): CalibrationTest {
  const { low, high, scale, n } = differences(probabilities, outcomes, includeStart)
  const statistic = ratio(Math.max(Math.abs(low), Math.abs(high)), scale)
  return { statistic, pValue: brownianSupremumTail(statistic), n }
}

/**
 * Returns the Kuiper test of calibration: the range of the cumulative differences over their scale, against the law of the range
 * of Brownian motion. Throws as `calibrationKolmogorovSmirnov`. Source: Tygert (2023); MAPIE 1.6 `kuiper_statistic`.
 */
export function calibrationKuiper(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  { includeStart = false }: CumulativeOptions = {},
): CalibrationTest {
  const { low, high, scale, n } = differences(probabilities, outcomes, includeStart)
  const statistic = ratio(high - low, scale)
  return { statistic, pValue: brownianRangeTail(statistic), n }
}

/** Spiegelhalter's test: `pValue` is two-sided, `greater` of too many events where they are unlikely, `less` of too few. */
export interface SpiegelhalterTest extends CalibrationTest {
  readonly greater: number
  readonly less: number
}

/**
 * Returns Spiegelhalter's z of calibration, sum (y - s)(1 - 2 s) / sqrt(sum (1 - 2 s)^2 s (1 - s)), normal under calibration.
 * `greater` is P(Z >= z), what MAPIE 1.6 calls its p-value. z is 0 where all scores are 0, 1/2 or 1 and nothing is amiss.
 * Throws as `calibrationKolmogorovSmirnov`. Source: Spiegelhalter (1986).
 */
export function spiegelhalterTest(probabilities: ArrayLike<number>, outcomes: ArrayLike<number>): SpiegelhalterTest {
  const { scores, hits } = binaryOutcomes(probabilities, outcomes)
  let [sum, variance] = [0, 0]
  for (let i = 0; i < scores.length; i++) {
    const [s, tilt] = [scores[i], 1 - 2 * scores[i]]
    sum += (hits[i] - s) * tilt
    variance += tilt * tilt * s * (1 - s)
  }
  const statistic = ratio(sum, Math.sqrt(variance))
  const [less, greater] = [normalCdf(statistic), normalCdf(-statistic)]
  return { statistic, pValue: Math.min(1, 2 * Math.min(less, greater)), greater, less, n: scores.length }
}
