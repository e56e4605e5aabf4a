import { binomialCdf, random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coverageStatus, startCoverageMonitor, updateCoverageMonitor } from './coverageMonitor.ts'
import { startExchangeability, testExchangeability, updateExchangeability } from './exchangeability.ts'
import { compositeMartingale, eValueMixture, powerMixture, simpleJumper } from './experts.ts'
import { type Martingale, runMartingale, type Wealth } from './martingale.ts'
import { pluginMartingale } from './plugin.ts'
import { startRiskMonitor, updateRiskMonitor } from './riskMonitor.ts'
import { sleeperDrifter, sleeperStayer } from './sleepers.ts'
import { startScores, streamPValues } from './streamPValues.ts'

const strategies: Readonly<Record<string, Martingale<Wealth>>> = {
  jumper: simpleJumper(),
  power: powerMixture({ exponents: [0.6, 0.8, 1] }),
  stayer: sleeperStayer({ rate: 0.05, heights: [0.2, 0.8] }),
  drifter: sleeperDrifter({ every: 20, heights: [0.2, 0.8] }),
  plugin: pluginMartingale({ burnIn: 20 }),
  composite: compositeMartingale([simpleJumper(), powerMixture()]),
}

const uniforms = (seed: number, n: number, power = 1): Float64Array => {
  const { uniform } = random({ seed, path: 'stream' })
  return Float64Array.from({ length: n }, (_, i) => uniform(i) ** power)
}

test('on uniform p-values the wealth has mean one and reaches twenty at most one time in twenty', () => {
  const repeats = 400
  for (const martingale of Object.values(strategies)) {
    let [sum, squares, reached] = [0, 0, 0]
    for (let r = 0; r < repeats; r++) {
      const { logWealth, rejectedAt } = runMartingale(martingale, uniforms(r, 60))
      // later on the mean is made by very few streams
      const wealth = Math.exp(logWealth[9])
      sum += wealth
      squares += wealth * wealth
      reached += Number(rejectedAt !== null)
    }
    const error = Math.sqrt(squares / repeats - (sum / repeats) ** 2) / Math.sqrt(repeats)
    expect(Math.abs(sum / repeats - 1)).toBeLessThan(4 * error + 1e-9)
    expect(binomialCdf(reached - 1, repeats, 0.05)).toBeLessThan(0.999)
  }
})

test('of ten thousand streams at most one in twenty ever has twenty times its wealth', () => {
  for (const martingale of [simpleJumper(), powerMixture()]) {
    let reached = 0
    for (let r = 0; r < 10_000; r++) reached += Number(runMartingale(martingale, uniforms(r, 25)).rejectedAt !== null)
    expect(reached / 10_000).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 10_000))
  }
})

test('small p-values are seen within three hundred rows', () => {
  for (const name of ['jumper', 'power', 'composite']) {
    let seen = 0
    for (let r = 0; r < 100; r++)
      seen += Number(runMartingale(strategies[name], uniforms(r, 300, 2.5)).rejectedAt !== null)
    expect(seen).toBeGreaterThanOrEqual(95)
  }
})

test('a state saved and read again goes on the same way', () => {
  const p = uniforms(1, 120, 1.5)
  for (const martingale of Object.values(strategies)) {
    const whole = runMartingale(martingale, p)
    const first = runMartingale(martingale, p.subarray(0, 50))
    const rest = runMartingale(martingale, p.subarray(50), { state: JSON.parse(JSON.stringify(first.state)) })
    expect([...first.logWealth, ...rest.logWealth]).toEqual([...whole.logWealth])
    expect(rest.state).toEqual(whole.state)
  }
})

test('e-values of a stream that is as it should be give no wealth, those of one that is not do', () => {
  const bets = eValueMixture()
  let reached = 0
  for (let r = 0; r < 300; r++) {
    const e = uniforms(r, 80).map((u) => (u < 0.5 ? 2 * u : 3 - 2 * u))
    reached += Number(runMartingale(bets, e).rejectedAt !== null)
  }
  expect(binomialCdf(reached - 1, 300, 0.05)).toBeLessThan(0.999)
  expect(runMartingale(bets, new Float64Array(20).fill(1.5)).rejectedAt).not.toBeNull()
})

