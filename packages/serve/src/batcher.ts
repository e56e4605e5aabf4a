import { PodError } from '@mlpod/contract'

/** Settings of a batcher. */
export interface BatcherOptions {
  /** Rows in one run; 256 by default. A larger request runs alone. */
  readonly maxRows?: number
  /** Rows that may wait; beyond it requests are refused with `QUEUE_FULL`. 20 000 by default. */
  readonly maxWaiting?: number
}

/** How one request waits. */
export interface SubmitOptions {
  /** Parts what must not share a run; the empty text by default. */
  readonly lane?: string
  /** A request that is aborted throws the reason at once; if it still waits, it is not run. */
  readonly signal?: AbortSignal
}

/** Puts requests that wait together into one run. */
export interface Batcher<In, Out> {
  /** Returns the results of the rows, in order. Throws `QUEUE_FULL`, the signal's reason, and what the run throws. */
  submit(rows: readonly In[], options?: SubmitOptions): Promise<readonly Out[]>
  /** Rows that wait or run. */
  readonly waiting: number
}

interface Waiting<In, Out> {
  readonly rows: readonly In[]
  readonly lane: string
  readonly signal: AbortSignal | undefined
  readonly resolve: (results: readonly Out[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Returns a batcher in front of something that runs one batch at a time: while it runs, requests wait; when it ends, those that
 * wait in one lane go together. No delay is added. When a batch of several requests fails, each is run alone once, so that
 * a request that cannot be answered fails no other.
 */
export function batcher<In, Out>(
  run: (rows: readonly In[], lane: string) => Promise<readonly Out[]>,
  { maxRows = 256, maxWaiting = 20_000 }: BatcherOptions = {},
): Batcher<In, Out> {
  let queue: Waiting<In, Out>[] = []
  let [running, waiting] = [false, 0]

  /** Takes from the queue what goes into the next run: the oldest request, and those of its lane that fit. */
  const form = (): Waiting<In, Out>[] => {
    const [batch, rest]: [Waiting<In, Out>[], Waiting<In, Out>[]] = [[], []]
    let rows = 0
    for (const request of queue) {
      if (request.signal?.aborted) continue
      if (batch.length === 0 || (request.lane === batch[0].lane && rows + request.rows.length <= maxRows)) {
        rows += request.rows.length
        batch.push(request)
      } else rest.push(request)
    }
    queue = rest
    return batch
  }

  const settle = async (batch: readonly Waiting<In, Out>[]): Promise<void> => {
    try {
      const results = await run(
        batch.flatMap(({ rows }) => rows),
        batch[0].lane,
      )
      let from = 0
      for (const { rows, resolve } of batch) {
        resolve(results.slice(from, from + rows.length))
        from += rows.length
      }
    } catch (error) {
      if (batch.length === 1) batch[0].reject(error)
      else for (const request of batch) await settle([request])
    }
  }

  const work = async (): Promise<void> => {
    running = true
    while (queue.length > 0) {
      const batch = form()
      if (batch.length > 0) await settle(batch)
    }
    running = false
  }

  return {
    submit(rows, { lane = '', signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (waiting + rows.length > maxWaiting)
        return Promise.reject(
          new PodError('QUEUE_FULL', `${waiting} rows wait already`, {
            hint: 'try again in a moment, or send fewer rows',
          }),
        )
      waiting += rows.length
      return new Promise<readonly Out[]>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
        queue.push({ rows, lane, signal, resolve, reject })
        if (!running) void work()
      }).finally(() => {
        waiting -= rows.length
      })
    },
    get waiting() {
      return waiting
    },
  }
}
