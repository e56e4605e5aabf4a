import { logMinus, stirlingRemainder } from './gamma.ts'

/** Returns x^a y^b / B(a, b) with y = 1 - x, exact to rounding also where a and b are large (Loader 2000). */
function front(a: number, b: number, x: number, y: number): number {
  const n = a + b
  const d = x * b - y * a
  const exponent = a * logMinus((x * n) / a, d / a) + b * logMinus((y * n) / b, -d / b)
  const remainder = stirlingRemainder(n) - stirlingRemainder(a) - stirlingRemainder(b)
  return Math.sqrt(((a / n) * b) / (2 * Math.PI)) * Math.exp(exponent + remainder)
}

/**
 * Continued fraction of front / I_x(a, b), by the modified Lentz method. Its terms depend on the distance from the mean,
 * a y - b x, so it keeps its digits where a is large. Source: DiDonato, Morris (1992), eq. 4.
 */
function fraction(a: number, b: number, x: number, y: number): number {
  const guard = (v: number): number => (Math.abs(v) < 1e-300 ? 1e-300 : v)
  const distance = a * y - b * x
  let value = guard((a * (distance + 1)) / (a + 1))
  let [c, d] = [value, 0]
  for (let m = 1; m < 1e7; m++) {
    const numerator = ((a + m - 1) / (a + 2 * m - 1)) * ((a + b + m - 1) / (a + 2 * m - 1)) * m * (b - m) * x * x
    const denominator =
      m + (m * (b - m) * x) / (a + 2 * m - 1) + ((a + m) * (distance + 1 + m * (1 + y))) / (a + 2 * m + 1)
    d = 1 / guard(denominator + numerator * d)
    c = guard(denominator + numerator / c)
    const change = c * d
    value *= change
    if (Math.abs(change - 1) < 2e-16) break
  }
  return value
}

/**
 * Returns both regularized incomplete beta functions: `lower` I_x(a, b) and `upper` 1 - I_x(a, b), each to full relative
 * precision where it is the smaller one. `y` is 1 - x, given apart because it may be known more exactly.
 */
export function incompleteBeta(
  a: number,
  b: number,
  x: number,
  y: number = 1 - x,
): { readonly lower: number; readonly upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 }
  if (y <= 0) return { lower: 1, upper: 0 }
  if (x <= (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, front(a, b, x, y) / fraction(a, b, x, y))
    return { lower, upper: 1 - lower }
  }
  const upper = Math.min(1, front(b, a, y, x) / fraction(b, a, y, x))
  return { lower: 1 - upper, upper }
}

/** Returns P(X <= x) of the Beta(a, b) law, a > 0, b > 0; NaN for other parameters. Relative error below 1e-12. */
export function betaCdf(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return Number.NaN
  return incompleteBeta(a, b, x).lower
}

/**
 * Returns the x with P(X <= x) = p of the Beta(a, b) law, by Newton's method inside a shrinking bracket.
 * NaN when p is outside [0, 1] or a or b is not positive.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  return a > 0 && b > 0 && p >= 0 && p <= 1 ? betaQuantileOfTails(p, 1 - p, a, b) : Number.NaN
}

/** The quantile when both tails are known; the smaller one is compared, so that quantiles far out keep their digits. */
export function betaQuantileOfTails(lowerTail: number, upperTail: number, a: number, b: number): number {
  if (lowerTail === 0 || upperTail === 0) return lowerTail === 0 ? 0 : 1
  let [low, high, x] = [0, 1, a / (a + b)]
  for (let i = 0; i < 400; i++) {
    const { lower, upper } = incompleteBeta(a, b, x)
    const excess = lowerTail <= upperTail ? lower - lowerTail : upperTail - upper
    if (excess === 0) return x
    if (excess > 0) high = x
    else low = x
    const newton = x - (excess * x * (1 - x)) / front(a, b, x, 1 - x)
    const next = newton > low && newton < high ? newton : middle(low, high)
    if (Math.abs(next - x) <= Number.EPSILON * x || next === low || next === high) return next
    x = next
  }
  return x
}

/** Midpoint of a bracket in [0, 1]: geometric while its ends differ by orders of magnitude. */
const middle = (low: number, high: number): number =>
  high > 16 * low ? Math.sqrt(Math.max(low, 1e-308) * high) : low + (high - low) / 2
