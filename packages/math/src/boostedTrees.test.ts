import { expect, test } from 'vitest'
import { auc } from './auc.ts'
import { boostedTrees, predictTrees } from './boostedTrees.ts'
import { random } from './random.ts'

const r = random({ seed: 6 })
const column = (path: string, n: number): Float64Array => r.at(path).fillNormal(new Float64Array(n))

test('a function with an interaction and missing values is learned', () => {
  const make = (from: string, n: number) => {
    const [a, b, noise] = [column(`${from} a`, n), column(`${from} b`, n), column(`${from} noise`, n)]
    const missing = a.map((v, i) => (i % 10 === 0 ? Number.NaN : v))
    const y = a.map((v, i) => (i % 10 === 0 ? 3 : v > 0 ? b[i] : -b[i]) + 0.1 * noise[i])
    return { x: [missing, b], y }
  }
  const [train, test] = [make('train', 3000), make('test', 1000)]
  const found = predictTrees(boostedTrees(train.x, train.y, { trees: 200 }), test.x)
  const squares = (f: (i: number) => number) => test.y.reduce((sum, _, i) => sum + f(i) ** 2, 0)
  const mean = test.y.reduce((sum, v) => sum + v, 0) / test.y.length
  expect(1 - squares((i) => test.y[i] - found[i]) / squares((i) => test.y[i] - mean)).toBeGreaterThan(0.93)
})

test('probabilities of the logistic loss are calibrated and order the rows', () => {
  const n = 4000
  const [a, u] = [column('a', n), Float64Array.from({ length: n }, (_, i) => r.at('u').uniform(i))]
  const y = a.map((v, i) => Number(u[i] < 1 / (1 + Math.exp(-3 * v))))
  const p = predictTrees(boostedTrees([a, column('b', n)], y, { loss: 'logistic', trees: 60 }), [a, column('b', n)])
  expect(auc(p, y).auc).toBeGreaterThan(0.85)
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / n
  expect(Math.abs(mean(p) - mean(y))).toBeLessThan(0.01)
})

test('a constant target is that constant, and rows must fit', () => {
  const x = column('x', 50)
  expect(
    [...predictTrees(boostedTrees([x], new Float64Array(50).fill(2)), [x])].every((v) => Math.abs(v - 2) < 1e-12),
  ).toBe(true)
  expect(() => boostedTrees([x], [1, 2])).toThrow(expect.objectContaining({ code: 'LENGTH_MISMATCH' }))
  expect(() => boostedTrees([], [])).toThrow(expect.objectContaining({ code: 'SAMPLE_TOO_SMALL' }))
})
