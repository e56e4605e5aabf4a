import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { blockBootstrap, blockShape, inBagOf, leaveOutAnswers, resampleOf } from './blockBootstrap.ts'
import {
  type OnlineOptions,
  observeOnline,
  onlineInterval,
  onlineMethods,
  onlineThresholds,
  startOnline,
} from './online.ts'
import { runOnline } from './runOnline.ts'

const fails = (code: string) => expect.objectContaining({ code })
type Name = keyof typeof onlineMethods
const names = Object.keys(onlineMethods) as Name[]

/** A stream whose scale changes by fourfold at two points, after 200 rows of history. */
function changePoints(seed: number, T: number) {
  const { normal } = random({ seed, path: 'change points' })
  const prediction = Float64Array.from({ length: T + 200 }, (_, t) => Math.sin(t / 10))
  const y = prediction.map((p, t) => {
    const s = (t - 200) / T
    return p + normal(t) * (s < 1 / 3 ? 1 : s < 2 / 3 ? 4 : 0.5)
  })
  return {
    history: { y: y.subarray(0, 200), prediction: prediction.subarray(0, 200) },
    y: y.subarray(200),
    prediction: prediction.subarray(200),
  }
}

const covered = (y: ArrayLike<number>, lower: Float64Array, upper: Float64Array): number[] =>
  Array.from(y, (v, i) => Number(v >= lower[i] && v <= upper[i]))
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Settings for a long stream whose scores are below 15. */
const steps: { readonly [M in Name]?: object } = {
  enbpi: { window: 100 },
  aci: { gamma: 0.02 },
  saocp: { scale: 15 },
  decaying: { decay: 0.25 },
}
const settings = (method: Name): OnlineOptions => ({ method, ...steps[method] }) as OnlineOptions

test('in the long run every method covers as asked for across change points, on both sides or with one threshold', () => {
  const T = 1500
  for (const name of names)
    for (const symmetric of [true, false]) {
      const { y, history, prediction } = changePoints(1, T)
      const { lower, upper } = runOnline(y, { prediction }, { ...settings(name), level: 0.8, symmetric, history })
      const gap = mean(covered(y, lower, upper)) - 0.8
      // windows lag behind a change; what corrects itself by its errors does not
      const lags = name === 'enbpi' || name === 'nexcp' || name === 'spci'
      expect(Math.abs(gap), `${name} ${symmetric} ${gap}`).toBeLessThan(lags ? 0.04 : 1 / Math.sqrt(T))
    }
})

test('the error-correcting methods cover on a stream that an adversary orders, and a fixed threshold does not', () => {
  const T = 3000
  // scores grow for ever, with bursts: what was seen is always too small
  const y = Float64Array.from({ length: T }, (_, t) => (t / T) ** 2 * 10 + (t % 7 === 0 ? 3 : 0))
  const prediction = new Float64Array(T)
  const history = { y: Float64Array.from({ length: 50 }, (_, i) => i / 100), prediction: new Float64Array(50) }
  for (const method of ['aci', 'pid', 'multigroup'] as const) {
    const own = method === 'aci' ? { gamma: 0.02 } : method === 'multigroup' ? { step: 0.5 } : {}
    const { lower, upper } = runOnline(y, { prediction }, { method, ...own, level: 0.9, history } as never)
    expect(Math.abs(mean(covered(y, lower, upper)) - 0.9), method).toBeLessThan(1 / Math.sqrt(T))
  }
  const clipped = runOnline(y, { prediction }, { method: 'aci', gamma: 0.02, clip: true, level: 0.9, history })
  expect(mean(covered(y, clipped.lower, clipped.upper))).toBeLessThan(0.87)
  const fixed = runOnline(y, { prediction }, { method: 'aci', gamma: 0, window: 'fixed', level: 0.9, history })
  expect(mean(covered(y, fixed.lower, fixed.upper))).toBeLessThan(0.4)
})

test('the coverage error of ACI is within its bound on any stream, in any order', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { uniform } = random({ seed, path: 'any stream' })
    const T = 400
    const y = Float64Array.from({ length: T }, (_, t) => (uniform(t) - 0.5) * 10 ** Math.floor(4 * uniform(9000 + t)))
    const [level, gamma] = [0.9, 0.05]
    const run = runOnline(y, { prediction: new Float64Array(T) }, { method: 'aci', gamma, level, window: 50 })
    expect(Math.abs(run.states[0].errors / T - 0.1)).toBeLessThan(
      (Math.max(level, 1 - level) + gamma) / (gamma * T) + 1e-9,
    )
  }
})

