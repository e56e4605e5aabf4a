import { expect, test } from 'vitest'
import { kolmogorovTail } from './kolmogorov.ts'
import { moments, variance } from './moments.ts'
import { normalCdf } from './normal.ts'
import { random } from './random.ts'
import { sortedWithoutNaN } from './rank.ts'

test('a number depends on seed, path and its index alone', () => {
  const r = random({ seed: 5, path: 'layers/0' })
  const filled = r.fillUniform(new Float64Array(10), { start: 3 })
  expect(filled[4]).toBe(r.uniform(7))
  expect(random({ seed: 5 }).at('layers').at('0').uniform(7)).toBe(r.uniform(7))
  expect(random({ seed: 6, path: 'layers/0' }).uniform(7)).not.toBe(r.uniform(7))
  expect(random({ seed: 5, path: 'layers/1' }).uniform(7)).not.toBe(r.uniform(7))
  expect(r.uniform(2 ** 40)).not.toBe(r.uniform(0))
})

test('uniform and normal numbers follow their laws (Kolmogorov-Smirnov at 1e-4, n = 100000)', () => {
  const n = 100_000
  const r = random({ seed: 11 })
  const distance = (values: Float64Array, cdf: (x: number) => number): number =>
    sortedWithoutNaN(values).reduce(
      (d, x, i) => Math.max(d, Math.abs(cdf(x) - i / n), Math.abs(cdf(x) - (i + 1) / n)),
      0,
    )
  expect(kolmogorovTail(Math.sqrt(n) * distance(r.fillUniform(new Float64Array(n)), (x) => x))).toBeGreaterThan(1e-4)
  const normals = r.fillNormal(new Float64Array(n))
  expect(kolmogorovTail(Math.sqrt(n) * distance(normals, normalCdf))).toBeGreaterThan(1e-4)
  expect(Math.abs(variance(moments(normals)) - 1)).toBeLessThan(0.02)
})

test('a permutation holds each number once, and every order of three comes about equally often', () => {
  expect([...random({ seed: 1 }).permutation(1000)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 1000 }, (_, i) => i),
  )
  const seen = new Map<string, number>()
  for (let seed = 0; seed < 6000; seed++) {
    const order = random({ seed }).permutation(3).join()
    seen.set(order, (seen.get(order) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
})

test('seeds that are no 32-bit whole number are refused', () => {
  for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
    expect(() => random({ seed })).toThrow(expect.objectContaining({ code: 'SEED_INVALID' }))
})
