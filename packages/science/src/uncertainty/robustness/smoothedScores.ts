import { PodError } from '@mlpod/contract'
import { normalCdf, normalQuantile } from '@mlpod/math'
import { type Calibration, calibrateScores } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'

/** Sets that hold although inputs are perturbed, calibrated: plain data. */
export interface SmoothedConformal {
  readonly levels: readonly number[]
  readonly calibration: Calibration
  /** Noised copies of a row that a mean score is of. */
  readonly draws: number
  /** How far a mean of the draws may be off, and with what probability. */
  readonly slack: number
  readonly error: number
}

/** Settings of `calibrateSmoothed`. */
export interface SmoothedOptions extends LevelOption {
  /** Noised copies of each row. */
  readonly draws: number
  /** The share of the error that is spent on the draws' chance, twice; (1 - level) / 20 each by default. */
  readonly error?: number
}

function checkMeans(means: ArrayLike<number>): void {
  for (let i = 0; i < means.length; i++)
    if (!(means[i] >= 0 && means[i] <= 1) && !Number.isNaN(means[i]))
      throw new PodError('SCORES_INVALID', `the mean score ${means[i]} of row ${i} is not in [0, 1]`, {
        hint: 'randomised smoothing needs scores between 0 and 1',
      })
}

/**
 * Returns the calibration of sets that hold the label of a new row with probability at least `level` even when its input is moved by an
 * adversary within an l2 ball: `means` holds each clean row's score in [0, 1], averaged over `draws` copies with normal noise on the input.
 * Throws `SCORES_INVALID`, `OPTION_INVALID`, and what `calibrateScores` throws.
 * Source: Gendler, Weng, Daniel, Romano 2022 (RSCP); Yan, Romano, Weng 2024 (RSCP+: the draws' own error is paid for).
 */
export function calibrateSmoothed(
  means: ArrayLike<number>,
  { draws, error, ...options }: SmoothedOptions,
): SmoothedConformal {
  const levels = levelsOf(options)
  if (!(Number.isInteger(draws) && draws >= 1)) throw new PodError('OPTION_INVALID', `${draws} is no number of draws`)
  checkMeans(means)
  const each = error ?? (1 - Math.max(...levels)) / 20
  if (!(each > 0 && each < (1 - Math.max(...levels)) / 2))
    throw new PodError('OPTION_INVALID', `the error ${each} leaves nothing of the level's`, {
      hint: 'below (1 - level) / 2',
    })
  return {
    levels,
    calibration: calibrateScores(means, { level: levels.map((level) => Number((level + 2 * each).toPrecision(15))) }),
    draws,
    // Hoeffding 1963, one side
    slack: Math.sqrt(Math.log(1 / each) / (2 * draws)),
    error: each,
  }
}

/**
 * Returns the sets of rows whose inputs may have been moved by up to `epsilon` in l2, when the noise has standard deviation `sigma`, [n, labels] of
 * 1 and 0 at the l-th level: `means` [n, labels] of every label's score. The quantile of a smoothed score moves by at most epsilon / sigma:
 * a label is in where even the least that its clean score may have been is within the threshold. Throws `SCORES_INVALID`, `OPTION_INVALID`.
 */
export function smoothedSets(
  { calibration, slack }: SmoothedConformal,
  means: ArrayLike<number>,
  { epsilon, sigma, l = 0 }: { readonly epsilon: number; readonly sigma: number; readonly l?: number },
): Uint8Array {
  if (!(epsilon >= 0 && sigma > 0))
    throw new PodError('OPTION_INVALID', `no perturbation is of size ${epsilon} under noise of ${sigma}`)
  checkMeans(means)
  const threshold = calibration.groups[0].thresholds[l]
  return Uint8Array.from({ length: means.length }, (_, at) => {
    const seen = Math.max(0, means[at] - slack)
    const clean = seen === 0 ? 0 : seen >= 1 ? 1 : normalCdf(normalQuantile(seen) - epsilon / sigma)
    return Number(clean - slack <= threshold)
  })
}
