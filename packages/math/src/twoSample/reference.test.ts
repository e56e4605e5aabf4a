import { expect, test } from 'vitest'
import reference from '../../../../conformance/math/two-sample.json' with { type: 'json' }
import * as math from '../index.ts'

const near = (found: number, expected: number | string, tolerance: number, at: unknown, least = 1e-300): void => {
  const wanted = Number(String(expected).replace('inf', 'Infinity'))
  if (!Number.isFinite(wanted)) expect(found, String(at)).toBe(wanted)
  else
    expect(Math.abs(found - wanted), `${at}: ${found} for ${wanted}`).toBeLessThanOrEqual(
      tolerance * Math.max(Math.abs(wanted), least),
    )
}

const tests = {
  ks: [math.kolmogorovSmirnov, 1e-10],
  ksAsymptotic: [(a, b) => math.kolmogorovSmirnov(a, b, { method: 'asymptotic' }), 1e-10],
  cvm: [math.cramerVonMises, 1e-9],
  mwTwoSided: [math.mannWhitney, 1e-11],
  mwLess: [(a, b) => math.mannWhitney(a, b, { alternative: 'less' }), 1e-11],
  mwGreater: [(a, b) => math.mannWhitney(a, b, { alternative: 'greater' }), 1e-11],
  es: [math.eppsSingleton, 1e-9],
  ad: [math.andersonDarling, 1e-10],
} as const satisfies Readonly<Record<string, readonly [(a: math.Runs, b: math.Runs) => math.TestResult, number]>>

for (const [name, [run, tolerance]] of Object.entries(tests))
  test(`${name} equals scipy, statistic and p-value`, () => {
    reference.samples.forEach((sample, i) => {
      const { statistic, pValue } = run(math.runsOf(sample.a), math.runsOf(sample.b))
      const [expected, p] = sample[name as keyof typeof tests] as (number | string)[]
      near(statistic, expected, 1e-10, `${name} ${i}`)
      // scipy ends the series of this limit law at 1e-7: its tiny p-values are too large
      near(pValue, p, tolerance, `${name} ${i} p`, name === 'cvm' ? 100 : undefined)
    })
  })

test("Student's and Welch's t equal scipy", () => {
  reference.samples.forEach(({ a, b, t, welch }, i) => {
    const [first, second] = [math.moments(a), math.moments(b)]
    for (const [found, expected] of [
      [math.studentTest(first, second), t],
      [math.welchTest(first, second), welch],
    ] as const) {
      near(found.statistic, expected[0], 1e-9, i)
      near(found.pValue, expected[1], 1e-9, i)
    }
  })
})

test('the distances of Wasserstein and Szekely equal scipy', () => {
  reference.samples.forEach(({ a, b, wasserstein, energy }, i) => {
    near(math.wasserstein(math.runsOf(a), math.runsOf(b)), wasserstein, 1e-11, i)
    near(math.energyDistance(math.runsOf(a), math.runsOf(b)), energy, 1e-11, i)
  })
})

test('the statistic of Baumgartner, Weiss and Schindler equals scipy', () => {
  for (const [i, { a, b, bws }] of reference.samples.entries()) {
    if (a.length > 100) continue
    const { statistic, pValue } = math.baumgartnerWeissSchindler(math.runsOf(a), math.runsOf(b))
    near(statistic, bws, 1e-11, i)
    expect(pValue > 0 && pValue <= 1).toBe(true)
  }
})

test('the law of Kolmogorov for n values equals scipy', () => {
  for (const [x, n, expected] of reference.kstwo)
    near(math.kolmogorovExactTail(Number(x), Number(n)), expected, 1e-10, [x, n])
})

test('large samples take the law of n m / (n + m) values', () => {
  const grid = (n: number, scale: number) =>
    math.runsOf(Float64Array.from({ length: n }, (_, i) => Math.round(((i + 0.5) / n) * scale * 1e12) / 1e12))
  for (const [n, m, shift, statistic, pValue] of reference.ksLarge) {
    const found = math.kolmogorovSmirnov(grid(Number(n), 1), grid(Number(m), 1 - Number(shift)))
    near(found.statistic, statistic, 1e-9, [n, m])
    near(found.pValue, pValue, 1e-6, [n, m])
  }
})

test('tests of counts equal scipy', () => {
  for (const { a, b, chisquare, g, homogeneity, kl, js, js2 } of reference.counts) {
    for (const [found, expected] of [
      [math.goodnessOfFit(a, b), chisquare],
      [math.gTest(a, b), g],
      [math.homogeneity(a, b), homogeneity],
    ] as const) {
      near(found.statistic, expected[0], 1e-11, a)
      near(found.pValue, expected[1], 1e-10, a)
    }
    near(math.klDivergence(a, b), kl, 1e-11, a)
    near(math.jensenShannonDistance(a, b), js, 1e-11, a)
    near(math.jensenShannonDistance(a, b, { base: 2 }), js2, 1e-11, a)
  }
  for (const [table, statistic, pValue] of reference.fisher) {
    const found = math.fisherExact(table as never)
    near(found.pValue, pValue as number, 1e-10, table)
    if (Number.isFinite(found.statistic)) near(found.statistic, statistic as number, 1e-12, table)
  }
  for (const [k, N, K, n, expected] of reference.hypergeometric)
    near(math.hypergeometricPmf(k, N, K, n), expected, 1e-9, [k, N])
  for (const [k, n, p, expected] of reference.binomialPmf) near(math.binomialPmf(k, n, p), expected, 1e-9, [k, n, p])
})

test('the distance of unsorted samples is that of the sorted ones', () => {
  const r = math.random({ seed: 2 })
  const n = 40_000
  const laws: ((i: number, path: string) => number)[] = [
    (i, path) => r.at(path).normal(i),
    (i, path) => r.at(path).normal(i) + (path === 'b' ? 0.3 : 0),
    (i, path) => Math.floor(20 * r.at(path).uniform(i)),
    (i, path) => Math.tan(Math.PI * (r.at(path).uniform(i) - 0.5)),
    (i, path) => (path === 'a' ? r.at(path).normal(i) : 2 * r.at(path).normal(i)),
    (i, path) => (i % 2 ? 5 : -5) * (path === 'b' ? 1 : 0.5),
  ]
  for (const law of laws) {
    const [a, b] = ['a', 'b'].map((path, side) =>
      Float64Array.from({ length: n - side * 9000 }, (_, i) => law(i, path)),
    )
    const all = math.spread(Float64Array.from([...a, ...b]))
    const expected = math.wasserstein(math.runsOf(a), math.runsOf(b))
    near(math.wassersteinOf(a, b, { low: all.min, high: all.max }), expected, 1e-9, law, 1e-6)
  }
})
