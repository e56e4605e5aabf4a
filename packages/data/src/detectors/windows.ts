import { kolmogorovSmirnov, random, runsOf } from '@mlpod/math'
import { alarm, calm, type DetectorEntry } from './detector.ts'

/** Source: Raab et al. (2020). What is drawn from the older values depends on the seed and the number of the value alone. */
export const kswin: DetectorEntry<
  { n: number; window: number[] },
  { alpha: number; window: number; recent: number; seed: number }
> = {
  about: 'the last values of a window have another distribution than those before, by the Kolmogorov-Smirnov test',
  takes: 'numbers',
  defaults: { alpha: 0.0001, window: 100, recent: 30, seed: 0 },
  refuse: ({ alpha, window, recent }) =>
    alpha > 0 && alpha < 1 && recent >= 1 && 2 * recent <= window
      ? undefined
      : `alpha ${alpha} is not between 0 and 1, or ${recent} recent values are more than half of ${window}`,
  start: () => ({ n: 0, window: [] }),
  step(state, value, { alpha, window, recent, seed }) {
    state.n++
    state.window.push(value)
    if (state.window.length > window) state.window.shift()
    if (state.window.length < window) return calm
    const older = window - recent
    const order = random({ seed, path: `kswin ${state.n}` }).permutation(older)
    const drawn = Array.from({ length: recent }, (_, i) => state.window[order[i]])
    return alarm(kolmogorovSmirnov(runsOf(drawn), runsOf(state.window.slice(older))).pValue <= alpha)
  },
}

/** Source: dos Reis et al. (2016): a window against a fixed reference, compared at each value. */
export const incrementalKs: DetectorEntry<
  { window: number[] },
  { reference: readonly number[]; alpha: number; window: number }
> = {
  about: 'the last values have another distribution than a reference, by the Kolmogorov-Smirnov test',
  takes: 'numbers',
  defaults: { reference: [], alpha: 0.001, window: 100 },
  refuse: ({ reference, alpha, window }) =>
    reference.length > 0 && alpha > 0 && alpha < 1 && window > 0
      ? undefined
      : 'it needs a `reference` of numbers, alpha between 0 and 1 and a window above 0',
  start: () => ({ window: [] }),
  step(state, value, { reference, alpha, window }) {
    state.window.push(value)
    if (state.window.length > window) state.window.shift()
    if (state.window.length < window) return calm
    return alarm(kolmogorovSmirnov(runsOf(reference), runsOf(state.window)).pValue <= alpha)
  },
}
