import { binomialCdf, graphicalTest, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { controlRisk, predictControlled } from './controlRisk.ts'
import { marginRisks, maskRisks, widenMasks } from './maskRisks.ts'
import { multilabelRisks } from './multilabelRisks.ts'
import { absoluteErrorRisk, parametricRisks } from './parametricRisks.ts'
import { riskGrid } from './riskCurve.ts'
import { binaryRisks, multiclassRisks } from './thresholdRisks.ts'

/** Scores s with P(class 1 | s) = s^power, so that true risks at a threshold are known by integration. */
function calibrationRows(n: number, seed: number, power = 1) {
  const { uniform } = random({ seed, path: 'risk' })
  const scores = Float64Array.from({ length: n }, (_, i) => uniform(2 * i))
  return { scores, labels: scores.map((s, i) => (uniform(2 * i + 1) < s ** power ? 1 : 0)) }
}
// with power 1: P(1, s >= l) = (1 - l^2) / 2
const truePrecision = (l: number): number => (1 + l) / 2
const trueRecall = (l: number): number => 1 - l * l
const expectAtMost = (failures: number, repeats: number, delta: number): void =>
  expect(binomialCdf(failures - 1, repeats, delta)).toBeLessThan(0.9999)

test('learn then test: some valid setting breaks a target at most a share delta of the time', () => {
  const [repeats, delta] = [400, 0.1]
  let failures = 0
  let found = 0
  for (let r = 0; r < repeats; r++) {
    const { scores, labels } = calibrationRows(600, r)
    const curves = binaryRisks(scores, labels, { lambdas: riskGrid(0, 0.98, 50) })
    const control = controlRisk(curves, {
      method: 'ltt',
      targets: { precision: 0.7, recall: 0.5 },
      confidence: 1 - delta,
    })
    found += Number(control.best !== null)
    const wrong = (l: number): boolean => truePrecision(l) < 0.7 || trueRecall(l) < 0.5
    failures += Number(control.valid.some((j) => wrong(curves.lambdas[j] as number)))
  }
  expectAtMost(failures, repeats, delta)
  expect(found).toBeGreaterThan(repeats / 2)
})

test('rcps keeps the risk with its confidence, crc on average', () => {
  const [repeats, k] = [300, 3]
  const missed = { hoeffding: 0, wsr: 0, bernstein: 0 }
  let risks = 0
  for (let r = 0; r < repeats; r++) {
    const { uniform } = random({ seed: r, path: 'sets' })
    const n = 150
    const p = Float64Array.from({ length: n * k }, (_, i) => uniform(2 * i))
    const y = p.map((q, i) => (uniform(2 * i + 1) < q ? 1 : 0))
    // labels are independent of each other, so the share of true labels above l has mean 1 - l^2
    const curves = multilabelRisks(p, y, k, { lambdas: riskGrid(0, 0.99, 100), emptyRows: 'skip' })
    for (const bound of ['hoeffding', 'wsr', 'bernstein'] as const) {
      const { lambda } = controlRisk(curves, { method: 'rcps', bound, targets: { recall: 0.8 }, confidence: 0.9 })
      missed[bound] += Number((lambda as number) ** 2 > 0.2)
    }
    risks += (controlRisk(curves, { method: 'crc', targets: { recall: 0.8 } }).lambda as number) ** 2
  }
  for (const misses of Object.values(missed)) expectAtMost(misses, repeats, 0.1)
  expect(risks / repeats).toBeLessThanOrEqual(0.2 + 0.005)
  expect(risks / repeats).toBeGreaterThan(0.17)
})

test('risks by thresholds equal those by looking at each row', () => {
  const { scores, labels } = calibrationRows(500, 1, 2)
  scores[3] = Number.NaN
  const lambdas = riskGrid(0.05, 0.9, 18)
  const groups = Array.from(scores, (_, i) => (i % 3 ? 'a' : 'b'))
  const fast = binaryRisks(scores, labels, { lambdas, groups })
  const slow = parametricRisks(
    labels,
    (l) => Array.from(scores, (s) => (Number.isNaN(s) ? Number.NaN : Number(s >= (l as number)))),
    { lambdas },
  )
  for (const name of slow.names) {
    expect([...fast.curve(name).n]).toEqual([...slow.curve(name).n])
    expect([...fast.curve(name).sum]).toEqual([...slow.curve(name).sum])
    expect(fast.curve(name).losses(7)).toEqual(slow.curve(name).losses(7))
    const [a, b, whole] = ['@a', '@b', ''].map((group) => fast.curve(name + group))
    expect(a.sum[4] + b.sum[4]).toBe(whole.sum[4])
    expect(a.losses(4).length).toBe(a.n[4])
  }
})

test('losses of sets equal those of their curve at each threshold', () => {
  const { uniform } = random({ seed: 4 })
  const p = Float64Array.from({ length: 400 }, (_, i) => Math.round(uniform(i) * 20) / 20)
  const y = p.map((_, i) => (uniform(1000 + i) < 0.4 ? 1 : 0))
  const curves = multilabelRisks(p, y, 8, { lambdas: riskGrid(0, 1, 21), emptyRows: 'zeroLoss' })
  for (const name of curves.names) {
    const curve = curves.curve(name)
    for (const [j, sum] of curve.sum.entries())
      expect(sum).toBeCloseTo(
        curve.losses(j).reduce((a, b) => a + b),
        9,
      )
  }
})

test('a class that abstains below its threshold has recall that falls and precision that need not rise', () => {
  const p = [0.9, 0.1, 0.6, 0.4, 0.2, 0.8]
  const curves = multiclassRisks(p, [0, 1, 1], { lambdas: [0.5, 0.7, 0.85] })
  expect([...curves.curve('abstentionRate').sum]).toEqual([0, 1, 2])
  expect([...curves.curve('recall:1').sum]).toEqual([1, 1, 2])
  expect([...curves.curve('precision:0').n]).toEqual([2, 1, 1])
  expect(curves.curve('recall:1').direction).toBe('increasing')
  expect(curves.curve('precision:0').direction).toBeUndefined()
})

test('several dimensions and risks of numbers are controlled together', () => {
  const { uniform } = random({ seed: 5 })
  const truth = Array.from({ length: 500 }, (_, i) => uniform(i))
  const lambdas = riskGrid(0, 1, 5).flatMap((a) => riskGrid(-0.1, 0.1, 3).map((b) => [a, b]))
  const curves = parametricRisks(
    truth,
    (l) => {
      const [a, b] = l as readonly number[]
      return truth.map((y) => a * y + b)
    },
    { lambdas, risks: { error: absoluteErrorRisk(1) } },
  )
  const control = controlRisk(curves, { method: 'ltt', targets: { error: 0.2 } })
  expect(control.lambda).toEqual([1, 0])
  expect(() => controlRisk(curves, { method: 'ltt', targets: { error: 0.2 }, familywise: 'fixedSequence' })).toThrow(
    /no natural order/,
  )
  const m = lambdas.length
  const familywise = graphicalTest({
    weights: lambdas.map(() => 1 / m),
    transitions: lambdas.map((_, i) => lambdas.map((_, j) => Number(j === (i + 1) % m))),
  })
  expect(controlRisk(curves, { method: 'ltt', targets: { error: 0.2 }, familywise }).lambda).toEqual([1, 0])
})

test('a mask is widened until enough of the truth is inside', () => {
  const width = 20
  const images = 60
  const { uniform } = random({ seed: 6 })
  const [mask, truth] = [new Uint8Array(images * 400), new Uint8Array(images * 400)]
  for (let image = 0; image < images; image++) {
    const shift = Math.floor(uniform(image) * 4)
    for (let y = 8; y < 12; y++)
      for (let x = 4; x < 10; x++) {
        mask[image * 400 + y * width + x] = 1
        truth[image * 400 + y * width + x + shift] = 1
      }
  }
  const { lambda } = controlRisk(marginRisks(mask, truth, 400, { width }), { method: 'crc', targets: { recall: 0.95 } })
  expect(lambda).toBe(2)
  expect(widenMasks(mask.subarray(0, 400), 400, { width, margin: 1 }).reduce((a, b) => a + b)).toBe(6 * 8)
})

test('nothing within reach is said, with why', () => {
  const { scores, labels } = calibrationRows(30, 2)
  const curves = binaryRisks(scores, labels)
  const none = controlRisk(curves, { method: 'ltt', targets: { precision: 0.999 } })
  expect(none).toMatchObject({ best: null, lambda: null, notControlled: true })
  expect(none.reason).toMatch(/rows without any loss|no setting has/)
  expect(() => predictControlled(none, scores)).toThrow(/no threshold keeps/)
  const far = controlRisk(multilabelRisks([0.1, 0.2], [1, 1], 1), { method: 'crc', targets: { recall: 0.9 } })
  expect(far).toMatchObject({ notControlled: true, best: 0, lambda: 0 })
  const easy = controlRisk(curves, {
    method: 'ltt',
    targets: { predictedPositiveFraction: 0.9999999 },
    test: 'binomial',
    confidence: 0,
  })
  expect(easy.warnings).toHaveLength(1)
  expect([...predictControlled({ ...easy, lambda: 0.5 }, [0.5, 0.4, Number.NaN])]).toEqual([1, 0, -1])
})

test('no row with a condition counts as risk 1, and does not keep others from being tested', () => {
  // MAPIE 1.6 has a NaN p-value there, after which Holm rejects nothing at all
  const scores = Float64Array.from({ length: 400 }, (_, i) => (i % 2 ? 0.8 : 0.2))
  const labels = scores.map((s) => Number(s > 0.5))
  const control = controlRisk(binaryRisks(scores, labels, { lambdas: [0.5, 0.9] }), {
    method: 'ltt',
    targets: { precision: 0.9 },
  })
  expect(control.risks[0].mean[1]).toBe(1)
  expect(control.pValues?.[1]).toBe(1)
  expect(control.valid).toEqual([0])
})

test('bad inputs are named', () => {
  const curves = binaryRisks([0.1, 0.9], [0, 1], { lambdas: [0.5] })
  expect(() => binaryRisks([], [])).toThrow(/no calibration row/)
  expect(() => binaryRisks([0.1], [0, 1])).toThrow(/1 scores do not match 2 labels/)
  expect(() => binaryRisks([0.1], [2])).toThrow(/label 2 of row 0/)
  expect(() => binaryRisks([0.1], [1], { lambdas: [0.5, 0.5] })).toThrow(/does not ascend/)
  expect(() => binaryRisks([0.1], [1], { lambdas: [] })).toThrow(/no threshold/)
  expect(() => binaryRisks([0.1], [1], { groups: [] })).toThrow(/0 groups/)
  expect(() => riskGrid(0, 1, 0)).toThrow(/are no grid/)
  expect(() => curves.curve('recal')).toThrow(/did you mean "recall"/)
  expect(() => controlRisk(curves, { method: 'ltt', targets: {} })).toThrow(/no risk to control/)
  expect(() => controlRisk(curves, { method: 'ltt', targets: { recall: 1 } })).toThrow(/target 1 of "recall"/)
  expect(() => controlRisk(curves, { method: 'ltt', targets: { recall: 0.5 }, confidence: 1 })).toThrow(/confidence 1/)
  expect(() => controlRisk(curves, { method: 'crc', targets: { recall: 0.5 } })).toThrow(/meet a condition/)
  expect(() => controlRisk(curves, { method: 'rcps', targets: { accuracy: 0.5 } })).toThrow(/need not go one way/)
  expect(() => controlRisk(curves, { method: 'rcps', targets: { accuracy: 0.5, recall: 0.5 } })).toThrow(
    /controls one risk/,
  )
  expect(() => controlRisk(curves, { method: 'ltt', targets: { recall: 0.5 }, familywise: 'hol' as 'holm' })).toThrow(
    /did you mean "holm"/,
  )
  expect(() => multilabelRisks([0.5, 0.5], [0, 0], 2)).toThrow(/row 0 has no true label/)
  expect(() => multilabelRisks([0.5, 0.5], [0, 0], 2, { emptyRows: 'skip' })).toThrow(/no row has a true label/)
  expect(() => multilabelRisks([1.5, 0.5], [0, 1], 2)).toThrow(/1.5 of row 0/)
  expect(() => maskRisks([3, 0.5], [0, 1], 2)).toThrow(/3 of row 0 is no probability/)
  expect(() => multiclassRisks([0.5, 0.6], [0])).toThrow(/sum to 1.1/)
  expect(() => multiclassRisks([0.4, 0.6], [2])).toThrow(/label 2/)
  expect(() => binaryRisks([0.1], [1], { risks: { odd: { occurrence: () => 2 } } }).curve('odd')).toThrow(/a risk is 2/)
  expect(() =>
    controlRisk(
      parametricRisks([1], () => [1], { lambdas: [0], risks: { e: absoluteErrorRisk(1) } }),
      {
        method: 'ltt',
        targets: { e: 0.1 },
        test: 'binomial',
      },
    ),
  ).toThrow(/follow no binomial law/)
})
