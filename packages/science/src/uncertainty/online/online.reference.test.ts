import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { blockShape, leaveOutAnswers, resampleOf } from './blockBootstrap.ts'
import { type OnlineOptions, observeOnline, onlineInterval, startOnline } from './online.ts'
import { runOnline } from './runOnline.ts'

type Listed = readonly (number | string)[]
const numbers = (values: Listed): Float64Array =>
  Float64Array.from(values, (v) => Number(String(v).replace('inf', 'Infinity').replace('nan', 'NaN')))
interface Stream {
  readonly symmetric: boolean
  readonly level: number
  readonly gamma: number
  readonly lookback: number
  readonly history: number
  readonly y: Listed
  readonly prediction: Listed
  readonly lower: Listed
  readonly upper: Listed
  readonly alpha: Listed
}
const reference = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/online.json', import.meta.url), 'utf8'),
) as {
  readonly peers: Readonly<Record<string, string>>
  readonly aci: readonly Stream[]
  readonly lookback: readonly Stream[]
  readonly enbpi: Stream & {
    readonly n: number
    readonly batch: number
    readonly inBag: Listed
    readonly answers: Listed
  }
  readonly linear: { readonly [name in 'prediction' | 'lower' | 'upper']: Listed } & { readonly history: Listed }
  readonly resamples: readonly {
    readonly n: number
    readonly length: number | null
    readonly blocks: number | null
    readonly overlapping: boolean
    readonly rows: readonly (readonly number[])[]
    readonly leftOut: readonly (readonly number[])[]
  }[]
}
const close = (ours: ArrayLike<number>, theirs: ArrayLike<number>, digits = 9): void => {
  expect(ours.length).toBe(theirs.length)
  for (let i = 0; i < theirs.length; i++)
    if (Number.isFinite(theirs[i])) expect(ours[i], `${i}`).toBeCloseTo(theirs[i], digits)
    else expect(ours[i], `${i}`).toBe(theirs[i])
}

function follow(
  { history: n, y, prediction, alpha, lower, upper }: Stream,
  options: OnlineOptions & { level: number },
) {
  const [truth, said] = [numbers(y), numbers(prediction)]
  let state = startOnline({ ...options, history: { y: truth.slice(0, n), prediction: said.slice(0, n) } })
  const found = { lower: [] as number[], upper: [] as number[], alpha: [] as number[] }
  for (let t = n; t < truth.length; t++) {
    const parts = { prediction: said[t] }
    const interval = onlineInterval(state, parts)
    found.lower.push(interval.lower)
    found.upper.push(interval.upper)
    state = observeOnline(state, parts, truth[t])
    if (state.method === 'aci') found.alpha.push(state.memory.alpha)
  }
  return { found, lower: numbers(lower), upper: numbers(upper), alpha: numbers(alpha) }
}

test(`ACI is MAPIE ${reference.peers.MAPIE}'s where alpha is kept in [0, 1] and its scores are fixed`, () => {
  for (const stream of reference.aci) {
    const { level, gamma, symmetric } = stream
    const run = follow(stream, { method: 'aci', level, gamma, symmetric, clip: true, window: 'fixed' })
    close(run.found.lower, run.lower)
    close(run.found.upper, run.upper)
    close(run.found.alpha, run.alpha)
  }
})

test(`ACI with a look-back is TorchCP ${reference.peers.TorchCP}'s`, () => {
  for (const stream of reference.lookback) {
    const { level, gamma, lookback } = stream
    const run = follow(stream, { method: 'aci', level, gamma, lookback })
    close(run.found.lower, run.lower, 5)
    close(run.found.upper, run.upper, 5)
    // its alpha is that of the row to come, ours is that after it
    close(run.found.alpha.slice(0, -1), run.alpha.slice(1), 5)
  }
})

test(`EnbPI is MAPIE ${reference.peers.MAPIE}'s: leave-out scores, batches, a window that slides`, () => {
  const { enbpi } = reference
  const n = enbpi.n
  const y = numbers(enbpi.y)
  const left = leaveOutAnswers(numbers(enbpi.answers), numbers(enbpi.inBag), n)
  const scores = numbers(enbpi.history as unknown as Listed)
  close(
    left.map((p, i) => y[i] - p),
    scores,
  )
  const run = runOnline(
    y.slice(n),
    { prediction: numbers(enbpi.prediction) },
    {
      method: 'enbpi',
      level: enbpi.level,
      symmetric: false,
      batch: enbpi.batch,
      window: n,
      history: { y: y.slice(0, n), prediction: left },
    },
  )
  close(run.lower, numbers(enbpi.lower))
  close(run.upper, numbers(enbpi.upper))
})

test(`EnbPI with the interpolated quantile is puncc ${reference.peers.puncc}'s`, () => {
  const { history, prediction, lower, upper } = reference.linear
  const y = numbers(reference.enbpi.y).slice(reference.enbpi.n)
  const run = runOnline(
    y,
    { prediction: numbers(prediction) },
    {
      method: 'enbpi',
      level: 0.8,
      quantile: 'linear',
      batch: 10,
      history: { y: numbers(history), prediction: new Float64Array(history.length) },
    },
  )
  close(run.lower, numbers(lower))
  close(run.upper, numbers(upper))
})

test(`blocks are MAPIE ${reference.peers.MAPIE}'s`, () => {
  for (const { n, length, blocks, overlapping, rows, leftOut } of reference.resamples) {
    const { size, drawn, starts } = blockShape(n, {
      ...(length === null ? {} : { length }),
      ...(blocks === null ? {} : { blocks }),
      overlapping,
    })
    rows.forEach((drawnRows, r) => {
      const at = drawnRows.filter((_, i) => i % size === 0)
      expect(at).toHaveLength(drawn)
      for (const start of at) expect(starts).toContain(start)
      const resample = resampleOf(n, size, at)
      expect([...resample.rows]).toEqual(drawnRows)
      expect([...resample.leftOut]).toEqual(leftOut[r])
    })
  }
})
