import { type BinEdges, type BinSums, binned } from './bins.ts'
import { type CalibrationKind, outcomesOf } from './pairs.ts'

/** Settings of a binned calibration error. */
export interface BinnedErrorOptions {
  /**
   * `confidence`: the largest probability against being right (default); `binary`: the probability of class 1; `classwise`: the
   * mean over classes, each against the rest; `topLabel`: the mean over predicted classes (Gupta, Ramdas 2022).
   */
  readonly kind?: CalibrationKind
  /** 15 by default. */
  readonly bins?: number
  /** `equalWidth` by default. */
  readonly edges?: BinEdges
  /** Of the gaps |mean score - frequency|: their mean (1, ECE), root mean square (2) or largest ('max', MCE); 1 by default. */
  readonly norm?: 1 | 2 | 'max'
  /** Bins count by their rows (default), or all the same (the adaptive calibration error of Nixon et al. 2019). */
  readonly weigh?: 'rows' | 'bins'
  /** With norm 2: each squared gap less its sampling variance (Kumar, Liang, Ma 2019); false by default. */
  readonly debiased?: boolean
}

/** A calibration error with the convention that it was computed by. */
export interface BinnedError {
  readonly value: number
  readonly n: number
  readonly kind: CalibrationKind
  readonly bins: number
  readonly edges: BinEdges
  readonly norm: 1 | 2 | 'max'
  readonly weigh: 'rows' | 'bins'
  readonly debiased: boolean
}

/**
 * Returns the expected calibration error by any of its conventions; by default over 15 bins of equal width on the largest
 * probability. `probabilities` is [n, k] row-major ([n] for `binary`), `labels` class indices. One pass for bins of equal
 * width; it is biased upwards, as noise alone makes gaps. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `PROBABILITY_INVALID`, `LABEL_UNKNOWN`, `BINS_INVALID`. Source: Naeini et al. (2015), Guo et al. (2017).
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  {
    kind = 'confidence',
    bins = 15,
    edges = 'equalWidth',
    norm = 1,
    weigh = 'rows',
    debiased = false,
  }: BinnedErrorOptions = {},
): BinnedError {
  const lists = outcomesOf(probabilities, labels, kind)
  const total = lists.reduce((sum, rows) => sum + gap(binned(rows, bins, edges), norm, weigh, debiased), 0)
  return { value: total / lists.length, n: labels.length, kind, bins, edges, norm, weigh, debiased }
}

/** The norm of the gaps between mean score and frequency. */
export function gap(
  { n, score, hits }: BinSums,
  norm: 1 | 2 | 'max',
  weigh: 'rows' | 'bins',
  debiased: boolean,
): number {
  let [sum, mass] = [0, 0]
  for (let bin = 0; bin < n.length; bin++) {
    if (n[bin] === 0) continue
    const [mean, frequency] = [score[bin] / n[bin], hits[bin] / n[bin]]
    const weight = weigh === 'rows' ? n[bin] : 1
    const distance = Math.abs(mean - frequency)
    mass += weight
    if (norm === 'max') sum = Math.max(sum, distance)
    else if (norm === 1) sum += weight * distance
    else {
      const noise = debiased && n[bin] > 1 ? (frequency * (1 - frequency)) / (n[bin] - 1) : 0
      sum += weight * (distance * distance - noise)
    }
  }
  return norm === 'max' ? sum : norm === 1 ? sum / mass : Math.sqrt(Math.max(0, sum / mass))
}
