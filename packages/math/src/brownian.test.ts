import { expect, test } from 'vitest'
import { brownianRangeTail, brownianSupremumTail } from './brownian.ts'
import { random } from './random.ts'

test('both series of each law agree where they meet, and tails keep their digits', () => {
  for (const [tail, meet] of [
    [brownianSupremumTail, 1.2],
    [brownianRangeTail, 2],
  ] as const) {
    expect(tail(meet - 1e-12) / tail(meet + 1e-12)).toBeCloseTo(1, 10)
    expect(tail(10)).toBeGreaterThan(0)
    expect(tail(10)).toBeLessThan(1e-20)
    expect(tail(0)).toBe(1)
    expect(tail(Number.NaN)).toBeNaN()
  }
})

test('the laws are those of simulated walks', () => {
  const { normal } = random({ seed: 2, path: 'brownian' })
  const [walks, steps] = [1500, 2000]
  let [far, wide] = [0, 0]
  for (let w = 0; w < walks; w++) {
    let [place, low, high] = [0, 0, 0]
    for (let i = 0; i < steps; i++) {
      place += normal(w * steps + i) / Math.sqrt(steps)
      low = Math.min(low, place)
      high = Math.max(high, place)
    }
    far += Number(Math.max(high, -low) > 1.5)
    wide += Number(high - low > 1.8)
  }
  expect(Math.abs(far / walks - brownianSupremumTail(1.5))).toBeLessThan(0.04)
  expect(Math.abs(wide / walks - brownianRangeTail(1.8))).toBeLessThan(0.05)
})
