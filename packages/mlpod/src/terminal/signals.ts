/** Two stages of interruption, as abort signals. */
export interface Interruption {
  /** Aborted by the first Ctrl-C: no new nodes. */
  readonly signal: AbortSignal
  /** Aborted by the second: running nodes end at once. */
  readonly stop: AbortSignal
  /** The exit code of a run that was interrupted: 130 after SIGINT, 143 after SIGTERM. */
  readonly exitCode: number
  close(): void
}

/** Listens to SIGINT and SIGTERM: the first stops new work and tells `onFirst`, the second ends everything. */
export function interruptible({ onFirst }: { readonly onFirst: () => void }): Interruption {
  const [first, second] = [new AbortController(), new AbortController()]
  let exitCode = 130
  const interrupt = (name: NodeJS.Signals): void => {
    if (first.signal.aborted) {
      second.abort()
      return
    }
    exitCode = name === 'SIGTERM' ? 143 : 130
    first.abort()
    onFirst()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    signal: first.signal,
    stop: second.signal,
    get exitCode() {
      return exitCode
    },
    close() {
      process.removeListener('SIGINT', interrupt)
      process.removeListener('SIGTERM', interrupt)
    },
  }
}
