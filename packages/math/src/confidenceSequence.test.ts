import { expect, test } from 'vitest'
import { binomialCdf } from './binomial.ts'
import { bettingSequence, meanSequence, mixtureBoundary, noLosses } from './confidenceSequence.ts'
import { random } from './random.ts'

test('the mean leaves its sequence at any time at most as often as the error says', () => {
  const repeats = 200
  let [bernstein, betting] = [0, 0]
  const next = meanSequence({ error: 0.05 })
  const bets = bettingSequence({ error: 0.1, places: 60 })
  for (let r = 0; r < repeats; r++) {
    const { uniform } = random({ seed: r, path: 'sequence' })
    let [state, bet] = [noLosses, bets.start]
    for (let i = 0; i < 150; i++) {
      const loss = r % 2 ? Number(uniform(i) < 0.2) : 0.4 * uniform(i)
      state = next(state, loss)
      bet = bets.next(bet, loss)
    }
    const { lower, upper } = bets.bounds(bet)
    bernstein += Number(state.lower > 0.2 || state.upper < 0.2)
    betting += Number(lower > 0.2 || upper < 0.2)
  }
  expect(binomialCdf(bernstein - 1, repeats, 0.1)).toBeLessThan(0.999)
  expect(binomialCdf(betting - 1, repeats, 0.1)).toBeLessThan(0.999)
})

test('both sequences close in on the mean, and bets are narrower', () => {
  const { uniform } = random({ seed: 1 })
  const next = meanSequence({ error: 0.025 })
  const bets = bettingSequence({ error: 0.05, places: 400 })
  let [state, bet] = [noLosses, bets.start]
  for (let i = 0; i < 1500; i++) {
    const loss = Number(uniform(i) < 0.1)
    state = next(state, loss)
    bet = bets.next(bet, loss)
  }
  const { lower, upper } = bets.bounds(bet)
  expect(state.lower).toBeLessThan(0.1)
  expect(state.upper).toBeGreaterThan(0.1)
  expect(state.upper - state.lower).toBeLessThan(0.07)
  expect(lower).toBeLessThan(0.1)
  expect(upper).toBeGreaterThan(0.1)
  expect(upper - lower).toBeLessThan(state.upper - state.lower)
})

test('a state is plain data: saved and read again it goes on the same way', () => {
  const next = meanSequence({ error: 0.05 })
  const half = [0.1, 0.9, 0.3].reduce(next, noLosses)
  expect([0.5, 0].reduce(next, JSON.parse(JSON.stringify(half)))).toEqual(
    [0.1, 0.9, 0.3, 0.5, 0].reduce(next, noLosses),
  )
})

test('the boundary grows with the variance and with less error', () => {
  const boundary = mixtureBoundary({ error: 0.05 })
  for (const v of [0, 0.1, 1, 10, 1e3, 1e5]) {
    expect(boundary.at(v * 2 + 0.1)).toBeGreaterThan(boundary.at(v))
    expect(mixtureBoundary({ error: 0.01 }).at(v)).toBeGreaterThan(boundary.at(v))
    expect(boundary.reached(v, boundary.at(v) * 1.0001)).toBe(true)
    expect(boundary.reached(v, boundary.at(v) * 0.9999)).toBe(false)
  }
  expect(() => mixtureBoundary({ error: 0.5 })).toThrow(/error 0.5/)
  expect(() => meanSequence({ error: 0.05 })(noLosses, 2)).toThrow(/loss 2/)
  expect(() => bettingSequence({ error: 0 })).toThrow(/error 0/)
})
