import { readFileSync } from 'node:fs'
import { type MeanSequence, meanSequence, mixtureBoundary, noLosses } from '@mlpod/math'
import { expect, test } from 'vitest'
import { compositeMartingale, simpleJumper } from './experts.ts'
import { type Martingale, runMartingale, type Wealth } from './martingale.ts'
import { type MonteCarloStrategy, nextPermutation, noPermutations } from './monteCarlo.ts'
import { pluginMartingale } from './plugin.ts'
import { startRiskMonitor, updateRiskMonitor } from './riskMonitor.ts'
import { sleeperDrifter, sleeperStayer } from './sleepers.ts'
import { splitStatistic } from './splitStatistic.ts'

// made by conformance/science/uncertainty/make_sequential.py from crepes 0.9.1 and MAPIE 1.6.0
const peer = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/sequential.json', import.meta.url), 'utf8'),
)

function expectPath<S extends Wealth>(martingale: Martingale<S>, expected: readonly number[], tolerance: number): void {
  const { logWealth } = runMartingale(martingale, peer.p)
  for (const [i, log] of expected.entries()) expect(Math.abs(logWealth[9 * i] - log)).toBeLessThanOrEqual(tolerance)
}

test('jumpers, sleepers and their mean have the wealth of crepes and MAPIE', () => {
  const { logs } = peer
  expectPath(simpleJumper(), logs.jumper, 1e-9)
  expectPath(simpleJumper({ slopes: [-1, 0, 1], jump: 0.05 }), logs.jumperThree, 1e-9)
  expectPath(simpleJumper({ slopes: [-1, 0, 1] }), logs.mapieJumper, 1e-9)
  expectPath(sleeperStayer(), logs.stayer, 1e-9)
  expectPath(sleeperStayer({ rate: 0.01, heights: [0.3, 0.6], cuts: [0.5] }), logs.stayerOne, 1e-9)
  expectPath(sleeperDrifter({ every: 50 }), logs.drifter, 1e-9)
  expectPath(sleeperDrifter({ rate: 0.2, drift: false }), logs.still, 1e-9)
  expectPath(compositeMartingale([simpleJumper(), sleeperStayer()]), logs.composite, 1e-9)
})

test('the plug-in martingale nears that of MAPIE, whose density is not on a grid', () => {
  expectPath(pluginMartingale(), peer.logs.plugin, 2e-3)
})

test('boundary and confidence sequence are those of MAPIE', () => {
  const boundary = mixtureBoundary({ error: 0.05 })
  for (const [i, v] of peer.boundary.v.entries()) expect(boundary.at(v) / peer.boundary.s[i]).toBeCloseTo(1, 10)
  const next = meanSequence({ error: 0.05 })
  const states: MeanSequence[] = []
  for (const loss of peer.losses) states.push(next(states.at(-1) ?? noLosses, loss))
  for (const [i, lower] of peer.sequence.lower.entries()) expect(states[7 * i].lower).toBeCloseTo(lower, 9)
  for (const [i, upper] of peer.sequence.upper.entries()) expect(states[7 * i].upper).toBeCloseTo(upper, 9)
})

test('the split statistic and the wealth bet on permutations are those of MAPIE', () => {
  expect(splitStatistic(peer.split.scores)).toBeCloseTo(peer.split.value, 12)
  const strategies: Record<string, MonteCarloStrategy> = { binomial_mixture: 'binomialMixture' }
  for (const { strategy, reached, p } of peer.permutations) {
    const options = { strategy: strategies[strategy] ?? strategy, level: 0.05 }
    let state = noPermutations
    const pValues = reached.map((r: number) => {
      state = nextPermutation(state, r === 1, options)
      return 1 / state.largest
    })
    for (const [i, value] of p.entries()) expect(pValues[20 * i]).toBeCloseTo(value, 10)
  }
})

test('the limit and the bound of a monitored risk are those of MAPIE on request', () => {
  const { reference, stream, threshold, lower, harmful } = peer.monitor
  const monitor = updateRiskMonitor(startRiskMonitor({ reference, parity: true }), stream)
  expect(monitor.threshold).toBeCloseTo(threshold, 12)
  expect(monitor.losses.lower).toBeCloseTo(lower, 9)
  expect(monitor.harmful).toBe(harmful)
  // the level that is due sees more
  expect(updateRiskMonitor(startRiskMonitor({ reference }), stream).losses.lower).toBeGreaterThan(lower)
})
