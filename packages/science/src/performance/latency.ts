import { type Quantity, readGuard, type Tensor } from '@mlpod/contract'
import { untyped } from '@mlpod/data'
import { openSession } from '@mlpod/graph'
import type { ModelAndData, ModelAndRows } from '../uncertainty/covers.ts'

/** Settings of `answeredWithin`: answers that are timed (1000 by default), after some that are not (100 by default). */
export interface LatencyOptions {
  readonly runs?: number
  readonly warmup?: number
}

/**
 * The share of single-row answers that take at most `limitMs`: "p99 latency <= 5 ms" is "at least 0.99 within 5 ms", which has
 * an exact test. Volatile: it speaks of this machine at this moment, so its evidence is not sealed.
 */
export const answeredWithin = (
  limitMs: number,
  { model, data }: ModelAndData,
  { runs = 1000, warmup = 100 }: LatencyOptions = {},
): Quantity => ({
  quantity: `share answered within ${limitMs} ms`,
  data: { model, data },
  volatile: true,
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const names = readGuard(model.metadata).columns.map(({ name }) => name)
    const columns: Readonly<Record<string, Tensor>> = await untyped(data).tensors(...names)
    const n = columns[names[0]].shape[0]
    const session = await openSession(model)
    const times = new Float64Array(runs)
    try {
      for (let run = -warmup; run < runs; run++) {
        const row = (run + warmup) % n
        const feeds = Object.fromEntries(names.map((name) => [name, oneRow(columns[name], row)]))
        const start = performance.now()
        await session.run(feeds)
        if (run >= 0) times[run] = performance.now() - start
      }
    } finally {
      await session.close()
    }
    const sorted = times.toSorted()
    return {
      whole: { kind: 'proportion', successes: times.filter((ms) => ms <= limitMs).length, n: runs },
      dropped: 0,
      method: `${runs} single-row answers timed in one thread, attributions included`,
      detail: { medianMs: sorted[Math.floor(runs / 2)], p99Ms: sorted[Math.ceil(runs * 0.99) - 1] },
    }
  },
})

const oneRow = ({ dtype, data }: Tensor, row: number): Tensor =>
  ({ dtype, shape: [1, 1], data: (data as Float32Array).slice(row, row + 1) }) as Tensor
