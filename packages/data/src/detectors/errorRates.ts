import { normalCdf } from '@mlpod/math'
import { addTo, alarm, calm, type DetectorEntry, type Mean } from './detector.ts'

export interface Levels {
  readonly warningLevel: number
  readonly driftLevel: number
  /** Values before which nothing is told. */
  readonly minimum: number
}

const refuseLevels = ({ warningLevel, driftLevel }: Levels): string | undefined =>
  warningLevel > 0 && driftLevel > warningLevel
    ? undefined
    : `the levels ${warningLevel} and ${driftLevel} do not rise from above 0`

/** The rate of errors, and the lowest upper edge that it has had. */
export interface Rate {
  rate: Mean
  lowest: number
  lowestSd: number
}
const noRate = (): Rate => ({ rate: { n: 0, mean: 0 }, lowest: Infinity, lowestSd: Infinity })

/** Takes the rate as it is now into its lowest edge; returns how it stands to given levels above that. */
function judge(state: Rate, n: number): { edge: number; above: (level: number) => boolean } {
  const { mean } = state.rate
  const sd = Math.sqrt((mean * (1 - mean)) / n)
  const edge = mean + sd
  if (edge < state.lowest + state.lowestSd) {
    state.lowest = mean
    state.lowestSd = sd
  }
  return { edge, above: (level) => edge > state.lowest + level * state.lowestSd }
}

/** Source: Gama et al. (2004). */
export const ddm: DetectorEntry<Rate, Levels> = {
  about: 'the error rate rises above its lowest by some of its standard deviations',
  takes: 'errors',
  defaults: { warningLevel: 2, driftLevel: 3, minimum: 30 },
  refuse: refuseLevels,
  start: noRate,
  step(state, value, { warningLevel, driftLevel, minimum }) {
    addTo(state.rate, value)
    if (state.rate.n < minimum) return calm
    const { above } = judge(state, state.rate.n)
    return alarm(above(driftLevel), above(warningLevel))
  },
}

export interface Distances {
  n: number
  errors: number
  last: number
  mean: number
  squares: number
  largest: number
  alarm: { drift: boolean; warning: boolean }
}

/** Source: Baena-Garcia et al. (2006). */
export const eddm: DetectorEntry<Distances, { alpha: number; beta: number; level: number; minimumErrors: number }> = {
  about: 'errors come closer together than they ever were apart',
  takes: 'errors',
  defaults: { alpha: 0.95, beta: 0.9, level: 2, minimumErrors: 30 },
  refuse: ({ alpha, beta, level }) =>
    beta > 0 && beta < alpha && level > 0
      ? undefined
      : `beta ${beta} is not between 0 and alpha ${alpha}, or level ${level} not above 0`,
  start: () => ({ n: 0, errors: 0, last: 0, mean: 0, squares: 0, largest: -Infinity, alarm: calm }),
  step(state, value, { alpha, beta, level, minimumErrors }) {
    state.n++
    if (value !== 1) {
      state.alarm = calm
      return calm
    }
    state.errors++
    const distance = state.n - state.last
    const before = state.mean
    state.mean += (distance - before) / state.errors
    state.squares += (distance - state.mean) * (distance - before)
    state.last = state.n
    if (state.n < minimumErrors) return state.alarm
    const reach = state.mean + level * Math.sqrt(state.squares / state.errors)
    if (reach > state.largest) {
      state.largest = reach
      state.alarm = calm
    } else if (state.errors >= minimumErrors) {
      const share = reach / state.largest
      state.alarm = alarm(share < beta, share < alpha)
    }
    return state.alarm
  },
}

export interface Reactive extends Rate {
  n: number
  warnings: number
  renew: boolean
  drift: boolean
  recent: number[]
}

/** Source: Barros et al. (2017): DDM that forgets old values of long stable concepts. */
export const rddm: DetectorEntry<
  Reactive,
  Levels & { readonly longest: number; readonly kept: number; readonly longestWarning: number }
