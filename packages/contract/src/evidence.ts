import type { Json } from './canonical.ts'
import type { Operator } from './claim.ts'
import { type Hash, hashValue } from './hash.ts'

/** kept: the test rejects "the claim is false"; broken: it rejects "the claim is true"; undecided: neither. */
export type Verdict = 'kept' | 'broken' | 'undecided'

/** The p-values of both questions: `kept` against "the claim is false", `broken` against "the claim is true". */
export interface PValues {
  readonly kept: number
  readonly broken: number
}

/** What one part of a claim showed. */
export interface EvidencePart {
  readonly name: string
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  readonly n: number
  readonly verdict: Verdict
  readonly p: PValues
}

/**
 * The proof of a verdict. Its id is the hash of its canonical encoding, so it holds nothing that is not decided by
 * claim, data, model, code and environment: time, commit and look number live in the ledger's row.
 */
export interface Evidence {
  readonly version: 1
  readonly claim: {
    readonly name: string
    readonly statement: string
    readonly operator: Operator
    readonly threshold: number
  }
  readonly verdict: Verdict
  readonly estimate: number
  /** Confidence interval at the level left after the family's correction and the look. */
  readonly lower: number
  readonly upper: number
  readonly n: number
  readonly dropped: number
  /** Further rows that would probably decide an undecided claim. */
  readonly needs?: number
  readonly p: PValues
  readonly method: string
  readonly parts?: readonly EvidencePart[]
  readonly detail?: Json
  readonly inputs: { readonly data: readonly Hash[]; readonly model?: Hash; readonly code: Hash; readonly params: Hash }
  readonly environment: Hash
  readonly seed?: number
  readonly volatile?: boolean
}

/** Returns the id of evidence: the hash of its canonical encoding. */
export const evidenceId = (evidence: Evidence): Hash => hashValue(evidence)
