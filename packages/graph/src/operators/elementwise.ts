import type { DataType } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import { flag, float, int, text } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import type { OperatorName } from '../schemas/index.ts'
import { dtypeOf, isValue, type Value } from '../value.ts'
import { reduceLogSumExp } from './reduction.ts'
import { concat, constantOfShape, shape, unsqueeze } from './structure.ts'

/** Returns the operands as values: what is no value becomes a constant of the element type of the first that is. */
export function liftAll(operands: readonly Operand[]): Value[] {
  const dtype = operands.map((operand) => (isValue(operand) ? dtypeOf(operand) : undefined)).find(Boolean)
  return operands.map((operand) => lift(operand, dtype))
}

const unary =
  (type: OperatorName) =>
  (x: Operand): Value =>
    applyOne(type, [lift(x)])

const binary =
  (type: OperatorName) =>
  (a: Operand, b: Operand): Value =>
    applyOne(type, liftAll([a, b]))

const variadic =
  (type: OperatorName) =>
  (...operands: readonly Operand[]): Value =>
    applyOne(type, liftAll(operands))

// The runtime has no kernels of these in double precision: there they are made of operators that it has.
const isDouble = (x: Value): boolean => dtypeOf(x) === 'float64'

/** Returns -x. */
export const neg = unary('Neg')
/** Returns |x|; its derivative at 0 is 0. */
export const abs = unary('Abs')
/** Returns -1, 0 or 1; its derivative is 0. */
export const sign = unary('Sign')
/** Returns the square root; its derivative at 0 is infinite. */
export const sqrt = unary('Sqrt')
/** Returns e^x. */
export const exp = unary('Exp')
/** Returns the natural logarithm. */
export const log = unary('Log')
/** Returns 1 / x. */
export const reciprocal = unary('Reciprocal')
/** Returns the error function. */
export const erf = unary('Erf')
/** Returns the largest whole number <= x; its derivative is 0. */
export const floor = unary('Floor')
/** Returns the smallest whole number >= x; its derivative is 0. */
export const ceil = unary('Ceil')
/** Returns the nearest whole number, halves to even; its derivative is 0. */
export const round = unary('Round')
/** Returns sin x, x in radians. */
export const sin = unary('Sin')
/** Returns cos x, x in radians. */
export const cos = unary('Cos')
/** Returns max(x, 0); its derivative at 0 is 0. */
export const relu = unary('Relu')
/** Returns log(1 + e^x), without overflow. */
export const softplus = (x: Value): Value => {
  if (!isDouble(x)) return applyOne('Softplus', [x])
  const zero = constantOfShape(shape(x), 0, 'float64')
  return reduceLogSumExp(concat([unsqueeze(x, [-1]), unsqueeze(zero, [-1])], { axis: -1 }), { axes: [-1] })
}
/** Returns 1 / (1 + e^-x). */
export const sigmoid = unary('Sigmoid')
/** Returns the hyperbolic tangent. */
export const tanh = unary('Tanh')
/** Returns x itself as another value. */
export const identity = unary('Identity')
const nans = unary('IsNaN')

export {
  /** Returns where x is not a number. */
  nans as isNaN,
}
/** Returns the negation of truth values. */
export const not = unary('Not')

/** Returns a + b, broadcast. */
export const add = binary('Add')
/** Returns a - b, broadcast. */
export const sub = binary('Sub')
/** Returns a * b by element, broadcast. */
export const mul = binary('Mul')
/** Returns a / b, broadcast; whole numbers are cut towards 0. */
export const div = binary('Div')
/** Returns a^b, broadcast; 0^0 is 1 and has derivative 0. */
export const pow = (a: Operand, b: Operand): Value => {
  const base = lift(a, isValue(b) ? dtypeOf(b) : undefined)
  return applyOne('Pow', [base, lift(b, dtypeOf(base))])
}
/** Returns where a and b are equal; strings may be compared. */
export const equal = binary('Equal')
/** Returns where a < b. */
export const less = binary('Less')
/** Returns where a > b. */
export const greater = binary('Greater')
/** Returns where a <= b. */
export const lessOrEqual = binary('LessOrEqual')
/** Returns where a >= b. */
export const greaterOrEqual = binary('GreaterOrEqual')
/** Returns where both hold. */
export const and = binary('And')
/** Returns where one or both hold. */
export const or = binary('Or')
/** Returns where exactly one holds. */
export const xor = binary('Xor')
/** Returns the smallest operand by element, broadcast; two equal operands share the derivative equally. */
export const min = variadic('Min')
/** Returns the largest operand by element, broadcast; two equal operands share the derivative equally. */
export const max = variadic('Max')
/** Returns the sum of all operands, broadcast. */
export const sum = variadic('Sum')

/**
 * Returns the remainder of a / b: with the sign of b, or (`fmod`) with the sign of a.
 * Floating numbers need `fmod`, as in ONNX.
 */
export const mod = (a: Operand, b: Operand, { fmod = false } = {}): Value =>
  applyOne('Mod', liftAll([a, b]), { fmod: flag(fmod) })

/** Returns a where the condition holds, else b, broadcast. Derivatives never cross from the side not taken. */
export function where(condition: Operand, a: Operand, b: Operand): Value {
  return applyOne('Where', [lift(condition, 'bool'), ...liftAll([a, b])])
}

/** Returns where x is infinite; `positive` and `negative` say which infinities count (default both). */
export const isInf = (x: Value, { positive = true, negative = true } = {}): Value =>
  applyOne('IsInf', [x], { detect_positive: flag(positive), detect_negative: flag(negative) })

/** Returns x where it is positive, else alpha * x; at 0 the derivative is alpha. */
export const leakyRelu = (x: Value, { alpha = 0.01 } = {}): Value =>
  isDouble(x) ? where(greater(x, 0), x, mul(alpha, x)) : applyOne('LeakyRelu', [x], { alpha: float(alpha) })

/** Returns x where it is positive, else alpha * (e^x - 1); at 0 the derivative is alpha. */
export const elu = (x: Value, { alpha = 1 } = {}): Value =>
  isDouble(x)
    ? where(greater(x, 0), x, mul(alpha, sub(exp(where(greater(x, 0), 0, x)), 1)))
    : applyOne('Elu', [x], { alpha: float(alpha) })

/** Returns x * Phi(x), Phi the normal distribution function; `approximate: 'tanh'` takes Hendrycks and Gimpel's (2016) form. */
export const gelu = (x: Value, { approximate = 'none' as 'none' | 'tanh' } = {}): Value =>
  applyOne('Gelu', [x], { approximate: text(approximate) })

/** Returns x kept within [low, high]; either bound may be left out. The derivative at a bound is 0. */
export function clip(x: Value, low?: Operand, high?: Operand): Value {
  const dtype = dtypeOf(x)
  const bounds = [low, high].map((bound) => (bound === undefined ? null : lift(bound, dtype)))
  return applyOne('Clip', [x, ...(bounds[1] === null ? bounds.slice(0, bounds[0] === null ? 0 : 1) : bounds)])
}

/** Returns x converted to another element type; to whole numbers it cuts towards 0. */
export const cast = (x: Value, dtype: DataType): Value =>
  dtypeOf(x) === dtype ? x : applyOne('Cast', [x], { to: int(CODE_OF_DATA_TYPE[dtype]) })

/** Returns a constant of x's element type. */
export const like = (x: Value, value: number | readonly number[]): Value => constant(value, dtypeOf(x))
