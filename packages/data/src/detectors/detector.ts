/** What a detector says of the value it was just given. */
export interface Alarm {
  readonly drift: boolean
  readonly warning: boolean
}

/**
 * One way to notice a change in a stream: an entry of the table of detectors. Its state is plain data that `step` changes,
 * so that it can be kept and taken up again.
 */
export interface DetectorEntry<State extends object, Options extends object> {
  readonly about: string
  /** What a stream holds: 0 and 1 (1 an error), or any numbers. */
  readonly takes: 'errors' | 'numbers'
  readonly defaults: Options
  /** Returns what is wrong with the options, if anything. */
  readonly refuse?: (options: Options) => string | undefined
  readonly start: (options: Options) => State
  readonly step: (state: State, value: number, options: Options) => Alarm
  /** The entry starts anew by itself after a drift; others are started anew. */
  readonly goesOn?: boolean
}

/** Nothing to be told. */
export const calm: Alarm = { drift: false, warning: false }

/** An alarm: drift, which hides a warning, or a warning, or nothing. */
export const alarm = (drift: boolean, warning = false): Alarm => ({ drift, warning: warning && !drift })

/** A running mean. */
export interface Mean {
  n: number
  mean: number
}

/** Takes one more value into a running mean. */
export function addTo(mean: Mean, value: number): void {
  mean.n++
  mean.mean += (value - mean.mean) / mean.n
}
