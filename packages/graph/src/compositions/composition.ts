import { PodError } from '@mlpod/contract'
import type { OperatorName } from '../schemas/index.ts'
import { capture } from '../site.ts'
import type { Attribute, Value } from '../value.ts'

/** One use of an operator: what it reads. */
export interface Use {
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** What it gives, when it is in a graph already. */
  readonly outputs?: readonly Value[]
}

/**
 * What an operator is made of: returns its outputs as values of plainer operators; undefined for one that carries no
 * derivative. Stands in for the operator where it has no kernel, and tells its derivative where it has no rule of its own.
 */
export type Composition = (use: Use) => readonly (Value | undefined)[]

/** Compositions by operator. */
export type Compositions = { readonly [O in OperatorName]?: Composition }

/** Returns the error of an operator that cannot be taken apart before a run tells what it was given. */
export const unknownBefore = (type: OperatorName, what: string): PodError =>
  new PodError('NOT_DIFFERENTIABLE', `a ${type} whose ${what} computed in the run has no derivative`, {
    at: capture().at,
    hint: 'give it as numbers',
  })
