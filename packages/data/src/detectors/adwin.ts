import { alarm, calm, type DetectorEntry } from './detector.ts'

/** Rows of buckets: each of row i holds 2^i values, the oldest first. */
export interface Windows {
  n: number
  width: number
  total: number
  /** Sum of squared deviations over the window. */
  squares: number
  rows: { totals: number[]; squares: number[] }[]
}

export interface Options {
  readonly delta: number
  /** Buckets a row, beyond which the two oldest become one of the next row. */
  readonly buckets: number
  /** Values between two checks. */
  readonly every: number
  readonly minimumWindow: number
  readonly minimum: number
}

/** Puts a value into the window. */
function insert(state: Windows, value: number, buckets: number): void {
  state.width++
  if (state.width > 1) {
    const mean = state.total / (state.width - 1)
    state.squares += ((state.width - 1) * (value - mean) ** 2) / state.width
  }
  state.total += value
  state.rows[0].totals.push(value)
  state.rows[0].squares.push(0)
  for (let i = 0; state.rows[i]?.totals.length === buckets + 1; i++) {
    const size = 2 ** i
    const [a, b] = state.rows[i].totals.splice(0, 2)
    const [p, q] = state.rows[i].squares.splice(0, 2)
    if (i + 1 === state.rows.length) state.rows.push({ totals: [], squares: [] })
    state.rows[i + 1].totals.push(a + b)
    state.rows[i + 1].squares.push(p + q + (size / 2) * (a / size - b / size) ** 2)
  }
}

/** Drops the oldest bucket; returns the number of its values. */
function dropOldest(state: Windows): number {
  const last = state.rows.length - 1
  const row = state.rows[last]
  const size = 2 ** last
  const total = row.totals.shift() ?? 0
  const squares = row.squares.shift() ?? 0
  state.width -= size
  state.total -= total
  const difference = state.width > 0 ? total / size - state.total / state.width : 0
  state.squares -= squares + (size * state.width * difference ** 2) / (size + state.width)
  if (row.totals.length === 0 && last > 0) state.rows.pop()
  return size
}

/** Whether the window splits somewhere into two parts whose means differ too much. */
function splits(state: Windows, { delta, minimumWindow }: Options): boolean {
  let [older, olderTotal] = [0, 0]
  const logs = Math.log((2 * Math.log(state.width)) / delta)
  const variance = state.squares / state.width
  for (let i = state.rows.length - 1; i >= 0; i--) {
    const { totals } = state.rows[i]
    for (let j = 0; j < totals.length - 1; j++) {
      older += 2 ** i
      olderTotal += totals[j]
      const newer = state.width - older
      if (older <= minimumWindow || newer <= minimumWindow) continue
      const inverse = 1 / (older - minimumWindow - 1) + 1 / (newer - minimumWindow - 1)
      const bound = Math.sqrt(2 * inverse * variance * logs) + (2 / 3) * logs * inverse
      if (Math.abs(olderTotal / older - (state.total - olderTotal) / newer) > bound) return true
    }
  }
  return false
}

/** Source: Bifet, Gavalda (2007); the exponential histogram and bounds of MOA. Numbers of any sign. */
export const adwin: DetectorEntry<Windows, Options> = {
  about: 'the oldest part of an adaptive window has another mean than the rest, and is dropped',
  takes: 'numbers',
  defaults: { delta: 0.002, buckets: 5, every: 32, minimumWindow: 5, minimum: 10 },
  refuse: ({ delta }) => (delta > 0 && delta < 1 ? undefined : `delta ${delta} is not between 0 and 1`),
  goesOn: true,
  start: () => ({ n: 0, width: 0, total: 0, squares: 0, rows: [{ totals: [], squares: [] }] }),
  step(state, value, options) {
    state.n++
    insert(state, value, options.buckets)
    if (state.n % options.every !== 0 || state.width <= options.minimum) return calm
    let drift = false
    while (state.width > options.minimumWindow && splits(state, options)) {
      drift = true
      dropOldest(state)
    }
    return alarm(drift)
  },
}
