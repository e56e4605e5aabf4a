import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateConditional, conditionalCutoffs } from './conditionalConformal.ts'
import {
  answerScores,
  calibrateLevelAdaptive,
  keptStatements,
  learnLevels,
  levelAdaptiveCutoffs,
  levelsAt,
  type ScoredAnswer,
} from './levelAdaptive.ts'

const fails = (code: string) => expect.objectContaining({ code })

/** Answers of eight statements, of topics that the model knows well (feature 1) or not (0). */
function answersOf(seed: number, n: number): { answers: ScoredAnswer[]; features: Float64Array } {
  const features = new Float64Array(2 * n)
  const answers = Array.from({ length: n }, (_, i) => {
    const { uniform, normal } = random({ seed, path: `answer ${i}` })
    const easy = Number(uniform(0) < 0.5)
    features.set([1, easy], 2 * i)
    const correct = Array.from({ length: 8 }, (_, j) => uniform(10 + j) < (easy ? 0.9 : 0.7))
    return { correct, scores: correct.map((right, j) => (right ? 1 : 0) + 0.5 * normal(100 + j)) }
  })
  return { answers, features }
}

test('one level for all rows gives the conditional cutoffs', () => {
  const { answers, features } = answersOf(1, 60)
  const scores = answerScores(answers)
  const rowLevels = new Float64Array(60).fill(0.8)
  const fresh = answersOf(2, 20).features
  const own = levelAdaptiveCutoffs(calibrateLevelAdaptive(scores, { features, rowLevels }), {
    features: fresh,
    rowLevels: rowLevels.subarray(0, 20),
  })
  const { cutoffs } = conditionalCutoffs(calibrateConditional(scores, { features, level: 0.8 }), fresh)
  own.forEach((cutoff, i) => {
    expect(cutoff).toBeCloseTo(cutoffs[i], 9)
  })
})

test('answers are free of false statements as often as their levels say, in each topic, and keep what they shall', () => {
  const [n, m, repeats] = [150, 20, 60]
  const seen = [0, 1].map(() => ({ rows: 0, free: 0, drawn: 0, level: 0 }))
  let short = 0
  for (let r = 0; r < repeats; r++) {
    const learn = answersOf(3 * r, 200)
    const levels = learnLevels(learn.answers, { features: learn.features, keep: 0.4 })
    const held = answersOf(3 * r + 1, n)
    const conformal = calibrateLevelAdaptive(answerScores(held.answers), {
      features: held.features,
      rowLevels: levelsAt(levels, held.features),
    })
    const { answers, features } = answersOf(3 * r + 2, m)
    const rows = { features, rowLevels: levelsAt(levels, features) }
    const cutoffs = levelAdaptiveCutoffs(conformal, rows)
    const drawn = levelAdaptiveCutoffs(conformal, rows, { randomize: { seed: r } })
    answers.forEach(({ scores, correct }, i) => {
      const topic = seen[features[2 * i + 1]]
      const free = (cutoff: number) =>
        Number(keptStatements(scores, cutoff).every((kept, j) => kept === 0 || correct?.[j]))
      topic.rows++
      topic.free += free(cutoffs[i])
      topic.drawn += free(drawn[i])
      topic.level += rows.rowLevels[i]
      short += Number(keptStatements(scores, cutoffs[i]).reduce((a, b) => a + b, 0) < 0.4 * 8)
    })
  }
  for (const { rows, free, drawn, level } of seen) {
    const band = 4.5 * Math.sqrt(0.2 / rows)
    expect(free / rows).toBeGreaterThan(level / rows - band)
    expect(Math.abs(drawn / rows - level / rows)).toBeLessThan(band)
  }
  // the topic that is known well gets the higher level
  expect(seen[1].level / seen[1].rows).toBeGreaterThan(seen[0].level / seen[0].rows + 0.05)
  expect(short / (m * repeats)).toBeLessThan(0.25)
})

test('what has no level is refused', () => {
  const ok = { features: [1, 1], rowLevels: [0.5, 0.5] }
  expect(() => calibrateLevelAdaptive([], { features: [], rowLevels: [] })).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateLevelAdaptive([1, 2], { ...ok, rowLevels: [0.5, 1] })).toThrow(fails('LEVEL_INVALID'))
  expect(() => calibrateLevelAdaptive([1, 2], { ...ok, rowLevels: [0.5] })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateLevelAdaptive([1, 2], { ...ok, features: [1, 1, 1] })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateLevelAdaptive([1, 2], { ...ok, features: [1, 1, 1, 1] })).toThrow(fails('FEATURES_INVALID'))
  expect(() => calibrateLevelAdaptive([1, Infinity], ok)).toThrow(fails('SCORES_NAN'))
  const one = calibrateLevelAdaptive([1, 2], ok)
  expect([...levelAdaptiveCutoffs(one, { features: [0], rowLevels: [0.5] })]).toEqual([Infinity])
  expect(() => levelAdaptiveCutoffs(one, { features: [1], rowLevels: [0] })).toThrow(fails('LEVEL_INVALID'))
  expect(() => answerScores([{ scores: [1] }])).toThrow(fails('PART_MISSING'))
  expect(() => answerScores([{ scores: [1], correct: [] }])).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => learnLevels([{ scores: [1], correct: [true] }], { features: [1], keep: 1 })).toThrow(
    fails('OPTION_INVALID'),
  )
})
