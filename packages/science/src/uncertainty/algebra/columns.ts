import type { Algebra } from './algebra.ts'

/** One number for all rows, or one a row. */
export type Column = number | Float64Array

/** Writes out[i] of x[i & a] and y[i & b]: a mask of 0 reads one number for all rows. */
type Loop = (out: Float64Array, x: Float64Array, a: number, y: Float64Array, b: number) => void

// a loop for each operation, since one that is told which runs several times as long
const loops = {
  add: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i & a] + y[i & b]
  },
  sub: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i & a] - y[i & b]
  },
  mul: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i & a] * y[i & b]
  },
  div: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i & a] / y[i & b]
  },
  max: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(x[i & a], y[i & b])
  },
  min: (out, x, a, y, b) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.min(x[i & a], y[i & b])
  },
} satisfies Readonly<Record<string, Loop>>

const binary =
  (loop: Loop) =>
  (a: Column, b: Column): Column => {
    const [x, y] = [typeof a === 'number' ? Float64Array.of(a) : a, typeof b === 'number' ? Float64Array.of(b) : b]
    const out = new Float64Array(typeof a === 'number' ? y.length : x.length)
    loop(out, x, typeof a === 'number' ? 0 : -1, y, typeof b === 'number' ? 0 : -1)
    return typeof a === 'number' && typeof b === 'number' ? out[0] : out
  }

/** Formulas over columns, computed at once; NaN wherever a part is. */
export const columnAlgebra: Algebra<Column> = {
  number: (x) => x,
  add: binary(loops.add),
  sub: binary(loops.sub),
  mul: binary(loops.mul),
  div: binary(loops.div),
  max: binary(loops.max),
  min: binary(loops.min),
  abs: (a) => (typeof a === 'number' ? Math.abs(a) : a.map(Math.abs)),
  positive: (a) => (typeof a === 'number' ? (a > 0 ? a : Number.NaN) : a.map((x) => (x > 0 ? x : Number.NaN))),
  pow: (a, exponent) => (exponent === 1 ? a : typeof a === 'number' ? a ** exponent : a.map((x) => x ** exponent)),
}

/** Returns a column of n numbers. */
export const columnOf = (column: Column, n: number): Float64Array =>
  typeof column === 'number' ? new Float64Array(n).fill(column) : column

/** Returns numbers as doubles, without a copy where they are. */
export const asColumn = (values: ArrayLike<number>): Float64Array =>
  values instanceof Float64Array ? values : Float64Array.from(values)
