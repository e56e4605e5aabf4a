import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string, timestamp } from '../schema.ts'
import { profile } from './index.ts'
import { autocorrelations, dickeyFuller, kpss } from './unitRoot.ts'

// statsmodels 0.15.0
const { series } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../conformance/data/profile.json'), 'utf8'),
) as {
  readonly series: Readonly<
    Record<string, { readonly x: number[]; readonly adf: number[]; readonly kpss: number[]; readonly acf: number[] }>
  >
}

test.each(Object.keys(series))('the tests of a series equal those of statsmodels: %s', (name) => {
  const { x, adf, kpss: level, acf } = series[name]
  const values = Float64Array.from(x)
  const found = dickeyFuller(values)!
  expect(found.lag).toBe(adf[2])
  expect(Math.abs(found.statistic - adf[0])).toBeLessThan(1e-9 * Math.abs(adf[0]))
  expect(Math.abs(found.pValue - adf[1])).toBeLessThan(1e-9)
  const other = kpss(values)!
  expect(other.lag).toBe(level[2])
  expect(Math.abs(other.statistic - level[0])).toBeLessThan(1e-9)
  expect(Math.abs(other.pValue - level[1])).toBeLessThan(1e-9)
  for (const [lag, value] of autocorrelations(values, 24).entries())
    expect(Math.abs(value - acf[lag])).toBeLessThan(1e-9)
})

const schema = rowSchema({ when: timestamp(), walk: float(), season: float(), steady: float(), s: string() })
const hour = (i: number): string => new Date(Date.UTC(2024, 0, 1, i)).toISOString().replace('.000', '')
const rows = series.walk.x.map((walk, i) => ({
  when: hour(i < 100 ? i : i + 30),
  walk,
  season: series.season.x[i],
  steady: series.autoregressive.x[i],
  s: 'x',
}))

test('columns are described in the order of time, whatever that of the rows: gaps, seasons, what is not stationary', async () => {
  // another order of the same rows
  const data = await relationOf(
    rows.map((_, i) => rows[(i * 7) % rows.length]),
    { schema },
  )
  const { time, alerts } = await profile(data, { time: 'when' })
  expect(time).toMatchObject({ column: 'when', rows: 240, allRows: true, medianStep: 3600, repeated: 0, gaps: 1 })
  expect(time!.longestGaps[0]).toEqual({ after: hour(99), before: hour(130), length: 31 * 3600 })
  const [walk, season, steady] = time!.series
  expect(walk).toMatchObject({ stationary: false, seasonal: false })
  expect(season).toMatchObject({ seasonal: true, stationary: false })
  expect(season.periods[0] % 12).toBe(0)
  expect(steady).toMatchObject({ stationary: true, seasonal: false })
  const of = (code: string) => alerts.filter((alert) => alert.code === code).map(({ columns }) => columns[0])
  expect(of('nonStationary')).toEqual(['walk', 'season'])
  expect(of('seasonal')).toEqual(['season'])
})

test('a column that tells no time is refused, and constant or short series have no test', async () => {
  const data = await relationOf(rows, { schema })
  await expect(profile(data, { time: 's' })).rejects.toThrow(/"s" is VARCHAR and tells no time/)
  await expect(profile(data, { time: 'wen' })).rejects.toThrow(/no column "wen"/)
  const flat = await relationOf(
    [0, 1, 2, 3, 4, 5, 6].map((i) => ({ ...rows[i], walk: 1 })),
    { schema },
  )
  const { time } = await profile(flat, { time: 'when', categoricalUpTo: 0 })
  expect(time!.series[0]).toMatchObject({ dickeyFuller: null, kpss: null, stationary: null, autocorrelation: [] })
  expect(dickeyFuller(Float64Array.of(1, 2, 1))).toBeNull()
})
