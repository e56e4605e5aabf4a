import { PodError } from '@mlpod/contract'
import { chiSquareTail, random } from '@mlpod/math'
import { calibrateScores } from '../calibrate/calibrate.ts'
import { type CoverageLaw, coverageLaw, coveredProbability } from './coverageLaw.ts'

/** What random re-splits of scores showed of coverage. */
export interface CoverageProof {
  readonly law: CoverageLaw
  readonly splits: number
  /** Rows that were looked at after each calibration. */
  readonly m: number
  /** Mean coverage over splits. */
  readonly coverage: number
  /** The number of covered rows in each split. */
  readonly covered: readonly number[]
  /** That the numbers of covered rows follow the Beta-binomial law, by a chi-square test of independent blocks; the larger the better. */
  readonly pValue: number
  /** Rows whose score is NaN, left out. */
  readonly dropped: number
  /** Scores that others equal: with ties coverage is larger than the law says. */
  readonly tied: number
  readonly seed: number
}

/** Settings of `verifyCoverage`. */
export interface VerifyCoverageOptions {
  readonly level: number
  /** Calibration rows in each split; half of a block by default. */
  readonly calibration?: number
  /** Rows covered or not in each split; as many as calibrate by default. */
  readonly test?: number
  /** Splits; as many as there are rows for without using one twice by default, at most 1,000. More re-use rows, and the p-value is of the first alone. */
  readonly splits?: number
  readonly seed?: number
}

/**
 * Returns the proof that sets made of these scores cover as promised: rows are split at random many times, calibrated on one part
 * and counted on the other. No model is fitted or asked again. Splits that share no row are independent draws from the exact law of
 * coverage, against which they are tested. Throws `CALIBRATION_EMPTY`, `COUNT_INVALID`, `LEVEL_INVALID`.
 */
export function verifyCoverage(
  scores: ArrayLike<number>,
  { level, calibration = 50, test = calibration, splits, seed = 0 }: VerifyCoverageOptions,
): CoverageProof {
  const known = Float64Array.from(Array.from(scores).filter((s) => !Number.isNaN(s)))
  const n = known.length
  const block = calibration + test
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no score')
  if (!(Number.isInteger(calibration) && Number.isInteger(test) && calibration >= 1 && test >= 1 && block <= n))
    throw new PodError('COUNT_INVALID', `${calibration} and ${test} rows cannot be taken of ${n} scores`)
  const apart = Math.floor(n / block)
  const wanted = splits ?? Math.min(1000, apart)
  const law = coverageLaw(calibration, level)
  const covered: number[] = []
  for (let round = 0; covered.length < wanted; round++) {
    const order = random({ seed, path: `split ${round}` }).permutation(n)
    for (let b = 0; b < apart && covered.length < wanted; b++) {
      const rows = order.subarray(b * block, (b + 1) * block)
      const held = Float64Array.from(rows.subarray(0, calibration), (i) => known[i])
      const [threshold] = calibrateScores(held, { level }).groups[0].thresholds
      let count = 0
      for (const i of rows.subarray(calibration)) if (known[i] <= threshold) count++
      covered.push(count)
    }
  }
  const distinct = new Set(known).size
  return {
    law,
    splits: wanted,
    m: test,
    coverage: covered.reduce((sum, c) => sum + c, 0) / (wanted * test),
    covered,
    pValue: lawPValue(law, covered.slice(0, apart), test),
    dropped: scores.length - n,
    tied: n - distinct,
    seed,
  }
}

/** The chi-square test that counts of covered rows follow the law; cells of fewer than five expected ones are joined. */
function lawPValue(law: CoverageLaw, covered: readonly number[], m: number): number {
  const counts = new Array<number>(m + 1).fill(0)
  for (const c of covered) counts[c]++
  const cells: { seen: number; due: number }[] = []
  let open = { seen: 0, due: 0 }
  for (let c = 0; c <= m; c++) {
    open.seen += counts[c]
    open.due += covered.length * coveredProbability(law, c, m)
    if (open.due < 5) continue
    cells.push(open)
    open = { seen: 0, due: 0 }
  }
  const last = cells.at(-1)
  if (last === undefined) return 1
  last.seen += open.seen
  last.due += open.due
  if (cells.length === 1) return 1
  const chiSquare = cells.reduce((sum, { seen, due }) => sum + (seen - due) ** 2 / due, 0)
  return chiSquareTail(chiSquare, cells.length - 1)
}
