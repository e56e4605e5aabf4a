const HALF_LOG_TWO_PI = 0.9189385332046728

/** Returns log(ratio) - t without cancellation near 0, for t = ratio - 1 given apart: far below 0 the ratio has the digits. */
export function logMinus(ratio: number, t: number): number {
  if (Math.abs(t) > 0.4) return Math.log(ratio) - t
  // log((1+r)/(1-r)) = 2 (r + r^3/3 + ...), r = t / (2 + t); the linear part 2r - t is -t r
  const r = t / (2 + t)
  const square = r * r
  let [term, sum] = [r * square, 0]
  for (let k = 3; ; k += 2) {
    const next = sum + term / k
    if (next === sum) return 2 * sum - t * r
    sum = next
    term *= square
  }
}

/**
 * Returns log Gamma(x) minus Stirling's main term (x - 1/2) log x - x + log(2 pi)/2, for x > 0.
 * The large parts of log Beta cancel by algebra instead of by subtraction when this remainder is kept apart (Loader 2000).
 */
export function stirlingRemainder(x: number): number {
  if (x < 10) {
    // Gamma(x) = Gamma(x + k) / (x (x+1) ... (x+k-1))
    let [product, y] = [1, x]
    while (y < 10) product *= y++
    const shifted = (y - 0.5) * Math.log(y) - y + stirlingRemainder(y)
    return shifted - Math.log(product) - (x - 0.5) * Math.log(x) + x
  }
  const s = 1 / (x * x)
  const inner = 1 / 1188 + s * (-691 / 360360 + s * (1 / 156 - (s * 3617) / 122400))
  return (1 / 12 + s * (-1 / 360 + s * (1 / 1260 + s * (-1 / 1680 + s * inner)))) / x
}

/**
 * Returns log Gamma(x) for x > 0, absolute error below 1e-14 for x < 100 and relative error below 1e-15 above;
 * NaN for x < 0 and Infinity at 0.
 */
export function gammaln(x: number): number {
  if (x === 0 || x === Infinity) return Infinity
  if (!(x > 0)) return Number.NaN
  if (x === 1 || x === 2) return 0
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingRemainder(x)
}

/**
 * Returns both regularized incomplete gamma functions: `lower` P(a, x) and `upper` Q(a, x), for a > 0, x >= 0.
 * Source: series and continued fraction of DLMF 8.11.4 and 8.9.2, front factor after Loader (2000).
 */
export function incompleteGamma(a: number, x: number): { lower: number; upper: number } {
  if (x <= 0) return { lower: 0, upper: 1 }
  if (x === Infinity) return { lower: 1, upper: 0 }
  // x^a e^-x / Gamma(a)
  const front = Math.sqrt(a / (2 * Math.PI)) * Math.exp(a * logMinus(x / a, (x - a) / a) - stirlingRemainder(a))
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let k = 1; term > sum * 1e-17; k++) {
      term *= x / (a + k)
      sum += term
    }
    const lower = front * sum
    return { lower, upper: 1 - lower }
  }
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let fraction = d
  for (let k = 1, change = 0; Math.abs(change - 1) > 1e-16 && k < 1e6; k++) {
    const an = -k * (k - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    change = d * c
    fraction *= change
  }
  const upper = front * fraction
  return { lower: 1 - upper, upper }
}
