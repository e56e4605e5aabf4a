import { expect, test } from 'vitest'
import reference from '../../../conformance/math/reference.json' with { type: 'json' }
import threefryReference from '../../../conformance/math/threefry.json' with { type: 'json' }
import * as math from './index.ts'

/** Relative error above which a value differs from its reference; tiny references are compared absolutely. */
function close(actual: number, expected: number, tolerance: number, what: unknown): void {
  if (actual === expected) return
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-300)
  expect(error, `${JSON.stringify(what)}: ${actual} against ${expected}`).toBeLessThan(tolerance)
}

test('log gamma equals mpmath to 1e-13', () => {
  for (const [x, expected] of reference.gammaln) close(math.gammaln(x), expected, 1e-13, x)
})

test('both tails of the beta law equal mpmath to 1e-12, also where they are tiny', () => {
  for (const [a, b, x, lower, upper] of reference.beta) {
    const found = math.incompleteBeta(a, b, x)
    if (lower < 0.999) close(found.lower, lower, 1e-12, [a, b, x])
    if (upper < 0.999) close(found.upper, upper, 1e-12, [a, b, x])
    close(math.betaCdf(x, a, b), lower, 1e-12, [a, b, x])
  }
})

test('the beta law of a million rows equals scipy to 1e-10', () => {
  for (const [a, b, x, lower, upper] of reference.betaLarge) {
    close(math.incompleteBeta(a, b, x).lower, lower, 1e-10, [a, b, x])
    close(math.incompleteBeta(a, b, x).upper, upper, 1e-10, [a, b, x])
  }
})

test('quantiles of the beta law equal scipy to 1e-12', () => {
  for (const [p, a, b, expected] of reference.betaQuantile)
    close(math.betaQuantile(p, a, b), expected, 1e-12, [p, a, b])
})

test('the normal law and its quantiles equal mpmath to 1e-13', () => {
  for (const [x, expected] of reference.normal) close(math.normalCdf(x), expected, 1e-13, x)
  for (const [p, expected] of reference.normalQuantile)
    if (Math.abs(expected) > 1e-9) close(math.normalQuantile(p), expected, 1e-13, p)
})

test("Student's law and its quantiles equal scipy to 1e-12", () => {
  for (const [t, degrees, expected] of reference.t) close(math.tCdf(t, degrees), expected, 1e-12, [t, degrees])
  for (const [p, degrees, expected] of reference.tQuantile)
    close(math.tQuantile(p, degrees), expected, 1e-10, [p, degrees])
})

test('both tails of the chi-square law equal mpmath to 1e-12', () => {
  for (const [x, degrees, lower, upper] of reference.chiSquare) {
    if (lower < 0.999 && lower > 1e-290) close(math.chiSquareCdf(x, degrees), lower, 1e-12, [x, degrees])
    if (upper < 0.999 && upper > 1e-290) close(math.chiSquareTail(x, degrees), upper, 1e-12, [x, degrees])
  }
})

test('both tails of the binomial law equal scipy to 1e-11', () => {
  for (const [k, n, p, below, above] of reference.binomial) {
    if (below > 1e-290) close(math.binomialCdf(k, n, p), below, 1e-11, [k, n, p])
    if (above > 1e-290) close(math.binomialTail(k, n, p), above, 1e-11, [k, n, p])
  }
})

test("Kolmogorov's limit law equals scipy to 1e-12", () => {
  for (const [x, expected] of reference.kolmogorov) close(math.kolmogorovTail(x), expected, 1e-12, x)
  const { first, second, statistic } = reference.ks
  expect(math.kolmogorovSmirnov(math.runsOf(first), math.runsOf(second)).statistic).toBeCloseTo(statistic, 14)
})

test('exact and score intervals of a proportion equal statsmodels', () => {
  for (const [successes, n, confidence, lower, upper] of reference.clopperPearson) {
    const found = math.clopperPearson({ successes, n }, { confidence })
    close(found.lower, lower, 1e-11, [successes, n])
    close(found.upper, upper, 1e-11, [successes, n])
  }
  for (const [successes, n, confidence, lower, upper] of reference.wilson) {
    const found = math.wilson({ successes, n }, { confidence })
    expect(found.lower).toBeCloseTo(lower, 12)
    expect(found.upper).toBeCloseTo(upper, 12)
  }
})

type DifferenceCase = [number, number, number, number, number, math.ScoreMethod, number, number]