test('decaying steps settle where the stream is exchangeable', () => {
  const { normal } = random({ seed: 2, path: 'settles' })
  const T = 20_000
  const y = Float64Array.from({ length: T }, (_, t) => normal(t))
  const run = runOnline(y, { prediction: new Float64Array(T) }, { method: 'decaying', step: 2, level: 0.9 })
  expect(Math.abs(run.upper[T - 1] - 1.645)).toBeLessThan(0.1)
  expect(Math.abs(run.states[0].errors / T - 0.1)).toBeLessThan(1 / Math.sqrt(T))
})

test('each of several overlapping groups is covered', () => {
  const { normal, uniform } = random({ seed: 3, path: 'groups' })
  const T = 6000
  const groups = Array.from({ length: T }, (_, t) => ['a', 'b', 'c'].filter((_, g) => uniform(3 * t + g) < 0.4))
  const y = Float64Array.from(
    groups,
    (own, t) => normal(t) * (1 + (own.includes('a') ? 3 : 0)) * (own.includes('b') ? 0.5 : 1),
  )
  const run = runOnline(y, { prediction: new Float64Array(T), groups }, { method: 'multigroup', level: 0.9, step: 0.2 })
  const hits = covered(y, run.lower, run.upper)
  for (const group of ['a', 'b', 'c']) {
    const own = hits.filter((_, t) => groups[t].includes(group))
    expect(Math.abs(mean(own) - 0.9)).toBeLessThan(1 / Math.sqrt(own.length))
  }
})

test('SPCI is narrower than a plain window where errors follow each other', () => {
  const { normal } = random({ seed: 4, path: 'ar' })
  const T = 900
  const y = new Float64Array(T + 200)
  for (let t = 1; t < y.length; t++) y[t] = 0.9 * y[t - 1] + normal(t)
  const zero = new Float64Array(T)
  const history = { y: y.subarray(0, 200), prediction: new Float64Array(200) }
  const width = (run: { lower: Float64Array; upper: Float64Array }): number =>
    mean([...run.upper].map((u, i) => u - run.lower[i]))
  const now = y.subarray(200)
  const clever = runOnline(now, { prediction: zero }, { method: 'spci', level: 0.8, symmetric: false, history })
  const plain = runOnline(now, { prediction: zero }, { method: 'enbpi', level: 0.8, symmetric: false, history })
  expect(width(clever)).toBeLessThan(0.65 * width(plain))
  expect(Math.abs(mean(covered(now, clever.lower, clever.upper)) - 0.8)).toBeLessThan(0.04)
})

test('a state survives JSON: the stream goes on bit by bit as if it had not stopped', () => {
  for (const method of names) {
    const { y, history, prediction } = changePoints(7, 60)
    let whole = startOnline({ ...settings(method), level: 0.8, history })
    let halted = whole
    for (let t = 0; t < 60; t++) {
      const parts = { prediction: prediction[t], groups: [t % 2 ? 'odd' : 'even'], time: t }
      expect(onlineInterval(halted, parts)).toEqual(onlineInterval(whole, parts))
      whole = observeOnline(whole, parts, y[t])
      halted = JSON.parse(JSON.stringify(observeOnline(halted, parts, y[t])))
    }
    expect(halted).toEqual(whole)
    expect(whole.n).toBe(60)
  }
})

test('observing changes no state that was there before', () => {
  for (const method of names) {
    const state = startOnline({
      ...settings(method),
      level: 0.8,
      history: { y: [1, 2, 3, 4, 5, 6], prediction: [1, 1, 1, 1, 1, 1] },
    })
    const before = JSON.stringify(state)
    observeOnline(state, { prediction: 1 }, 20)
    expect(JSON.stringify(state)).toBe(before)
  }
})

test('streaming row by row is a batch of one, several levels are several streams, and missing truths are counted', () => {
  const { y, history, prediction } = changePoints(9, 80)
  const two = runOnline(y, { prediction }, { method: 'enbpi', level: [0.5, 0.9], history })
  const one = runOnline(y, { prediction }, { method: 'enbpi', level: 0.9, history, batch: 1 })
  for (let t = 0; t < 80; t++) expect(two.upper[2 * t + 1]).toBe(one.upper[t])
  const parts = { prediction: 2 }
  const { above, below } = onlineThresholds(one.states[0])
  expect(onlineInterval(one.states[0], parts)).toEqual({ lower: 2 - below, upper: 2 + above })
  const gone = y.slice().fill(Number.NaN, 10, 15)
  expect(runOnline(gone, { prediction }, { method: 'pid', level: 0.9, history }).states[0]).toMatchObject({
    n: 75,
    dropped: 5,
  })
})

