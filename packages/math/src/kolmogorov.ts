import { binomialPmf } from './binomial.ts'
import { stirlingRemainder } from './gamma.ts'

/** Returns P(K > x) of Kolmogorov's limit law. Source: Kolmogorov (1933); both series of scipy's `kolmogorov`. */
export function kolmogorovTail(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x <= 0) return 1
  let sum = 0
  if (x < 0.82) {
    // the theta series that converges for small x
    for (let k = 1; k <= 19; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x))
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 ? 2 : -2) * Math.exp(-2 * (k * x) ** 2)
  return Math.min(1, sum)
}

/**
 * Returns P(D_n^+ >= x) of the one-sided distance of n values from their law. Source: Birnbaum, Tingey (1951); each term
 * is a binomial probability at its own place, which keeps its digits for any n (Loader 2000).
 */
export function smirnovTail(x: number, n: number): number {
  if (x <= 0) return 1
  if (x >= 1) return 0
  let sum = 0
  const last = Math.ceil(n * (1 - x)) - 1
  for (let j = 0; j <= last; j++) {
    const p = x + j / n
    sum += (x / p) * binomialPmf(j, n, p)
  }
  return Math.min(1, sum)
}

/**
 * Returns P(D_n > x) of Kolmogorov's two-sided statistic of n values, as exact as doubles allow.
 * Source: the choice of methods of Simard, L'Ecuyer (2011): Ruben-Gambino, Marsaglia-Tsang-Wang, Miller, Pelz-Good.
 */
export function kolmogorovExactTail(x: number, n: number): number {
  if (!(n > 0) || Number.isNaN(x)) return Number.NaN
  const t = n * x
  if (x >= 1 || t * x >= 370) return 0
  if (t <= 0.5) return 1
  if (t <= 1) return 1 - Math.exp(logFactorialShare(n) + n * Math.log(2 * t - 1))
  if (t >= n - 1) return 2 * (1 - x) ** n
  if (x >= 0.5 || t * x > (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnovTail(x, n))
  const below = n <= 140 || (n <= 100_000 && n * x ** 1.5 <= 1.4) ? durbin(x, n) : pelzGood(x, n)
  return Math.min(1, Math.max(0, 1 - below))
}

/** log(n! / n^n) */
const logFactorialShare = (n: number): number => 0.5 * Math.log(2 * Math.PI * n) - n + stirlingRemainder(n)

/** P(D_n < x) as an element of a power of Durbin's matrix. Source: Marsaglia, Tsang, Wang (2003). */
function durbin(x: number, n: number): number {
  const k = Math.ceil(n * x)
  const h = k - n * x
  const size = 2 * k - 1
  const matrix = new Float64Array(size * size)
  for (let i = 0; i < size; i++) for (let j = 0; j <= Math.min(i + 1, size - 1); j++) matrix[i * size + j] = 1
  for (let i = 0; i < size; i++) {
    matrix[i * size] -= h ** (i + 1)
    matrix[(size - 1) * size + i] -= h ** (size - i)
  }
  if (2 * h > 1) matrix[(size - 1) * size] += (2 * h - 1) ** size
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) for (let g = 2; g <= i - j + 1; g++) matrix[i * size + j] /= g
  // V = H^n with its exponent kept apart
  let [power, base, exponent, baseExponent] = [identity(size), matrix, 0, 0]
  for (let left = n; left > 0; left >>= 1) {
    if (left & 1) {
      power = product(power, base, size)
      exponent += baseExponent
      exponent += shrink(power, (k - 1) * size + k - 1)
    }
    base = product(base, base, size)
    baseExponent *= 2
    baseExponent += shrink(base, (k - 1) * size + k - 1)
  }
  const value = power[(k - 1) * size + k - 1]
  return value * Math.exp(logFactorialShare(n) + exponent * Math.LN10)
}

/** Makes a matrix smaller where its middle grows large; returns the power of ten that was taken out. */
function shrink(matrix: Float64Array, middle: number): number {
  if (!(matrix[middle] > 1e140)) return 0
  for (let i = 0; i < matrix.length; i++) matrix[i] *= 1e-140
  return 140
}

const identity = (size: number): Float64Array<ArrayBuffer> => {
  const found = new Float64Array(size * size)
  for (let i = 0; i < size; i++) found[i * size + i] = 1
  return found
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const c = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const left = a[i * size + k]
      if (left !== 0) for (let j = 0; j < size; j++) c[i * size + j] += left * b[k * size + j]
    }
  return c
}

const { PI, SQRT2 } = Math
const [PI2, PI4, PI6] = [PI ** 2, PI ** 4, PI ** 6]

/** P(D_n < x) by Kolmogorov's limit with three further terms in 1/sqrt(n). Source: Pelz, Good (1976). */
function pelzGood(x: number, n: number): number {
  const z = Math.sqrt(n) * x
  const [z2, z4, z6] = [z ** 2, z ** 4, z ** 6]
  const q = Math.exp(-PI2 / (8 * z2))
  const terms = [0, 0, 0, 0]
  for (let k = Math.ceil((16 * z) / PI); k >= 1; k--) {
    const m2 = (2 * k - 1) ** 2
    const weight = q ** m2
    terms[0] += weight
    terms[1] += weight * (-z2 + (PI2 / 4) * m2)
    terms[2] += weight * (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) * PI2 * m2) / 4 + (PI4 * (1 - 2 * z2) * m2 ** 2) / 16)
    terms[3] +=
      weight *
      (-30 * z6 -
        90 * z ** 8 +
        (PI2 * (135 * z4 - 96 * z6) * m2) / 4 +
        (PI4 * (-60 * z2 + 212 * z4) * m2 ** 2) / 16 +
        (PI6 * (5 - 30 * z2) * m2 ** 3) / 64)
  }
  const root = Math.sqrt(PI) * SQRT2
  const sums = [z, 6 * z4, 72 * z ** 7, 6480 * z ** 10].map((by, i) => (root * terms[i]) / by)
  let [second, third] = [0, 0]
  for (let k = Math.ceil((16 * z) / PI); k >= 1; k--) {
    const weight = Math.exp((-PI2 * k * k) / (2 * z2))
    second += k * k * weight
    third += (3 * z2 - PI2 * k * k) * k * k * weight
  }
  sums[2] -= (PI2 * root * second) / (36 * z ** 3)
  sums[3] += (PI2 * root * third) / (216 * z6)
  return sums[0] + sums[1] / Math.sqrt(n) + sums[2] / n + sums[3] / n ** 1.5
}
