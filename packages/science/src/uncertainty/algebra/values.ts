import { abs, add, constant, div, greater, max, min, mul, pow, sub, type Value, where } from '@mlpod/graph'
import type { Algebra } from './algebra.ts'

/** Returns formulas as values of a graph, of this precision. */
export function valueAlgebra(dtype: 'float32' | 'float64'): Algebra<Value> {
  return {
    number: (x) => constant(x, dtype),
    add,
    sub,
    mul,
    div,
    abs,
    max,
    min,
    positive: (a) => where(greater(a, 0), a, constant(Number.NaN, dtype)),
    pow: (a, exponent) => (exponent === 1 ? a : pow(a, constant(exponent, dtype))),
  }
}
