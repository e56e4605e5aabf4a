import { PodError } from '@mlpod/contract'
import { random, sortNumbers, type TestResult } from '@mlpod/math'

const PERMUTATIONS = 100

/** Returns at most `most` of the values, drawn without replacement. */
export function drawn(values: Float64Array, most: number, seed: number, path: string): Float64Array {
  if (values.length <= most) return values
  const order = random({ seed, path }).permutation(values.length)
  return Float64Array.from({ length: most }, (_, i) => values[order[i]])
}

/**
 * Returns the squared maximum mean discrepancy of two samples under a Gaussian kernel, whose width is the median distance in
 * the first, and its p-value by permutation, (b + 1) / (B + 1). Throws `SAMPLE_TOO_SMALL` below two values.
 * Source: Gretton et al. (2012); kernel width of Evidently 0.7.
 */
export function meanDiscrepancy(
  first: Float64Array,
  second: Float64Array,
  { seed, maxRows }: { readonly seed: number; readonly maxRows: number },
): TestResult {
  for (const [side, { length }] of [['reference', first] as const, ['current', second] as const])
    if (length < 2)
      throw new PodError('SAMPLE_TOO_SMALL', `the ${side} side has ${length} values; the discrepancy needs two`)
  const [a, b] = [drawn(first, maxRows, seed, 'reference'), drawn(second, maxRows, seed, 'current')]
  const [n, m] = [a.length, b.length]
  const all = Float64Array.of(...a, ...b)
  const size = n + m
  const gamma = 1 / medianSquare(a)
  const kernel = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) kernel[i * size + j] = kernel[j * size + i] = Math.exp(-gamma * (all[i] - all[j]) ** 2)
  // with s = 1 on the first side: sums within and between follow from K s and the row sums
  const rowSums = new Float64Array(size)
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) rowSums[i] += kernel[i * size + j]
  const total = rowSums.reduce((sum, v) => sum + v, 0)
  const discrepancy = (order: Uint32Array): number => {
    let [within, touching] = [0, 0]
    for (let i = 0; i < n; i++) {
      const row = order[i] * size
      touching += rowSums[order[i]]
      for (let j = 0; j < n; j++) within += kernel[row + order[j]]
    }
    const across = touching - within
    const rest = total - within - 2 * across
    return (within - n) / (n * (n - 1)) + (rest - m) / (m * (m - 1)) - (2 * across) / (n * m)
  }
  const statistic = discrepancy(Uint32Array.from({ length: size }, (_, i) => i))
  let extreme = 0
  for (let k = 0; k < PERMUTATIONS; k++)
    if (discrepancy(random({ seed, path: `permutation ${k}` }).permutation(size)) >= statistic) extreme++
  return { statistic, pValue: (extreme + 1) / (PERMUTATIONS + 1) }
}

/** The median (nearest) of all squared distances, those of a value to itself among them; 1 where that is 0. */
function medianSquare(values: Float64Array): number {
  const n = values.length
  const squares = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) squares[i * n + j] = (values[i] - values[j]) ** 2
  const h = (n * n - 1) / 2
  const place = h % 1 === 0.5 ? Math.floor(h) + (Math.floor(h) % 2) : Math.round(h)
  return sortNumbers(squares)[place] || 1
}
