import { expect, test } from 'vitest'
import { hypergeometricPmf } from './binomial.ts'
import { totalVariation } from './divergence.ts'
import { hypergeometricDraw, permutationOfCounts } from './permutation.ts'
import { random } from './random.ts'

test('draws follow the hypergeometric law', () => {
  for (const [total, marked, drawn] of [
    [20, 7, 12],
    [9, 9, 4],
    [30, 1, 30],
    [50, 25, 3],
  ]) {
    const seen = new Map<number, number>()
    const cells = 20_000
    for (let i = 0; i < cells; i++) {
      const k = hypergeometricDraw((i + 0.5) / cells, total, marked, drawn)
      seen.set(k, (seen.get(k) ?? 0) + 1)
    }
    for (const [k, count] of seen)
      expect(Math.abs(count / cells - hypergeometricPmf(k, total, marked, drawn))).toBeLessThan(2 / cells)
  }
})

test('p-values of exchangeable counts are uniform, and those of different counts small', () => {
  const share = (a: Float64Array, b: Float64Array): number => {
    const [n, m] = [a, b].map((counts) => counts.reduce((sum, c) => sum + c, 0))
    return totalVariation(
      a.map((c) => c / n),
      b.map((c) => c / m),
    )
  }
  const r = random({ seed: 11 })
  const pValues = Array.from({ length: 200 }, (_, trial) => {
    const [a, b] = [new Float64Array(4), new Float64Array(4)]
    for (let i = 0; i < 90; i++) (i < 40 ? a : b)[Math.floor(4 * r.at(`${trial}`).uniform(i) ** 2)]++
    return permutationOfCounts(a, b, share, { random: r.at(`p${trial}`), draws: 99 })
  })
  expect(pValues.filter((p) => p <= 0.1).length).toBeLessThan(36)
  expect(pValues.filter((p) => p <= 0.5).length).toBeGreaterThan(75)
  expect(permutationOfCounts([900, 100], [600, 400], share, { random: r, draws: 999 })).toBe(1 / 1000)
})
