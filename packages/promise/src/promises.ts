import { type Claim, PodError } from '@mlpod/contract'

/** The promises of a pod: named claims and the confidence that the whole family of verdicts has. */
export interface PromiseSet {
  readonly claims: Readonly<Record<string, Claim>>
  /** Each of the two families of verdicts (kept, broken) is wrong anywhere with probability at most 1 - confidence. */
  readonly confidence: number
}

/**
 * Returns the pod's promises. Confidence is 0.95 by default.
 * Throws `PROMISES_INVALID` for a confidence outside (0, 1), a malformed name, or a set without a claim.
 */
export function promises(
  claims: Readonly<Record<string, Claim>>,
  { confidence = 0.95 }: { confidence?: number } = {},
): PromiseSet {
  if (!(confidence > 0 && confidence < 1)) throw invalid(`confidence is ${confidence}; it must be above 0 and below 1`)
  const names = Object.keys(claims)
  if (names.length === 0) throw invalid('there is no promise in the set')
  const bad = names.find((name) => !/^[\p{L}\p{N}_.-]+( [\p{L}\p{N}_.-]+)*$/u.test(name))
  if (bad !== undefined)
    throw invalid(`"${bad}" is no name: letters, digits, ".", "_", "-" and single blanks between them`)
  return { claims, confidence }
}

const invalid = (what: string): PodError => new PodError('PROMISES_INVALID', what, { at: 'promises()' })