test('p-values of a stream count what came before, in batches of any size', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }),
    fc.nat(40),
    (scores, cut) => {
      const { pValues, state } = streamPValues(startScores({ seed: 3 }), scores)
      const first = streamPValues(startScores({ seed: 3 }), scores.slice(0, cut))
      const rest = streamPValues(JSON.parse(JSON.stringify(first.state)), scores.slice(cut))
      expect([...first.pValues, ...rest.pValues]).toEqual([...pValues])
      expect(rest.state).toEqual(state)
      const { uniform } = random({ seed: 3, path: 'stream p-values' })
      for (const [t, p] of pValues.entries()) {
        const before = scores.slice(0, t)
        const above = before.filter((s) => s > scores[t]).length
        const equal = before.filter((s) => s === scores[t]).length
        expect(p).toBe((above + uniform(t) * (equal + 1)) / (t + 1))
      }
      expect(state.runs.length).toBeLessThanOrEqual(7)
    },
  )
  fc.assert(property, { seed: 4, numRuns: 60 })
})

test('each test keeps its level on exchangeable scores and sees a change', () => {
  const repeats = 60
  const rejected = new Map<string, number>()
  for (let r = 0; r < repeats; r++)
    for (const { method, rejected: hit } of testExchangeability(uniforms(500 + r, 40), {
      level: 0.1,
      permutations: 60,
      seed: r,
    }))
      rejected.set(method, (rejected.get(method) ?? 0) + Number(hit))
  expect(rejected.size).toBe(6)
  for (const times of rejected.values()) expect(binomialCdf(times - 1, repeats, 0.1)).toBeLessThan(0.999)
  const changed = uniforms(1, 600).map((u, i) => u + (i > 200 ? 0.8 : 0))
  for (const { pValue, rejected: hit } of testExchangeability(changed, { permutations: 300 })) {
    expect(hit).toBe(true)
    expect(pValue).toBeLessThanOrEqual(0.05)
  }
})

test('a stream is tested in batches as in one, and a rejection stays', () => {
  const scores = uniforms(2, 500).map((u, i) => u + (i > 150 ? 0.7 : 0))
  const whole = updateExchangeability(startExchangeability({ seed: 2 }), scores)
  const first = updateExchangeability(startExchangeability({ seed: 2 }), scores.subarray(0, 301))
  expect(updateExchangeability(JSON.parse(JSON.stringify(first)), scores.subarray(301))).toEqual(whole)
  expect(whole.bets.jumper?.rejectedAt).toBeGreaterThan(150)
  const later = updateExchangeability(whole, uniforms(3, 400))
  expect(later.bets.jumper?.rejectedAt).toBe(whole.bets.jumper?.rejectedAt)
})

test('a risk that stays within its limit is alarming at most as often as the level says, one that does not is', () => {
  const reference = new Float64Array(300).map((_, i) => (i % 10 ? 0 : 1))
  let alarms = 0
  for (let r = 0; r < 150; r++) {
    const stream = uniforms(r, 200).map((u) => Number(u < 0.1))
    alarms += Number(updateRiskMonitor(startRiskMonitor({ reference, tolerance: 0 }), stream).harmful)
  }
  expect(binomialCdf(alarms - 1, 150, 0.05)).toBeLessThan(0.999)
  const worse = uniforms(1, 400).map((u) => Number(u < 0.4))
  expect(updateRiskMonitor(startRiskMonitor({ reference }), worse).harmful).toBe(true)
  expect(updateRiskMonitor(startRiskMonitor({ threshold: 0.2 }), worse).harmful).toBe(true)
  expect(startRiskMonitor({ reference, relative: true, tolerance: 0.5 }).threshold).toBeGreaterThan(0.15)
})

