import { readFileSync } from 'node:fs'
import { tensor } from '@mlpod/contract'
import { compile, input, openSession } from '@mlpod/graph'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { conformalPValue, mahalanobisScore } from './graph.ts'
import { fitMahalanobis, type Mahalanobis, mahalanobisScores, oodPValues } from './mahalanobis.ts'

interface Case {
  readonly features: readonly number[]
  readonly labels: readonly number[]
  readonly test: readonly number[]
  readonly scoresTimesRows: readonly number[]
}

interface Near extends Omit<Case, 'scoresTimesRows'> {
  readonly scores: readonly number[]
}

const { cases, near } = JSON.parse(
  readFileSync(new URL('../../../../conformance/science/ood.json', import.meta.url), 'utf8'),
) as {
  cases: readonly Case[]
  near: readonly Near[]
}

/** The scores that a model computes in single precision. */
async function inModel(detector: Mahalanobis, rows: ArrayLike<number>): Promise<Float32Array> {
  const d = detector.dimensions
  const x = input('x', 'float32', ['n', d])
  await using session = await openSession(compile({ inputs: [x], outputs: { score: mahalanobisScore(detector, x) } }))
  const { score } = await session.run({ x: tensor('float32', [rows.length / d, d], Float32Array.from(rows)) })
  return score.data as Float32Array
}

test('scores equal those of pytorch-ood 0.4.0 up to its scale (its scatter is n times our covariance)', () => {
  for (const { features, labels, test: rows, scoresTimesRows } of cases) {
    const scores = mahalanobisScores(fitMahalanobis(features, labels), rows)
    scores.forEach((score, i) => {
      expect(score / scoresTimesRows[i]).toBeCloseTo(1, 3)
    })
  }
})

test('features that nearly depend on each other give the scores of numpy in double precision, in the model as well', async () => {
  for (const { features, labels, test: rows, scores } of near) {
    const detector = fitMahalanobis(features, labels)
    const ours = mahalanobisScores(detector, rows)
    const served = await inModel(detector, rows)
    for (const [i, score] of scores.entries()) {
      expect(ours[i] / score).toBeCloseTo(1, 8)
      expect(served[i] / score).toBeCloseTo(1, 3)
    }
  }
})

test('an offset of the features does not blur the score that a model computes', async () => {
  const features = normal(4, 200, 3).map((z, i) => z + [1000, -5000, 0][i % 3])
  const labels = Array.from({ length: 200 }, (_, i) => i % 2)
  const detector = fitMahalanobis(Float64Array.from(features, Math.fround), labels)
  const rows = Float64Array.from(features.slice(0, 60), Math.fround)
  const [exact, served] = [mahalanobisScores(detector, rows), await inModel(detector, rows)]
  for (const [i, score] of exact.entries()) expect(Math.abs(served[i] - score)).toBeLessThan(1e-3 * (1 + score))
})

test('the units of the features do not matter: small numbers vary as well as large ones', () => {
  const [features, labels] = [normal(5, 80, 2), Array.from({ length: 80 }, (_, i) => i % 2)]
  const small = features.map((z) => 1e-9 * z)
  const detector = fitMahalanobis(small, labels)
  expect(detector.dead).toEqual([])
  const [plain, scaled] = [
    mahalanobisScores(fitMahalanobis(features, labels), features),
    mahalanobisScores(detector, small),
  ]
  for (const [i, score] of plain.entries()) expect(scaled[i] / score).toBeCloseTo(1, 6)
})

const normal = (seed: number, n: number, d: number): Float64Array => {
  const source = random({ seed, path: 'features' })
  return Float64Array.from({ length: n * d }, (_, i) => source.normal(i))
}

test('scores do not change under an invertible linear map of the features', () => {
  const [n, d] = [120, 3]
  const features = normal(1, n, d)
  const labels = Array.from({ length: n }, (_, i) => i % 2)
  const map = [2, 1, 0, 0, 1, 3, 1, 0, 1]
  const mapped = Float64Array.from(features, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d]
    return map.reduce((sum, w, jk) => (jk % d === k ? sum + w * features[i * d + Math.floor(jk / d)] : sum), 0)
  })
  const options = { ridge: 0 }
  const plain = mahalanobisScores(fitMahalanobis(features, labels, options), features)
  const other = mahalanobisScores(fitMahalanobis(mapped, labels, options), mapped)
  plain.forEach((score, i) => {
    expect(other[i]).toBeCloseTo(score, 8)
  })
})

test('a feature without variance is dropped and named, gaps in labels are fine', () => {
  const features = Float64Array.from(normal(2, 40, 2)).map((z, i) => (i % 2 === 1 ? 5 : z))
  const detector = fitMahalanobis(
    features,
    Array.from({ length: 40 }, (_, i) => (i % 2 ? 7 : 0)),
  )
  expect(detector.dead).toEqual([1])
  expect(mahalanobisScores(detector, [0, 5])[0]).toBeCloseTo(mahalanobisScores(detector, [0, 99])[0], 12)
})

test('conformal p-values of exchangeable rows are at most as small as they say, and never 0', () => {
  const [n, m] = [49, 4000]
  const scores = normal(3, n + m, 1)
  let small = 0
  for (let i = 0; i < m; i++) {
    const calibration = Float64Array.from({ length: n }, (_, j) => scores[(i * 37 + j * 91 + 1) % (n + m)])
    if (oodPValues(calibration, [scores[i]])[0] <= 0.1) small++
  }
  expect(small / m).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / m) + 0.01)
  expect([...oodPValues([1, 2, 2, 3], [0, 2, 2.5, 9])]).toEqual([1, 4 / 5, 2 / 5, 1 / 5])
})

test('p-values in a model are those of arrays, ties, infinities and what is no number included', async () => {
  const calibration = [1, 2, 2, 3, 5, 5, 5, 8]
  const scores = [0, 1, 1.5, 2, 4, 5, 8, 9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
  const x = input('x', 'float32', ['n', 1])
  await using session = await openSession(compile({ inputs: [x], outputs: { p: conformalPValue(calibration, x) } }))
  const { p } = await session.run({ x: tensor('float32', [scores.length, 1], Float32Array.from(scores)) })
  const expected = oodPValues(calibration, scores)
  expect(expected[scores.length - 1]).toBe(1 / 9)
  for (const [i, value] of expected.entries()) expect(p.data[i]).toBeCloseTo(value, 6)
})

test('nothing to fit on, broken features and no varying feature are refused', () => {
  expect(() => fitMahalanobis([], [])).toThrow(/no row/)
  expect(() => fitMahalanobis([1, Number.NaN], [0, 0])).toThrow(/feature 0 of row 1 is NaN/)
  expect(() => fitMahalanobis([1, 1, 1], [0, 0, 0])).toThrow(/none of the 1 features/)
  expect(() => oodPValues([], [1])).toThrow(/no calibration score/)
  expect(() => oodPValues([1, Number.NaN], [1])).toThrow(/calibration score is NaN/)
  for (const ridge of [-1, Number.NaN]) expect(() => fitMahalanobis([1, 2], [0, 0], { ridge })).toThrow(/ridge of/)
  expect(() => mahalanobisScores(fitMahalanobis([1, 2, 3, 5], [0, 0]), [1, 2, 3])).toThrow(/rows of 2 features/)
})
