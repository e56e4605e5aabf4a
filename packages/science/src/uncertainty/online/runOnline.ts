import { PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import { type LevelOption, levelsOf } from '../calibrate/levels.ts'
import { regressionScores } from '../regression/scores.ts'
import { checkedParts, type Intervals, type RegressionColumns } from '../regression/splitRegression.ts'
import {
  type OnlineOptions,
  type OnlineParts,
  type OnlineState,
  observeOnline,
  onlineInterval,
  startOnline,
} from './online.ts'

/** A stream's rows as columns. */
export interface OnlineColumns extends RegressionColumns {
  readonly groups?: readonly (readonly string[])[]
  readonly forecast?: ArrayLike<number>
  readonly time?: ArrayLike<number>
}

/** The intervals of a stream, [n, levels], and the states after it, one a level. */
export interface OnlineRun extends Intervals {
  readonly states: readonly OnlineState[]
}

/**
 * Returns the intervals that a method gives row after row, each before its truth is used. With `batch` b, those of b rows are made
 * of one state and their truths are observed together. Throws what `startOnline` and `observeOnline` throw, `LENGTH_MISMATCH`, and
 * `OPTION_INVALID` for a batch longer than the window that it would replace.
 */
export function runOnline(
  y: ArrayLike<number>,
  columns: OnlineColumns,
  { batch = 1, ...options }: OnlineOptions & LevelOption & { readonly batch?: number },
): OnlineRun {
  const levels = levelsOf(options)
  if (!(Number.isInteger(batch) && batch >= 1))
    throw new PodError('OPTION_INVALID', `the batch ${batch} is no number of rows`)
  const n = y.length
  let states = levels.map((level) =>
    startOnline({ ...options, alpha: undefined, level } as OnlineOptions & LevelOption),
  )
  const score = regressionScores[states[0].score]
  checkBatch(states[0], batch)
  const given = checkedParts(score, columns, n)
  checkLength(columns.groups?.length, n, 'groups')
  checkLength(columns.forecast?.length, n, 'forecast')
  checkLength(columns.time?.length, n, 'time')
  const rowAt = (i: number): OnlineParts => {
    const row: Record<string, unknown> = {}
    for (const part of score.parts) row[part] = given[part][i]
    if (columns.groups) row.groups = columns.groups[i]
    if (columns.forecast) row.forecast = columns.forecast[i]
    if (columns.time) row.time = columns.time[i]
    return row
  }
  const lower = new Float64Array(n * levels.length)
  const upper = new Float64Array(n * levels.length)
  let empty = 0
  for (let from = 0; from < n; from += batch) {
    const to = Math.min(n, from + batch)
    for (let i = from; i < to; i++)
      states.forEach((state, l) => {
        const at = i * levels.length + l
        const interval = onlineInterval(state, rowAt(i))
        lower[at] = interval.lower
        upper[at] = interval.upper
        if (interval.lower > interval.upper) empty++
      })
    for (let i = from; i < to; i++) states = states.map((state) => observeOnline(state, rowAt(i), y[i]))
  }
  return { levels, lower, upper, empty, states }
}

/** A batch that is longer than the window would be forgotten in part before it was used. */
function checkBatch({ method, memory }: OnlineState, batch: number): void {
  if (method !== 'enbpi') return
  const { capacity } = memory.above.window
  if (capacity !== null && capacity > 0 && batch > capacity)
    throw new PodError('OPTION_INVALID', `the batch of ${batch} rows is longer than the window of ${capacity}`, {
      hint: 'give a longer history, a wider window or smaller batches',
    })
}