test('score tests and intervals of a difference equal the likelihood maximised by scipy; Newcombe equals statsmodels', () => {
  for (const [x1, n1, x2, n2, delta, method, statistic, pValue] of reference.difference as DifferenceCase[]) {
    const found = math.differenceTest({ successes: x1, n: n1 }, { successes: x2, n: n2 }, delta, { method })
    close(found.statistic, statistic, 1e-9, [x1, n1, x2, n2, delta])
    close(found.greater, pValue, 1e-8, [x1, n1, x2, n2, delta])
  }
  for (const [x1, n1, x2, n2, lower, upper] of reference.differenceInterval) {
    const found = math.differenceInterval({ successes: x1, n: n1 }, { successes: x2, n: n2 })
    expect(found.lower, `${[x1, n1, x2, n2]}`).toBeCloseTo(lower, 10)
    expect(found.upper, `${[x1, n1, x2, n2]}`).toBeCloseTo(upper, 10)
  }
  for (const [x1, n1, x2, n2, lower, upper] of reference.newcombe) {
    const found = math.newcombe({ successes: x1, n: n1 }, { successes: x2, n: n2 })
    expect(found.lower).toBeCloseTo(lower, 12)
    expect(found.upper).toBeCloseTo(upper, 12)
  }
})

test('Holm and Bonferroni equal statsmodels', () => {
  const { p, holm, bonferroni } = reference.holm
  math.holm(p).forEach((value, i) => void expect(value).toBeCloseTo(holm[i], 14))
  math.bonferroni(p).forEach((value, i) => void expect(value).toBeCloseTo(bonferroni[i], 14))
})

test('AUC, log loss and Brier score equal scikit-learn; the errors equal scipy and the pairwise form of DeLong', () => {
  const s = reference.scores
  const area = math.auc(s.scores, s.labels)
  expect(area.auc).toBeCloseTo(s.auc, 14)
  expect(area.standardError).toBeCloseTo(s.aucStandardError, 14)
  expect(math.logLoss(s.scores, s.labels).estimate).toBeCloseTo(s.logLoss, 13)
  expect(math.logLoss(s.scores, s.labels).standardError).toBeCloseTo(s.logLossStandardError, 13)
  expect(math.logLoss(s.scores, s.labels, { weights: s.weights }).estimate).toBeCloseTo(s.logLossWeighted, 13)
  expect(math.brier(s.scores, s.labels).estimate).toBeCloseTo(s.brier, 14)
  expect(math.brier(s.scores, s.labels, { weights: s.weights }).estimate).toBeCloseTo(s.brierWeighted, 14)
  expect([...math.midranks(s.scores)]).toEqual(s.midranks)
})

test('quantiles equal numpy bit for bit', () => {
  const { x, q, linear, lower, higher } = reference.quantiles
  expect(math.quantiles(x, q)).toEqual(linear)
  expect(math.quantiles(x, q, { method: 'lower' })).toEqual(lower)
  expect(math.quantiles(x, q, { method: 'higher' })).toEqual(higher)
})

test('moments equal scipy', () => {
  const found = math.moments(reference.quantiles.x)
  const expected = reference.moments
  expect(found.mean).toBeCloseTo(expected.mean, 14)
  expect(math.variance(found)).toBeCloseTo(expected.variance, 13)
  expect(found.m3 / found.n / (found.m2 / found.n) ** 1.5).toBeCloseTo(expected.skewness, 13)
  expect(found.m4 / found.n / (found.m2 / found.n) ** 2 - 3).toBeCloseTo(expected.kurtosis, 13)
})

test('decompositions equal numpy', () => {
  const { a, b, cholesky, inverse, eigenvalues, logDeterminant, singularValues } = reference.dense
  const matrix = Float64Array.from(a)
  const l = math.cholesky(matrix, 5)
  l.forEach((value, i) => void expect(value).toBeCloseTo(cholesky[i], 12))
  math.inverse(matrix, 5).forEach((value, i) => void expect(value).toBeCloseTo(inverse[i], 11))
  expect(math.logDeterminant(l, 5)).toBeCloseTo(logDeterminant, 12)
  math.symmetricEigen(matrix, 5).values.forEach((value, i) => void expect(value).toBeCloseTo(eigenvalues[i], 11))
  math
    .singularValues(Float64Array.from(b), 9, 5)
    .values.forEach((value, i) => void expect(value).toBeCloseTo(singularValues[i], 12))
})

test('Threefry-2x32-20 equals jax 0.10.2 and the known answers of Random123 bit for bit', () => {
  const out = new Uint32Array(2)
  for (const [key, counter, expected] of [...threefryReference.jax, ...threefryReference.random123]) {
    math.threefry(key[0], key[1], counter[0], counter[1], out)
    expect([...out]).toEqual(expected)
  }
})
