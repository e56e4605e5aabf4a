import { eachSide } from '../calibrate/levels.ts'

/** A number for each side of the prediction. Where one threshold serves both, the two are the same. */
export interface Sides<T> {
  readonly above: T
  readonly below: T
}

/** What is known of a row besides what the model says of it. */
export interface OnlineRow {
  /** The groups that the row belongs to, for methods that serve groups. */
  readonly groups?: readonly string[]
  /** What is forecast of the row's score, for methods that add to a forecast. */
  readonly forecast?: number
}

/** What every method is started with. */
export interface OnlineSetting {
  readonly level: number
  readonly symmetric: boolean
  /** Scores seen before, in order. */
  readonly history: Sides<readonly number[]>
}

/**
 * A way to keep the thresholds of a stream of scores: `start`, then for each row `thresholds` before its truth is known and `observe`
 * after. States are plain data, and functions return new ones.
 */
export interface OnlineMethod<State, Options> {
  readonly name: string
  /** What holds in the long run, of what streams. */
  readonly guarantee: string
  readonly source: string
  start(setting: OnlineSetting, options: Options): State
  thresholds(state: State, row: OnlineRow): Sides<number>
  observe(state: State, scores: Sides<number>, row: OnlineRow): State
}

/** A way to keep one threshold of one stream of scores. */
export interface ScoreTracker<State, Options> {
  start(level: number, history: readonly number[], options: Options): State
  threshold(state: State, row: OnlineRow): number
  observe(state: State, score: number, row: OnlineRow): State
}

/** One tracker of each side at half the error, or (null) one for both. */
export interface TrackedSides<State> {
  readonly above: State
  readonly below: State | null
}

/** Returns the method that tracks each side's threshold by itself. */
export const perSide = <State, Options>(
  { name, guarantee, source }: Pick<OnlineMethod<State, Options>, 'name' | 'guarantee' | 'source'>,
  tracker: ScoreTracker<State, Options>,
): OnlineMethod<TrackedSides<State>, Options> => ({
  name,
  guarantee,
  source,
  start({ level, symmetric, history }, options) {
    if (symmetric) return { above: tracker.start(level, history.above, options), below: null }
    const side = eachSide(level)
    return {
      above: tracker.start(side, history.above, options),
      below: tracker.start(side, history.below, options),
    }
  },
  thresholds({ above, below }, row) {
    const up = tracker.threshold(above, row)
    return { above: up, below: below === null ? up : tracker.threshold(below, row) }
  },
  observe({ above, below }, scores, row) {
    return {
      above: tracker.observe(above, scores.above, row),
      below: below === null ? null : tracker.observe(below, scores.below, row),
    }
  },
})
