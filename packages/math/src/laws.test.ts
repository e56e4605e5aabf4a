import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  auc,
  betaCdf,
  betaQuantile,
  binomialCdf,
  binomialPValue,
  binomialTail,
  brier,
  cholesky,
  clopperPearson,
  differenceInterval,
  differenceTest,
  holm,
  logLoss,
  mergeMoments,
  moments,
  newcombe,
  normalCdf,
  normalQuantile,
  quantile,
  solve,
  symmetricEigen,
  wilson,
} from './index.ts'

const refuses = (code: string, run: () => unknown): void => expect(run).toThrow(expect.objectContaining({ code }))

test('quantile functions invert distribution functions', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-9, max: 0.999, noNaN: true }),
      fc.double({ min: 0.5, max: 500, noNaN: true }),
      fc.double({ min: 0.5, max: 500, noNaN: true }),
      (p, a, b) => Math.abs(betaCdf(betaQuantile(p, a, b), a, b) - p) < 1e-9,
    ),
  )
  fc.assert(
    fc.property(
      fc.double({ min: 1e-12, max: 0.999, noNaN: true }),
      (p) => Math.abs(normalCdf(normalQuantile(p)) / p - 1) < 1e-12,
    ),
  )
})

test('the two binomial tails share exactly one point', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, seed, p) => {
        const k = seed % (n + 1)
        return Math.abs(binomialCdf(k - 1, n, p) + binomialTail(k, n, p) - 1) < 1e-12
      },
    ),
  )
})

test('the exact interval and the exact test agree: p0 is outside the lower bound when the test rejects', () => {
  const count = { successes: 95, n: 100 }
  const { lower } = clopperPearson(count, { confidence: 0.95, sides: 'lower' })
  expect(binomialPValue(count, lower, 'greater')).toBeCloseTo(0.05, 10)
  const { upper } = clopperPearson(count, { confidence: 0.95, sides: 'upper' })
  expect(binomialPValue(count, upper, 'less')).toBeCloseTo(0.05, 10)
})

test('intervals of no rows are the whole range; impossible counts and confidences are refused', () => {
  expect(clopperPearson({ successes: 0, n: 0 })).toMatchObject({ lower: 0, upper: 1 })
  expect(wilson({ successes: 0, n: 0 })).toMatchObject({ lower: 0, upper: 1 })
  refuses('COUNT_INVALID', () => clopperPearson({ successes: 3, n: 2 }))
  refuses('COUNT_INVALID', () => wilson({ successes: 0.5, n: 2 }))
  refuses('CONFIDENCE_INVALID', () => wilson({ successes: 1, n: 2 }, { confidence: 95 }))
  refuses('COUNT_EMPTY', () => newcombe({ successes: 0, n: 0 }, { successes: 1, n: 2 }))
  refuses('DELTA_INVALID', () => differenceTest({ successes: 1, n: 2 }, { successes: 1, n: 2 }, 2))
})

test('the interval of a difference inverts its test, and turns its sign with its sides', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.nat(),
      fc.integer({ min: 2, max: 200 }),
      fc.nat(),
      (n1, s1, n2, s2) => {
        const [a, b] = [
          { successes: s1 % (n1 + 1), n: n1 },
          { successes: s2 % (n2 + 1), n: n2 },
        ]
        const { lower, upper } = differenceInterval(a, b)
        const turned = differenceInterval(b, a)
        expect(turned.lower).toBeCloseTo(-upper, 6)
        if (lower > -1 && lower < 1) expect(differenceTest(a, b, lower).greater).toBeCloseTo(0.025, 5)
        if (upper > -1 && upper < 1) expect(differenceTest(a, b, upper).less).toBeCloseTo(0.025, 5)
      },
    ),
  )
})

test('no difference at all is no evidence', () => {
  const none = { successes: 0, n: 10 }
  expect(differenceTest(none, none, 0)).toEqual({ statistic: 0, greater: 0.5, less: 0.5 })
})

test('Holm never rejects less than Bonferroni and keeps the order', () => {
  const p = [0.001, 0.02, 0.03, 0.04]
  expect(holm(p).every((v, i) => v <= Math.min(1, p[i] * 4))).toBe(true)
  expect(holm([])).toEqual([])
  refuses('P_VALUE_INVALID', () => holm([0.1, Number.NaN]))
})

test('moments of the parts add up to the moments of the whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2 }),
      fc.nat(),
      (values, cut) => {
        const at = cut % values.length
        const merged = mergeMoments(moments(values.slice(0, at)), moments(values.slice(at)))
        const whole = moments(values)
        const scale = 1 + whole.max ** 4 + whole.min ** 4
        for (const key of ['n', 'mean', 'm2', 'm3', 'm4', 'min', 'max'] as const)
          expect(Math.abs(merged[key] - whole[key]) / scale / whole.n).toBeLessThan(1e-12)
      },
    ),
  )
})

test('AUC turns to one minus AUC when the scores turn their sign', () => {
  const scores = [0.1, 0.4, 0.4, 0.8, 0.3]
  const labels = [0, 1, 0, 1, 1]
  expect(
    auc(scores, labels).auc +
      auc(
        scores.map((s) => -s),
        labels,
      ).auc,
  ).toBe(1)
})

test('scores refuse one class, other lengths, NaN and what is no probability', () => {
  refuses('ONE_CLASS', () => auc([1, 2], [1, 1]))
  refuses('LENGTH_MISMATCH', () => auc([1, 2], [1]))
  refuses('VALUE_NAN', () => auc([1, Number.NaN], [1, 0]))
  refuses('PROBABILITY_INVALID', () => logLoss([1.5], [1]))
  refuses('WEIGHTS_INVALID', () => brier([0.5, 0.5], [1, 0], { weights: [1, -1] }))
  expect(logLoss([0], [1]).estimate).toBeCloseTo(36.04, 2)
})

test('quantiles are monotone and drop NaN', () => {
  expect(quantile([3, Number.NaN, 1], 0.5)).toBe(2)
  expect(quantile([], 0.5)).toBeNaN()
  refuses('LEVEL_INVALID', () => quantile([1], 2))
})

test('solving undoes multiplying, and a singular matrix is refused unless a ridge is added', () => {
  const a = Float64Array.of(4, 1, 1, 3)
  const x = solve(a, 2, Float64Array.of(1, 2))
  expect(4 * x[0] + x[1]).toBeCloseTo(1, 14)
  expect(x[0] + 3 * x[1]).toBeCloseTo(2, 14)
  const singular = Float64Array.of(1, 1, 1, 1)
  refuses('MATRIX_NOT_POSITIVE', () => cholesky(singular, 2))
  expect(cholesky(singular, 2, { ridge: 1e-6 })[0]).toBeGreaterThan(0)
  refuses('SHAPE_MISMATCH', () => cholesky(singular, 3))
})

test('eigenvectors are unit rows with A v = value v', () => {
  const a = Float64Array.of(2, 1, 0, 1, 3, 1, 0, 1, 4)
  const { values, vectors } = symmetricEigen(a, 3)
  for (let k = 0; k < 3; k++)
    for (let i = 0; i < 3; i++) {
      let sum = 0
      for (let j = 0; j < 3; j++) sum += a[i * 3 + j] * vectors[k * 3 + j]
      expect(sum).toBeCloseTo(values[k] * vectors[k * 3 + i], 12)
    }
})
