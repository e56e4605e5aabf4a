import { SELU_ALPHA, SELU_GAMMA } from '../compositions/activations.ts'
import { scalarOf } from '../known.ts'
import {
  abs,
  add,
  and,
  cast,
  cos,
  cosh,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  like,
  log,
  max,
  min,
  mul,
  neg,
  not,
  pow,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  sub,
  tanh,
  where,
} from '../operators/elementwise.ts'
import type { Differentiable, Rule } from '../rule.ts'
import { float, text } from '../schema.ts'
import type { elementwise as schemas } from '../schemas/elementwise.ts'
import { dtypeOf, isFloating, type Operation, type Value } from '../value.ts'
import { decomposed, gated, scaled } from './law.ts'
import { isSumOfSquares } from './norm.ts'
import { unbroadcast } from './shape.ts'

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI)
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI)

/** The derivative of Gelu: Phi(x) + x phi(x), or that of its tanh form. */
function geluSlope(x: Value, operation: Operation): Value {
  if (text(operation, 'approximate', 'none') === 'none') {
    const cumulative = mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))))
    const density = mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, mul(x, x))))
    return add(cumulative, mul(x, density))
  }
  const square = mul(x, x)
  const t = tanh(mul(SQRT_2_OVER_PI, mul(x, add(1, mul(0.044715, square)))))
  const inner = mul(SQRT_2_OVER_PI, add(1, mul(3 * 0.044715, square)))
  return add(mul(0.5, add(1, t)), mul(mul(0.5, x), mul(sub(1, mul(t, t)), inner)))
}

/** d(a^b)/da, b a^(b-1); 0 for 0^0. The power that is not taken is one of 1, or its own derivative is nan. */
function powBase(a: Value, b: Value): Value {
  const exponent = scalarOf(b)
  if (exponent === 2) return mul(2, a)
  if (exponent === 1) return like(a, 1)
  if (exponent === 0) return like(a, 0)
  if (exponent === 3) return mul(3, mul(a, a))
  if (exponent === 0.5) return mul(0.5, pow(a, -0.5))
  const floating = isFloating(b) && dtypeOf(b) === dtypeOf(a) ? b : cast(b, dtypeOf(a)!)
  if (exponent !== undefined) return mul(exponent, pow(a, exponent - 1))
  const origin = and(equal(a, 0), equal(floating, 0))
  return where(origin, 0, mul(floating, pow(where(origin, 1, a), sub(floating, 1))))
}

/** d(a^b)/db, y log a; 0 where a is 0 and b >= 0. */
const powExponent = (a: Value, b: Value, y: Value): Value => {
  const vanishes = and(equal(a, 0), greaterOrEqual(cast(b, dtypeOf(a)!), 0))
  return where(vanishes, 0, mul(y, log(where(vanishes, 1, a))))
}

/** Min and Max: an element's cotangent goes to the operand that gave it; two equal operands take half each. */
const ofTwo: Differentiable['vjp'] = ({ g, x, y }) => {
  const winners = x.map((value) => equal(value, y[0]))
  const [first, second] = winners.map((winner) => cast(winner, dtypeOf(y[0])!))
  const share = div(g, add(first, second))
  return x.map((value, i) => () => unbroadcast(where(winners[i], share, 0), value))
}

/** Of more operands each is compared with what those before it gave. */
const extreme = (of: (a: Value, b: Value) => Value): Differentiable => {
  const folded = decomposed(({ inputs }) => [(inputs as readonly Value[]).reduce((a, b) => of(a, b))])
  return { vjp: (c) => (c.x.length === 1 ? [c.g] : c.x.length === 2 ? ofTwo(c) : folded.vjp(c)) }
}

const clipped = (g: Value, x: Value, low?: Value | null, high?: Value | null): Value => {
  const inside = [low && greater(x, low), high && less(x, high)].filter((test) => test != null)
  return inside.length === 0
    ? g
    : where(
        inside.reduce((a, b) => and(a, b)),
        g,
        0,
      )
}

/** What a dropout in training lets pass, scaled up; all passes outside training. */
function passed(g: Value, { inputs: [, ratio, training], outputs: [, mask] }: Operation): Value {
  if (!training) return g
  const kept = where(mask, div(g, sub(1, ratio ? cast(ratio, dtypeOf(g)!) : 0.5)), 0)
  return scalarOf(training) === 1 ? kept : where(training, kept, g)
}

