import { readFileSync } from 'node:fs'
import { tensor } from '@mlpod/contract'
import { compile, input, openSession, type Value } from '@mlpod/graph'
import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitBeta } from './beta.ts'
import { applyCalibrator, calibratorValue } from './binaryCalibrators.ts'
import { applyLinear, fitDirichlet, fitMatrixScaling, fitVectorScaling, linearValue } from './classCalibrators.ts'
import { fitHistogramBinning, fitPlattBinning } from './histogramBinning.ts'
import { fitIsotonic } from './isotonicCalibrator.ts'
import { fitPlatt } from './platt.ts'
import { applyTopLabel, fitTopLabel, topLabelValue } from './topLabel.ts'
import { fitVennAbers, mergeVennAbers, vennAbersProbabilities } from './vennAbers.ts'
import { applyVennAbersClasses, fitVennAbersClasses, vennAbersClassesValue } from './vennAbersClasses.ts'
import { applyVennAbersRegression, fitVennAbersRegression } from './vennAbersRegression.ts'

// made by conformance/science/uncertainty/make_calibrators.py from scikit-learn, betacal, venn-abers and MAPIE
const peer = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/calibrators.json', import.meta.url), 'utf8'),
)
const { scores, labels, weights, test: places } = peer.binary

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(tolerance)
}

/** Runs a graph of one input and returns its output's numbers. */
async function run(
  make: (x: Value) => Value,
  shape: readonly number[],
  rows: ArrayLike<number>,
): Promise<Float64Array> {
  const x = input('x', 'float64', ['n', shape[1]])
  await using session = await openSession(compile({ inputs: [x], outputs: { y: make(x) } }))
  const { y } = await session.run({ x: tensor('float64', shape, Float64Array.from(rows)) })
  return Float64Array.from(y.data as ArrayLike<number>)
}

test('Platt scaling is the optimum that scikit-learn stops short of', () => {
  expectNear(applyCalibrator(fitPlatt(scores, labels), places), peer.platt.converged, 1e-7)
  expectNear(applyCalibrator(fitPlatt(scores, labels), places), peer.platt.sklearn, 2e-4)
  expectNear(applyCalibrator(fitPlatt(scores, labels, { weights }), places), peer.platt.weighted, 1e-7)
  expectNear(applyCalibrator(fitPlatt(scores, labels, { weights }), places), peer.platt.sklearnWeighted, 2e-4)
})

test('isotonic calibration equals that of scikit-learn, weighted or not', () => {
  expectNear(applyCalibrator(fitIsotonic(scores, labels), places), peer.isotonic.plain, 1e-12)
  expectNear(applyCalibrator(fitIsotonic(scores, labels, { weights }), places), peer.isotonic.weighted, 1e-12)
})

test('beta calibration equals betacal, and a slope that would be negative is zero', () => {
  const inner = places.slice(1, -1)
  for (const parameters of ['abm', 'am'] as const)
    expectNear(applyCalibrator(fitBeta(scores, labels, { parameters }), inner), peer.beta[parameters], 2e-3)
  const middle = fitBeta(scores, peer.betaMiddle.labels, { parameters: 'ab' })
  expectNear(applyCalibrator(middle, inner), peer.betaMiddle.values, 2e-3)
  expect(applyCalibrator(middle, [0.5])[0]).toBeCloseTo(0.5, 12)
  const bent = fitBeta(scores, peer.betaBent.labels)
  expect(Math.min(bent.a, bent.b)).toBe(0)
  expectNear(applyCalibrator(bent, inner), peer.betaBent.values, 2e-3)
  const falling = fitBeta(
    scores.map((s: number) => 1 - s),
    labels,
  )
  expect(falling).toMatchObject({ a: 0, b: 0 })
})

test('cells hold equally many rows, and no cell is empty', () => {
  expectNear(applyCalibrator(fitHistogramBinning(scores, labels, { bins: 8 }), places), peer.histogram, 1e-12)
  const { edges, values } = fitHistogramBinning([1, 1, 1, 2], [0, 1, 1, 1], { bins: 50 })
  expect(values.every((v) => v >= 0 && v <= 1)).toBe(true)
  expect(values.length).toBe(edges.length + 1)
})

