import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { fitConformalTemperature } from './conformalTemperature.ts'

/** Logits of ten classes, too steep by a factor of four. */
function rows(n: number) {
  const { normal, uniform } = random({ seed: 5, path: 'temperature' })
  const logits = Float64Array.from({ length: 10 * n }, (_, at) => 8 * normal(at))
  const labels = Array.from({ length: n }, (_, i) => {
    const weights = Array.from(logits.subarray(10 * i, 10 * i + 10), (z) => Math.exp(z / 4))
    const total = weights.reduce((a, b) => a + b)
    let [label, left] = [0, uniform(1e6 + i) * total - weights[0]]
    while (left > 0 && label < 9) left -= weights[++label]
    return label
  })
  return { logits, labels }
}

test('the temperature with the smallest sets is found among those tried, and is better than none', () => {
  const { logits, labels } = rows(2000)
  const { temperature, temperatures, sizes } = fitConformalTemperature(logits, labels, { level: 0.9 })
  const at = temperatures.indexOf(temperature)
  expect(sizes[at]).toBe(Math.min(...sizes))
  expect(sizes[at]).toBeLessThanOrEqual(sizes[temperatures.indexOf(1)])
  // sets are those of the definition: labels by falling probability while their sum is at most the threshold
  const [one] = fitConformalTemperature(logits, labels, { level: 0.9, temperatures: [1] }).sizes
  expect(one).toBe(sizes[temperatures.indexOf(1)])
  expect(one).toBeGreaterThan(1)
  expect(one).toBeLessThan(10)
})

test('bad inputs are named', () => {
  expect(() => fitConformalTemperature([1, 2], [0], { level: 0.9 })).toThrow(/two halves/)
  expect(() => fitConformalTemperature([1, 2, 3, 4], [0, 1], { level: 1 })).toThrow(/level 1/)
  expect(() => fitConformalTemperature([], [], { level: 0.9 })).toThrow(/no calibration row/)
})
