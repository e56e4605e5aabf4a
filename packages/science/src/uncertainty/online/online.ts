import { didYouMean, PodError } from '@mlpod/contract'
import { columnAlgebra } from '../algebra/columns.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import {
  type RegressionPart,
  type RegressionParts,
  type RegressionScore,
  regressionScores,
} from '../regression/scores.ts'
import { checkedParts, type RegressionColumns, scoreOf } from '../regression/splitRegression.ts'
import { aci } from './aci.ts'
import { agaci } from './agaci.ts'
import { dtaci } from './dtaci.ts'
import type { OnlineMethod, OnlineRow, Sides } from './method.ts'
import { saocp } from './saocp.ts'
import { spci } from './spci.ts'
import { decaying, multigroup, pid } from './trackers.ts'
import { enbpi, nexcp } from './windows.ts'

/** The ways to keep intervals of a stream covered, by name. */
export const onlineMethods = { aci, agaci, dtaci, saocp, pid, decaying, nexcp, spci, enbpi, multigroup } as const

type Methods = typeof onlineMethods

type Of<M extends keyof Methods> =
  Methods[M] extends OnlineMethod<infer State, infer Options>
    ? { readonly state: State; readonly options: Options }
    : never

/** What every method takes. */
export interface OnlineCommon {
  readonly score?: keyof typeof regressionScores
  /** One threshold for both sides, or one for each at half the error; the score's own choice by default. */
  readonly symmetric?: boolean
  /** Rows known before, in order: their truth and what the model said of them. */
  readonly history?: { readonly y: ArrayLike<number> } & RegressionColumns
}

/** A method and its settings. */
export type OnlineOptions = {
  [M in keyof Methods]: { readonly method: M } & Of<M>['options'] & OnlineCommon
}[keyof Methods]

/** What is known of a stream so far: plain data, which JSON keeps as it is. */
export type OnlineState = {
  [M in keyof Methods]: {
    readonly method: M
    readonly level: number
    readonly score: keyof typeof regressionScores
    readonly symmetric: boolean
    /** Rows observed, those whose truth was NaN (left out), and those that their interval did not hold. */
    readonly n: number
    readonly dropped: number
    readonly errors: number
    /** When the last row was, where rows have a time. */
    readonly time: number | null
    readonly memory: Of<M>['state']
  }
}[keyof Methods]

/** One row of a stream: what the model says of it, and what else is known. */
export interface OnlineParts extends RegressionParts<number>, OnlineRow {
  /** Must grow from row to row where it is given. */
  readonly time?: number
}

type Given = Readonly<Record<RegressionPart, number>>

const methodOf = (name: string): OnlineMethod<unknown, unknown> => {
  const found = (onlineMethods as Readonly<Record<string, unknown>>)[name]
  if (found === undefined)
    throw new PodError('METHOD_UNKNOWN', `there is no online method "${name}"`, {
      hint: didYouMean(name, Object.keys(onlineMethods)),
    })
  return found as OnlineMethod<unknown, unknown>
}

function scoresOf(score: RegressionScore, symmetric: boolean, parts: OnlineParts, y: number): Sides<number> {
  const above = score.above(columnAlgebra, y, parts as Given) as number
  const below = score.below(columnAlgebra, y, parts as Given) as number
  if (!symmetric) return { above, below }
  const both = Math.max(above, below)
  return { above: both, below: both }
}

/**
 * Returns the state of a method before the first row, at one level. Throws `METHOD_UNKNOWN`, `SCORE_UNKNOWN`, `LEVEL_INVALID`, `OPTION_INVALID`,
 * and what makes the history no rows of the score: `PART_MISSING`, `LENGTH_MISMATCH`, `VALUE_NOT_POSITIVE`.
 */
