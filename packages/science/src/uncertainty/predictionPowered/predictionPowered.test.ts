import { closeEngine, float, relationOf, rowSchema } from '@mlpod/data'
import { binomialCdf, random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { activeMean } from './activeMean.ts'
import type { PoweredEstimate, PoweredRows } from './estimate.ts'
import { poweredDifference, poweredMean, poweredMeanOf, poweredMeanOfTable } from './poweredMean.ts'
import { poweredQuantile } from './poweredQuantile.ts'
import { type PoweredFeatures, poweredRegression } from './poweredRegression.ts'

afterAll(closeEngine)

/** y = 1 + 2 x + noise; the prediction is biased and has noise of its own. */
function draw(n: number, others: number, seed: number, noise = 0.5): PoweredRows & { features: PoweredFeatures } {
  const { normal } = random({ seed, path: 'powered' })
  const x = Float64Array.from({ length: n + others }, (_, i) => normal(3 * i))
  const y = x.map((v, i) => 1 + 2 * v + normal(3 * i + 1))
  const f = y.map((v, i) => v + 0.4 + noise * normal(3 * i + 2))
  const design = (from: number, to: number): Float64Array =>
    Float64Array.from({ length: 2 * (to - from) }, (_, at) => (at % 2 ? x[from + (at >> 1)] : 1))
  return {
    labels: y.slice(0, n),
    predictions: f.slice(0, n),
    unlabelled: f.slice(n),
    features: { labelled: design(0, n), unlabelled: design(n, n + others) },
  }
}

/** Shares of repeats whose interval holds the truth, and mean width over that of labels alone. */
function simulate(
  repeats: number,
  truth: number,
  estimate: (seed: number) => PoweredEstimate,
): { missed: number; width: number } {
  let [missed, width] = [0, 0]
  for (let r = 0; r < repeats; r++) {
    const found = estimate(r)
    missed += Number(found.lower > truth || found.upper < truth)
    width += found.standardError / found.classical.standardError / repeats
  }
  return { missed, width }
}

/** Normal intervals: a little more than the level may miss for few rows. */
const expectCoverage = (missed: number, repeats: number): void =>
  expect(binomialCdf(missed - 1, repeats, 0.11)).toBeLessThan(0.999)

test('a mean from predictions covers, and is narrower than that of labels alone', () => {
  const found = simulate(500, 1, (r) => poweredMean(draw(60, 600, r), { confidence: 0.9 }))
  expectCoverage(found.missed, 500)
  expect(found.width).toBeLessThan(0.5)
  const plain = simulate(300, 1, (r) => poweredMean(draw(60, 600, r), { confidence: 0.9, lambda: 1 }))
  expectCoverage(plain.missed, 300)
})

test('useless predictions cost nothing when the trust is tuned, and widen the plain form', () => {
  const noisy = (r: number): PoweredRows => draw(60, 600, r, 20)
  const tuned = simulate(300, 1, (r) => poweredMean(noisy(r), { confidence: 0.9 }))
  expectCoverage(tuned.missed, 300)
  expect(tuned.width).toBeLessThan(1.01)
  expect(simulate(50, 1, (r) => poweredMean(noisy(r), { lambda: 1 })).width).toBeGreaterThan(3)
})

test('a quantile from predictions covers and is narrower', () => {
  const truth = 1 + Math.sqrt(5) * 0.6744897501960817
  const found = simulate(200, truth, (r) => poweredQuantile(draw(120, 800, r), 0.75, { confidence: 0.9 }))
  expectCoverage(found.missed, 200)
  expect(found.width).toBeLessThan(0.85)
})

test('coefficients from predictions cover and are narrower', () => {
  for (const [j, truth] of [1, 2].entries()) {
    const found = simulate(150, truth, (r) => {
      const { features, ...rows } = draw(80, 500, r, 0.3)
      return poweredRegression(rows, features, { confidence: 0.9 })[j]
    })
    expectCoverage(found.missed, 150)
    expect(found.width).toBeLessThan(0.75)
  }
})

test('logistic and Poisson coefficients cover', () => {
  for (const family of ['logistic', 'poisson'] as const) {
    const found = simulate(120, 0.7, (r) => {
      const { normal, uniform } = random({ seed: r, path: family })
      const [n, others] = [150, 600]
      const x = Float64Array.from({ length: n + others }, (_, i) => normal(i))
      const mean = x.map((v) => (family === 'logistic' ? 1 / (1 + Math.exp(-0.3 - 0.7 * v)) : Math.exp(0.3 + 0.7 * v)))
      const y = mean.map((m, i) => {
        const u = uniform(1e6 + i)
        if (family === 'logistic') return Number(u < m)
        let [k, p] = [0, Math.exp(-m)]
        for (let sum = p; u > sum && k < 100; sum += p) p *= m / ++k
        return k
      })
      const f = mean.map((m, i) => Math.max(0, 0.5 * m + 0.5 * y[i] + 0.05 * normal(2e6 + i)))
      const design = (from: number, to: number): Float64Array =>
        Float64Array.from({ length: 2 * (to - from) }, (_, at) => (at % 2 ? x[from + (at >> 1)] : 1))
      return poweredRegression(
        { labels: y.slice(0, n), predictions: f.slice(0, n), unlabelled: f.slice(n) },
        { labelled: design(0, n), unlabelled: design(n, n + others) },
        { family, confidence: 0.9 },
      )[1]
    })
    expectCoverage(found.missed, 120)
    expect(found.width).toBeLessThan(1)
  }
})

test('cross-prediction, with models of the labelled rows themselves, covers', () => {
  const found = simulate(300, 1, (r) => {
    const { labels, features } = draw(100, 600, r)
    const folds = [0, 1, 2, 3, 4].map((k) => {
      // least squares without the rows of fold k
      let [sx, sy, sxx, sxy, m] = [0, 0, 0, 0, 0]
      for (let i = 0; i < 100; i++) {
        if (i % 5 === k) continue
        const [x, y] = [features.labelled[2 * i + 1], labels[i]]
        sx += x
        sy += y
        sxx += x * x
        sxy += x * y
        m++
      }
      const slope = (m * sxy - sx * sy) / (m * sxx - sx * sx)
      return (x: number): number => sy / m + slope * (x - sx / m)
    })
    return poweredMean(
      {
        labels,
        predictions: Float64Array.from(labels, (_, i) => folds[i % 5](features.labelled[2 * i + 1])),
        unlabelled: folds.map((predict) =>
          Float64Array.from({ length: 600 }, (_, i) => predict(features.unlabelled[2 * i + 1])),
        ),
      },
      { confidence: 0.9 },
    )
  })
  expectCoverage(found.missed, 300)
  expect(found.width).toBeLessThan(0.7)
})

test('a difference of two groups covers', () => {
  const found = simulate(300, 0, (r) =>
    poweredDifference(draw(50, 400, 2 * r), draw(80, 300, 2 * r + 1), { confidence: 0.9 }),
  )
  expectCoverage(found.missed, 300)
})

test('labels asked for where predictions are unsure give a mean that covers', () => {
  let missed = 0
  for (let r = 0; r < 300; r++) {
    const { labels, predictions } = draw(400, 2, r)
    const { uniform } = random({ seed: r, path: 'asked' })
    const probabilities = Float64Array.from(predictions, (f) => Math.min(1, 0.1 + 0.2 * Math.abs(f)))
    const asked = Float64Array.from(labels, (y, i) => (uniform(i) < probabilities[i] ? y : Number.NaN))
    const { lower, upper, labelled } = activeMean({ predictions, labels: asked, probabilities }, { confidence: 0.9 })
    expect(labelled).toBeLessThan(300)
    missed += Number(lower > 1 || upper < 1)
  }
  expectCoverage(missed, 300)
})

test('with trust zero it is the labels alone, and a regression on a constant is the mean', () => {
  const { features, ...rows } = draw(40, 100, 1)
  const alone = poweredMean(rows, { lambda: 0 })
  expect(alone.estimate).toBe(alone.classical.estimate)
  expect(alone.standardError).toBeCloseTo(alone.classical.standardError, 12)
  const ones = { labelled: new Float64Array(40).fill(1), unlabelled: new Float64Array(100).fill(1) }
  const [constant] = poweredRegression(rows, ones, { lambda: 0.6 })
  const mean = poweredMean(rows, { lambda: 0.6 })
  expect(constant.estimate).toBeCloseTo(mean.estimate, 9)
  expect(constant.standardError).toBeCloseTo(mean.standardError, 9)
})

test('over a table it is the same, and only moments leave the engine', async () => {
  const { labels, predictions, unlabelled } = draw(30, 200, 3)
  const others = unlabelled as ArrayLike<number>
  const table = await relationOf(
    [
      ...Array.from(labels, (y, i) => ({ y: y as number | null, f: predictions[i] as number | null })),
      ...Array.from(others, (f) => ({ y: null, f })),
      { y: 3, f: null },
    ],
    { schema: rowSchema({ y: float({ nullable: true }), f: float({ nullable: true }) }) },
  )
  const found = await poweredMeanOfTable(table, { label: 'y', prediction: 'f' })
  const expected = poweredMean({ labels, predictions, unlabelled: others })
  expect(found.n).toBe(30)
  expect(found.estimate).toBeCloseTo(expected.estimate, 10)
  expect(found.standardError).toBeCloseTo(expected.standardError, 10)
})

test('bad inputs are named', () => {
  const rows = { labels: [1, 2, 3], predictions: [1, 2, 3], unlabelled: [1, 2] }
  expect(() => poweredMean({ ...rows, predictions: [1] })).toThrow(/3 labels do not match 1 predictions/)
  expect(() => poweredMean({ ...rows, unlabelled: [] })).toThrow(/0 other rows/)
  expect(() => poweredMean({ ...rows, unlabelled: [[1, 2], [1]] })).toThrow(/folds predict 2 and 1/)
  expect(() => poweredMean({ ...rows, labels: [1, Number.NaN, 2] })).toThrow(/row 1 holds NaN/)
  expect(() => poweredMean(rows, { confidence: 1 })).toThrow(/confidence 1/)
  expect(() => poweredMean(rows, { lambda: 2 })).toThrow(/trust 2/)
  expect(() => poweredQuantile(rows, 0)).toThrow(/quantile 0/)
  expect(() => poweredRegression(rows, { labelled: [1, 1], unlabelled: [1, 1] })).toThrow(/do not fall into/)
  expect(() => poweredRegression(rows, { labelled: [1, 1, 1, 1, 1, 1], unlabelled: [1, 1, 1, 1] })).toThrow(
    /not positive/,
  )
  expect(() => activeMean({ predictions: [1, 2], labels: [1, 2], probabilities: [0, 1] })).toThrow(/not in \(0, 1\]/)
  expect(() => activeMean({ predictions: [1, 2], labels: [1], probabilities: [1, 1] })).toThrow(/do not match/)
  expect(() => activeMean({ predictions: [1], labels: [1], probabilities: [1] })).toThrow(/too few/)
  expect(() => poweredMeanOf({ n: 0 } as never)).toThrow(/too few/)
})
