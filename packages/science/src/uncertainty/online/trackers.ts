import { quantilesOfSorted } from '@mlpod/math'
import { perSide } from './method.ts'
import { checkOption } from './options.ts'

/** The quantile of the history that a tracker starts at; 0 without one. */
export function startOf(level: number, history: readonly number[]): number {
  const known = Float64Array.from(history.filter((x) => !Number.isNaN(x))).sort()
  return known.length === 0 ? 0 : quantilesOfSorted(known, [level])[0]
}

/** The largest size of a score in the history; 1 without one. */
export const scaleOf = (history: readonly number[]): number => {
  const most = history.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  return most > 0 ? most : 1
}

/** Settings of the tracker with decaying steps. */
export interface DecayingOptions {
  /** The first step, in units of the score; by default the largest score of the history. */
  readonly step?: number
  /** How fast steps shrink: the t-th is step t^-decay. In (1/2, 1) for a limit on exchangeable streams; 0 never shrinks. 0.6 by default. */
  readonly decay?: number
}

/** State of the tracker with decaying steps. */
export interface DecayingState {
  readonly level: number
  readonly threshold: number
  readonly step: number
  readonly decay: number
  readonly seen: number
}

/** The threshold moves up by step level after an error and down by step (1 - level) otherwise, in steps that shrink. */
export const decaying = perSide<DecayingState, DecayingOptions>(
  {
    name: 'decaying',
    guarantee:
      'coverage of T rows is within O(1 / T step_T) of level on any stream of bounded scores, and converges on exchangeable ones',
    source: 'Angelopoulos, Barber, Bates 2024',
  },
  {
    start: (level, history, { step = scaleOf(history), decay = 0.6 }) => ({
      level,
      threshold: startOf(level, history),
      step: checkOption('step', step, { low: 0, open: true }),
      decay: checkOption('decay', decay, { low: 0, high: 1 }),
      seen: 0,
    }),
    threshold: (state) => state.threshold,
    observe(state, score) {
      const error = score > state.threshold ? 1 : 0
      const seen = state.seen + 1
      return {
        ...state,
        seen,
        threshold: state.threshold + state.step * seen ** -state.decay * (error - (1 - state.level)),
      }
    },
  },
)

/** Settings of conformal PID. */
export interface PidOptions {
  /** The step of the tracker as a share of the largest of the latest scores; 0.1 by default. */
  readonly rate?: number
  /** How many of the latest scores tell the size of the step; 100 by default. */
  readonly window?: number
  /** Weight of the integrator, in units of the score; by default the largest score of the history. 0 leaves it out. */
  readonly integral?: number
  /** How soon the integrator saturates: the larger, the later. 5 by default. */
  readonly saturation?: number
}

/** State of conformal PID. */
export interface PidState {
  readonly level: number
  readonly tracked: number
  readonly rate: number
  readonly window: number
  readonly recent: readonly number[]
  readonly integral: number
  readonly saturation: number
  /** The sum of errors beyond those allowed, and the rows it is of. */
  readonly excess: number
  readonly seen: number
}

/** K tan(x ln(t + 1) / (C (t + 1))), infinite beyond the tangent's poles. */
function integrated({ excess, seen, integral, saturation }: PidState): number {
  if (seen === 0 || integral === 0) return 0
  const angle = (excess * Math.log(seen + 1)) / (saturation * (seen + 1))
  if (Math.abs(angle) >= Math.PI / 2) return Math.sign(angle) * Number.POSITIVE_INFINITY
  return integral * Math.tan(angle)
}

/**
 * Conformal PID: a tracker of the quantile (P), the sum of past errors through a tangent (I), and what is forecast of the score (D: `forecast`
 * of the row, by any model).
 */
export const pid = perSide<PidState, PidOptions>(
  {
    name: 'pid',
    guarantee: 'coverage nears level on any stream of bounded scores, the faster the larger the integrator',
    source: 'Angelopoulos, Candes, Tibshirani 2023',
  },
  {
    start: (level, history, { rate = 0.1, window = 100, integral = scaleOf(history), saturation = 5 }) => ({
      level,
      tracked: startOf(level, history),
      rate: checkOption('rate', rate, { low: 0 }),
      window: checkOption('window', window, { low: 1 }),
      recent: history.filter((x) => !Number.isNaN(x)).slice(-window),
      integral: checkOption('integral', integral, { low: 0 }),
      saturation: checkOption('saturation', saturation, { low: 0, open: true }),
      excess: 0,
      seen: 0,
    }),
    threshold: (state, { forecast = 0 }) => state.tracked + integrated(state) + forecast,
    observe(state, score, { forecast = 0 }) {
      const error = score > state.tracked + integrated(state) + forecast ? 1 : 0
      const beyond = error - (1 - state.level)
      const recent = [...state.recent.slice(1 - state.window || state.recent.length), score]
      return {
        ...state,
        recent,
        tracked: state.tracked + state.rate * scaleOf(recent) * beyond,
        excess: state.excess + beyond,
        seen: state.seen + 1,
      }
    },
  },
)

/** Settings of the tracker of several groups. */
export interface MultigroupOptions {
  /** The step, in units of the score; by default a twentieth of the largest score of the history. */
  readonly step?: number
}

/** State of the tracker of several groups. */
export interface MultigroupState {
  readonly level: number
  readonly step: number
  /** What all rows share, and what each group adds. */
  readonly base: number
  readonly groups: Readonly<Record<string, number>>
}

const sumOf = ({ base, groups }: MultigroupState, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (groups[name] ?? 0), base)

/** The threshold is a sum over the row's groups, which may overlap; each member moves by the row's error. */
export const multigroup = perSide<MultigroupState, MultigroupOptions>(
  {
    name: 'multigroup',
    guarantee:
      "each group's coverage nears level on any stream of bounded scores: its gap is its term's size / (step rows)",
    source: 'Angelopoulos, Jordan, Tibshirani 2025 (gradient equilibrium); Ramalingam, Kiyani, Roth 2025',
  },
  {
    start: (level, history, { step = scaleOf(history) / 20 }) => ({
      level,
      step: checkOption('step', step, { low: 0, open: true }),
      base: startOf(level, history),
      groups: {},
    }),
    threshold: (state, { groups = [] }) => sumOf(state, groups),
    observe(state, score, { groups = [] }) {
      const move = state.step * ((score > sumOf(state, groups) ? 1 : 0) - (1 - state.level))
      const moved = Object.fromEntries(groups.map((name) => [name, (state.groups[name] ?? 0) + move]))
      return { ...state, base: state.base + move, groups: { ...state.groups, ...moved } }
    },
  },
)
