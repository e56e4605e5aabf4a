import { readFileSync } from 'node:fs'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { anomaliesOf, anomalyDiscoveries, anomalyPValues, calibrateAnomalies } from './anomaly.ts'

const reference = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/anomaly.json', import.meta.url), 'utf8'),
) as {
  readonly calibration: readonly number[]
  readonly scores: readonly number[]
  readonly results: readonly { readonly alpha: number; readonly found: readonly number[] }[]
  readonly pValues: readonly number[]
  readonly adjusted: readonly number[]
}

test('anomalies are those of puncc 0.9.3, and adjusted p-values those of scipy', () => {
  const { calibration, scores, results, pValues, adjusted } = reference
  for (const { alpha, found } of results)
    expect([...anomaliesOf(calibrateAnomalies(calibration, { alpha }), scores)]).toEqual(found)
  const p = anomalyPValues(calibration, scores)
  const { adjusted: ours } = anomalyDiscoveries(p, { fdr: 0.1 })
  pValues.forEach((value, i) => {
    expect(p[i]).toBeCloseTo(value, 12)
    expect(ours[i]).toBeCloseTo(adjusted[i], 12)
  })
})

const { normal } = random({ seed: 1, path: 'anomalies' })

test('of rows that are no anomaly, 1 - level are called one; of those far out, all', () => {
  const [n, m, repeats] = [39, 20, 400]
  let alarms = 0
  for (let r = 0; r < repeats; r++) {
    const scores = Float64Array.from({ length: n + m }, (_, i) => normal(r * (n + m) + i))
    const calibration = calibrateAnomalies(scores.subarray(0, n), { alpha: 0.1 })
    alarms += anomaliesOf(calibration, scores.subarray(n)).reduce((a, b) => a + b, 0)
    expect([...anomaliesOf(calibration, [100, Number.NaN])]).toEqual([1, 1])
  }
  const spread = 3.5 * Math.sqrt((0.09 / (repeats * m)) * (1 + m / (n + 2)))
  expect(Math.abs(alarms / (repeats * m) - 0.1)).toBeLessThan(spread)
})

test.each(['benjaminiHochberg', 'storey'] as const)(
  'the share of false discoveries by %s is within its bound, and anomalies are found',
  (method) => {
    const [n, inliers, outliers, repeats] = [200, 40, 10, 200]
    let [falseShare, power] = [0, 0]
    for (let r = 0; r < repeats; r++) {
      const at = r * (n + inliers + outliers)
      const scores = Float64Array.from(
        { length: n + inliers + outliers },
        (_, i) => normal(1e6 + at + i) + (i >= n + inliers ? 4 : 0),
      )
      const p = anomalyPValues(scores.subarray(0, n), scores.subarray(n))
      const { found } = anomalyDiscoveries(p, { fdr: 0.2, method })
      const wrong = found.subarray(0, inliers).reduce((a, b) => a + b, 0)
      const right = found.subarray(inliers).reduce((a, b) => a + b, 0)
      falseShare += wrong / Math.max(1, wrong + right)
      power += right / outliers
    }
    expect(falseShare / repeats).toBeLessThan(0.2 + 0.03)
    expect(power / repeats).toBeGreaterThan(0.8)
  },
)

test('Storey finds no fewer than Benjamini and Hochberg where most rows are anomalies', () => {
  const p = [...Array.from({ length: 30 }, (_, i) => (i + 1) / 400), 0.3, 0.6, 0.9]
  const [plain, storey] = (['benjaminiHochberg', 'storey'] as const).map((method) =>
    anomalyDiscoveries(p, { fdr: 0.05, method }),
  )
  expect(storey.nullShare).toBeLessThan(0.3)
  expect(storey.found.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(plain.found.reduce((a, b) => a + b))
})

test('too few rows tell no anomaly, and what is no share is refused', () => {
  expect([...anomaliesOf(calibrateAnomalies([1, 2], { alpha: 0.1 }), [1e9])]).toEqual([0])
  expect(() => calibrateAnomalies([], { alpha: 0.1 })).toThrow(expect.objectContaining({ code: 'CALIBRATION_EMPTY' }))
  expect(() => anomalyDiscoveries([0.5], { fdr: 1 })).toThrow(expect.objectContaining({ code: 'LEVEL_INVALID' }))
  expect(() => anomalyDiscoveries([1.5], { fdr: 0.1 })).toThrow(expect.objectContaining({ code: 'P_VALUE_INVALID' }))
  expect(() => anomalyDiscoveries([0.5], { fdr: 0.1, lambda: 1 })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
  expect(() => anomalyDiscoveries([0.5], { fdr: 0.1, method: 'by' as 'storey' })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
  expect(anomalyDiscoveries([], { fdr: 0.1 }).found).toHaveLength(0)
})