test('what is no stream is refused', () => {
  const row = { prediction: 0 }
  const state = startOnline({ method: 'aci', level: 0.9 })
  expect(onlineInterval(state, row)).toEqual({ lower: -Infinity, upper: Infinity })
  expect(() => startOnline({ method: 'acci' as 'aci', level: 0.9 })).toThrow(
    expect.objectContaining({ code: 'METHOD_UNKNOWN', hint: expect.stringContaining('aci') }),
  )
  expect(() => startOnline({ method: 'aci', level: [0.1, 0.9] })).toThrow(fails('LEVEL_INVALID'))
  for (const level of [0, 1, -1, 2, Number.NaN, '0.1' as never])
    expect(() => startOnline({ method: 'aci', level })).toThrow(fails('LEVEL_INVALID'))
  expect(() => startOnline({ method: 'aci', level: 0.9, alpha: 0.1 })).toThrow(fails('LEVEL_INVALID'))
  for (const gamma of [-1, 2, Number.NaN])
    expect(() => startOnline({ method: 'aci', level: 0.9, gamma })).toThrow(fails('OPTION_INVALID'))
  expect(() => startOnline({ method: 'dtaci', level: 0.9, gammas: [] })).toThrow(fails('OPTION_INVALID'))
  expect(() => startOnline({ method: 'agaci', level: 0.9, gammas: [] })).toThrow(fails('OPTION_INVALID'))
  expect(() => startOnline({ method: 'nexcp', level: 0.9, window: 0 })).toThrow(fails('OPTION_INVALID'))
  expect(() => observeOnline(observeOnline(state, { ...row, time: 2 }, 1), { ...row, time: 2 }, 1)).toThrow(
    fails('TIME_INVALID'),
  )
  expect(() => runOnline([1, 2], { prediction: [0, 0], time: [2, 1] }, { method: 'aci', level: 0.9 })).toThrow(
    fails('TIME_INVALID'),
  )
  expect(() => observeOnline(state, row, Infinity)).toThrow(fails('VALUE_NOT_FINITE'))
  expect(() => onlineInterval(state, {})).toThrow(fails('PART_MISSING'))
  expect(() => runOnline([1], { prediction: [1, 2] }, { method: 'aci', level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  const history = { y: [1, 2, 3], prediction: [0, 0, 0] }
  expect(() =>
    runOnline([1, 2, 3, 4], { prediction: [0, 0, 0, 0] }, { method: 'enbpi', level: 0.5, history, batch: 4 }),
  ).toThrow(fails('OPTION_INVALID'))
  expect(() =>
    startOnline({ method: 'aci', score: 'gamma', level: 0.9, history: { y: [-1], prediction: [1] } }),
  ).toThrow(fails('VALUE_NOT_POSITIVE'))
})

test('blocks are drawn whole, and rows at the end that fill none are left out', () => {
  expect(blockShape(10, { length: 3 })).toEqual({ size: 3, drawn: 4, starts: [0, 3, 6] })
  expect(blockShape(10, { blocks: 4 })).toEqual({ size: 2, drawn: 4, starts: [0, 2, 4, 6, 8] })
  expect(blockShape(5, { length: 3, overlapping: true }).starts).toEqual([0, 1, 2])
  const resamples = blockBootstrap(10, { length: 3, resamples: 50, seed: 4 })
  expect(resamples).toEqual(blockBootstrap(10, { length: 3, resamples: 50, seed: 4 }))
  for (const { rows, leftOut } of resamples) {
    expect(rows.length).toBe(12)
    for (let b = 0; b < 4; b++) expect([rows[3 * b + 1] - rows[3 * b], rows[3 * b + 2] - rows[3 * b]]).toEqual([1, 2])
    expect(leftOut).toContain(9)
    expect([...new Set([...rows, ...leftOut])].sort()).toHaveLength(10)
  }
  // the draws of the peer's documented example
  expect([...resampleOf(10, 3, [0, 3, 0, 3]).leftOut]).toEqual([6, 7, 8, 9])
  expect(() => blockBootstrap(10, {})).toThrow(fails('OPTION_CONFLICT'))
  expect(() => blockBootstrap(10, { length: 2, blocks: 2 })).toThrow(fails('OPTION_CONFLICT'))
  for (const length of [0, 11, -1, 1.5]) expect(() => blockBootstrap(10, { length })).toThrow(fails('OPTION_INVALID'))
  expect(() => blockBootstrap(10, { blocks: 11 })).toThrow(fails('OPTION_INVALID'))
  const bags = inBagOf([resampleOf(4, 2, [0, 0]), resampleOf(4, 2, [2, 0])], 4)
  expect([...bags]).toEqual([2, 2, 0, 0, 1, 1, 1, 1])
  expect([...leaveOutAnswers([1, 2, 3, 4, 5, 6, 7, 8], bags, 4)]).toEqual([Number.NaN, Number.NaN, 3, 4])
  expect(() => leaveOutAnswers([1, 2, 3], bags, 4)).toThrow(fails('LENGTH_MISMATCH'))
})
