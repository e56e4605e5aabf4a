import { PodError } from '@mlpod/contract'
import { type AciState, errs, slideBoth, thresholdsAt, windowsOf } from './aci.ts'
import type { OnlineMethod, Sides } from './method.ts'
import { capacityOf, checkOption, type WindowOption } from './options.ts'
import type { ScoreWindow } from './scoreWindow.ts'

/** Step sizes of the experts by default: from almost none to large. */
export const GAMMAS: readonly number[] = [0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128]

/** Settings of the aggregation of adaptive conformal inferences. */
export interface AgAciOptions {
  /** The step size of each expert. */
  readonly gammas?: readonly number[]
  readonly window?: WindowOption
  /** `boa` weighs experts by their losses; `mean` takes all as equal, which is what TorchCP's `AgACIPredictor` comes to. */
  readonly aggregate?: 'boa' | 'mean'
}

/** What is remembered of the experts of one bound. */
interface Aggregation {
  readonly level: number
  readonly weights: readonly number[]
  readonly regrets: readonly number[]
  readonly largest: readonly number[]
  readonly squares: readonly number[]
}

/** State of the aggregation. */
export interface AgAciState {
  readonly target: number
  readonly gammas: readonly number[]
  readonly alphas: readonly number[]
  readonly window: AciState['window']
  readonly aggregate: 'boa' | 'mean'
  readonly bounds: Sides<Aggregation | null>
}

/** What the experts say of one bound; an infinite threshold counts as the largest score in the window. */
function said({ alphas, window }: AgAciState, side: 'above' | 'below'): number[] {
  const { sorted } = (window[side] ?? window.above) as ScoreWindow
  const [least, most] = [sorted[0] ?? 0, sorted[sorted.length - 1] ?? 0]
  return alphas.map((alpha) => Math.max(least, Math.min(most, thresholdsAt(window, alpha)[side])))
}

const mix = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, k) => sum + weights[k] * value, 0)

/**
 * Bernstein online aggregation with a learning rate for each expert: the regret of expert k is r = l'(mix) (mix - x_k) for the pinball loss l;
 * its weight is in proportion to eta exp(eta R), R the sum of r - eta r^2 (Wintenberger 2017, section 3).
 */
function aggregated(bound: Aggregation, values: readonly number[], score: number): Aggregation {
  const together = mix(values, bound.weights)
  const slope = score < together ? 1 - bound.level : -bound.level
  const largest: number[] = []
  const squares: number[] = []
  const regrets: number[] = []
  const logs = values.map((value, k) => {
    const r = slope * (together - value)
    largest.push(Math.max(bound.largest[k], Math.abs(r)))
    squares.push(bound.squares[k] + r * r)
    const rate = (square: number, most: number): number =>
      most === 0 ? 0 : Math.min(1 / (2 * most), Math.sqrt(Math.log(values.length) / square))
    const before = rate(bound.squares[k], bound.largest[k])
    const eta = rate(squares[k], largest[k])
    regrets.push(bound.regrets[k] + r - before * r * r)
    return eta === 0 ? Number.NEGATIVE_INFINITY : Math.log(eta) + eta * regrets[k]
  })
  const top = Math.max(...logs)
  if (top === Number.NEGATIVE_INFINITY) return { ...bound, largest, squares, regrets }
  // an expert that never lost anything is as good as the best
  const parts = logs.map((log, k) => Math.exp((largest[k] === 0 ? top : log) - top))
  const total = parts.reduce((a, b) => a + b)
  return { ...bound, weights: parts.map((part) => part / total), largest, squares, regrets }
}

/** ACI without a step size to choose: experts with different ones, weighed for each bound by how their bounds did. */
export const agaci: OnlineMethod<AgAciState, AgAciOptions> = {
  name: 'agaci',
  guarantee: 'none stated for the mixture; each expert keeps that of ACI, and the pinball loss nears that of the best',
  source: 'Zaffran et al. 2022; aggregation: Wintenberger 2017',
  start(setting, { gammas = GAMMAS, window = 500, aggregate = 'boa' }) {
    if (gammas.length === 0) throw new PodError('OPTION_INVALID', 'the list of gammas is empty')
    for (const gamma of gammas) checkOption('gamma', gamma, { low: 0, high: 1 })
    const target = Number((1 - setting.level).toPrecision(15))
    const none = gammas.map(() => 0)
    const bound: Aggregation = {
      level: setting.symmetric ? setting.level : 1 - target / 2,
      weights: gammas.map(() => 1 / gammas.length),
      regrets: none,
      largest: none,
      squares: none,
    }
    return {
      target,
      gammas,
      alphas: gammas.map(() => target),
      window: windowsOf(setting, capacityOf(window)),
      aggregate,
      bounds: { above: bound, below: setting.symmetric ? null : bound },
    }
  },
  thresholds(state) {
    const of = (side: 'above' | 'below'): number =>
      mix(said(state, side), (state.bounds[side] ?? (state.bounds.above as Aggregation)).weights)
    const above = of('above')
    return { above, below: state.bounds.below === null ? above : of('below') }
  },
  observe(state, scores) {
    const { above, below } = state.bounds
    const learn = (bound: Aggregation | null, side: 'above' | 'below'): Aggregation | null =>
      bound === null || state.aggregate === 'mean' ? bound : aggregated(bound, said(state, side), scores[side])
    return {
      ...state,
      alphas: state.alphas.map((alpha, k) => {
        const error = errs(scores, thresholdsAt(state.window, alpha))
        return alpha + state.gammas[k] * (state.target - error)
      }),
      window: slideBoth(state.window, scores),
      bounds: { above: learn(above, 'above'), below: learn(below, 'below') },
    }
  },
}
