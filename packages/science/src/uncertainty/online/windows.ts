import { cumulativeWeights, sortedWithWeights, weightedThreshold } from '../calibrate/weighted.ts'
import { perSide } from './method.ts'
import { capacityOf, checkOption, type WindowOption } from './options.ts'
import { type ScoreWindow, scoreWindow, slide, type WindowQuantile, windowThreshold } from './scoreWindow.ts'

/** Settings of EnbPI. */
export interface EnbpiOptions {
  /** By default as many scores as the history holds (at least 1). */
  readonly window?: WindowOption
  /** The rank rule (MAPIE), or `linear`: the interpolated quantile of puncc, without the correction for the new row. */
  readonly quantile?: WindowQuantile
}

/** State of a window whose scores all count the same. */
export interface EnbpiState {
  readonly level: number
  readonly window: ScoreWindow
  readonly quantile: WindowQuantile
}

/**
 * Ensemble batch prediction intervals: the threshold is a quantile of the latest scores, at first the leave-out scores of an ensemble
 * (`leaveOutAnswers`). One step at a time or batch by batch (`runOnline`). puncc 0.9.3 fails on a batch of one row; this does not.
 */
export const enbpi = perSide<EnbpiState, EnbpiOptions>(
  {
    name: 'enbpi',
    guarantee: 'approximate coverage where errors are stationary and mix fast',
    source: 'Xu, Xie 2021; MAPIE `TimeSeriesRegressor(method="enbpi")`, puncc `EnbPI`',
  },
  {
    start: (level, history, { window = Math.max(1, history.length), quantile = 'rank' }) => ({
      level,
      window: scoreWindow(history, capacityOf(window)),
      quantile,
    }),
    threshold: ({ window, level, quantile }) => windowThreshold(window, level, quantile),
    observe: (state, score) => ({ ...state, window: slide(state.window, score) }),
  },
)

/** Settings of non-exchangeable conformal prediction. */
export interface NexcpOptions {
  /** How much a score weighs less than the next one; 0.99 by default. */
  readonly decay?: number
  readonly window?: WindowOption
}

/** State of a window whose older scores count less. */
export interface NexcpState {
  readonly level: number
  readonly window: ScoreWindow
  readonly decay: number
}

/** The weighted quantile of the latest scores, the i-th before the new row of weight decay^i. */
export const nexcp = perSide<NexcpState, NexcpOptions>(
  {
    name: 'nexcp',
    guarantee:
      'coverage at least level - sum of w_i d_i / (1 + sum of w), d_i the distance of row i from an exchangeable one',
    source: 'Barber, Candes, Ramdas, Tibshirani 2023',
  },
  {
    start: (level, history, { decay = 0.99, window = 500 }) => ({
      level,
      decay: checkOption('decay', decay, { low: 0, high: 1, open: true }),
      window: scoreWindow(history, capacityOf(window)),
    }),
    threshold({ window: { recent }, level, decay }) {
      const n = recent.length
      if (n === 0) return Number.POSITIVE_INFINITY
      const { scores, weights } = sortedWithWeights(
        recent,
        recent.map((_, i) => decay ** (n - i)),
      )
      return weightedThreshold(scores, cumulativeWeights(weights), level).threshold
    },
    observe: (state, score) => ({ ...state, window: slide(state.window, score) }),
  },
)
