import type { Operation, Value } from '../value.ts'

/** What a rewrite sees: an operation whose inputs are already simple. */
export interface Match {
  readonly operation: Operation
  readonly x: readonly Value[]
  readonly y: Value
  /** Tells whether nothing but this operation reads the input at a position. */
  readonly once: (position: number) => boolean
  /** The inputs and parameters of the graph, whose shapes cost nothing to read. */
  readonly leaves: readonly Value[]
}

/** Returns a value equal to the operation's only output and cheaper, or undefined. */
export type Rewrite = (match: Match) => Value | undefined
