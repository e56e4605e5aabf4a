import { spread } from '@mlpod/math'
import { once } from './group.ts'

/** Distances of all pairs of rows, row by row. */
export interface Distances {
  readonly n: number
  readonly at: (i: number, j: number) => number
}

function pairs(n: number, distance: (i: number, j: number) => number): Distances {
  const found = new Float64Array((n * (n - 1)) / 2)
  let k = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) found[k++] = distance(i, j)
  return { n, at: (i, j) => (i === j ? 0 : i > j ? found[(i * (i - 1)) / 2 + j] : found[(j * (j - 1)) / 2 + i]) }
}

/** Returns the Euclidean distances of rows. */
export function euclidean(columns: readonly Float64Array[], n: number): Distances {
  return pairs(n, (i, j) => {
    let sum = 0
    for (const column of columns) sum += (column[i] - column[j]) ** 2
    return Math.sqrt(sum)
  })
}

/** Returns the columns on [0, 1]; constant ones are 0. */
export const scaled = (columns: readonly Float64Array[]): Float64Array[] =>
  columns.map((column) => {
    const { min, max } = spread(column)
    return column.map((v) => (max > min ? (v - min) / (max - min) : 0))
  })

/** Returns Gower's distances: the mean over the columns, each on [0, 1]. Source: Gower (1971). */
export const gower = once(({ numbers, n }) => {
  const columns = scaled(numbers)
  return pairs(n, (i, j) => {
    let sum = 0
    for (const column of columns) sum += Math.abs(column[i] - column[j])
    return sum / columns.length
  })
})
