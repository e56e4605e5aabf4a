import { type DataType, PodError } from '@mlpod/contract'
import { apply, applyOne } from '../apply.ts'
import { flag, float, int, text } from '../attribute.ts'
import { SELU_ALPHA, SELU_GAMMA } from '../compositions/activations.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import type { OperatorName } from '../schemas/index.ts'
import { capture } from '../site.ts'
import { dtypeOf, isValue, type Value } from '../value.ts'
import { constantOfShape, shape } from './structure.ts'

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
/** Returns tan x, x in radians. */
export const tan = unary('Tan')
/** Returns the angle in [-pi/2, pi/2] of sine x; its derivative at -1 and 1 is infinite. */
export const asin = unary('Asin')
/** Returns the angle in [0, pi] of cosine x; its derivative at -1 and 1 is infinite. */
export const acos = unary('Acos')
/** Returns the angle in (-pi/2, pi/2) of tangent x. */
export const atan = unary('Atan')
/** Returns the hyperbolic sine. */
export const sinh = unary('Sinh')
/** Returns the hyperbolic cosine. */
export const cosh = unary('Cosh')
/** Returns the inverse of the hyperbolic sine. */
export const asinh = unary('Asinh')
/** Returns the inverse of the hyperbolic cosine, >= 0, for x >= 1; its derivative at 1 is infinite. */
export const acosh = unary('Acosh')
/** Returns the inverse of the hyperbolic tangent, for |x| < 1. */
export const atanh = unary('Atanh')
/** Returns max(x, 0); its derivative at 0 is 0. */
export const relu = unary('Relu')
/** Returns log(1 + e^x), without overflow. */
export const softplus = unary('Softplus')
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
/** Returns the smallest operand by element, broadcast; two equal operands share the derivative equally, more by pairs from the first on. */
export const min = variadic('Min')
/** Returns the largest operand by element, broadcast; two equal operands share the derivative equally, more by pairs from the first on. */
export const max = variadic('Max')
/** Returns the sum of all operands, broadcast. */
export const sum = variadic('Sum')
/** Returns the mean of all operands, broadcast. */
export const mean = variadic('Mean')

/** Returns the whole numbers with every bit turned. */
export const bitwiseNot = unary('BitwiseNot')
/** Returns the bits that are set in both whole numbers, broadcast. */
export const bitwiseAnd = binary('BitwiseAnd')
/** Returns the bits that are set in one or both whole numbers, broadcast. */
export const bitwiseOr = binary('BitwiseOr')
/** Returns the bits that are set in exactly one of two whole numbers, broadcast. */
export const bitwiseXor = binary('BitwiseXor')
/** Returns whole numbers without sign moved by so many bits, broadcast; what leaves is lost. */
export const bitShift = (x: Operand, by: Operand, direction: 'left' | 'right'): Value =>
  applyOne('BitShift', liftAll([x, by]), { direction: text(direction.toUpperCase()) })
/** Returns the bits of x read as another element type of the same width (opset 26). */
export const bitCast = (x: Value, dtype: DataType): Value =>
  applyOne('BitCast', [x], { to: int(CODE_OF_DATA_TYPE[dtype]) })

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
export const leakyRelu = (x: Value, { alpha = 0.01 } = {}): Value => applyOne('LeakyRelu', [x], { alpha: float(alpha) })

/** Returns x where it is positive, else slope * x, the slopes broadcast to x; at 0 the derivative is the slope. */
export const prelu = (x: Value, slope: Operand): Value => applyOne('PRelu', liftAll([x, slope]))

/** Returns x where it is above alpha, else 0; at alpha the derivative is 0. */
export const thresholdedRelu = (x: Value, { alpha = 1 } = {}): Value =>
  applyOne('ThresholdedRelu', [x], { alpha: float(alpha) })

/** Returns x where it is positive, else alpha * (e^x - 1); at 0 the derivative is alpha. */
export const elu = (x: Value, { alpha = 1 } = {}): Value => applyOne('Elu', [x], { alpha: float(alpha) })

/** Returns x where it is positive, else alpha * (e^(x / alpha) - 1); at 0 the derivative is 1. */
export const celu = (x: Value, { alpha = 1 } = {}): Value => applyOne('Celu', [x], { alpha: float(alpha) })

/**
 * Returns gamma * x where x is positive, else gamma * alpha * (e^x - 1); at 0 the derivative is gamma * alpha.
 * The defaults keep mean 0 and variance 1. Source: Klambauer et al. 2017.
 */
export const selu = (x: Value, { alpha = SELU_ALPHA, gamma = SELU_GAMMA } = {}): Value =>
  applyOne('Selu', [x], { alpha: float(alpha), gamma: float(gamma) })

/** Returns x / (1 + |x|). */
export const softsign = unary('Softsign')

/** Returns alpha * x + beta kept within [0, 1]; the derivative at a bound is 0. PyTorch's has alpha = 1/6. */
export const hardSigmoid = (x: Value, { alpha = 0.2, beta = 0.5 } = {}): Value =>
  applyOne('HardSigmoid', [x], { alpha: float(alpha), beta: float(beta) })

/** Returns x * min(max(x / 6 + 1/2, 0), 1); at -3 the derivative is 0, at 3 it is 1. */
export const hardSwish = unary('HardSwish')

/** Returns x + bias below -limit, x - bias above limit, 0 between; the derivative at -limit and limit is 0. */
export const shrink = (x: Value, { limit = 0.5, bias = 0 } = {}): Value =>
  applyOne('Shrink', [x], { lambd: float(limit), bias: float(bias) })

/** Returns x * tanh(softplus(x)). Source: Misra 2019. */
export const mish = unary('Mish')

/**
 * Returns x * sigmoid(alpha * x). Written in plainer operators: the one of that name came with opset 24, and the runtime
 * has no kernel of it.
 */
export const swish = (x: Value, { alpha = 1 } = {}): Value => mul(x, sigmoid(alpha === 1 ? x : mul(alpha, x)))

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

/** Returns x converted to the element type of another value. */
export const castLike = (x: Value, like: Value): Value => cast(x, dtypeOf(like)!)

/**
 * Returns x with elements set to 0 at random, each with the probability `ratio`, and the others divided by 1 - ratio;
 * and the mask (bool) of those that were kept. The runtime draws: for numbers that are the same everywhere, and in the
 * bodies of loops, take masks from the graph's own inputs. Throws `RATIO_OUT_OF_RANGE`.
 */
export function dropout(
  x: Value,
  { ratio = 0.5, training = true, seed }: { ratio?: number; training?: boolean; seed?: number } = {},
): { readonly values: Value; readonly mask: Value } {
  if (!(ratio >= 0 && ratio <= 1))
    throw new PodError('RATIO_OUT_OF_RANGE', `a dropout of the ratio ${ratio}`, {
      at: capture().at,
      hint: 'a ratio is a probability, from 0 to 1',
    })
  // The runtime takes no ratio of 1, and of 0 none is drawn.
  const all = (kept: boolean): Value => constantOfShape(shape(x), kept ? 1 : 0, 'bool')
  if (!training || ratio === 0) return { values: identity(x), mask: all(true) }
  if (ratio === 1) return { values: where(all(false), x, 0), mask: all(false) }
  const inputs = [x, constant(ratio, 'float32'), constant(true, 'bool')]
  const [values, mask] = apply('Dropout', inputs, seed === undefined ? {} : { seed: int(seed) }, { outputs: 2 })
  return { values, mask }
}

/** Returns a constant of x's element type. */
export const like = (x: Value, value: number | readonly number[]): Value => constant(value, dtypeOf(x))
