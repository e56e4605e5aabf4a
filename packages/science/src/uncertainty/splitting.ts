import { PodError } from '@mlpod/contract'
import { placeOf } from '@mlpod/data'

/** What tells a row from others: one value or several, as text; null is missing. */
export type RowKey = string | number | null | readonly (string | number | null)[]

const place = (seed: number, key: RowKey): number =>
  placeOf(
    seed,
    [key].flat().map((value) => (value === null ? null : String(value))),
  )

function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) throw new PodError('SEED_INVALID', `the seed ${seed} is no whole number`)
}

/**
 * Returns the rows of each part, ascending: train, calibrate and test by default. A row's part depends on its key, the seed and the shares alone, so it
 * stays when rows are added, and rows of one key stay together; the same parts as `hashSplit` of a table by that key.
 * Throws `SHARES_INVALID`, `SEED_INVALID`.
 */
export function splitRows<Part extends string = 'train' | 'calibrate' | 'test'>(
  keys: readonly RowKey[],
  { seed, shares }: { readonly seed: number; readonly shares: Readonly<Record<Part, number>> },
): Record<Part, Uint32Array> {
  checkSeed(seed)
  const parts = Object.entries(shares) as [Part, number][]
  const total = parts.reduce((sum, [, share]) => sum + share, 0)
  if (parts.some(([, share]) => !(share >= 0)) || !(Math.abs(total - 1) <= 1e-9))
    throw new PodError('SHARES_INVALID', `the shares ${JSON.stringify(shares)} sum to ${total} and not to 1`)
  const rows = parts.map((): number[] => [])
  // places are of 2^52 cells, and edges are rounded to them
  const edges = parts.map((_, p) =>
    Math.round(parts.slice(0, p + 1).reduce((sum, [, share]) => sum + share, 0) * 2 ** 52),
  )
  keys.forEach((key, i) => {
    const cell = place(seed, key) * 2 ** 52
    const at = edges.findIndex((edge) => cell < edge)
    rows[at < 0 ? parts.length - 1 : at].push(i)
  })
  return Object.fromEntries(parts.map(([part], p) => [part, Uint32Array.from(rows[p])])) as Record<Part, Uint32Array>
}

/** Settings of folds. */
export interface FoldOptions {
  readonly folds: number
  readonly seed: number
}

function checkFolds({ folds, seed }: FoldOptions): void {
  checkSeed(seed)
  if (!(Number.isInteger(folds) && folds >= 2))
    throw new PodError('FOLD_INVALID', `${folds} is no number of folds`, { hint: 'at least 2' })
}

/**
 * Returns the fold of each row, 0 .. folds - 1, by the hash of its key: the `folds` of `calibrateCross`. Added rows move none of the others, so
 * only the folds that they fall in are fitted again. Give the group of each row as its key to keep groups whole. Throws `FOLD_INVALID`, `SEED_INVALID`.
 */
export function hashFolds(keys: readonly RowKey[], options: FoldOptions): Uint32Array {
  checkFolds(options)
  return Uint32Array.from(keys, (key) => Math.floor(place(options.seed, key) * options.folds))
}

/** Settings of `timeFolds`. */
export interface TimeFoldOptions extends FoldOptions {
  /** How long a block is, in the units of time; rows of one block are in one fold. */
  readonly period: number
  /** Where the first block begins; 0 by default. */
  readonly origin?: number
}

/** Returns the fold of each row by the hash of its block of time, so that neighbours in time are not in different folds. Throws `FOLD_INVALID`, `TIME_INVALID`. */
export function timeFolds(times: ArrayLike<number>, { period, origin = 0, ...options }: TimeFoldOptions): Uint32Array {
  checkFolds(options)
  if (!(period > 0 && Number.isFinite(period)))
    throw new PodError('TIME_INVALID', `the period ${period} is not above 0`)
  return Uint32Array.from({ length: times.length }, (_, i) => {
    if (!Number.isFinite(times[i])) throw new PodError('TIME_INVALID', `row ${i} has the time ${times[i]}`)
    return Math.floor(place(options.seed, Math.floor((times[i] - origin) / period)) * options.folds)
  })
}

/**
 * Returns the rows that a fold's model is fitted on: those of other folds, less those whose time is within `embargo` of a row of the fold.
 * Throws `LENGTH_MISMATCH`.
 */
export function rowsWithoutFold(
  folds: ArrayLike<number>,
  fold: number,
  { times, embargo = 0 }: { readonly times?: ArrayLike<number>; readonly embargo?: number } = {},
): Uint32Array {
  if (times !== undefined && times.length !== folds.length)
    throw new PodError('LENGTH_MISMATCH', `${times.length} times do not match ${folds.length} rows`)
  const rows = Array.from({ length: folds.length }, (_, i) => i)
  const others = rows.filter((i) => folds[i] !== fold)
  if (times === undefined || embargo <= 0) return Uint32Array.from(others)
  const left = Float64Array.from(
    rows.filter((i) => folds[i] === fold),
    (i) => times[i],
  ).sort()
  return Uint32Array.from(
    others.filter((i) => {
      let [low, high] = [0, left.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (left[middle] < times[i] - embargo) low = middle + 1
        else high = middle
      }
      return !(low < left.length && left[low] <= times[i] + embargo)
    }),
  )
}
