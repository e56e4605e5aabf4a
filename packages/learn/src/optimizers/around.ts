import type { Tensor } from '@mlpod/contract'
import type { Optimizer } from './optimizer.ts'
import {
  type Clock,
  type Nested,
  type Numbers,
  nested,
  type Step,
  type Stepped,
  type Trained,
  type Transform,
} from './transform.ts'

/** What stands around an optimizer. */
export interface Around {
  readonly name: string
  readonly options?: Readonly<Record<string, unknown>>
  /** What is kept beside the optimizer's own state. */
  readonly state?: (parameters: readonly Trained[]) => Readonly<Record<string, Tensor>>
  readonly constants?: Numbers
  readonly scalars?: (clock: Clock) => Numbers
  /** Returns the clock of the optimizer inside. Default: the outer one. */
  readonly clock?: (clock: Clock) => Clock
  readonly transform: (step: Step, inside: Nested) => Stepped
  readonly result?: Transform['result']
}

/** The prefix of what the optimizer inside keeps. */
export const INNER = 'inner'

/** Returns an optimizer around another: what both keep stands side by side. */
export function around(
  optimizer: Optimizer,
  { name, options = {}, state, constants, scalars, clock = (outer) => outer, transform, result }: Around,
): Optimizer {
  const inside = nested(optimizer, INNER)
  const used = result ?? (optimizer.result && inside.result)
  return {
    name: `${name}(${optimizer.name})`,
    options: { ...options, [INNER]: { name: optimizer.name, ...optimizer.options } },
    sign: -1,
    learningRate: optimizer.learningRate,
    state: (parameters) => ({ ...state?.(parameters), ...inside.state(parameters) }),
    constants: { ...constants, ...inside.constants },
    scalars: (outer) => ({ ...scalars?.(outer), ...inside.scalars(clock(outer)) }),
    randoms: inside.randoms,
    transform: (step) => transform(step, inside),
    ...(used && { result: used }),
    ...(optimizer.skips && { skips: true as const }),
  }
}

/** Returns the names of what the optimizer inside keeps. */
export const innerNames = (state: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(state).filter((name) => name.startsWith(`${INNER}.`))
