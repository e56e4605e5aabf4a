import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/drift.json' with { type: 'json' }
import { chooseMethod, driftMethods } from './methods.ts'
import { categorySample, numberSample, type Sample } from './sample.ts'

type Scored = { score: number | string; drifted: boolean; threshold: number }

/** Where Evidently is wrong or draws without a seed, and why the numbers differ. */
const DIFFERENT: Readonly<Record<string, string>> = {
  TVD: 'a permutation p-value counts the observed table among the draws, and the draws differ',
  chisquare: 'a single category has p = 1',
}

const tally = (values: readonly string[]) => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return categorySample(counts)
}

function compare(a: Sample, b: Sample, scores: Readonly<Record<string, object>>, at: string): void {
  for (const [name, peer] of Object.entries(scores)) {
    // the peer refuses sides of different sizes, which is needless
    if ('error' in peer) continue
    const { score, drifted, threshold } = peer as Scored
    const method = driftMethods[name as keyof typeof driftMethods]
    const found = method.compare(a, b, {})
    const where = `${name} ${at}`
    if (name in DIFFERENT && typeof score === 'string') continue
    if (name === 'TVD') expect(Math.abs(found.score - Number(score)), where).toBeLessThan(0.06)
    else {
      const wanted = Number(String(score).replace('inf', 'Infinity'))
      if (Number.isFinite(wanted))
        expect(Math.abs(found.score - wanted), `${where}: ${found.score} for ${wanted}`).toBeLessThanOrEqual(
          1e-9 * Math.max(1e-6, Math.abs(wanted)) + (name === 'cramer_von_mises' ? 1e-7 : 0),
        )
      else expect(found.score, where).toBe(wanted)
      expect(method.drifted(found.score, threshold), where).toBe(drifted)
    }
    expect(method.threshold, where).toBe(threshold)
  }
}

test('methods for numbers equal Evidently, and are chosen as it does', () => {
  reference.numbers.forEach(({ a, b, auto, integer, scores }, i) => {
    const [first, second] = [a, b].map((values) => numberSample(Float64Array.from(values), { integer }))
    expect(chooseMethod(first, second), `${i}`).toBe(auto)
    compare(first, second, scores, `${i}`)
  })
})

test('methods for categories equal Evidently, and are chosen as it does', () => {
  reference.categories.forEach(({ a, b, auto, scores }, i) => {
    const [first, second] = [tally(a), tally(b)]
    expect(chooseMethod(first, second), `${i}`).toBe(auto)
    compare(first, second, scores, `${i}`)
  })
})
