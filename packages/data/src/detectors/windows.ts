import { kolmogorovSmirnov, quantile, random, runsOf } from '@mlpod/math'
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

/** What is known of a reference: kept as plain data, so that a detector that goes on needs not compute it again. */
export interface Discrepancy {
  window: number[]
  /** 1 / (2 sigma^2) of the kernel, the mean of it within the reference, and the statistic that chance exceeds once in 1 / alpha windows. */
  gamma: number
  within: number
  limit: number
}

const WINDOWS = 300

/** Squared discrepancy of a window and the reference, the window's pairs without its own. */
function windowDiscrepancy(
  window: readonly number[],
  reference: readonly number[],
  gamma: number,
  within: number,
): number {
  let [own, across] = [0, 0]
  for (const [i, v] of window.entries()) {
    for (let j = 0; j < i; j++) own += 2 * Math.exp(-gamma * (v - window[j]) ** 2)
    for (const r of reference) across += Math.exp(-gamma * (v - r) ** 2)
  }
  const n = window.length
  return within + own / (n * (n - 1)) - (2 * across) / (n * reference.length)
}

/** Source: Gretton et al. (2012); the limit by windows drawn from the reference itself. */
export const onlineMmd: DetectorEntry<
  Discrepancy,
  { reference: readonly number[]; alpha: number; window: number; seed: number }
> = {
  about: 'the last values have another distribution than a reference, by the maximum mean discrepancy',
  takes: 'numbers',
  defaults: { reference: [], alpha: 0.005, window: 30, seed: 0 },
  refuse: ({ reference, alpha, window }) =>
    reference.length >= 2 * window && alpha > 0 && alpha < 1 && window > 1
      ? undefined
      : 'it needs a `reference` at least twice as long as its window of 2 or more, and alpha between 0 and 1',
  start({ reference, alpha, window, seed }) {
    const apart: number[] = []
    for (const [i, v] of reference.entries()) for (let j = 0; j < i; j++) apart.push((v - reference[j]) ** 2)
    const gamma = 1 / (quantile(apart, 0.5) || 1)
    const within = apart.reduce((sum, d) => sum + Math.exp(-gamma * d), 0) / apart.length
    const drawn = Array.from({ length: WINDOWS }, (_, k) => {
      const order = random({ seed, path: `mmd ${k}` })
        .permutation(reference.length)
        .subarray(0, window)
      return windowDiscrepancy(
        Array.from(order, (i) => reference[i]),
        reference,
        gamma,
        within,
      )
    })
    return { window: [], gamma, within, limit: quantile(drawn, 1 - alpha) }
  },
  step(state, value, { reference, window }) {
    state.window.push(value)
    if (state.window.length > window) state.window.shift()
    if (state.window.length < window) return calm
    return alarm(windowDiscrepancy(state.window, reference, state.gamma, state.within) > state.limit)
  },
}
