import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { calibrateConditional, conditionalCutoffs } from './conditionalConformal.ts'

type Listed = readonly (number | string)[]
const numbers = (values: Listed): Float64Array => Float64Array.from(values, (v) => (v === 'inf' ? Infinity : Number(v)))
const { peers, conditional, classes } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/online.json', import.meta.url), 'utf8'),
) as {
  readonly peers: Readonly<Record<string, string>>
  readonly conditional: readonly {
    readonly name: string
    readonly level: number
    readonly scores: Listed
    readonly features: Listed
    readonly new: Listed
    readonly cutoffs: Listed
  }[]
  readonly classes: {
    readonly level: number
    readonly n: number
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly features: readonly number[]
    readonly sets: readonly number[]
  }
}

test(`cutoffs are MAPIE ${peers.MAPIE}'s to 1e-6, with dependent columns and overlapping groups too`, () => {
  for (const { name, level, scores, features, new: fresh, cutoffs } of conditional) {
    const conformal = calibrateConditional(numbers(scores), { features: numbers(features), level })
    const ours = conditionalCutoffs(conformal, numbers(fresh)).cutoffs
    numbers(cutoffs).forEach((cutoff, i) => {
      if (cutoff === Infinity) expect(ours[i], `${name} ${i}`).toBe(Infinity)
      else expect(Math.abs(ours[i] - cutoff), `${name} ${level} ${i}: ${ours[i]} ${cutoff}`).toBeLessThan(1e-6)
    })
  }
})

test(`classification sets are those of MAPIE ${peers.MAPIE}`, () => {
  const { level, n, probabilities, labels, features, sets } = classes
  const scores = labels.map((label, i) => 1 - probabilities[3 * i + label])
  const conformal = calibrateConditional(scores.slice(0, n), { features: features.slice(0, 2 * n), level })
  const { cutoffs } = conditionalCutoffs(conformal, features.slice(2 * n))
  const ours = sets.map((_, at) => Number(1 - probabilities[3 * n + at] <= cutoffs[Math.floor(at / 3)]))
  expect(ours).toEqual(sets)
})