> = {
  about: 'DDM that forgets the far past of long stable times',
  takes: 'errors',
  defaults: { warningLevel: 1.773, driftLevel: 2.258, minimum: 129, longest: 40_000, kept: 7000, longestWarning: 1400 },
  refuse: refuseLevels,
  goesOn: true,
  start: () => ({ ...noRate(), n: 0, warnings: 0, renew: false, drift: false, recent: [] }),
  step(state, value, { warningLevel, driftLevel, minimum, longest, kept, longestWarning }) {
    if (state.renew) {
      Object.assign(state, noRate(), { n: 0, warnings: 0, renew: false })
      for (const old of state.recent) {
        state.n++
        addTo(state.rate, old)
        if (state.drift && state.n >= minimum) judge(state, state.n)
      }
      state.drift = false
    }
    state.n++
    state.recent.push(value)
    if (state.recent.length > kept) state.recent.shift()
    addTo(state.rate, value)
    if (state.n < minimum) return calm
    const { above } = judge(state, state.n)
    const keepLast = (): void => {
      state.recent = state.recent.slice(-1)
    }
    if (above(driftLevel)) {
      state.renew = true
      state.drift = true
      if (state.warnings === 0) keepLast()
      return alarm(true)
    }
    if (above(warningLevel)) {
      if (state.warnings >= longestWarning) {
        state.renew = true
        state.drift = true
        keepLast()
        return alarm(true)
      }
      state.warnings++
      return alarm(false, true)
    }
    state.warnings = 0
    if (state.n >= longest) state.renew = true
    return calm
  },
}

/** Control limits as polynomials of the error rate, by the average run length. Source: Ross et al. (2012), table 1. */
const LIMITS: Readonly<Record<number, readonly number[]>> = {
  100: [2.76, -6.23, 18.12, -312.45, 1002.18],
  400: [3.97, -6.56, 48.73, -330.13, 848.18],
  1000: [1.17, 7.56, -21.24, 112.12, -987.23],
}
const POWERS = [0, 1, 3, 5, 7]

/** Source: Ross et al. (2012). */
export const ecdd: DetectorEntry<
  { rate: Mean; recent: number },
  { lambda: number; runLength: number; warningLevel: number; minimum: number }
> = {
  about: 'an exponentially weighted error rate rises above the whole one',
  takes: 'errors',
  defaults: { lambda: 0.2, runLength: 400, warningLevel: 0.5, minimum: 30 },
  refuse: ({ lambda, runLength, warningLevel }) => {
    if (!(runLength in LIMITS))
      return `an average run length of ${runLength} is not one of ${Object.keys(LIMITS).join(', ')}`
    return lambda >= 0 && lambda <= 1 && warningLevel > 0 && warningLevel < 1
      ? undefined
      : `lambda ${lambda} or warningLevel ${warningLevel} is not between 0 and 1`
  },
  start: () => ({ rate: { n: 0, mean: 0 }, recent: 0 }),
  step(state, value, { lambda, runLength, warningLevel, minimum }) {
    addTo(state.rate, value)
    state.recent = lambda * value + (1 - lambda) * state.recent
    const { n, mean } = state.rate
    if (n < minimum) return calm
    const sd = Math.sqrt((lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * n)) * mean * (1 - mean))
    const limit = LIMITS[runLength].reduce((sum, factor, i) => sum + factor * mean ** POWERS[i], 0)
    return alarm(state.recent > mean + limit * sd, state.recent > mean + warningLevel * limit * sd)
  },
}

/** Source: Nishida, Yamauchi (2007). The continuity correction never turns a small difference into a large one. */
export const stepd: DetectorEntry<
  { n: number; sum: number; recent: number[] },
  { driftAlpha: number; warningAlpha: number; window: number }
> = {
  about: 'the error rate of the last values differs from that of all before',
  takes: 'errors',
  defaults: { driftAlpha: 0.003, warningAlpha: 0.05, window: 30 },
  refuse: ({ driftAlpha, warningAlpha }) =>
    driftAlpha > 0 && driftAlpha < warningAlpha && warningAlpha < 1
      ? undefined
      : `the levels ${driftAlpha} and ${warningAlpha} do not rise between 0 and 1`,
  start: () => ({ n: 0, sum: 0, recent: [] }),
  step(state, value, { driftAlpha, warningAlpha, window }) {
    state.n++
    state.sum += value
    state.recent.push(value)
    if (state.recent.length > window) state.recent.shift()
    if (state.n < 2 * window) return calm
    const recent = state.recent.reduce((sum, v) => sum + v, 0)
    const older = state.n - window
    const share = state.sum / state.n
    const inverses = 1 / older + 1 / window
    const difference = Math.abs((state.sum - recent) / older - recent / window) - 0.5 * inverses
    const p = normalCdf(-Math.max(0, difference) / Math.sqrt(share * (1 - share) * inverses))
    return alarm(p < driftAlpha, p < warningAlpha)
  },
}
