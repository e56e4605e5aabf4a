/**
 * What a formula of scores is written with. A score is stated once, over any `T`, and read three ways: over columns of numbers
 * (`columnAlgebra`), as SQL (`sqlAlgebra`) and as values of a model's graph (`valueAlgebra`).
 */
export interface Algebra<T> {
  number(x: number): T
  add(a: T, b: T): T
  sub(a: T, b: T): T
  mul(a: T, b: T): T
  div(a: T, b: T): T
  abs(a: T): T
  max(a: T, b: T): T
  min(a: T, b: T): T
  /** a where it is above 0, else unknown (NaN, NULL). */
  positive(a: T): T
  /** a to the power of a number. */
  pow(a: T, exponent: number): T
}
