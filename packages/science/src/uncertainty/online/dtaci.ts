import { PodError } from '@mlpod/contract'
import { type AciState, slideBoth, thresholdsAt, windowsOf } from './aci.ts'
import { GAMMAS } from './agaci.ts'
import type { OnlineMethod, Sides } from './method.ts'
import { capacityOf, checkOption, type WindowOption } from './options.ts'
import { countBelow, type ScoreWindow } from './scoreWindow.ts'

/** Settings of dynamically tuned adaptive conformal inference. */
export interface DtAciOptions {
  /** The step size of each expert, above 0. */
  readonly gammas?: readonly number[]
  readonly window?: WindowOption
  /** Rows over which the best expert may change; 500 by default. */
  readonly interval?: number
}

/** State of dynamically tuned adaptive conformal inference. */
export interface DtAciState {
  readonly target: number
  readonly gammas: readonly number[]
  readonly alphas: readonly number[]
  readonly weights: readonly number[]
  /** How fast weights follow losses, and what share of them is spread evenly. */
  readonly eta: number
  readonly sigma: number
  readonly window: AciState['window']
}

/** The largest alpha whose interval holds the row: 1 - (scores below) / (n + 1), over both sides twice the lesser. */
function largestAlpha({ above, below }: AciState['window'], scores: Sides<number>): number {
  const share = ({ sorted }: ScoreWindow, score: number): number => 1 - countBelow(sorted, score) / (sorted.length + 1)
  const up = share(above as ScoreWindow, scores.above)
  return below === null ? up : Math.min(1, 2 * Math.min(up, share(below, scores.below)))
}

const mean = ({ weights, alphas }: DtAciState): number => {
  const total = weights.reduce((a, b) => a + b)
  return alphas.reduce((sum, alpha, k) => sum + (weights[k] / total) * alpha, 0)
}

/** Adaptive conformal inference whose step size is learned: experts' alphas are averaged by weights that follow their pinball losses. */
export const dtaci: OnlineMethod<DtAciState, DtAciOptions> = {
  name: 'dtaci',
  guarantee:
    'the mean of alpha over any interval of rows is near the best fixed one; coverage nears level on any stream',
  source: 'Gibbs, Candes 2024 (JMLR), algorithm 2, with the weighted mean of the experts',
  start(setting, { gammas = GAMMAS.slice(1), window = 500, interval = 500 }) {
    if (gammas.length === 0) throw new PodError('OPTION_INVALID', 'the list of gammas is empty')
    for (const gamma of gammas) checkOption('gamma', gamma, { low: 0, high: 1, open: true })
    checkOption('interval', interval, { low: 1 })
    const alpha = Number((1 - setting.level).toPrecision(15))
    const k = gammas.length
    return {
      target: alpha,
      gammas,
      alphas: gammas.map(() => alpha),
      weights: gammas.map(() => 1 / k),
      sigma: 1 / (2 * interval),
      eta:
        Math.sqrt(3 / interval) *
        Math.sqrt((Math.log(interval * k) + 2) / ((1 - alpha) ** 2 * alpha ** 3 + alpha ** 2 * (1 - alpha) ** 3)),
      window: windowsOf(setting, capacityOf(window)),
    }
  },
  thresholds: (state) => thresholdsAt(state.window, mean(state)),
  observe(state, scores) {
    const { target, gammas, alphas, eta, sigma } = state
    const beta = largestAlpha(state.window, scores)
    // the pinball loss target (beta - a) - min(0, beta - a)
    const bent = alphas.map((a, k) => state.weights[k] * Math.exp(-eta * (target * (beta - a) - Math.min(0, beta - a))))
    const total = bent.reduce((x, y) => x + y)
    return {
      ...state,
      weights: bent.map((weight) => ((1 - sigma) * weight) / total + sigma / gammas.length),
      alphas: alphas.map((a, k) => a + gammas[k] * (target - (a > beta ? 1 : 0))),
      window: slideBoth(state.window, scores),
    }
  },
}
