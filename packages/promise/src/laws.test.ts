import { type Claim, hashValue, type Measured, type Measurement, type Quantity } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { describe, expect, test } from 'vitest'
import { atLeast, atMost, equals, judge, promises } from './index.ts'

const quantity: Quantity = { quantity: 'share', data: {}, measure: async () => ({ dropped: 0, method: 'counted' }) }
const zero = hashValue(0)
const provenance = { data: [zero], code: zero, params: zero, environment: zero }
const counted = { dropped: 0, method: 'counted' }

const judged = (claim: Claim, measured: Measured, look = 1) =>
  judge(promises({ it: claim }), { it: { measured, provenance, look } }).it
const whole = (measurement: Measurement): Measured => ({ whole: measurement, ...counted })
const proportion = (successes: number, n: number) => ({ kind: 'proportion', successes, n }) as const
const mean = (estimate: number, standardError: number) => ({ kind: 'mean', estimate, standardError, n: 100 }) as const

const { uniform, normal } = random({ seed: 9, path: 'laws' })
let drawn = 0

/** A draw of a binomial count, by the normal law where counting one by one would take long. */
function binomial(n: number, rate: number): number {
  if (n > 2000 && rate > 0 && rate < 1)
    return Math.min(n, Math.max(0, Math.round(n * rate + Math.sqrt(n * rate * (1 - rate)) * normal(drawn++))))
  let successes = 0
  for (let i = 0; i < n; i++) if (uniform(drawn++) < rate) successes++
  return successes
}

const share = (repeats: number, happens: () => boolean): number => {
  let count = 0
  for (let i = 0; i < repeats; i++) if (happens()) count++
  return count / repeats
}

describe('with the rows that are said to be needed, four of five outcomes decide at the next look', () => {
  const REPEATS = 300
  const LEAST = 0.75

  test.each([
    ['>=', 0.9, 184, 200],
    ['>=', 0.9, 10, 10],
    ['>=', 0.75, 80, 100],
    ['<=', 0.05, 6, 200],
    ['<=', 0.05, 0, 10],
    ['>=', 0.9, 88, 100],
    ['>=', 0.99, 299, 300],
  ] as const)('a share %s %d that showed %d of %d', (operator, threshold, successes, n) => {
    const claim = (operator === '>=' ? atLeast : atMost)(quantity, threshold)
    const { verdict, needs } = judged(claim, whole(proportion(successes, n)))
    expect(verdict).toBe('undecided')
    const rows = n + needs!
    const decided = () =>
      judged(claim, whole(proportion(binomial(rows, successes / n), rows)), 2).verdict !== 'undecided'
    expect(share(REPEATS, decided)).toBeGreaterThan(LEAST)
  })

  test.each([
    [50, 45, 100],
    [25, 25, 50],
    [30, 21, 60],
    [1, 0, 30],
  ])('the size of a difference at most 0.1 that showed %d and %d of %d', (first, second, n) => {
    const claim = atMost(quantity, 0.1)
    const between = (a: number, b: number, rows: number) =>
      whole({
        kind: 'difference',
        first: { successes: a, n: rows },
        second: { successes: b, n: rows },
        absolute: true,
      })
    const { verdict, needs } = judged(claim, between(first, second, n))
    expect(verdict).toBe('undecided')
    const rows = Math.ceil(n + needs! / 2)
    const decided = () =>
      judged(claim, between(binomial(rows, first / n), binomial(rows, second / n), rows), 2).verdict !== 'undecided'
    expect(share(REPEATS, decided)).toBeGreaterThan(LEAST)
  })

  test.each([
    [0.8, 0.04],
    [0.74, 0.03],
  ])('a mean at least 0.75 that showed %d +- %d', (estimate, error) => {
    const claim = atLeast(quantity, 0.75)
    const { verdict, needs } = judged(claim, whole(mean(estimate, error)))
    expect(verdict).toBe('undecided')
    const smaller = error * Math.sqrt(100 / (100 + needs!))
    const decided = () =>
      judged(claim, whole(mean(estimate + smaller * normal(drawn++), smaller)), 2).verdict !== 'undecided'
    expect(share(REPEATS, decided)).toBeGreaterThan(LEAST)
  })

  test.each([2, 5])('%d groups together', (groups) => {
    const claim = atLeast(quantity, 0.9)
    const by = (rows: number, successes: () => number): Measured => ({
      parts: Array.from({ length: groups }, (_, i) => ({ name: `${i}`, measurement: proportion(successes(), rows) })),
      n: groups * rows,
      ...counted,
    })
    const { verdict, needs } = judged(
      claim,
      by(100, () => 95),
    )
    expect(verdict).toBe('undecided')
    const rows = Math.ceil(100 + needs! / groups)
    const decided = () =>
      judged(
        claim,
        by(rows, () => binomial(rows, 0.95)),
        2,
      ).verdict !== 'undecided'
    expect(share(REPEATS, decided)).toBeGreaterThan(LEAST)
  })
})

