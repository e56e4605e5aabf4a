import { linearQuantile } from '../conditional/linearQuantile.ts'
import { perSide } from './method.ts'
import { checkOption } from './options.ts'
import { type ScoreWindow, scoreWindow, slide, windowThreshold } from './scoreWindow.ts'

/** Settings of sequential predictive conformal inference. */
export interface SpciOptions {
  /** How many of the scores before tell the next one's quantile; 3 by default. */
  readonly lags?: number
  /** How many of the latest scores the quantile is fitted on; 200 by default. */
  readonly window?: number
  /** The quantile is fitted anew after so many rows; 10 by default. */
  readonly refit?: number
}

/** State of sequential predictive conformal inference. */
export interface SpciState {
  readonly level: number
  readonly lags: number
  readonly refit: number
  readonly window: ScoreWindow
  /** Of 1, the lags and their sizes; null until there are enough scores. */
  readonly coefficients: readonly number[] | null
  readonly since: number
}

/** 1, the scores before, latest first, and their sizes, so that a burst of errors widens both sides. */
const featuresAt = (recent: readonly number[], at: number, lags: number): number[] => {
  const before = Array.from({ length: lags }, (_, k) => recent[at - 1 - k])
  return [1, ...before, ...before.map(Math.abs)]
}

function fitted(state: SpciState): SpciState {
  const { lags, level } = state
  const { recent } = state.window
  const rows = recent.length - lags
  const width = 1 + 2 * lags
  // fewer rows than this do not tell so many coefficients at so far a quantile
  if (rows * (1 - level) < width) return { ...state, since: 0 }
  const features = Float64Array.from(Array.from({ length: rows }, (_, i) => featuresAt(recent, i + lags, lags)).flat())
  // the level is that of the rank rule: a quantile of rows is one of rows + 1 with the next
  const corrected = Math.min(1 - 1e-6, (level * (rows + 1)) / rows)
  const coefficients = linearQuantile(features, width, Float64Array.from(recent.slice(lags)), corrected)
  return { ...state, coefficients: [...coefficients], since: 0 }
}

/** The quantile of the next score given the latest ones, by linear quantile regression on a sliding window. */
export const spci = perSide<SpciState, SpciOptions>(
  {
    name: 'spci',
    guarantee: 'approximate coverage, also given the past, where the quantile regression is consistent',
    source: 'Xu, Xie 2023, with a linear quantile regression in place of a forest',
  },
  {
    start: (level, history, { lags = 3, window = 200, refit = 10 }) =>
      fitted({
        level,
        lags: checkOption('lags', lags, { low: 1, high: window - 1 }),
        refit: checkOption('refit', refit, { low: 1 }),
        window: scoreWindow(history, checkOption('window', window, { low: 2 })),
        coefficients: null,
        since: 0,
      }),
    threshold({ window, coefficients, lags, level }) {
      if (coefficients === null) return windowThreshold(window, level)
      return featuresAt(window.recent, window.recent.length, lags).reduce((sum, x, k) => sum + coefficients[k] * x, 0)
    },
    observe(state, score) {
      const next = { ...state, window: slide(state.window, score), since: state.since + 1 }
      return next.since >= state.refit ? fitted(next) : next
    },
  },
)
