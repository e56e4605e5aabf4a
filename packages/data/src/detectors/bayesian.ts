import { alarm, type DetectorEntry } from './detector.ts'

/** Run lengths that are still possible: how long, how likely, and what is believed of the mean since. */
export interface Runs {
  n: number
  length: number[]
  logProbability: number[]
  mean: number[]
  precision: number[]
}

export interface Options {
  readonly hazard: number
  readonly priorMean: number
  readonly priorVariance: number
  readonly variance: number
  readonly minimum: number
}

/** Run lengths less likely than the likeliest by e^-60 change no double. */
const FORGOTTEN = 60

const logSum = (values: readonly number[]): number => {
  const most = Math.max(...values)
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0))
}

/** Source: Adams, MacKay (2007): Gaussian values of known variance and unknown mean. */
export const bocd: DetectorEntry<Runs, Options> = {
  about: 'the likeliest time since the last change is shorter than the stream',
  takes: 'numbers',
  defaults: { hazard: 0.01, priorMean: 0, priorVariance: 1, variance: 1, minimum: 30 },
  refuse: ({ hazard, priorVariance, variance }) =>
    hazard > 0 && hazard < 1 && priorVariance > 0 && variance > 0
      ? undefined
      : `the hazard ${hazard} is not between 0 and 1, or a variance not above 0`,
  start: ({ priorMean, priorVariance }) => ({
    n: 0,
    length: [0],
    logProbability: [0],
    mean: [priorMean],
    precision: [1 / priorVariance],
  }),
  step(state, value, { hazard, priorMean, priorVariance, variance, minimum }) {
    state.n++
    const likely = state.length.map((_, i) => {
      const spread = 1 / state.precision[i] + variance
      return (
        state.logProbability[i] - 0.5 * Math.log(2 * Math.PI * spread) - (value - state.mean[i]) ** 2 / (2 * spread)
      )
    })
    const joint = [logSum(likely) + Math.log(hazard), ...likely.map((l) => l + Math.log1p(-hazard))]
    const evidence = logSum(joint)
    const precision = [1 / priorVariance, ...state.precision.map((p) => p + 1 / variance)]
    const mean = [
      priorMean,
      ...state.mean.map((m, i) => (m * state.precision[i] + value / variance) / precision[i + 1]),
    ]
    const length = [0, ...state.length.map((l) => l + 1)]
    const logProbability = joint.map((j) => j - evidence)
    const best = logProbability.reduce((at, p, i) => (p > logProbability[at] ? i : at), 0)
    const drift = state.n >= minimum && length[best] !== state.n
    const kept = length.map((_, i) => i).filter((i) => logProbability[i] > logProbability[best] - FORGOTTEN)
    const pick = (values: readonly number[]): number[] => kept.map((i) => values[i])
    Object.assign(state, {
      length: pick(length),
      logProbability: pick(logProbability),
      mean: pick(mean),
      precision: pick(precision),
    })
    return alarm(drift)
  },
}
