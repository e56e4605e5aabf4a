import { random } from '../random.ts'
import { type Runs, walk } from '../runs.ts'
import { checkSizes, type TestResult } from './twoSample.ts'

const PERMUTATIONS = 999

/** The statistic from the midranks of both samples, each in ascending order. */
function statisticOf(ranksA: Float64Array, ranksB: Float64Array): number {
  const size = ranksA.length + ranksB.length
  const side = (ranks: Float64Array, other: number): number => {
    const n = ranks.length
    let sum = 0
    for (let i = 1; i <= n; i++) {
      const expected = (size / n) * i
      const share = i / (n + 1)
      sum += (ranks[i - 1] - expected) ** 2 / (share * (1 - share) * ((other * size) / n))
    }
    return sum / n
  }
  return (side(ranksA, ranksB.length) + side(ranksB, ranksA.length)) / 2
}

/**
 * Returns the statistic of Baumgartner, Weiss and Schindler, which weighs differences in the tails more than Mann and Whitney's, and its p-value by
 * permutation, (b + 1) / (B + 1). Throws `SAMPLE_TOO_SMALL`. Source: Baumgartner et al. (1998); scipy 1.17 `bws_test`.
 */
export function baumgartnerWeissSchindler(a: Runs, b: Runs, { seed = 0 }: { readonly seed?: number } = {}): TestResult {
  checkSizes(a, b, 'the test of Baumgartner, Weiss and Schindler')
  const all = new Float64Array(a.n + b.n)
  const isA = new Uint8Array(all.length)
  let before = 0
  walk(a, b, (_, inA, inB) => {
    const rank = before + (inA + inB + 1) / 2
    all.fill(rank, before, before + inA + inB)
    isA.fill(1, before, before + inA)
    before += inA + inB
  })
  const split = (member: (i: number) => boolean): number => {
    const [x, y] = [new Float64Array(a.n), new Float64Array(b.n)]
    let [i, j] = [0, 0]
    for (let k = 0; k < all.length; k++) {
      if (member(k)) x[i++] = all[k]
      else y[j++] = all[k]
    }
    return statisticOf(x, y)
  }
  const statistic = split((k) => isA[k] === 1)
  const chosen = new Uint8Array(all.length)
  let extreme = 0
  for (let p = 0; p < PERMUTATIONS; p++) {
    chosen.fill(0)
    for (const k of random({ seed, path: `permutation ${p}` })
      .permutation(all.length)
      .subarray(0, a.n))
      chosen[k] = 1
    if (split((k) => chosen[k] === 1) >= statistic * (1 - 1e-12)) extreme++
  }
  return { statistic, pValue: (extreme + 1) / (PERMUTATIONS + 1) }
}
