import {
  add,
  constant,
  constantOfShape,
  div,
  max,
  mul,
  type Operand,
  reduceSum,
  reduceSumSquare,
  sqrt,
  sub,
  sum,
  type Value,
} from '@mlpod/graph'

/** Returns a + share (b - a), as torch's lerp: the moving average whose newcomer has this share. */
export const lerp = (a: Value, b: Value, share: Operand): Value => add(a, mul(sub(b, a), share))

/** Returns x^2. */
export const square = (x: Value): Value => mul(x, x)

/** Returns zeros of a parameter's shape. */
export const zerosLike = (x: Value): Value =>
  x.shape.length === 0 ? constant(0) : constantOfShape(x.shape as readonly number[])

/** Returns the sum of several numbers. */
export const total = (values: readonly Value[]): Value => (values.length === 1 ? values[0] : sum(...values))

/** Returns the sum of squares over all elements of all values. */
export const squaredNorm = (values: readonly Value[]): Value => total(values.map((value) => reduceSumSquare(value)))

/** Returns the Euclidean norm of all values together. */
export const globalNorm = (values: readonly Value[]): Value => sqrt(squaredNorm(values))

/** Returns the inner product of two lists of values. */
export const inner = (a: readonly Value[], b: readonly Value[]): Value =>
  total(a.map((value, i) => reduceSum(mul(value, b[i]))))

/** Returns the root mean square of all elements, at least `least`. */
export function rms(x: Value, least: Operand): Value {
  const count = (x.shape as readonly number[]).reduce((product, dim) => product * dim, 1)
  return max(sqrt(div(reduceSumSquare(x), count)), least)
}