test('Venn-Abers equals venn-abers, with ties and rounding', () => {
  const { ties, rounded, fine, fineScores, fineLabels } = peer.venn
  const check = (calibrator: ReturnType<typeof fitVennAbers>, expected: typeof ties): void => {
    const { low, high, merged } = vennAbersProbabilities(calibrator, places)
    expectNear(low, expected.low, 1e-12)
    expectNear(high, expected.high, 1e-12)
    expectNear(merged, expected.merged, 1e-12)
  }
  check(fitVennAbers(scores, labels), ties)
  check(fitVennAbers(fineScores, fineLabels), fine)
  check(fitVennAbers(fineScores, fineLabels, { precision: 1 }), rounded)
})

test('each end of the bracket is the isotonic fit with one more row, by the min-max formula', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(0, 1))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 14 }), fc.integer({ min: -1, max: 13 }), (rows, half) => {
      const at = half / 2
      const calibrator = fitVennAbers(
        rows.map(([s]) => s),
        rows.map(([, y]) => y),
      )
      const { low, high } = vennAbersProbabilities(calibrator, [at])
      const fit = (label: number): number => {
        const all: [number, number][] = [...rows, [at, label]]
        const [starts, ends] = [[] as number[], [] as number[]]
        for (const [s] of all) (s <= at ? starts : ends).push(s)
        ends.push(at)
        return Math.max(
          ...starts.map((a) =>
            Math.min(
              ...ends.map((b) => {
                const part = all.filter(([s]) => s >= a && s <= b)
                return part.reduce((sum, [, y]) => sum + y, 0) / part.length
              }),
            ),
          ),
        )
      }
      expect(low[0]).toBeCloseTo(fit(0), 12)
      expect(high[0]).toBeCloseTo(fit(1), 12)
      expect(low[0]).toBeLessThanOrEqual(high[0])
    }),
    { seed: 3, numRuns: 300 },
  )
})

test('the merged probability rises with the score and lies in its bracket', () => {
  const { uniform } = random({ seed: 8 })
  const s = Float64Array.from({ length: 3000 }, (_, i) => uniform(i))
  const y = s.map((p, i) => (uniform(5000 + i) < p ? 1 : 0))
  const { low, high, merged } = vennAbersProbabilities(fitVennAbers(s, y), Float64Array.from(s).sort())
  for (let i = 0; i < merged.length; i++) {
    expect(low[i]).toBeLessThanOrEqual(merged[i] + 1e-15)
    expect(merged[i]).toBeLessThanOrEqual(high[i] + 1e-15)
    if (i > 0) expect(merged[i]).toBeGreaterThanOrEqual(merged[i - 1] - 1e-12)
  }
})

test('one of the two probabilities is calibrated: their bracket holds the share of class 1', () => {
  // whatever the law: the share of ones among new rows lies between the means of both ends
  const { uniform } = random({ seed: 9 })
  let [low, high, ones, n] = [0, 0, 0, 0]
  for (let r = 0; r < 300; r++) {
    const s = Float64Array.from({ length: 41 }, (_, i) => uniform(r * 100 + i))
    const y = s.map((p, i) => (uniform(1e6 + r * 100 + i) < 0.3 + 0.4 * Math.sin(9 * p) ** 2 ? 1 : 0))
    const bracket = vennAbersProbabilities(fitVennAbers(s.subarray(0, 40), y.subarray(0, 40)), s.subarray(40))
    low += bracket.low[0]
    high += bracket.high[0]
    ones += y[40]
    n++
  }
  const margin = 3 * Math.sqrt(0.25 / n)
  expect(ones / n).toBeGreaterThan(low / n - margin)
  expect(ones / n).toBeLessThan(high / n + margin)
})

test('several folds merge by the loss that is minded', () => {
  const folds = [
    { low: [0.2], high: [0.3] },
    { low: [0.4], high: [0.6] },
  ].map(({ low, high }) => ({ low: Float64Array.from(low), high: Float64Array.from(high) }))
  const one = Math.sqrt(0.3 * 0.6)
  expect(mergeVennAbers(folds)[0]).toBeCloseTo(one / (Math.sqrt(0.8 * 0.6) + one), 12)
  expect(mergeVennAbers(folds, { merge: 'brier' })[0]).toBeCloseTo(
    (0.9 + (0.04 + 0.16) / 2 - (0.09 + 0.36) / 2) / 2,
    12,
  )
  expect(() => mergeVennAbers([])).toThrow(/no fold/)
})

