import type { OnlineMethod, OnlineSetting, Sides } from './method.ts'
import { capacityOf, checkOption, type WindowOption } from './options.ts'
import { type ScoreWindow, scoreWindow, slide, windowThreshold } from './scoreWindow.ts'

/** Settings of adaptive conformal inference. */
export interface AciOptions {
  /** How far one error moves alpha; 0.005 by default, 0 is no correction. */
  readonly gamma?: number
  /** The scores that thresholds are read from: the latest 500 by default; `fixed` keeps those of the history (MAPIE without `update`). */
  readonly window?: WindowOption
  /**
   * Keeps alpha within [0, 1], as MAPIE does. That forgets what errors beyond it were owed: on a hard stream coverage then stays below
   * level. False by default: alpha below 0 is an infinite interval, above 1 an empty one.
   */
  readonly clip?: boolean
  /**
   * Errors are averaged over so many of the latest intervals, those of the history included, the newest weighing most, and alpha stays within
   * [1 / (lookback + 1), 0.9999] (TorchCP `ACIPredictor`). The window is then as long.
   */
  readonly lookback?: number
  /** How much less the interval before weighs, with `lookback`; 0.95 by default. */
  readonly decay?: number
}

/** State of adaptive conformal inference. */
export interface AciState {
  /** The share of errors that is asked for. */
  readonly target: number
  /** The share that thresholds are read at now. */
  readonly alpha: number
  readonly gamma: number
  readonly clip: boolean
  readonly window: Sides<ScoreWindow | null>
  readonly lookback: { readonly decay: number; readonly errors: readonly number[] } | null
}

/** Windows of both sides; `below` is null where one serves both. */
export const windowsOf = ({ history, symmetric }: OnlineSetting, capacity: number | null): AciState['window'] => ({
  above: scoreWindow(history.above, capacity),
  below: symmetric ? null : scoreWindow(history.below, capacity),
})

/** Returns the thresholds that err at `alpha` over both sides. */
export function thresholdsAt({ above, below }: AciState['window'], alpha: number): Sides<number> {
  if (alpha >= 1) return { above: Number.NEGATIVE_INFINITY, below: Number.NEGATIVE_INFINITY }
  const up = windowThreshold(above as ScoreWindow, 1 - (below === null ? alpha : alpha / 2))
  return { above: up, below: below === null ? up : windowThreshold(below, 1 - alpha / 2) }
}

/** Returns the windows with a row's scores. */
export const slideBoth = ({ above, below }: AciState['window'], scores: Sides<number>): AciState['window'] => ({
  above: slide(above as ScoreWindow, scores.above),
  below: below === null ? null : slide(below, scores.below),
})

/** A point on the bound is an error, as in the peers. */
export const errs = (scores: Sides<number>, thresholds: Sides<number>): number =>
  scores.above < thresholds.above && scores.below < thresholds.below ? 0 : 1

const between = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x))

/** Alpha after the mean error of the look-back, the i-th before last of weight decay^i. */
function lookedBack(state: AciState): AciState {
  if (state.lookback === null) return state
  const { errors, decay } = state.lookback
  let [sum, total] = [0, 0]
  for (let i = errors.length - 1, weight = decay; i >= 0; i--, weight *= decay) {
    sum += weight * errors[i]
    total += weight
  }
  const error = total > 0 ? sum / total : state.target
  const alpha = between(state.alpha + state.gamma * (state.target - error), 1 / (errors.length + 1), 0.9999)
  return { ...state, alpha }
}

/**
 * Adaptive conformal inference: alpha moves by gamma (target - error) after each row; intervals are infinite where it is too small for the
 * window. Alpha is never rounded (MAPIE 1.6.0 rounds it to two decimals, and throws where a symmetric interval
 * would be infinite, which ends the stream).
 */
export const aci: OnlineMethod<AciState, AciOptions> = {
  name: 'aci',
  guarantee: 'the share of errors of T rows is within (1 + gamma) / (gamma T) of 1 - level on any stream',
  source: 'Gibbs, Candes 2021; MAPIE `adapt_conformal_inference`, TorchCP `ACIPredictor`',
  start(setting, { gamma = 0.005, clip = false, lookback, decay = 0.95, window = lookback ?? 500 }) {
    checkOption('gamma', gamma, { low: 0, high: 1 })
    checkOption('decay', decay, { low: 0, high: 1, open: true })
    const target = Number((1 - setting.level).toPrecision(15))
    const all: AciState = { target, alpha: target, gamma, clip, window: windowsOf(setting, null), lookback: null }
    if (lookback === undefined) return { ...all, window: windowsOf(setting, capacityOf(window)) }
    checkOption('lookback', lookback, { low: 1 })
    const first = thresholdsAt(all.window, target)
    const { above, below } = setting.history
    const errors = above.map((score, i) => errs({ above: score, below: below[i] }, first)).slice(-lookback)
    return lookedBack({ ...all, window: windowsOf(setting, capacityOf(window)), lookback: { decay, errors } })
  },
  thresholds: ({ window, alpha }) => thresholdsAt(window, alpha),
  observe(state, scores) {
    const error = errs(scores, thresholdsAt(state.window, state.alpha))
    const window = slideBoth(state.window, scores)
    const alpha = state.alpha + state.gamma * (state.target - error)
    if (state.lookback === null) return { ...state, window, alpha: state.clip ? between(alpha, 0, 1) : alpha }
    const { errors, decay } = state.lookback
    const length = (window.above as ScoreWindow).capacity ?? errors.length + 1
    return lookedBack({ ...state, window, lookback: { decay, errors: [...errors, error].slice(-length) } })
  },
}