/** Rules of the operators that work element by element. */
export const elementwise: { readonly [O in keyof typeof schemas]: Rule } = {
  // (-x)' = -x'
  Neg: gated((g) => neg(g)),
  Abs: scaled((x) => sign(x)),
  Sign: 'zero',
  // (sqrt x)' = x' / 2y
  Sqrt: gated((g, x, y) => {
    if (!isSumOfSquares(x)) return div(g, mul(2, y))
    // at 0 a norm takes the subgradient 0, as torch.norm and torch.cdist do
    const isZero = equal(y, 0)
    return div(where(isZero, 0, g), mul(2, where(isZero, 1, y)))
  }),
  // (e^x)' = y x'
  Exp: scaled((_, y) => y),
  // (log x)' = x' / x
  Log: gated((g, x) => div(g, x)),
  // (1/x)' = -y^2 x'
  Reciprocal: scaled((_, y) => neg(mul(y, y))),
  // erf' = 2/sqrt(pi) e^(-x^2)
  Erf: scaled((x) => mul(TWO_OVER_SQRT_PI, exp(neg(mul(x, x))))),
  Floor: 'zero',
  Ceil: 'zero',
  Round: 'zero',
  Sin: scaled((x) => cos(x)),
  Cos: scaled((x) => neg(sin(x))),
  // tan' = 1 + tan^2
  Tan: scaled((_, y) => add(1, mul(y, y))),
  // 1 / sqrt(1 - x^2), infinite at 1
  Asin: gated((g, x) => div(g, sqrt(mul(sub(1, x), add(1, x))))),
  Acos: gated((g, x) => neg(div(g, sqrt(mul(sub(1, x), add(1, x)))))),
  Atan: gated((g, x) => div(g, add(1, mul(x, x)))),
  Sinh: scaled((x) => cosh(x)),
  Cosh: scaled((x) => sinh(x)),
  // 1 / sqrt(x^2 + 1)
  Asinh: gated((g, x) => div(g, sqrt(add(mul(x, x), 1)))),
  // 1 / sqrt(x^2 - 1), infinite at 1
  Acosh: gated((g, x) => div(g, mul(sqrt(sub(x, 1)), sqrt(add(x, 1))))),
  Atanh: gated((g, x) => div(g, mul(sub(1, x), add(1, x)))),
  // y > 0 is x > 0, and y is kept anyway
  Relu: gated((g, _, y) => where(greater(y, 0), g, 0)),
  LeakyRelu: gated((g, x, _, op) => where(greater(x, 0), g, mul(g, float(op, 'alpha', 0.01)))),
  PRelu: {
    vjp: ({ g, x: [x, slope] }) => [
      () => where(greater(x, 0), g, mul(g, slope)),
      () => unbroadcast(where(greater(x, 0), 0, mul(g, x)), slope),
    ],
    jvp: ({ ts: [t, ts], x: [x, slope] }) => {
      const below = [t && mul(t, slope), ts && mul(ts, x)].filter((part) => part !== undefined)
      return below.length === 0
        ? []
        : [
            where(
              greater(x, 0),
              t ?? 0,
              below.reduce((a, b) => add(a, b)),
            ),
          ]
    },
  },
  ThresholdedRelu: gated((g, x, _, op) => where(greater(x, float(op, 'alpha', 1)), g, 0)),
  // alpha e^x below 0; above, the power that is not taken must not overflow, or its own derivative is 0 * inf
  Elu: gated((g, x, _, op) => {
    const above = greater(x, 0)
    return where(above, g, mul(g, mul(float(op, 'alpha', 1), exp(where(above, 0, x)))))
  }),
  // e^(x / alpha) below 0
  Celu: gated((g, x, _, op) => {
    const above = greater(x, 0)
    return where(above, g, mul(g, exp(div(where(above, 0, x), float(op, 'alpha', 1)))))
  }),
  // gamma, and gamma alpha e^x below 0
  Selu: gated((g, x, _, op) => {
    const [above, gamma] = [greater(x, 0), float(op, 'gamma', SELU_GAMMA)]
    const below = mul(gamma * float(op, 'alpha', SELU_ALPHA), exp(where(above, 0, x)))
    return where(above, mul(gamma, g), mul(g, below))
  }),
  Softplus: scaled((x) => sigmoid(x)),
  // 1 / (1 + |x|)^2
  Softsign: gated((g, x) => {
    const size = add(1, abs(x))
    return div(g, mul(size, size))
  }),
  // alpha strictly between the bounds
  HardSigmoid: gated((g, _, y, op) => where(and(greater(y, 0), less(y, 1)), mul(float(op, 'alpha', 0.2), g), 0)),
  // 0 up to -3, x/3 + 1/2 between, 1 from 3 on
  HardSwish: gated((g, x) => where(lessOrEqual(x, -3), 0, where(greaterOrEqual(x, 3), g, mul(g, add(div(x, 3), 0.5))))),
  Shrink: gated((g, x, _, op) => where(greater(abs(x), float(op, 'lambd', 0.5)), g, 0)),
  // t + x sigmoid(x) (1 - t^2), t = tanh(softplus x)
  Mish: scaled((x) => {
    const t = tanh(softplus(x))
    return add(t, mul(mul(x, sigmoid(x)), sub(1, mul(t, t))))
  }),
  // s + a x s (1 - s), s = sigmoid(a x)
  Swish: scaled((x, _, op) => {
    const alpha = float(op, 'alpha', 1)
    const ax = alpha === 1 ? x : mul(alpha, x)
    const s = sigmoid(ax)
    return mul(s, add(1, mul(ax, sub(1, s))))
  }),
  Sigmoid: scaled((_, y) => mul(y, sub(1, y))),
  Tanh: scaled((_, y) => sub(1, mul(y, y))),
  Gelu: scaled((x, _, operation) => geluSlope(x, operation)),
  Identity: gated((g) => g),
  Not: 'zero',
  IsNaN: 'zero',
  IsInf: 'zero',
  // (a + b)' = a' + b'
  Add: {
    vjp: ({ g, x: [a, b] }) => [() => unbroadcast(g, a), () => unbroadcast(g, b)],
    jvp: ({ ts: [ta, tb] }) => [ta && tb ? add(ta, tb) : (ta ?? tb)],
  },
  Sub: {
    vjp: ({ g, x: [a, b] }) => [() => unbroadcast(g, a), () => neg(unbroadcast(g, b))],
    jvp: ({ ts: [ta, tb] }) => [ta && tb ? sub(ta, tb) : (ta ?? (tb && neg(tb)))],
  },
  // (ab)' = a'b + ab'
  Mul: {
    vjp: ({ g, x: [a, b] }) => [() => unbroadcast(mul(g, b), a), () => unbroadcast(mul(g, a), b)],
    jvp: ({ ts: [ta, tb], x: [a, b] }) => [ta && tb ? add(mul(ta, b), mul(a, tb)) : ta ? mul(ta, b) : tb && mul(a, tb)],
  },
  // (a/b)' = (a' - y b') / b
  Div: {
    vjp: ({ g, x: [a, b], y }) => [() => unbroadcast(div(g, b), a), () => unbroadcast(neg(div(mul(g, y[0]), b)), b)],
    jvp: ({ ts: [ta, tb], x: [, b], y }) => [
      ta && tb ? div(sub(ta, mul(y[0], tb)), b) : ta ? div(ta, b) : tb && neg(div(mul(y[0], tb), b)),
    ],
  },
  // a - trunc(a/b) b
  Mod: {
    vjp: ({ g, x: [a, b] }) => [() => unbroadcast(g, a), () => unbroadcast(neg(mul(g, truncated(div(a, b)))), b)],
  },
  Pow: {
    vjp: ({ g, x: [a, b], y }) => [
      () => unbroadcast(mul(g, powBase(a, b)), a),
      () => (isFloating(b) ? unbroadcast(mul(g, powExponent(a, b, y[0])), b) : undefined),
    ],
  },
  Min: extreme((a, b) => min(a, b)),
  Max: extreme((a, b) => max(a, b)),
  Sum: { vjp: ({ g, x }) => x.map((value) => () => unbroadcast(g, value)) },
  Mean: { vjp: ({ g, x }) => x.map((value) => () => unbroadcast(div(g, x.length), value)) },
  Equal: 'zero',
  Less: 'zero',
  Greater: 'zero',
  LessOrEqual: 'zero',
  GreaterOrEqual: 'zero',
  And: 'zero',
  Or: 'zero',
  Xor: 'zero',
  BitwiseNot: 'zero',
  BitwiseAnd: 'zero',
  BitwiseOr: 'zero',
  BitwiseXor: 'zero',
  BitShift: 'zero',
  BitCast: 'zero',
  Where: {
    vjp: ({ g, x: [c, a, b] }) => [
      undefined,
      () => unbroadcast(where(c, g, 0), a),
      () => unbroadcast(where(c, 0, g), b),
    ],
    jvp: ({ ts: [, ta, tb], x: [c] }) => [ta || tb ? where(c, ta ?? 0, tb ?? 0) : undefined],
  },
  // strictly inside: at a bound the derivative is 0, as torch.clamp's is
  Clip: {
    vjp: ({ g, x: [x, low, high] }) => [
      () => clipped(g, x, low, high),
      () => low && unbroadcast(where(lessOrEqual(x, low), g, 0), low),
      () => {
        const above = high && greaterOrEqual(x, high)
        return above && unbroadcast(where(low ? and(above, not(less(x, low))) : above, g, 0), high)
      },
    ],
  },
  Cast: {
    vjp: ({ g, x: [x] }) => [() => cast(g, dtypeOf(x)!)],
    jvp: ({ ts: [t], y }) => [t && cast(t, dtypeOf(y[0])!)],
  },
  CastLike: {
    vjp: ({ g, x: [x] }) => [() => cast(g, dtypeOf(x)!)],
    jvp: ({ ts: [t], y }) => [t && cast(t, dtypeOf(y[0])!)],
  },
  // The mask is held: the ratio moves no element.
  Dropout: {
    vjp: ({ gs: [g], operation }) => [() => g && passed(g, operation)],
    jvp: ({ ts: [t], operation }) => [t && passed(t, operation)],
  },
}

const truncated = (x: Value): Value => mul(sign(x), floor(abs(x)))
