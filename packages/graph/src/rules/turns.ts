import type { Way } from '../operators/control.ts'
import { scanOptions } from '../schemas/control.ts'
import type { Operation, Value } from '../value.ts'

/** A Loop or a Scan as both are: a state that goes through turns; a Scan also reads an element of each sequence a turn. */
export interface Iteration {
  /** Formal inputs of the body, and what it makes of them. */
  readonly states: readonly Value[]
  readonly elements: readonly Value[]
  readonly next: readonly Value[]
  readonly collected: readonly Value[]
  /** Formal inputs beside the state: the number of the turn, and whether to go on (which holds in every turn). */
  readonly turn?: Value
  readonly going?: Value
  readonly initial: readonly Value[]
  readonly sequences: readonly Value[]
  readonly read: readonly Way[]
  readonly laid: readonly Way[]
}

/** Returns an operation as an iteration. */
export function iterationOf({ type, inputs, attributes, bodies }: Operation): Iteration {
  const { body } = bodies!
  if (type === 'Loop') {
    const [turn, going, ...states] = body.inputs
    const next = body.outputs.slice(1, 1 + states.length)
    const collected = body.outputs.slice(1 + states.length)
    const initial = inputs.slice(2) as readonly Value[]
    const laid = collected.map(() => FORWARD)
    return { states, elements: [], next, collected, turn, going, initial, sequences: [], read: [], laid }
  }
  const options = scanOptions({ inputs, attributes, bodies })
  const n = options.states
  const ways = (axes: readonly number[], directions: readonly number[]): readonly Way[] =>
    axes.map((axis, i) => ({ axis, direction: directions[i] }))
  return {
    states: body.inputs.slice(0, n),
    elements: body.inputs.slice(n),
    next: body.outputs.slice(0, n),
    collected: body.outputs.slice(n),
    initial: inputs.slice(0, n) as readonly Value[],
    sequences: inputs.slice(n) as readonly Value[],
    read: ways(options.inputAxes, options.inputDirections),
    laid: ways(options.outputAxes, options.outputDirections),
  }
}

/** From the first turn to the last, on a first axis. */
export const FORWARD: Way = { axis: 0, direction: 0 }
/** From the last turn to the first. */
export const BACKWARD: Way = { axis: 0, direction: 1 }
/** Returns the other way through a sequence. */
export const opposite = ({ axis, direction }: Way): Way => ({ axis, direction: 1 - direction })
