import type { ExprNode, Sql } from '@mlpod/data'
import type { Algebra } from './algebra.ts'

/** Returns formulas as SQL of double precision: the same numbers as over columns, NULL wherever a part is. */
export function sqlAlgebra(sql: Sql): Algebra<ExprNode> {
  const { add, sub, mul, div, abs, greatest, least, pow, literal, cond, or, isNull, cast, gt } = sql
  // greatest and least of SQL skip NULL, of which nothing is known
  const known = (a: ExprNode, b: ExprNode, both: ExprNode) => cond(or(isNull(a), isNull(b)), literal(null), both)
  return {
    // by its text: digits alone would be a decimal first, and a little off
    number: (x) => cast(literal(`${x}`), 'DOUBLE'),
    add,
    sub,
    mul,
    div,
    abs,
    max: (a, b) => known(a, b, greatest(a, b)),
    min: (a, b) => known(a, b, least(a, b)),
    positive: (a) => cond(gt(a, literal(0)), a, literal(null)),
    pow: (a, exponent) => (exponent === 1 ? a : pow(a, literal(exponent))),
  }
}
