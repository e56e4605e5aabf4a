import type { DataType } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import { add, div, exp, max, min, mul, sign, sqrt, sub, tanh } from '../operators/elementwise.ts'
import { text } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Composition, Compositions } from './composition.ts'

const of =
  (make: (x: Value) => Value): Composition =>
  ({ inputs: [x] }) => [make(x!)]

/**
 * Chebyshev coefficients of log(erfc(z) / t) + z^2 with t = 2 / (2 + z), in 4t - 2 from -2 to 2: erfc to 16 digits.
 * Source: the form of Press et al. 2007, section 6.2.2; computed with mpmath at 40 digits.
 */
const ERFC = [
  -1.3026537197817094, 0.6419697923564902, 0.019476473204185836, -0.009561514786808632, -0.0009465953444820369,
  0.00036683949785276145, 4.252332480690777e-5, -2.0278578112534242e-5, -1.6242900046470256e-6, 1.3036558355805232e-6,
  1.5626441722066142e-8, -8.523809591492654e-8, 6.5290544390988515e-9, 5.059343495551469e-9, -9.91364156493033e-10,
  -2.273651222931836e-10, 9.646791102015527e-11, 2.3940380830391146e-12, -6.886027526497553e-12, 8.944879273090725e-13,
  3.130921399342958e-13, -1.1270822361367252e-13, 3.810905255189232e-16, 7.106097613609237e-15,
]

function erf(x: Value): Value {
  const z = mul(x, sign(x))
  const t = div(2, add(2, z))
  const at = sub(mul(4, t), 2)
  // Clenshaw's recurrence
  let [sum, before]: [Value | number, Value | number] = [0, 0]
  for (const coefficient of ERFC.slice(1).reverse()) {
    const next: Value = add(sub(mul(at, sum), before), coefficient)
    ;[sum, before] = [next, sum]
  }
  const series = sub(add(mul(0.5, mul(at, sum)), 0.5 * ERFC[0]), before)
  return mul(sign(x), sub(1, mul(t, exp(sub(series, mul(z, z))))))
}

// Beyond, one more square would be infinite, and the angle is a right one to all digits.
const FAR: { readonly [D in DataType]?: number } = { float64: 1e100 }

/** Half angles three times, tan(a / 2) = tan a / (1 + sqrt(1 + tan^2 a)), then the series. */
function atan(x: Value): Value {
  const far = FAR[dtypeOf(x)!] ?? 1e15
  let t: Value = max(min(x, far), -far)
  for (let halves = 0; halves < 3; halves++) t = div(t, add(1, sqrt(add(1, mul(t, t)))))
  const square = mul(t, t)
  let sum: Value | number = 0
  for (let power = 23; power >= 1; power -= 2) sum = add(mul(sum, square), (power % 4 === 1 ? 1 : -1) / power)
  return mul(8, mul(t, sum))
}

/** What functions are made of that the runtime has in single precision alone: their values, not their derivatives. */
export const special: Compositions = {
  Erf: of(erf),
  Atan: of(atan),
  // sin a = x, so tan(a / 2) = x / (1 + sqrt(1 - x^2))
  Asin: of((x) => mul(2, atan(div(x, add(1, sqrt(mul(sub(1, x), add(1, x)))))))),
  // cos a = x, so tan(a / 2) = sqrt((1 - x) / (1 + x))
  Acos: of((x) => mul(2, atan(div(sqrt(sub(1, x)), sqrt(add(1, x)))))),
  Gelu: (use) => {
    const [x] = use.inputs as readonly [Value]
    if (text(use, 'approximate', 'none') === 'tanh') {
      const inner = mul(Math.sqrt(2 / Math.PI), mul(x, add(1, mul(0.044715, mul(x, x)))))
      return [mul(mul(0.5, x), add(1, tanh(inner)))]
    }
    return [mul(mul(0.5, x), add(1, applyOne('Erf', [mul(x, Math.SQRT1_2)])))]
  },
}
