import { PodError } from '@mlpod/contract'

/** One hypothesis of a family: its p-value and the share of the error that this look may spend. */
export interface Member {
  readonly p: number
  readonly share: number
}

/** What the family decides about a member, and the level at which it was tested. */
export interface Decision {
  readonly rejected: boolean
  readonly level: number
}

/**
 * The share of a claim's error that its j-th look at new data may spend: 6 / (pi^2 j^2), which sums to 1 over all looks,
 * so that re-testing until green does not work. Throws `LOOK_INVALID` unless looks are counted from 1.
 */
export function lookShare(look: number): number {
  if (!(Number.isSafeInteger(look) && look >= 1))
    throw new PodError('LOOK_INVALID', `${look} is no number of a look`, { hint: 'looks are counted from 1' })
  return 6 / (Math.PI * look) ** 2
}

/**
 * Holm's step-down procedure (Holm 1979) over p / share at family-wise error `delta`, ties by order.
 * The level of a member is the p-value up to which it would have been rejected where the procedure met or left it.
 */
export function holmDecisions(members: readonly Member[], delta: number): readonly Decision[] {
  const order = members
    .map((_, i) => i)
    .sort((a, b) => members[a].p / members[a].share - members[b].p / members[b].share || a - b)
  const decisions: Decision[] = new Array(members.length)
  let rank = 0
  let going = true
  for (const i of order) {
    const level = (members[i].share * delta) / (members.length - rank)
    const rejected = going && members[i].p <= level
    decisions[i] = { rejected, level }
    if (rejected) rank++
    else going = false
  }
  return decisions
}
