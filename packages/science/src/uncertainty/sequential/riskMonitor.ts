import { PodError } from '@mlpod/contract'
import { hoeffdingBound, type MeanSequence, meanSequence, noLosses } from '@mlpod/math'

/** What a risk may be in production. */
export interface RiskLimit {
  /** Losses in [0, 1] of rows before: the limit is their Hoeffding bound and what is tolerated beyond. */
  readonly reference?: ArrayLike<number>
  /** The limit itself, instead. */
  readonly threshold?: number
  /** 0.05 by default; added to the bound, or with `relative` multiplied by one plus it. */
  readonly tolerance?: number
  readonly relative?: boolean
  /** Probability of a false alarm, ever; 0.05 by default. */
  readonly level?: number
  /** Spends a quarter of the level on the stream instead of the half that is due, as MAPIE 1.6 does. */
  readonly parity?: boolean
}

/** A monitor of one risk: one row of plain data. */
export interface RiskMonitor {
  readonly threshold: number
  /** The error spent on the stream. */
  readonly error: number
  readonly losses: MeanSequence
  /** The lower bound of the running risk has passed the threshold; it stays so. */
  readonly harmful: boolean
}

/**
 * Returns a monitor that has seen nothing: it raises an alarm when the risk of a stream is above the limit for certain, at any
 * time, with false alarms of probability at most `level`: half for the bound of the reference, half for the stream; all for
 * the stream if the threshold is given. Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LOSS_INVALID`, and
 * `THRESHOLD_INVALID` unless either reference or threshold is given.
 * Source: Podkopaev, Ramdas (2022); MAPIE 1.6 `RiskMonitoring`, whose bound halves its half of the level once more.
 */
export function startRiskMonitor({
  reference,
  threshold,
  tolerance = 0.05,
  relative = false,
  level = 0.05,
  parity = false,
}: RiskLimit): RiskMonitor {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
  if ((reference === undefined) === (threshold === undefined))
    throw new PodError('THRESHOLD_INVALID', 'a monitor takes either losses of a reference or a threshold')
  const error = parity ? level / 4 : threshold === undefined ? level / 2 : level
  if (threshold !== undefined) return { threshold, error: Math.min(error, 0.49), losses: noLosses, harmful: false }
  const losses = reference as ArrayLike<number>
  if (losses.length === 0) throw new PodError('CALIBRATION_EMPTY', 'the reference has no row that the risk is about')
  let sum = 0
  for (let i = 0; i < losses.length; i++) {
    if (!(losses[i] >= 0 && losses[i] <= 1))
      throw new PodError('LOSS_INVALID', `the loss ${losses[i]} of row ${i} is not between 0 and 1`)
    sum += losses[i]
  }
  const bound = hoeffdingBound({ n: losses.length, sum }, level / 2)
  return {
    threshold: relative ? bound * (1 + tolerance) : bound + tolerance,
    error,
    losses: noLosses,
    harmful: false,
  }
}

/** Returns the monitor after more losses in [0, 1], in their order; batches of any size give the same. Throws `LOSS_INVALID`. */
export function updateRiskMonitor(monitor: RiskMonitor, losses: ArrayLike<number>): RiskMonitor {
  const next = meanSequence({ error: monitor.error })
  let state = monitor.losses
  for (let i = 0; i < losses.length; i++) state = next(state, losses[i])
  return { ...monitor, losses: state, harmful: monitor.harmful || state.lower > monitor.threshold }
}
