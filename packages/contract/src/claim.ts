import type { Json } from './canonical.ts'
import type { Dataset } from './dataset.ts'
import type { Hash } from './hash.ts'

/** How a claim compares the true value with its threshold. */
export type Operator = '>=' | '<=' | '='

/**
 * What was measured, as the sufficient statistics of one of the tests that `promise` knows.
 * - `proportion`: `successes` of `n` independent rows; judged by the exact binomial law (Clopper, Pearson 1934).
 * - `difference`: of two independent proportions, first minus second; judged by the score test (Miettinen, Nurminen 1985).
 *   With `absolute`, the claim speaks of the size of the difference.
 * - `mean`: an estimate with its standard error, asymptotically normal.
 * - `exact`: a number that has no sampling error, or a count of violations: the comparison itself.
 */
export type Measurement =
  | { readonly kind: 'proportion'; readonly successes: number; readonly n: number }
  | { readonly kind: 'difference'; readonly first: Count; readonly second: Count; readonly absolute?: boolean }
  | { readonly kind: 'mean'; readonly estimate: number; readonly standardError: number; readonly n: number }
  | { readonly kind: 'exact'; readonly value: number; readonly n: number }

/** Successes among n rows. */
export interface Count {
  readonly successes: number
  readonly n: number
}

/** One part of a claim that holds only if each part holds: a group, a pair of groups, a column. */
export interface MeasuredPart {
  readonly name: string
  readonly measurement: Measurement
}

/** What measuring a claim returns. With `parts`, the claim is about every part. */
export interface Measured {
  readonly whole?: Measurement
  readonly parts?: readonly MeasuredPart[]
  /** Rows measured, where `whole` does not say it: parts may share rows. */
  readonly n?: number
  /** Rows that could not be used. */
  readonly dropped: number
  /** The test or comparison in the field's words, with its source. */
  readonly method: string
  /** Facts to keep beside the numbers (levels, settings, first failing rows). */
  readonly detail?: Json
  readonly seed?: number
}

/** The world in which a claim is measured; given by whoever verifies. */
export interface MeasureContext {
  /** Runs the named nodes again from the same inputs and returns the hash of each output, by `node.argument`; all nodes before the verifying one by default. */
  rebuild(nodes?: readonly string[]): Promise<readonly Rebuilt[]>
  readonly seed: number
}

/** One node output made twice. */
export interface Rebuilt {
  readonly node: string
  readonly output: string
  readonly first: Hash
  readonly second: Hash
}

/**
 * A statement that can be checked: the true value of `quantity` compared with `threshold`.
 * It names the data it reads by handles, and `measure` gets what the handles read, by the same keys.
 */
export interface Claim {
  /** In the field's words, for people: `coverage >= 0.9 by race`. */
  readonly statement: string
  readonly quantity: string
  readonly operator: Operator
  readonly threshold: number
  readonly by?: readonly string[]
  readonly data: Readonly<Record<string, Dataset>>
  /** Measured again only on request (latency): its evidence is not sealed. */
  readonly volatile?: boolean
  measure(inputs: Readonly<Record<string, unknown>>, context: MeasureContext): Promise<Measured>
}

/** A quantity that a claim can be about; `atLeast`, `atMost` and `equals` make claims of it. */
export type Quantity = Omit<Claim, 'statement' | 'operator' | 'threshold'>
