import { spread, variance } from '@mlpod/math'

/** Rows of numbers: an embedding, or all columns of a table together. */
export interface Rows {
  readonly n: number
  readonly columns: readonly Float64Array[]
}

/** Returns the sum of numbers. */
export const sum = (list: ArrayLike<number>): number =>
  Array.prototype.reduce.call(list, (a, b) => Number(a) + Number(b), 0) as number
/** Returns the sum of products. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i] * b[i]
  return total
}

/** Returns some of the rows. */
export const part = ({ columns }: Rows, rows: ArrayLike<number>): Rows => ({
  n: rows.length,
  columns: columns.map((column) => Float64Array.from(rows, (i) => column[i])),
})

/** Returns the rows of both, those of `a` first. */
export const together = (a: Rows, b: Rows): Rows => ({
  n: a.n + b.n,
  columns: a.columns.map((column, i) => Float64Array.of(...column, ...b.columns[i])),
})

/** Returns the standard deviation of a column, never quite 0. */
export const unit = (column: Float64Array): number => Math.max(Math.sqrt(variance(spread(column), { ddof: 0 })), 0.001)
