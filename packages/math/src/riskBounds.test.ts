import { expect, test } from 'vitest'
import { binomialCdf } from './binomial.ts'
import { random } from './random.ts'
import {
  boundOfPValue,
  cltBound,
  cltPValue,
  empiricalBernsteinBound,
  hoeffdingBentkusPValue,
  hoeffdingBound,
  pelekisRamonWangPValue,
  wsrBound,
  wsrPValue,
} from './riskBounds.ts'

const { uniform } = random({ seed: 3, path: 'riskBounds' })
let counter = 0
const draw = (): number => uniform(counter++)

/** Losses of laws with a known mean: coins, uniform numbers, and rare large ones. */
const laws: readonly { readonly mean: number; readonly next: () => number }[] = [
  { mean: 0.1, next: () => (draw() < 0.1 ? 1 : 0) },
  { mean: 1 / 11, next: () => draw() ** 10 },
  { mean: 0.05, next: () => (draw() < 0.1 ? 0.5 : 0) },
]

test('upper bounds hold for all but a share delta of samples', () => {
  const delta = 0.1
  for (const { mean, next } of laws) {
    const missed = { hoeffding: 0, bernstein: 0, wsr: 0, bentkus: 0, prw: 0 }
    const repeats = 300
    for (let r = 0; r < repeats; r++) {
      const losses = Float64Array.from({ length: 100 }, next)
      const count = { n: losses.length, sum: losses.reduce((a, b) => a + b) }
      missed.hoeffding += Number(hoeffdingBound(count, delta) < mean)
      missed.bernstein += Number(empiricalBernsteinBound(losses, delta) < mean)
      missed.wsr += Number(wsrBound(losses, delta) < mean)
      missed.bentkus += Number(boundOfPValue((m) => hoeffdingBentkusPValue(count, m), delta) < mean)
      missed.prw += Number(boundOfPValue((m) => pelekisRamonWangPValue(count, m), delta) < mean)
    }
    // 99.9 % of the binomial law at delta
    for (const misses of Object.values(missed)) expect(binomialCdf(misses - 1, repeats, delta)).toBeLessThan(0.999)
  }
})

test('p-values of a mean at its limit are below u at most a share u of the time', () => {
  for (const { mean, next } of laws) {
    const small = { bentkus: 0, prw: 0, wsr: 0 }
    const repeats = 600
    for (let r = 0; r < repeats; r++) {
      const losses = Float64Array.from({ length: 60 }, next)
      const count = { n: losses.length, sum: losses.reduce((a, b) => a + b) }
      small.bentkus += Number(hoeffdingBentkusPValue(count, mean) <= 0.1)
      small.prw += Number(pelekisRamonWangPValue(count, mean) <= 0.1)
      small.wsr += Number(wsrPValue(losses, mean, { delta: 0.1 }) <= 0.1)
    }
    for (const times of Object.values(small)) expect(binomialCdf(times - 1, repeats, 0.1)).toBeLessThan(0.999)
  }
})

test('the bound of betting is where its p-value crosses delta', () => {
  const losses = Float64Array.from({ length: 200 }, () => draw() ** 3)
  const bound = wsrBound(losses, 0.1)
  expect(wsrPValue(losses, bound + 1e-9, { delta: 0.1 })).toBeLessThanOrEqual(0.1)
  expect(wsrPValue(losses, bound - 1e-9, { delta: 0.1 })).toBeGreaterThan(0.1)
  expect(bound).toBeLessThan(hoeffdingBound({ n: 200, sum: losses.reduce((a, b) => a + b) }, 0.1))
})

test('the wealth of a long sample neither overflows nor underflows', () => {
  const losses = new Float64Array(200_000)
  for (let i = 0; i < losses.length; i++) losses[i] = i < 100_000 ? 1 : 0
  expect(wsrBound(losses, 0.05)).toBeGreaterThan(0.5)
  expect(wsrBound(losses.toReversed(), 0.05)).toBeLessThan(0.6)
  expect(wsrBound(new Float64Array(200_000), 0.05)).toBeLessThan(1e-4)
})

test('Pelekis-Ramon-Wang lies between the binomial law and e times it', () => {
  for (const [n, alpha] of [
    [20, 0.3],
    [500, 0.1],
    [100_000, 0.02],
  ])
    for (const share of [0, 0.3, 0.6, 0.9]) {
      const sum = Math.floor(share * n * alpha)
      const exact = binomialCdf(sum, n, alpha)
      const p = pelekisRamonWangPValue({ n, sum }, alpha)
      expect(p).toBeGreaterThanOrEqual(exact * (1 - 1e-9))
      expect(p).toBeLessThanOrEqual(Math.E * exact * (1 + 1e-9))
    }
})

test('without rows nothing is shown, and the central limit needs spread', () => {
  expect(hoeffdingBentkusPValue({ n: 0, sum: 0 }, 0.1)).toBe(1)
  expect(pelekisRamonWangPValue({ n: 0, sum: 0 }, 0.1)).toBe(1)
  expect(hoeffdingBound({ n: 0, sum: 0 }, 0.1)).toBe(1)
  expect(empiricalBernsteinBound([0.5], 0.1)).toBe(1)
  expect(wsrBound([], 0.1)).toBe(1)
  expect(cltBound([0, 0, 0], 0.1)).toBe(1)
  expect(cltPValue([0, 0, 0], 0.1)).toBe(1)
  expect(cltBound([0, 1, 0, 1], 0.5)).toBeCloseTo(0.5, 12)
  expect(() => wsrBound([0.5], 0)).toThrow(/the error 0 is not in/)
})
