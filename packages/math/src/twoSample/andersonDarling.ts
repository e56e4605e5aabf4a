import { PodError } from '@mlpod/contract'
import { solve } from '../dense.ts'
import { type Runs, walk } from '../runs.ts'
import { checkSizes, type TestResult } from './twoSample.ts'

/** Significance levels, and how the critical value at each depends on the number of samples. */
const LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001]
const B0 = [0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085]
const B1 = [-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615]
const B2 = [-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154]

/**
 * Returns the standardised Anderson-Darling statistic of two samples (midranks for ties) and its p-value, interpolated between
 * tabulated levels and so never outside of [0.001, 0.25]. Throws `SAMPLE_TOO_SMALL`, `SAMPLE_CONSTANT` when there is one value.
 * Source: Scholz, Stephens (1987), eq. 7; scipy 1.17 `anderson_ksamp`.
 */
export function andersonDarling(a: Runs, b: Runs): TestResult {
  checkSizes(a, b, 'the Anderson-Darling test')
  const size = a.n + b.n
  let [before, seenA, seenB, sumA, sumB, distinct] = [0, 0, 0, 0, 0, 0]
  walk(a, b, (_, inA, inB) => {
    const l = inA + inB
    const middle = before + l / 2
    const [middleA, middleB] = [seenA + inA / 2, seenB + inB / 2]
    const spread = middle * (size - middle) - (size * l) / 4
    if (spread > 0) {
      sumA += ((l / size) * (size * middleA - middle * a.n) ** 2) / spread
      sumB += ((l / size) * (size * middleB - middle * b.n) ** 2) / spread
    }
    before += l
    seenA += inA
    seenB += inB
    distinct++
  })
  if (distinct < 2)
    throw new PodError('SAMPLE_CONSTANT', 'the Anderson-Darling test needs two distinct values', {
      hint: 'both samples hold one and the same value',
    })
  const squared = ((sumA / a.n + sumB / b.n) * (size - 1)) / size
  const statistic = (squared - 1) / Math.sqrt(varianceOf(a.n, b.n))
  return { statistic, pValue: interpolated(statistic) }
}

function varianceOf(n: number, m: number): number {
  const [size, k, inverses] = [n + m, 2, 1 / n + 1 / m]
  let [h, g] = [0, 0]
  // g = sum over i < j of 1 / ((N - i) j)
  for (let i = size - 1, j = 2; i > 1; i--, j++) {
    h += 1 / i
    g += h / j
  }
  h += 1
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverses
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * inverses - 8 * h + 4 * g - 6
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverses + 4 * h
  const d = (2 * h + 6) * k ** 2 - 4 * h * k
  return (((a * size + b) * size + c) * size + d) / ((size - 1) * (size - 2) * (size - 3))
}

/** The p-value by a parabola through the logarithms of the levels, by least squares. */
function interpolated(statistic: number): number {
  // one degree of freedom: k - 1 = 1
  const critical = LEVELS.map((_, i) => B0[i] + B1[i] + B2[i])
  if (statistic < critical[0]) return LEVELS[0]
  if (statistic > critical[critical.length - 1]) return LEVELS[LEVELS.length - 1]
  const [gram, right] = [new Float64Array(9), new Float64Array(3)]
  critical.forEach((x, i) => {
    const powers = [1, x, x * x]
    powers.forEach((p, r) => {
      right[r] += p * Math.log(LEVELS[i])
      powers.forEach((q, c) => {
        gram[3 * r + c] += p * q
      })
    })
  })
  const [c0, c1, c2] = solve(gram, 3, right)
  return Math.exp(c0 + statistic * (c1 + statistic * c2))
}