test('Venn-Abers of several classes equals venn-abers, in pairs and one against the rest', () => {
  const { logits, labels: classes, test: rows, one_vs_one, one_vs_all } = peer.classes
  const probabilities = softmaxRows(logits, 3)
  expectNear(applyVennAbersClasses(fitVennAbersClasses(probabilities, classes), rows), one_vs_one, 1e-9)
  const rest = fitVennAbersClasses(probabilities, classes, { scheme: 'oneVsRest' })
  expectNear(applyVennAbersClasses(rest, rows), one_vs_all, 1e-9)
})

test('Venn-Abers of numbers brackets the mean as venn-abers does', () => {
  const { predictions, labels: numbers, test: at, lower, upper, middle } = peer.numbers
  const found = applyVennAbersRegression(fitVennAbersRegression(predictions, numbers, { cut: 2 }), at)
  expectNear(found.lower, lower, 1e-9)
  expectNear(found.upper, upper, 1e-9)
  expectNear(found.middle, middle, 1e-9)
})

function softmaxRows(logits: ArrayLike<number>, k: number): Float64Array {
  const out = Float64Array.from(logits, Math.exp)
  for (let at = 0; at < out.length; at += k) {
    const total = out.subarray(at, at + k).reduce((a, b) => a + b)
    for (let j = at; j < at + k; j++) out[j] /= total
  }
  return out
}

test('vector scaling is the converged optimum, matrix and Dirichlet calibration agree on softmax inputs', () => {
  const { logits, labels: classes, test: rows } = peer.classes
  const vector = fitVectorScaling(logits, classes)
  const asLogits = Float64Array.from(rows, Math.log)
  expectNear(applyLinear(vector, asLogits), peer.vector, 1e-6)
  const probabilities = softmaxRows(logits, 3)
  const dirichlet = fitDirichlet(probabilities, classes)
  const matrix = fitMatrixScaling(Float64Array.from(probabilities, Math.log), classes)
  expectNear(applyLinear(dirichlet, rows), applyLinear(matrix, asLogits), 1e-8)
})

test('top-label calibration gives the numbers of MAPIE, to the class that was predicted', () => {
  const { logits, labels: classes, test: rows } = peer.classes
  const probabilities = softmaxRows(logits, 3)
  for (const fit of ['sigmoid', 'isotonic'] as const) {
    const { labels: top, confidence } = applyTopLabel(fitTopLabel(probabilities, classes, { fit }), rows)
    expectNear(confidence, peer[`top_${fit}`], fit === 'sigmoid' ? 2e-4 : 1e-12)
    expect(top[0]).toBe([0, 1, 2].reduce((a, b) => (rows[b] > rows[a] ? b : a)))
  }
  const unseen = fitTopLabel([0.9, 0.1, 0.8, 0.2], [0, 1])
  expect(unseen.calibrators[1]).toBeNull()
  expect(applyTopLabel(unseen, [0.3, 0.7]).confidence[0]).toBe(0.7)
})

test('in a model, every calibrator gives what it gives to arrays', async () => {
  const x = [...places, scores[0], scores[1], scores[2], -3, 4, Number.NaN]
  for (const calibrator of [
    fitPlatt(scores, labels),
    fitIsotonic(scores, labels),
    fitIsotonic([1], [1]),
    fitHistogramBinning(scores, labels, { bins: 7 }),
    fitPlattBinning(scores, labels, { bins: 5 }),
    fitVennAbers(scores, labels),
  ]) {
    const graph = await run((v) => calibratorValue(calibrator, v), [x.length, 1], x)
    expectSame(graph, applyCalibrator(calibrator, x))
  }
  const beta = fitBeta(scores, labels)
  expectSame(await run((v) => calibratorValue(beta, v), [41, 1], places), applyCalibrator(beta, places))
})

function expectSame(graph: Float64Array, arrays: Float64Array): void {
  expect(graph.length).toBe(arrays.length)
  for (const [i, value] of arrays.entries()) {
    if (Number.isNaN(value)) expect(graph[i]).toBeNaN()
    else expect(Math.abs(graph[i] - value)).toBeLessThan(1e-12)
  }
}

