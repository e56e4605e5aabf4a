import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { selectConformal } from './conformalSelection.ts'

test('the expected share of false ones among those selected is at most the rate', () => {
  const repeats = 400
  let [share, squares, selected] = [0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const { uniform, normal } = random({ seed: r, path: 'selection' })
    const row = (i: number) => {
      const prediction = normal(i)
      return { prediction, worth: prediction + normal(1000 + i) > 0.5 }
    }
    const calibration = Array.from({ length: 150 }, (_, i) => row(i))
    const test = Array.from({ length: 60 }, (_, i) => row(200 + i))
    const found = selectConformal(
      {
        predictions: calibration.map((c) => c.prediction),
        worth: calibration.map((c) => c.worth),
        candidates: test.map((c) => c.prediction),
      },
      { rate: 0.2, seed: Math.floor(uniform(9) * 1000) },
    )
    const wrong = found.selected.filter((j) => !test[j].worth).length / Math.max(1, found.selected.length)
    share += wrong
    squares += wrong * wrong
    selected += found.selected.length
  }
  const mean = share / repeats
  const error = Math.sqrt((squares / repeats - mean * mean) / repeats)
  expect(mean).toBeLessThanOrEqual(0.2 + 3 * error)
  expect(mean).toBeGreaterThan(0.08)
  expect(selected / repeats).toBeGreaterThan(3)
})

test('a p-value counts the calibration rows not worth it that were predicted higher', () => {
  const rows = { predictions: [3, 2, 1, 0], worth: [true, false, false, false], candidates: [2.5, 2, -1] }
  expect([...selectConformal(rows, { rate: 0.5 }).pValues]).toEqual([1 / 5, 2 / 5, 4 / 5])
  const random = selectConformal(rows, { rate: 0.5, seed: 1 }).pValues
  expect(random[1]).toBeLessThan(2 / 5)
  const turned = selectConformal({ ...rows, candidates: [-1, 2, 2.5] }, { rate: 0.5, seed: 1, keys: [2, 1, 0] }).pValues
  expect([...turned].reverse()).toEqual([...random])
})

test('bad inputs are named', () => {
  const rows = { predictions: [3], worth: [true], candidates: [2.5] }
  expect(() => selectConformal({ ...rows, predictions: [], worth: [] }, { rate: 0.1 })).toThrow(/no calibration row/)
  expect(() => selectConformal({ ...rows, worth: [] }, { rate: 0.1 })).toThrow(/0 outcomes/)
  expect(() => selectConformal(rows, { rate: 1 })).toThrow(/rate 1/)
  expect(() => selectConformal({ ...rows, candidates: [Number.NaN] }, { rate: 0.1 })).toThrow(/candidate 0 is NaN/)
})
