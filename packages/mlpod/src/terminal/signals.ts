import type { Terminal } from '../command.ts'

/** Two stages of interruption, as abort signals. */
export interface Interruption {
  /** Aborted by the first Ctrl-C: no new nodes. */
  readonly signal: AbortSignal
  /** Aborted by the second: running nodes end at once. */
  readonly stop: AbortSignal
  close(): void
}

/** Listens to SIGINT and SIGTERM: the first stops new work and says so, the second ends everything. */
export function interruptible({ stderr }: Pick<Terminal, 'stderr'>): Interruption {
  const [first, second] = [new AbortController(), new AbortController()]
  const interrupt = (): void => {
    if (first.signal.aborted) {
      second.abort()
      return
    }
    first.abort()
    stderr.write('\n  stopping: running nodes have 10 s to finish (Ctrl-C again ends them now)\n')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    signal: first.signal,
    stop: second.signal,
    close() {
      process.removeListener('SIGINT', interrupt)
      process.removeListener('SIGTERM', interrupt)
    },
  }
}
