import { addTo, alarm, calm, type DetectorEntry, type Mean } from './detector.ts'

export interface Confidence {
  readonly driftAlpha: number
  readonly warningAlpha: number
  /** Whether a falling mean is a change too. */
  readonly twoSided: boolean
  readonly minimum: number
}
const DEFAULTS: Confidence = { driftAlpha: 0.001, warningAlpha: 0.005, twoSided: false, minimum: 30 }

const refuse = ({ driftAlpha, warningAlpha }: Confidence): string | undefined =>
  driftAlpha > 0 && driftAlpha < warningAlpha && warningAlpha <= 1
    ? undefined
    : `the levels ${driftAlpha} and ${warningAlpha} do not rise between 0 and 1`

export interface Averages {
  n: number
  /** Of all values, and of those up to the cut where it was lowest, and where it was highest. */
  all: Mean
  low: Mean
  high: Mean
}
const averages = (): Averages => ({ n: 0, all: { n: 0, mean: 0 }, low: { n: 0, mean: 0 }, high: { n: 0, mean: 0 } })

/** Source: Frias-Blanco et al. (2015), A-test. Values are in [0, 1]. */
export const hddmA: DetectorEntry<Averages, Confidence> = {
  about: 'the mean after a cut is above that before it, by the bound of Hoeffding',
  takes: 'errors',
  defaults: DEFAULTS,
  refuse,
  goesOn: true,
  start: averages,
  step(state, value, { driftAlpha, warningAlpha, twoSided, minimum }) {
    state.n++
    const { all } = state
    addTo(all, value)
    const bound = ({ n }: Mean): number => Math.sqrt(Math.log(1 / driftAlpha) / (2 * n))
    if (state.low.n === 0 || all.mean + bound(all) <= state.low.mean + bound(state.low)) state.low = { ...all }
    if (state.high.n === 0 || all.mean - bound(all) >= state.high.mean - bound(state.high)) state.high = { ...all }
    if (state.n < minimum) return calm
    // without values after the cut there is nothing to compare
    const moved = (alpha: number, cut: Mean, sign: number): boolean =>
      all.n > cut.n &&
      sign * (all.mean - cut.mean) >= Math.sqrt(((all.n - cut.n) / (2 * cut.n * all.n)) * Math.log(1 / alpha))
    const at = (alpha: number): boolean => moved(alpha, state.low, 1) || (twoSided && moved(alpha, state.high, -1))
    const found = alarm(at(driftAlpha), at(warningAlpha))
    if (found.drift) Object.assign(state, averages(), { n: state.n })
    return found
  },
}

/** An exponentially weighted mean, and the sum of its squared weights. */
export interface Weighted {
  mean: number
  squares: number
}
export interface Cut {
  edge: number
  before: Weighted
  after: Weighted
}
export interface WeightedState {
  n: number
  all: Weighted
  low: Cut
  high: Cut
}
const weighted = (): Weighted => ({ mean: 0, squares: 1 })
const cut = (): Cut => ({ edge: Infinity, before: weighted(), after: weighted() })
const weightedState = (): WeightedState => ({ n: 0, all: weighted(), low: cut(), high: cut() })

/** Source: Frias-Blanco et al. (2015), W-test; means start at 0, as in Frouros 0.9. */
export const hddmW: DetectorEntry<WeightedState, Confidence & { readonly lambda: number }> = {
  about: 'the weighted mean after a cut is above that before it, by the bound of McDiarmid',
  takes: 'errors',
  defaults: { ...DEFAULTS, lambda: 0.05 },
  refuse: ({ lambda, ...rest }) =>
    lambda >= 0 && lambda <= 1 ? refuse(rest) : `lambda ${lambda} is not between 0 and 1`,
  goesOn: true,
  start: weightedState,
  step(state, value, { driftAlpha, warningAlpha, twoSided, minimum, lambda }) {
    state.n++
    const add = (to: Weighted): void => {
      to.mean = lambda * value + (1 - lambda) * to.mean
      to.squares = lambda * lambda + (1 - lambda) ** 2 * to.squares
    }
    const bound = (squares: number, alpha: number): number => Math.sqrt((squares * Math.log(1 / alpha)) / 2)
    add(state.all)
    const reach = bound(state.all.squares, lambda)
    for (const [at, sign] of [
      [state.low, 1],
      [state.high, -1],
    ] as const) {
      const edge = sign * state.all.mean + reach
      if (edge < at.edge) Object.assign(at, { edge, before: { ...state.all }, after: weighted() })
      else add(at.after)
    }
    if (state.n < minimum) return calm
    const moved = ({ before, after }: Cut, sign: number, alpha: number): boolean =>
      sign * (after.mean - before.mean) > bound(before.squares + after.squares, alpha)
    const at = (alpha: number): boolean => moved(state.low, 1, alpha) || (twoSided && moved(state.high, -1, alpha))
    const found = alarm(at(driftAlpha), at(warningAlpha))
    if (found.drift) Object.assign(state, weightedState(), { n: state.n })
    return found
  },
}