test('coverage as promised fails at most as often as one minus the confidence, in any group', () => {
  const repeats = 200
  let [whole, groups, outside] = [0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const u = uniforms(r, 250)
    const covered = u.map((x) => Number(x >= 0.1))
    const names = Array.from(u, (_, i) => `g${i % 5}`)
    const monitor = updateCoverageMonitor(startCoverageMonitor({ level: 0.9, confidence: 0.9 }), covered, {
      groups: names,
    })
    const status = coverageStatus(monitor)
    whole += Number(status.status === 'fail')
    groups += Number(Object.values(status.groups).some(({ status: s }) => s === 'fail'))
    outside += Number(status.lower > 0.9 || status.upper < 0.9)
  }
  for (const times of [whole, groups, outside]) expect(binomialCdf(times - 1, repeats, 0.1)).toBeLessThan(0.999)
})

test('lost coverage fails, in the group where it is lost', () => {
  const u = uniforms(9, 1500)
  const names = Array.from(u, (_, i) => (i % 3 ? 'right' : 'wrong'))
  const covered = u.map((x, i) => Number(x >= (i % 3 ? 0.05 : 0.3)))
  const status = coverageStatus(updateCoverageMonitor(startCoverageMonitor({ level: 0.9 }), covered, { groups: names }))
  expect(status.groups.wrong.status).toBe('fail')
  expect(status.groups.right.status).toBe('pass')
  expect(status.coverage).toBeCloseTo(covered.reduce((a, b) => a + b) / 1500, 12)
})

test('a monitor replayed row by row, or from its saved row, has the bits of one batch', () => {
  const u = uniforms(10, 300)
  const covered = u.map((x) => Number(x >= 0.25))
  const names = Array.from(u, (_, i) => `g${i % 2}`)
  const start = startCoverageMonitor({ level: 0.9 })
  const batch = updateCoverageMonitor(start, covered, { groups: names })
  let replayed = start
  for (let i = 0; i < 300; i++)
    replayed = updateCoverageMonitor(JSON.parse(JSON.stringify(replayed)), [covered[i]], { groups: [names[i]] })
  expect(replayed).toEqual(batch)
})

test('bad inputs are named', () => {
  const run = <S extends Wealth>(martingale: Martingale<S>, values: readonly number[]) =>
    runMartingale(martingale, values)
  for (const martingale of Object.values(strategies)) expect(() => run(martingale, [1.5])).toThrow(/1.5 is no p-value/)
  expect(() => run(eValueMixture(), [-1])).toThrow(/-1 is no e-value/)
  expect(() => runMartingale(simpleJumper(), [0.5], { level: 0 })).toThrow(/level 0/)
  expect(() => simpleJumper({ jump: 1 })).toThrow(/jump 1/)
  expect(() => simpleJumper({ slopes: [3] })).toThrow(/slopes/)
  expect(() => sleeperStayer({ rate: 0 })).toThrow(/rate 0/)
  expect(() => sleeperStayer({ heights: [1] })).toThrow(/steps/)
  expect(() => sleeperDrifter({ every: 0 })).toThrow(/wakings/)
  expect(() => powerMixture({ exponents: [0] })).toThrow(/exponents/)
  expect(() => eValueMixture({ stakes: [2] })).toThrow(/stakes/)
  expect(() => pluginMartingale({ burnIn: -1 })).toThrow(/burn-in -1/)
  expect(() => streamPValues(startScores(), [Number.NaN])).toThrow(/score 0 of the stream is NaN/)
  expect(() => testExchangeability([])).toThrow(/no score/)
  expect(() => testExchangeability([1], { methods: ['jumpr' as 'jumper'] })).toThrow(/did you mean "jumper"/)
  expect(() => testExchangeability([1], { level: 1 })).toThrow(/level 1/)
  expect(() => startRiskMonitor({})).toThrow(/either losses of a reference or a threshold/)
  expect(() => startRiskMonitor({ reference: [] })).toThrow(/no row/)
  expect(() => startRiskMonitor({ reference: [2] })).toThrow(/loss 2/)
  expect(() => startCoverageMonitor({ level: 1 })).toThrow(/level 1/)
  expect(() => updateCoverageMonitor(startCoverageMonitor({ level: 0.9 }), [0.5])).toThrow(/0.5 of row 0/)
  expect(() => updateCoverageMonitor(startCoverageMonitor({ level: 0.9 }), [1], { groups: [] })).toThrow(/0 groups/)
})
