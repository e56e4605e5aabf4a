/** Count, mean and centred power sums of numbers; those of two parts add up to those of the whole. */
export interface Moments {
  readonly n: number
  readonly mean: number
  /** Sum of squared deviations from the mean; `m3`, `m4` of third and fourth powers. */
  readonly m2: number
  readonly m3: number
  readonly m4: number
  readonly min: number
  readonly max: number
}

/** The moments that a mean and a variance need. */
export type Spread = Pick<Moments, 'n' | 'mean' | 'm2' | 'min' | 'max'>

/** Returns the spread of numbers without NaN, in two short passes. */
export function spread(values: Float64Array): Spread {
  const n = values.length
  let [sum, min, max] = [0, Infinity, -Infinity]
  for (let i = 0; i < n; i++) {
    const value = values[i]
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const rough = n > 0 ? sum / n : 0
  let [shift, squares] = [0, 0]
  for (let i = 0; i < n; i++) {
    const d = values[i] - rough
    shift += d
    squares += d * d
  }
  // what rounding left in the mean is taken out of both
  return { n, mean: n > 0 ? rough + shift / n : 0, m2: n > 0 ? squares - (shift * shift) / n : 0, min, max }
}

/** The moments of nothing. */
export const noMoments: Moments = { n: 0, mean: 0, m2: 0, m3: 0, m4: 0, min: Infinity, max: -Infinity }

/** Returns the moments of the values that are not NaN, in two passes. */
export function moments(values: ArrayLike<number>): Moments {
  let [n, sum, min, max] = [0, 0, Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    const v = values[i]
    if (Number.isNaN(v)) continue
    n++
    sum += v
    if (v < min) min = v
    if (v > max) max = v
  }
  if (n === 0) return noMoments
  const present = n === values.length ? values : Float64Array.from(values).filter((v) => !Number.isNaN(v))
  const rough = sum / n
  let [shift, m2, m3, m4] = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) shift += present[i] - rough
  const mean = rough + shift / n
  for (let i = 0; i < n; i++) {
    const d = present[i] - mean
    const square = d * d
    m2 += square
    m3 += square * d
    m4 += square * square
  }
  return { n, mean, m2, m3, m4, min, max }
}

/** Returns the moments of both parts together. Source: Chan et al. (1979); Pebay (2008), eq. 3.1. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b
  if (b.n === 0) return a
  const n = a.n + b.n
  const d = b.mean - a.mean
  const [p, q] = [a.n / n, b.n / n]
  const product = a.n * q * d * d
  return {
    n,
    mean: a.mean + q * d,
    m2: a.m2 + b.m2 + product,
    m3: a.m3 + b.m3 + product * d * (p - q) + 3 * d * (p * b.m2 - q * a.m2),
    m4:
      a.m4 +
      b.m4 +
      product * d * d * (p * p - p * q + q * q) +
      6 * d * d * (p * p * b.m2 + q * q * a.m2) +
      4 * d * (p * b.m3 - q * a.m3),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  }
}

/** Returns the variance, divided by n - ddof (`ddof` 1 by default); NaN when that is not positive. */
export const variance = ({ n, m2 }: Pick<Moments, 'n' | 'm2'>, { ddof = 1 }: { ddof?: number } = {}): number =>
  n > ddof ? m2 / (n - ddof) : Number.NaN
