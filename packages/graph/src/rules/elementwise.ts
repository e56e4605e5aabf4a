import { scalarOf } from '../known.ts'
import {
  abs,
  add,
  and,
  cast,
  cos,
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
  mul,
  neg,
  not,
  pow,
  sigmoid,
  sign,
  sin,
  sub,
  tanh,
  where,
} from '../operators/elementwise.ts'
import { reduceSum } from '../operators/reduction.ts'
import type { Differentiable, Rule } from '../rule.ts'
import { float, text } from '../schema.ts'
import type { elementwise as schemas } from '../schemas/elementwise.ts'
import { dtypeOf, isFloating, type Operation, type Value } from '../value.ts'
import { unbroadcast } from './shape.ts'

/** y = f(x): both directions multiply by f'. */
const scaled = (derivative: (x: Value, y: Value, operation: Operation) => Value): Differentiable => ({
  vjp: ({ g, x, y, operation }) => [() => mul(g, derivative(x[0], y[0], operation))],
  jvp: ({ ts, x, y, operation }) => [ts[0] && mul(ts[0], derivative(x[0], y[0], operation))],
})

/** y = f(x) with one slope on each side of a kink: the side not taken never multiplies, so infinities stay out. */
const gated = (gate: (g: Value, x: Value, y: Value, operation: Operation) => Value): Differentiable => ({
  vjp: ({ g, x, y, operation }) => [() => gate(g, x[0], y[0], operation)],
  jvp: ({ ts, x, y, operation }) => [ts[0] && gate(ts[0], x[0], y[0], operation)],
})

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

/** d(a^b)/da, b a^(b-1); 0 where b is 0, so that 0^0 does not give nan. */
function powBase(a: Value, b: Value): Value {
  const exponent = scalarOf(b)
  if (exponent === 2) return mul(2, a)
  if (exponent === 1) return like(a, 1)
  if (exponent === 0) return like(a, 0)
  if (exponent === 3) return mul(3, mul(a, a))
  if (exponent === 0.5) return mul(0.5, pow(a, -0.5))
  const floating = isFloating(b) && dtypeOf(b) === dtypeOf(a) ? b : cast(b, dtypeOf(a)!)
  if (exponent !== undefined) return mul(exponent, pow(a, exponent - 1))
  return where(equal(floating, 0), 0, mul(floating, pow(a, sub(floating, 1))))
}

/** d(a^b)/db, y log a; 0 where a is 0 and b >= 0. */
const powExponent = (a: Value, b: Value, y: Value): Value =>
  where(and(equal(a, 0), greaterOrEqual(cast(b, dtypeOf(a)!), 0)), 0, mul(y, log(a)))

/** Min and Max: an element's cotangent goes to the operand that gave it; two equal operands take half each, more share. */
const extreme: Differentiable = {
  vjp: ({ g, x, y }) => {
    if (x.length === 1) return [g]
    const winners = x.map((value) => equal(value, y[0]))
    const counted = winners.map((winner) => cast(winner, dtypeOf(y[0])!))
    const share = div(
      g,
      counted.reduce((sum, winner) => add(sum, winner)),
    )
    return x.map((value, i) => () => unbroadcast(where(winners[i], share, 0), value))
  },
}

const clipped = (g: Value, x: Value, low?: Value, high?: Value): Value => {
  const inside = [low && greater(x, low), high && less(x, high)].filter((test) => test !== undefined)
  return inside.length === 0
    ? g
    : where(
        inside.reduce((a, b) => and(a, b)),
        g,
        0,
      )
}

const total = (value: Value): Value => reduceSum(value)

/** Rules of the operators that work element by element. */
export const elementwise: { readonly [O in keyof typeof schemas]: Rule } = {
  // (-x)' = -x'
  Neg: gated((g) => neg(g)),
  Abs: scaled((x) => sign(x)),
  Sign: 'zero',
  // (sqrt x)' = x' / 2y
  Sqrt: gated((g, _, y) => div(g, mul(2, y))),
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
  // y > 0 is x > 0, and y is kept anyway
  Relu: gated((g, _, y) => where(greater(y, 0), g, 0)),
  LeakyRelu: gated((g, x, _, op) => where(greater(x, 0), g, mul(g, float(op, 'alpha', 0.01)))),
  // alpha e^x below 0; above, the power that is not taken must not overflow, or its own derivative is 0 * inf
  Elu: gated((g, x, _, op) => {
    const above = greater(x, 0)
    return where(above, g, mul(g, mul(float(op, 'alpha', 1), exp(where(above, 0, x)))))
  }),
  Softplus: scaled((x) => sigmoid(x)),
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
  Min: extreme,
  Max: extreme,
  Sum: { vjp: ({ g, x }) => x.map((value) => () => unbroadcast(g, value)) },
  Equal: 'zero',
  Less: 'zero',
  Greater: 'zero',
  LessOrEqual: 'zero',
  GreaterOrEqual: 'zero',
  And: 'zero',
  Or: 'zero',
  Xor: 'zero',
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
      () => low && total(where(lessOrEqual(x, low), g, 0)),
      () => high && total(where(low ? and(greaterOrEqual(x, high), not(less(x, low))) : greaterOrEqual(x, high), g, 0)),
    ],
  },
  Cast: {
    vjp: ({ g, x: [x] }) => [() => cast(g, dtypeOf(x)!)],
    jvp: ({ ts: [t], y }) => [t && cast(t, dtypeOf(y[0])!)],
  },
}

const truncated = (x: Value): Value => mul(sign(x), floor(abs(x)))