export function startOnline(options: OnlineOptions & LevelOption): OnlineState {
  const { method, score: name, symmetric, history, level, alpha, ...own } = options
  const levels = levelsOf({ level, alpha })
  if (levels.length > 1)
    throw new PodError('LEVEL_INVALID', `a state has one level, not ${levels.length}`, {
      hint: 'start a state for each, or use runOnline',
    })
  const used = methodOf(method)
  const scoreName = name ?? (history?.lower === undefined ? 'absolute' : 'cqr')
  const score = scoreOf(scoreName)
  const both = symmetric ?? score.symmetric
  const above: number[] = []
  const below: number[] = []
  if (history !== undefined) {
    const given = checkedParts(score, history, history.y.length, { y: Float64Array.from(history.y) })
    for (let i = 0; i < history.y.length; i++) {
      const row = Object.fromEntries(score.parts.map((part) => [part, given[part][i]]))
      const sides = scoresOf(score, both, row, history.y[i])
      if (Number.isNaN(sides.above)) continue
      above.push(sides.above)
      below.push(sides.below)
    }
  }
  const memory = used.start({ level: levels[0], symmetric: both, history: { above, below } }, own)
  const shared = { method, level: levels[0], score: scoreName, symmetric: both }
  return { ...shared, n: 0, dropped: 0, errors: 0, time: null, memory } as OnlineState
}

/**
 * Returns the thresholds of the next row, for those who invert them elsewhere (a query, a graph): y is covered where its score is at most `above` on
 * the upper side and `below` on the lower.
 */
export const onlineThresholds = (state: OnlineState, row: OnlineRow = {}): Sides<number> =>
  methodOf(state.method).thresholds(state.memory, row)

/** An interval of one row; infinite where nothing is known yet, and empty (lower > upper) where nothing is to be covered. */
export interface OnlineInterval {
  readonly lower: number
  readonly upper: number
}

/** Returns the interval of a row whose truth is not known yet. Throws `PART_MISSING`. */
export function onlineInterval(state: OnlineState, parts: OnlineParts): OnlineInterval {
  const score: RegressionScore = regressionScores[state.score]
  const thresholds = methodOf(state.method).thresholds(state.memory, parts)
  const missing = score.parts.find((part) => typeof parts[part] !== 'number')
  if (missing !== undefined)
    throw new PodError('PART_MISSING', `the score "${score.name}" needs "${missing}" of each row`, {
      hint: `give { ${score.parts.join(', ')} }`,
    })
  const bound = (value: number, infinity: number): number => (Number.isNaN(value) ? infinity : value)
  return {
    lower: bound(score.lower(columnAlgebra, thresholds.below, parts as Given) as number, Number.NEGATIVE_INFINITY),
    upper: bound(score.upper(columnAlgebra, thresholds.above, parts as Given) as number, Number.POSITIVE_INFINITY),
  }
}

/**
 * Returns the state after a row, given what the model said of it and its truth; a truth of NaN is counted and left out.
 * Truths that come late may be observed late, each with the parts that its interval was made of.
 * Throws `PART_MISSING`, `VALUE_NOT_FINITE`, and `TIME_INVALID` where time does not grow.
 */
export function observeOnline(state: OnlineState, parts: OnlineParts, y: number): OnlineState {
  const time = parts.time ?? state.time
  if (parts.time !== undefined && state.time !== null && !(parts.time > state.time))
    throw new PodError('TIME_INVALID', `a row of time ${parts.time} comes after one of time ${state.time}`, {
      because: 'what is learned from a stream depends on its order',
      hint: 'sort the rows by time',
    })
  if (Number.isNaN(y)) return { ...state, time, dropped: state.dropped + 1 }
  const { lower, upper } = onlineInterval(state, parts)
  const scores = scoresOf(regressionScores[state.score], state.symmetric, parts, y)
  if (!(Number.isFinite(scores.above) && Number.isFinite(scores.below)))
    throw new PodError('VALUE_NOT_FINITE', `a row of y ${y} has the score ${scores.above}`, {
      hint: 'give y = NaN where it is not known',
    })
  const memory = methodOf(state.method).observe(state.memory, scores, parts)
  const errors = state.errors + (y >= lower && y <= upper ? 0 : 1)
  return { ...state, n: state.n + 1, time, errors, memory } as OnlineState
}