describe('a claim by group is wrong at most as often as stated', () => {
  const REPEATS = 1500
  const limit = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / REPEATS)
  const by = (rates: readonly number[]): Measured => ({
    parts: rates.map((rate, i) => ({ name: `${i}`, measurement: proportion(binomial(150, rate), 150) })),
    ...counted,
  })

  test('kept, when one group of five falls just short', () => {
    const kept = () => judged(atLeast(quantity, 0.8), by([0.7999, 0.95, 0.95, 0.95, 0.95])).verdict === 'kept'
    expect(share(REPEATS, kept)).toBeLessThanOrEqual(limit)
  })

  test('broken, when each of five groups just holds', () => {
    const broken = () => judged(atLeast(quantity, 0.8), by([0.8, 0.8, 0.8, 0.8, 0.8])).verdict === 'broken'
    expect(share(REPEATS, broken)).toBeLessThanOrEqual(limit)
  })
})

test('looking at new data again and again until it is kept does not work', () => {
  const claim = atLeast(quantity, 0.7)
  const ever = () => {
    for (let look = 1; look <= 20; look++)
      if (judged(claim, whole(proportion(binomial(200, 0.6999), 200)), look).verdict === 'kept') return true
    return false
  }
  expect(share(800, ever)).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 800))
})

describe('what is no number is an error, never a verdict', () => {
  const refused = (claim: Claim, measurement: Measurement, code: string, message: RegExp, look = 1) =>
    expect(() => judged(claim, whole(measurement), look)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  const claim = atLeast(quantity, 0.5)

  test('estimates and their errors', () => {
    refused(claim, mean(Number.NaN, 0.1), 'MEASUREMENT_INVALID', /promise "it" cannot be judged: the estimate is NaN/)
    refused(claim, mean(Number.POSITIVE_INFINITY, 0.1), 'MEASUREMENT_INVALID', /the estimate is Infinity/)
    for (const error of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY])
      refused(claim, mean(0.9, error), 'MEASUREMENT_INVALID', new RegExp(`its standard error is ${error}`))
    refused(equals(quantity, 0), { kind: 'exact', value: Number.NaN, n: 3 }, 'MEASUREMENT_INVALID', /the value is NaN/)
  })

  test('counts', () => {
    for (const [successes, n] of [
      [2, 1],
      [0.5, 1],
      [Number.NaN, 10],
      [-1, 10],
    ])
      refused(claim, proportion(successes, n), 'COUNT_INVALID', /is no count/)
  })

  test('no rows, as a whole or in one part', () => {
    refused(claim, proportion(0, 0), 'MEASUREMENT_EMPTY', /promise "it" was measured on nothing/)
    const side = { kind: 'difference', first: { successes: 0, n: 0 }, second: { successes: 1, n: 5 } } as const
    refused(claim, side, 'MEASUREMENT_INVALID', /one side of the difference has no rows/)
    refused(equals(quantity, 0), { kind: 'exact', value: 0, n: 0 }, 'MEASUREMENT_EMPTY', /measured on nothing/)
    const parts = [
      { name: 'a', measurement: proportion(0, 0) },
      { name: 'b', measurement: proportion(9, 10) },
    ]
    expect(() => judged(claim, { parts, ...counted })).toThrow(/the part "a" of promise "it" was measured on nothing/)
  })

  test('two parts of one name', () => {
    const parts = [9, 10].map((successes) => ({ name: 'a', measurement: proportion(successes, 10) }))
    expect(() => judged(claim, { parts, ...counted })).toThrow(
      /the part "a" of promise "it" cannot be judged: it is there twice/,
    )
  })

  test('thresholds that the quantity cannot reach, percents among them', () => {
    refused(atLeast(quantity, 90), proportion(45, 50), 'THRESHOLD_INVALID', /is from 0 to 1, and the threshold is 90/)
    expect(() => judged(atLeast(quantity, 90), whole(proportion(45, 50)))).toThrow(
      expect.objectContaining({ hint: 'write 0.9 for 90 %' }),
    )
    const difference = { kind: 'difference', first: { successes: 1, n: 5 }, second: { successes: 1, n: 5 } } as const
    refused(atMost(quantity, -0.1), { ...difference, absolute: true }, 'THRESHOLD_INVALID', /from 0 to 1/)
    refused(atMost(quantity, 2), difference, 'THRESHOLD_INVALID', /from -1 to 1/)
  })

  test('an equality of what has sampling error', () => {
    refused(equals(quantity, 0.5), proportion(25, 50), 'OPERATOR_INVALID', /no test shows that it equals 0.5/)
    refused(equals(quantity, 0.5), mean(0.5, 0.1), 'OPERATOR_INVALID', /sampling error/)
  })

  test('looks that are not counted from 1', () => {
    for (const look of [0, -1, 1.5, Number.NaN])
      refused(claim, proportion(30, 50), 'LOOK_INVALID', /is no number of a look/, look)
  })
})

test('few rows, none that succeeds, and very many are judged like the others', () => {
  const verdict = (successes: number, n: number, threshold = 0.9) =>
    judged(atLeast(quantity, threshold), whole(proportion(successes, n))).verdict
  expect(verdict(0, 1)).toBe('undecided')
  expect(verdict(1, 1)).toBe('undecided')
  expect(verdict(0, 50)).toBe('broken')
  expect(verdict(900_050_000, 1e9)).toBe('kept')
  expect(verdict(899_950_000, 1e9)).toBe('broken')
  expect(verdict(900_000_000, 1e9)).toBe('undecided')
  expect(verdict(49, 50, 1)).toBe('broken')
  expect(verdict(50, 50, 1)).toBe('undecided')
  expect(verdict(1, 50, 0)).toBe('kept')
})
