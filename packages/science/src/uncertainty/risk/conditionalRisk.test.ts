import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { conditionalLambdas, fitConditionalRisk, missSteps, recallSteps } from './conditionalRisk.ts'
import { controlRisk } from './controlRisk.ts'
import { multilabelRisks } from './multilabelRisks.ts'
import { riskGrid } from './riskCurve.ts'

/** Rows of three labels, in two overlapping groups; the second group's probabilities are too small. */
function rows(n: number, seed: number) {
  const { uniform } = random({ seed, path: 'conditional risk' })
  const groups = Array.from({ length: n }, (_, i) => [
    Number(uniform(10 * i + 8) < 0.5),
    Number(uniform(10 * i + 9) < 0.4),
  ])
  const labels = new Uint8Array(3 * n)
  const probabilities = Float64Array.from({ length: 3 * n }, (_, at) => {
    const i = Math.floor(at / 3)
    const p = uniform(10 * i + 2 * (at % 3))
    labels[at] = Number(uniform(10 * i + 2 * (at % 3) + 1) < p || at % 3 === 0)
    return groups[i][1] ? p * 0.6 : p
  })
  return { probabilities, labels, features: groups.flatMap(([a, b]) => [1, a, b]) }
}

/** Mean loss 1 - recall at each row's lambda, whole and within each feature. */
function losses({ probabilities, labels, features }: ReturnType<typeof rows>, lambda: ArrayLike<number>): number[] {
  const [sum, n] = [new Float64Array(3), new Float64Array(3)]
  for (let i = 0; i < lambda.length; i++) {
    let [truths, found] = [0, 0]
    for (let at = 3 * i; at < 3 * i + 3; at++) {
      truths += labels[at]
      found += labels[at] * Number(probabilities[at] > lambda[i])
    }
    for (let j = 0; j < 3; j++) {
      sum[j] += features[3 * i + j] * (1 - found / truths)
      n[j] += features[3 * i + j]
    }
  }
  return Array.from(sum, (s, j) => s / n[j])
}

test('with one constant feature it is conformal risk control', () => {
  const { probabilities, labels } = rows(150, 1)
  const fit = fitConditionalRisk(recallSteps(probabilities, labels, 3), {
    features: new Float64Array(150).fill(1),
    target: 0.2,
  })
  const [lambda] = conditionalLambdas(fit, [1])
  const fine = riskGrid(0, 0.999, 1000)
  const crc = controlRisk(multilabelRisks(probabilities, labels, 3, { lambdas: fine }), {
    method: 'crc',
    targets: { recall: 0.8 },
  })
  expect(Math.abs(lambda - (crc.lambda as number))).toBeLessThan(0.01)
})

test('the risk is kept in groups that overlap, where one threshold for all fails', () => {
  const totals = [0, 0, 0]
  const repeats = 25
  for (let r = 0; r < repeats; r++) {
    const known = rows(200, r)
    const fit = fitConditionalRisk(recallSteps(known.probabilities, known.labels, 3), {
      features: known.features,
      target: 0.2,
    })
    const fresh = rows(60, 1000 + r)
    const found = losses(fresh, conditionalLambdas(fit, fresh.features))
    for (let j = 0; j < 3; j++) totals[j] += found[j] / repeats
  }
  // three standard errors of some six hundred rows in the smaller group
  for (const mean of totals) {
    expect(mean).toBeLessThan(0.2 + 0.035)
    expect(mean).toBeGreaterThan(0.12)
  }
  const known = rows(300, 1)
  const crc = controlRisk(multilabelRisks(known.probabilities, known.labels, 3), {
    method: 'crc',
    targets: { recall: 0.8 },
  })
  const fresh = rows(2000, 5)
  expect(losses(fresh, new Float64Array(2000).fill(crc.lambda as number))[2]).toBeGreaterThan(0.25)
})

test('widths by a feature cover where errors grow with it', () => {
  const { normal, uniform } = random({ seed: 4 })
  const draw = (n: number, from: number) => {
    const x = Float64Array.from({ length: n }, (_, i) => uniform(from + i))
    return { x, miss: x.map((v, i) => Math.abs(normal(1e6 + from + i)) * (0.2 + 2 * v)) }
  }
  const design = (x: Float64Array): number[] => [...x].flatMap((v) => [1, v])
  const known = draw(400, 0)
  const fit = fitConditionalRisk(missSteps(known.miss), { features: design(known.x), target: 0.1, range: [0, 20] })
  const fresh = draw(400, 5000)
  const widths = conditionalLambdas(fit, design(fresh.x))
  const missed = (keep: (v: number) => boolean): number => {
    const kept = [...fresh.x.keys()].filter((i) => keep(fresh.x[i]))
    return kept.filter((i) => fresh.miss[i] > widths[i]).length / kept.length
  }
  expect(missed(() => true)).toBeLessThan(0.14)
  expect(missed((v) => v > 0.7)).toBeLessThan(0.19)
  expect(missed((v) => v < 0.3)).toBeLessThan(0.19)
})

test('a new row that no calibration row is like gets the safe end', () => {
  const fit = fitConditionalRisk(missSteps([1, 2, 3]), { features: [1, 0, 1, 0, 1, 0], target: 0.1, range: [0, 10] })
  expect([...conditionalLambdas(fit, [0, 1])]).toEqual([10])
})

test('bad inputs are named', () => {
  expect(() => recallSteps([0.1], [1, 0], 2)).toThrow(/no rows of 2/)
  expect(() => fitConditionalRisk(missSteps([1]), { features: [1], target: 1 })).toThrow(/target 1/)
  expect(() => fitConditionalRisk(missSteps([]), { features: [], target: 0.1 })).toThrow(/no row/)
  expect(() => fitConditionalRisk(missSteps([1, 2]), { features: [1], target: 0.1 })).toThrow(/1 features/)
  expect(() => fitConditionalRisk(missSteps([1]), { features: [Number.NaN], target: 0.1 })).toThrow(/NaN/)
})
