import { PodError } from '@mlpod/contract'
import { type Calibration, calibrateScores } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'

/** Settings of `maskConditionalThresholds`. */
export interface MaskConditionalOptions extends LevelOption {
  /** Features a row. */
  readonly features: number
  /**
   * Returns the scores of calibration rows when the features of `mask` (1: hidden) are hidden from the model too: it imputes and predicts anew.
   * Called once a mask.
   */
  scoresOf(mask: Uint8Array, rows: Uint32Array): ArrayLike<number>
}

/** Thresholds given which features are missing. */
export interface MaskConditionalThresholds {
  readonly levels: readonly number[]
  /** [m, levels] */
  readonly thresholds: Float64Array
  /** One calibration a mask of the new rows, by the mask as text of 0 and 1; null where no calibration row has but features that the mask hides. */
  readonly byMask: Readonly<Record<string, Calibration | null>>
}

/**
 * Returns thresholds for new rows with missing features such that coverage is at least `level` given every pattern of what is missing: calibration rows
 * whose missing features are among those of the new row are hidden the rest too, and scored anew (missing data augmentation, exact form).
 * `missing` [n, features] and `fresh` [m, features] hold 1 where a feature is missing. Throws `LENGTH_MISMATCH`, and what `calibrateScores` throws.
 * Source: Zaffran, Dieuleveut, Josse, Romano 2023 (CP-MDA-Exact).
 */
export function maskConditionalThresholds(
  missing: ArrayLike<number>,
  fresh: ArrayLike<number>,
  { features: d, scoresOf, ...options }: MaskConditionalOptions,
): MaskConditionalThresholds {
  const levels = levelsOf(options)
  const n = missing.length / d
  const m = fresh.length / d
  if (!Number.isInteger(n) || !Number.isInteger(m))
    throw new PodError(
      'LENGTH_MISMATCH',
      `${missing.length} and ${fresh.length} marks do not fall into rows of ${d} features`,
    )
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const byMask: Record<string, Calibration | null> = {}
  const thresholds = new Float64Array(m * levels.length).fill(Number.POSITIVE_INFINITY)
  for (let r = 0; r < m; r++) {
    const mask = Uint8Array.from({ length: d }, (_, a) => Number(fresh[r * d + a] !== 0))
    const name = mask.join('')
    if (byMask[name] === undefined) {
      const rows: number[] = []
      for (let i = 0; i < n; i++) {
        let within = true
        for (let a = 0; a < d && within; a++) within = mask[a] === 1 || missing[i * d + a] === 0
        if (within) rows.push(i)
      }
      const used = Uint32Array.from(rows)
      if (rows.length === 0) byMask[name] = null
      else {
        const scores = scoresOf(mask, used)
        if (scores.length !== used.length)
          throw new PodError(
            'LENGTH_MISMATCH',
            `${scores.length} scores do not match ${used.length} rows with mask ${name}`,
          )
        byMask[name] = calibrateScores(scores, { level: levels })
      }
    }
    byMask[name]?.groups[0].thresholds.forEach((q, l) => {
      thresholds[r * levels.length + l] = q
    })
  }
  return { levels, thresholds, byMask }
}