test('in a model, calibrators of several classes give what they give to arrays', async () => {
  const { logits, labels: classes, test: rows } = peer.classes
  const probabilities = softmaxRows(logits, 3)
  const shape = [20, 3]
  const dirichlet = fitDirichlet(probabilities, classes)
  expectSame(await run((v) => linearValue(dirichlet, v), shape, rows), applyLinear(dirichlet, rows))
  for (const scheme of ['oneVsOne', 'oneVsRest'] as const) {
    const venn = fitVennAbersClasses(probabilities, classes, { scheme })
    expectSame(await run((v) => vennAbersClassesValue(venn, v), shape, rows), applyVennAbersClasses(venn, rows))
  }
  const top = fitTopLabel(probabilities, classes)
  expectSame(await run((v) => topLabelValue(top, v).confidence, shape, rows), applyTopLabel(top, rows).confidence)
})

test('a single-precision score falls into the cell that its double has', async () => {
  const single = Float32Array.from(scores)
  const calibrator = fitVennAbers(single, labels)
  const x = input('x', 'float32', ['n'])
  await using session = await openSession(compile({ inputs: [x], outputs: { y: calibratorValue(calibrator, x) } }))
  const { y } = await session.run({ x: tensor('float32', [single.length], single) })
  expect([...(y.data as Float32Array)]).toEqual([...Float32Array.from(applyCalibrator(calibrator, single))])
})

test('bad inputs are named', () => {
  for (const fit of [fitPlatt, fitIsotonic, fitBeta, fitHistogramBinning, fitVennAbers, fitPlattBinning]) {
    expect(() => fit([], [])).toThrow(/no calibration row/)
    expect(() => fit([0.1], [1, 0])).toThrow(/1 scores do not match 2 labels/)
    expect(() => fit([Number.NaN], [1])).toThrow(/score of row 0 is NaN/)
    expect(() => fit([0.1], [2])).toThrow(/neither 0 nor 1/)
  }
  expect(() => fitBeta([1.2, 0.1], [1, 0])).toThrow(/no probability/)
  expect(() => fitBeta([0.1, 0.9], [0, 1])).toThrow(/tells the calibration classes apart/)
  expect(() => fitPlatt([0.1], [1], { weights: [-1] })).toThrow(/weight -1/)
  expect(() => fitPlatt([0.1], [1], { weights: [0] })).toThrow(/all weights are zero/)
  expect(() => fitPlatt([0.1], [1], { weights: [] })).toThrow(/0 weights/)
  for (const bins of [0, -1, 1.5]) expect(() => fitHistogramBinning([0.1], [1], { bins })).toThrow(/no number of bins/)
  expect(() => fitVectorScaling([1, 2, 3], [0, 1])).toThrow(/do not fall into/)
  expect(() => fitVectorScaling([1, 2], [3])).toThrow(/label 3/)
  expect(() => fitVectorScaling([1, Infinity], [0])).toThrow(/is Infinity/)
  expect(() => fitVectorScaling([1, 0, 0, 1], [0, 1])).toThrow(/told apart/)
  expect(() => fitDirichlet([1.5, -0.5], [0])).toThrow(/no probability/)
  expect(() => fitVennAbersClasses([0.2, 0.3, 0.5], [0])).toThrow(/class 1 or 2/)
  expect(() => fitVennAbersRegression([1, 2], [1, 2])).toThrow(/cannot lose 1 labels/)
  expect(() => fitVennAbersRegression([1, 2, 3], [1, 2])).toThrow(/3 predictions/)
  expect(() => fitPlatt([Infinity, 1], [1, 0])).toThrow(/score of row 0 is Infinity/)
  expect(() => fitIsotonic([1, -Infinity], [1, 0])).toThrow(/score of row 1 is -Infinity/)
})

test('scores that are all the same give the share of class 1', () => {
  const [s, y] = [new Float64Array(30).fill(0.5), Float64Array.from({ length: 30 }, (_, i) => Number(i < 20))]
  for (const fit of [fitIsotonic, fitBeta, fitHistogramBinning])
    expect(applyCalibrator(fit(s, y), [0.5])[0]).toBeCloseTo(2 / 3, 9)
  const { a, b } = fitBeta(s, y)
  expect(Math.max(a, b)).toBeLessThan(10)
  expect(fitPlatt(s, y).slope).toBeCloseTo(0, 12)
})
