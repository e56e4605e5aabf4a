import type { Algebra } from './algebra.ts'

/** One number for all rows, or one a row. */
export type Column = number | Float64Array

type Operation = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min'

const compute = (operation: Operation, a: number, b: number): number => {
  switch (operation) {
    case 'add':
      return a + b
    case 'sub':
      return a - b
    case 'mul':
      return a * b
    case 'div':
      return a / b
    case 'max':
      return Math.max(a, b)
    case 'min':
      return Math.min(a, b)
  }
}

const binary =
  (operation: Operation) =>
  (a: Column, b: Column): Column => {
    if (typeof a === 'number' && typeof b === 'number') return compute(operation, a, b)
    const out = new Float64Array(typeof a === 'number' ? (b as Float64Array).length : a.length)
    for (let i = 0; i < out.length; i++)
      out[i] = compute(operation, typeof a === 'number' ? a : a[i], typeof b === 'number' ? b : b[i])
    return out
  }

/** Formulas over columns, computed at once; NaN wherever a part is. */
export const columnAlgebra: Algebra<Column> = {
  number: (x) => x,
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  max: binary('max'),
  min: binary('min'),
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
