import { PodError } from '@mlpod/contract'
import { capture } from '../site.ts'
import { describe, type Value } from '../value.ts'
import { add, div, mul, sqrt, sub } from './elementwise.ts'
import { slice } from './indexing.ts'
import { inverse, matMul } from './linear.ts'
import { concat, pad, transpose } from './structure.ts'

// Written out step by step: more rows belong into an algorithm outside the graph.
const LARGEST = 64

function rowsOf(name: string, a: Value): number {
  const [rows, columns] = a.shape.slice(-2)
  if (typeof rows === 'number' && rows === columns && rows > 0 && rows <= LARGEST) return rows
  throw new PodError('SHAPE_MISMATCH', `${name} takes square matrices of 1 to ${LARGEST} rows, not ${describe(a)}`, {
    at: capture().at,
    hint: 'the size must be a number; use inverse where it is not',
  })
}

/** Returns the rows and columns from `start` up to `end` of the last two axes. */
const block = (x: Value, [top, bottom]: readonly number[], [left, right]: readonly number[]): Value =>
  slice(x, [top, left], [bottom, right], { axes: [x.shape.length - 2, x.shape.length - 1] })

const swapped = (x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}

/**
 * Returns the lower triangles L with L L^T = A for symmetric positive definite matrices (the last two axes) of 1 to 64
 * rows; of others nan comes back. Derivatives are symmetric. Throws `SHAPE_MISMATCH`.
 */
export function cholesky(a: Value): Value {
  const n = rowsOf('cholesky', a)
  let rest = mul(0.5, add(a, swapped(a)))
  const columns: Value[] = []
  for (let j = 0; j < n; j++) {
    const left = n - j
    const column = div(block(rest, [0, left], [0, 1]), sqrt(block(rest, [0, 1], [0, 1])))
    const pads = [...a.shape.map((_, axis) => (axis === a.shape.length - 2 ? j : 0)), ...a.shape.map(() => 0)]
    columns.push(j === 0 ? column : pad(column, pads))
    if (left === 1) break
    const tail = block(column, [1, left], [0, 1])
    rest = sub(block(rest, [1, left], [1, left]), matMul(tail, swapped(tail)))
  }
  return concat(columns, { axis: a.shape.length - 1 })
}

/**
 * Returns X with L X = B for triangles L of 1 to 64 rows (lower, or `upper`; the other half is not read) and B of as many
 * rows, with the same leading axes. Throws `SHAPE_MISMATCH`.
 */
export function solveTriangular(l: Value, b: Value, { upper = false } = {}): Value {
  const n = rowsOf('solveTriangular', l)
  if (b.shape.length !== l.shape.length || (typeof b.shape.at(-2) === 'number' && b.shape.at(-2) !== n))
    throw new PodError('SHAPE_MISMATCH', `solveTriangular(${describe(l)}, ${describe(b)}): the rows do not fit`, {
      at: capture().at,
      hint: 'give both the same leading axes, and a vector an axis of size 1 (unsqueeze)',
    })
  const all = [0, Number.MAX_SAFE_INTEGER]
  const rows = new Array<Value>(n)
  let rest = b
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step
    const left = n - step
    const own = upper ? [left - 1, left] : [0, 1]
    rows[i] = div(block(rest, own, all), block(l, [i, i + 1], [i, i + 1]))
    if (left === 1) break
    const others = upper ? [0, left - 1] : [1, left]
    const below = block(l, upper ? [0, i] : [i + 1, n], [i, i + 1])
    rest = sub(block(rest, others, all), matMul(below, rows[i]))
  }
  return concat(rows, { axis: b.shape.length - 2 })
}

/** Returns X with A X = B for square matrices A of any size, by their inverses. */
export const solve = (a: Value, b: Value): Value => matMul(inverse(a), b)
