import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/detectors.json' with { type: 'json' }
import { type DetectorName, detector, detectors } from './index.ts'

const flags = (name: DetectorName, values: readonly number[], options = {}) => {
  const found = detector(name, options as never)
  return values
    .map((value) => {
      const { drift, warning } = found.update(value)
      return drift ? 2 : warning ? 1 : 0
    })
    .join('')
}
const bits = (text: string): number[] => [...text].map(Number)

for (const [name, streams] of Object.entries(reference.errors))
  test(`${name} warns and alarms where Frouros does`, () => {
    for (const [stream, expected] of Object.entries(streams)) {
      const found = flags(name as DetectorName, bits(reference.streams[stream as 'stable']))
      // after its first renewal Frouros counts one value less than it has seen
      const until = name === 'rddm' ? expected.indexOf('2') + 1 || expected.length : expected.length
      expect(found.slice(0, until), stream).toBe(expected.slice(0, until))
    }
  })

test('detectors of sums and of run lengths alarm where Frouros does', () => {
  const options = { pageHinkley: { lambda: 20 }, cusum: { lambda: 20 }, gma: { lambda: 0.5 }, bocd: {} }
  for (const [name, streams] of Object.entries(reference.plain))
    for (const [stream, expected] of Object.entries(streams)) {
      const values = reference.numbers[stream as 'flat']
      expect(flags(name as DetectorName, values, options[name as 'gma']), `${name} ${stream}`).toBe(expected)
    }
})

test('the window of ADWIN is that of Frouros, and negative numbers are numbers', () => {
  for (const [stream, widths] of Object.entries(reference.adwin)) {
    const found = detector('adwin')
    const seen: number[] = []
    bits(reference.streams[stream as 'stable']).forEach((value, i) => {
      found.update(value)
      if (i % 32 === 31) seen.push((found.state() as { width: number }).width)
    })
    expect(seen, stream).toEqual(widths)
  }
  const negative = reference.numbers.steps.map((v) => -v)
  expect(flags('adwin', negative)).toBe(flags('adwin', reference.numbers.steps))
})

const SETTINGS: Readonly<Partial<Record<DetectorName, object>>> = {
  pageHinkley: { lambda: 20 },
  cusum: { lambda: 20 },
  gma: { lambda: 0.2 },
  incrementalKs: { reference: Array.from({ length: 200 }, (_, i) => Number(i % 5 === 0)) },
  onlineMmd: { reference: Array.from({ length: 200 }, (_, i) => Number(i % 5 === 0)) },
  hddmA: { twoSided: true },
  hddmW: { twoSided: true },
  betting: { mean: 0.2 },
  bocd: { variance: 0.2, priorMean: 0.2 },
}

for (const name of Object.keys(detectors) as DetectorName[])
  test(`${name} notices that a rate of 0.2 has become 0.8, and goes on from its kept state`, () => {
    const r = random({ seed: 4 })
    const values = Array.from({ length: 900 }, (_, i) => Number(r.uniform(i) < (i < 600 ? 0.2 : 0.8)))
    const all = flags(name, values, SETTINGS[name])
    expect(all.slice(600)).toContain('2')
    const first = detector(name, SETTINGS[name] as never)
    for (const value of values.slice(0, 450)) first.update(value)
    const second = detector(name, SETTINGS[name] as never, { state: JSON.parse(JSON.stringify(first.state())) })
    const rest = values.slice(450).map((value) => {
      const { drift, warning } = second.update(value)
      return drift ? 2 : warning ? 1 : 0
    })
    expect(rest.join('')).toBe(all.slice(450))
    first.reset()
    expect(first.state()).toEqual(detector(name, SETTINGS[name] as never).state())
  })

test('a stream that does not change alarms no two-sided test of Hoeffding', () => {
  expect(flags('hddmA', Array(500).fill(0.5), { twoSided: true })).not.toMatch(/[12]/)
  expect(flags('hddmA', Array(500).fill(0), { twoSided: true })).not.toMatch(/[12]/)
})

test('betting alarms falsely less often than once in its run length, whatever the values', () => {
  const r = random({ seed: 8 })
  const laws: ((u: number) => number)[] = [(u) => Number(u < 0.3), (u) => (u < 0.6 ? 0 : 0.75), (u) => 0.6 * u]
  for (const [k, law] of laws.entries()) {
    const found = detector('betting', { mean: 0.3, runLength: 500 })
    let alarms = 0
    for (let i = 0; i < 20_000; i++) if (found.update(law(r.at(`${k}`).uniform(i))).drift) alarms++
    expect(alarms).toBeLessThanOrEqual(40)
  }
})

test('values and settings that make no sense are refused', () => {
  expect(() => detector('ddn' as 'ddm')).toThrow(
    expect.objectContaining({ code: 'DETECTOR_UNKNOWN', message: expect.stringContaining('"ddm"') }),
  )
  expect(() => detector('ddm', { driftLevl: 3 } as never)).toThrow(/driftLevel/)
  expect(() => detector('ddm', { driftLevel: 1 })).toThrow(/do not rise/)
  expect(() => detector('adwin', { delta: 0 })).toThrow(/delta 0/)
  expect(() => detector('incrementalKs')).toThrow(/reference/)
  expect(() => detector('ecdd', { runLength: 200 })).toThrow(/200/)
  expect(() => detector('ddm').update(2)).toThrow(/given 2/)
  expect(() => detector('adwin').update(Number.NaN)).toThrow(/NaN/)
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })), (values) => {
      for (const name of ['adwin', 'kswin', 'pageHinkley', 'cusum', 'gma', 'bocd'] as const) flags(name, values)
    }),
    { numRuns: 20 },
  )
})
