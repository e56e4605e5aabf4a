import { readFileSync } from 'node:fs'
import { binomialCdf, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { controlLanguageSets, languageSettings } from './controlLanguage.ts'
import { LANGUAGE_SET_SCORES, type LanguageSetting, languageCost, languageSets } from './languageSets.ts'

// made by conformance/science/uncertainty/make_language.py from TorchCP 1.2.1
const peer = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/language.json', import.meta.url), 'utf8'),
)
const m: number = peer.samples

test('set scores equal those of TorchCP', () => {
  for (const [name, expected] of Object.entries<number[]>(peer.scores))
    for (let row = 0; row < 4; row++) {
      const out = new Float64Array(m)
      const q = Float64Array.from(peer.quality.slice(row * m, (row + 1) * m))
      LANGUAGE_SET_SCORES[name as 'max'](q, new Uint8Array(m).fill(1), out)
      for (const [k, score] of out.entries()) expect(score).toBeCloseTo(expected[row * m + k], 9)
    }
})

test('rejection of low quality and near duplicates keeps the answers that TorchCP keeps', () => {
  const answers = { samples: m, quality: peer.quality, similarity: peer.similarity }
  for (const { config, sets } of peer.masks)
    expect([...languageSets(answers, config, { rejection: true }).sets]).toEqual(sets)
})

test('the Pareto front and the settings chosen are those of TorchCP', () => {
  const settings = languageSettings({ samples: m, quality: peer.tune }, peer.tuneRight)
  expect(settings).toHaveLength(peer.front.length)
  settings.forEach(([, , stop], i) => {
    const expected = Number(peer.front[i] === '-inf' ? -Infinity : peer.front[i])
    if (Number.isFinite(expected)) expect(stop).toBeCloseTo(expected, 6)
    else expect(stop).toBe(expected)
  })
  for (const [i, loss] of [0.1, 0.3, 0.5, 0.7, 0.9].entries()) {
    const { setting } = controlLanguageSets({ samples: m, quality: peer.quality }, peer.right, settings, { loss })
    const best = peer.best[i]
    if (best === null) expect(setting).toBeNull()
    else if (best === '-inf') expect(setting?.[2]).toBe(-Infinity)
    else expect(setting?.[2]).toBeCloseTo(best, 6)
  }
})

test('sets lack a right answer for more than the loss allowed at most one time in ten', () => {
  const draw = (n: number, seed: number) => {
    const { uniform } = random({ seed, path: 'language' })
    const quality = Float64Array.from({ length: n * 5 }, (_, i) => uniform(2 * i) ** 2)
    return {
      answers: { samples: 5, quality, similarity: Float64Array.from({ length: n * 25 }, (_, i) => uniform(9e6 + i)) },
      right: quality.map((q, i) => (uniform(2 * i + 1) < q ? 1 : 0)),
    }
  }
  const large = draw(4000, 999)
  const tuning = draw(60, 1000)
  const options = { rejection: true, setScore: 'sum' } as const
  const settings = languageSettings(tuning.answers, tuning.right, { each: 4, ...options })
  const loss = new Map<LanguageSetting, number>()
  let broken = 0
  const repeats = 100
  for (let r = 0; r < repeats; r++) {
    const rows = draw(100, r)
    const { setting } = controlLanguageSets(rows.answers, rows.right, settings, { loss: 0.4, ...options })
    if (setting === null) continue
    if (!loss.has(setting))
      loss.set(setting, languageCost(languageSets(large.answers, setting, options), large.right).loss)
    broken += Number((loss.get(setting) as number) > 0.41)
  }
  expect(loss.size).toBeGreaterThan(0)
  expect(binomialCdf(broken - 1, repeats, 0.1)).toBeLessThan(0.999)
})

test('without a setting every answer is given, and an empty set is a loss', () => {
  const answers = { samples: 2, quality: [0.1, 0.9] }
  expect([...languageSets(answers, null).sets]).toEqual([1, 1])
  expect(languageCost({ sets: new Uint8Array(2), sampled: Uint32Array.of(2) }, [1, 1])).toEqual({ loss: 1, size: 2 })
})

test('bad inputs are named', () => {
  const answers = { samples: 2, quality: [0.1, 0.9] }
  expect(() => languageSets({ samples: 3, quality: [0.1] }, null)).toThrow(/no rows of 3 answers/)
  expect(() => languageSets(answers, [0, 0, 0], { rejection: true })).toThrow(/rejection needs 4 similarities/)
  expect(() => controlLanguageSets(answers, [1, 0], [], { loss: 1 })).toThrow(/the loss 1/)
  expect(() => controlLanguageSets(answers, [1, 0], [], { loss: 0.5, confidence: 1 })).toThrow(/confidence 1/)
  expect(() => controlLanguageSets(answers, [1], [], { loss: 0.5 })).toThrow(/1 labels/)
})
