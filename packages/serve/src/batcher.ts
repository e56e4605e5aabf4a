import { PodError } from '@mlpod/contract'

/** Settings of a batcher. */
export interface BatcherOptions {
  /** Rows in one run; 256 by default. A larger request runs alone. */
  readonly maxRows?: number
  /** Rows that may wait; beyond it requests are refused with `QUEUE_FULL`. 20 000 by default. */
  readonly maxWaiting?: number
}

/** Puts requests that wait together into one run. */
export interface Batcher<In, Out> {
  /** Returns the results of the rows, in order. `lane` parts what must not share a run. Throws `QUEUE_FULL`. */
  submit(rows: readonly In[], lane: string): Promise<readonly Out[]>
  /** Rows that wait or run. */
  readonly waiting: number
}

interface Waiting<In, Out> {
  readonly rows: readonly In[]
  readonly lane: string
  readonly resolve: (results: readonly Out[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Returns a batcher in front of something that runs one batch at a time: while it runs, requests wait; when it ends, those that
 * wait in one lane go together. No delay is added. A batch that fails fails each of its requests.
 */
export function batcher<In, Out>(
  run: (rows: readonly In[], lane: string) => Promise<readonly Out[]>,
  { maxRows = 256, maxWaiting = 20_000 }: BatcherOptions = {},
): Batcher<In, Out> {
  const queue: Waiting<In, Out>[] = []
  let [running, waiting] = [false, 0]

  const next = async (): Promise<void> => {
    running = true
    while (queue.length > 0) {
      const { lane } = queue[0]
      const batch: Waiting<In, Out>[] = []
      let rows = 0
      for (let i = 0; i < queue.length; ) {
        const fits = queue[i].lane === lane && (rows === 0 || rows + queue[i].rows.length <= maxRows)
        if (!fits) i++
        else {
          rows += queue[i].rows.length
          batch.push(...queue.splice(i, 1))
        }
      }
      try {
        const results = await run(
          batch.flatMap((request) => request.rows),
          lane,
        )
        let from = 0
        for (const request of batch) {
          request.resolve(results.slice(from, from + request.rows.length))
          from += request.rows.length
        }
      } catch (error) {
        for (const request of batch) request.reject(error)
      }
      waiting -= rows
    }
    running = false
  }

  return {
    submit(rows, lane) {
      if (waiting + rows.length > maxWaiting)
        return Promise.reject(
          new PodError('QUEUE_FULL', `${waiting} rows wait already`, {
            hint: 'try again in a moment, or send fewer rows',
          }),
        )
      waiting += rows.length
      return new Promise((resolve, reject) => {
        queue.push({ rows, lane, resolve, reject })
        if (!running) void next()
      })
    },
    get waiting() {
      return waiting
    },
  }
}
