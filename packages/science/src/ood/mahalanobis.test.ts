import { readFileSync } from 'node:fs'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { conformalPValues, fitMahalanobis, mahalanobisScores } from './mahalanobis.ts'

interface Case {
  readonly features: readonly number[]
  readonly labels: readonly number[]
  readonly test: readonly number[]
  readonly scoresTimesRows: readonly number[]
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../conformance/science/ood.json', import.meta.url), 'utf8'),
) as {
  cases: readonly Case[]
}

test('scores equal those of pytorch-ood 0.4.0 up to its scale (its scatter is n times our covariance)', () => {
  for (const { features, labels, test: rows, scoresTimesRows } of cases) {
    const scores = mahalanobisScores(fitMahalanobis(features, labels), rows)
    scores.forEach((score, i) => {
      expect(score / scoresTimesRows[i]).toBeCloseTo(1, 3)
    })
  }
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
    if (conformalPValues(calibration, [scores[i]])[0] <= 0.1) small++
  }
  expect(small / m).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / m) + 0.01)
  expect([...conformalPValues([1, 2, 2, 3], [0, 2, 2.5, 9])]).toEqual([1, 4 / 5, 2 / 5, 1 / 5])
})

test('nothing to fit on, broken features and no varying feature are refused', () => {
  expect(() => fitMahalanobis([], [])).toThrow(/no row/)
  expect(() => fitMahalanobis([1, Number.NaN], [0, 0])).toThrow(/feature 0 of row 1 is NaN/)
  expect(() => fitMahalanobis([1, 1, 1], [0, 0, 0])).toThrow(/none of the 1 features/)
  expect(() => conformalPValues([], [1])).toThrow(/no calibration score/)
})
