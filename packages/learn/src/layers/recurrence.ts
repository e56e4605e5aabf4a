import { PodError, sizeOf } from '@mlpod/contract'
import {
  add,
  cast,
  concat,
  constant,
  gather,
  less,
  mul,
  type Operand,
  range,
  reshape,
  scan,
  shape,
  stopGradient,
  type Value,
  where,
} from '@mlpod/graph'
import type { Cell } from './cells.ts'
import type { Initializer, Layer, Scope } from './layer.ts'
import { unfit, whole } from './shape.ts'

/** A recurrent layer whose states are values: what it begins with comes in, what it ends with comes out. */
export interface Recurrence {
  /** Goes through x [batch, time, ...]; without states it begins with zeros. */
  readonly run: (
    x: Value,
    states: readonly Value[] | undefined,
    scope: Scope,
  ) => { readonly output: Value; readonly states: readonly Value[] }
  /** The shapes of the states for so many sequences x. */
  readonly shapes: (x: Value, batch: number, scope: Scope) => readonly (readonly number[])[]
}

/** Settings of a cell that goes through sequences. */
export interface RecurrenceOptions {
  /** What comes out: what the steps of all times give [batch, time, ...] (default), or what the last one gives [batch, ...]. */
  readonly output?: 'sequence' | 'last'
  /** How long each sequence is (int64 or int32 [batch]): what comes after gives 0 and leaves the states as they are. */
  readonly lengths?: Value
  /** From the last element to the first; what comes out lies in the order of the sequence. */
  readonly reverse?: boolean
}

/** Returns the layer applied to each time of [batch, time, ...]. */
export function atAllTimes(layer: Layer, x: Value, scope: Scope, what: string): Value {
  const rest = x.shape.slice(2)
  if (x.shape.length < 2 || !rest.every((dim) => typeof dim === 'number'))
    throw unfit(what, '[batch, time, known sizes...]', x, scope)
  const y = layer(reshape(x, [-1, ...(rest as number[])]), scope)
  const made = y.shape.slice(1)
  if (!made.every((dim) => typeof dim === 'number')) throw unfit(what, 'what a layer makes known sizes of', x, scope)
  const [, time] = x.shape
  if (typeof time === 'number') return reshape(y, [-1, time, ...(made as number[])])
  return reshape(y, concat([shape(x, 0, 2), constant(made as number[], 'int64')]))
}

/** Returns a cell that goes through sequences [batch, time, ...]. */
export function recurrence(
  cell: Cell,
  { output = 'sequence', lengths, reverse = false }: RecurrenceOptions = {},
): Recurrence {
  const entered = (x: Value, scope: Scope): Value => atAllTimes(cell.before, x, scope, 'recurrent layer')
  const start = (all: Value, scope: Scope): readonly Value[] =>
    cell.start(gather(all, constant(0, 'int64'), { axis: 1 }), scope)
  return {
    run(x, given, scope) {
      const all = entered(x, scope)
      const begin = given ?? start(all, scope)
      if (begin.length !== cell.count)
        throw new PodError(
          'SHAPE_MISMATCH',
          `the recurrent layer "${scope.path}" has ${cell.count} states, not ${begin.length}`,
        )
      const last = output === 'last'
      // what a step gives is carried when only the last one is asked for, else laid down
      const carried = last ? [...begin, mul(cell.output(begin), 0)] : begin
      const results = scan(
        carried,
        [all, ...(lengths ? [within(lengths, all)] : [])],
        (states, [element, alive]) => {
          const next = cell.step(element, states.slice(0, cell.count), scope)
          const made = cell.output(next)
          const is = (value: Value, old: Operand): Value => (lengths ? goingOn(alive, value, old) : value)
          const kept = next.map((value, i) => is(value, states[i]))
          return last ? { state: [...kept, is(made, states[cell.count])] } : { state: kept, collect: [is(made, 0)] }
        },
        { axis: 1, reverse },
      )
      return { output: results[cell.count], states: results.slice(0, cell.count) }
    },
    shapes: (x, batch, scope) =>
      start(entered(x, scope), scope).map(({ shape: [, ...sizes] }) => [batch, ...(sizes as number[])]),
  }
}

/** Which times of x [batch, time, ...] lie within lengths [batch]. */
function within(lengths: Value, x: Value): Value {
  const times = range(0, gather(shape(x, 1, 2), 0))
  return less(times, cast(reshape(lengths, [-1, 1]), 'int64'))
}

/** Where the sequence goes on (bool [batch]) a value, else another one. */
const goingOn = (alive: Value, value: Value, old: Operand): Value =>
  where(reshape(alive, [-1, ...value.shape.slice(1).map(() => 1)]), value, old)

/** Returns a layer of a recurrence that begins with zeros. */
export const fromZeros =
  ({ run }: Pick<Recurrence, 'run'>): Layer =>
  (x, scope) =>
    run(x, undefined, scope).output

/**
 * Returns the layer of a cell that goes through [batch, time, ...]: to [batch, time, ...] or what the last step gives.
 * Source: Keras RNN.
 */
export const recurrentOf = (cell: Cell, options: RecurrenceOptions = {}): Layer => fromZeros(recurrence(cell, options))

/** How what two directions give becomes one. */
const MERGES = {
  concat: (a: Value, b: Value) => concat([a, b], { axis: -1 }),
  sum: (a: Value, b: Value) => add(a, b),
  average: (a: Value, b: Value) => mul(add(a, b), 0.5),
  product: (a: Value, b: Value) => mul(a, b),
} as const

/** Settings of `bidirectional`. */
export interface BidirectionalOptions extends Omit<RecurrenceOptions, 'reverse'> {
  /** Default `concat`, along the last axis. */
  readonly merge?: keyof typeof MERGES
  /** The cell of the way back. Default one like that of the way forth; each has its own parameters. */
  readonly back?: Cell
}

/**
 * Returns the layer of a cell that goes both ways; with `lengths` the way back begins at the own last element of each sequence.
 * Parameters lie under `forward` and `backward`. Source: Keras Bidirectional.
 */
export function bidirectional(
  cell: Cell,
  { merge = 'concat', back = cell, ...options }: BidirectionalOptions = {},
): Layer {
  const [forth, reversed] = [recurrentOf(cell, options), recurrentOf(back, { ...options, reverse: true })]
  return (x, scope) => MERGES[merge](forth(x, scope.at('forward')), reversed(x, scope.at('backward')))
}

/**
 * Returns the layer that goes on in each batch where the same row of the last one ended, for batches of one known size. In
 * training the states are kept from step to step as `state0`, ...; no derivative goes back into the last batch. A trained
 * network begins with zeros, for batches of any size: to go on there too, run the recurrence itself, whose states are values.
 * A row must stay at its place: leave out `shuffle`, `dataParallel` and `accumulate`, and let the batch divide the rows.
 * Source: Keras RNN(stateful=True).
 */
export function stateful(made: Recurrence, { batch }: { readonly batch: number }): Layer {
  whole('stateful layer', { batch })
  return (x, scope) => {
    if (scope.training && typeof x.shape[0] === 'number' && x.shape[0] !== batch)
      throw unfit('stateful layer', `batches of ${batch}`, x, scope)
    const shapes = made.shapes(x, batch, scope)
    const zeros: Initializer = (_, sizes) => new Float32Array(sizeOf(sizes))
    const begun = shapes.map((sizes, i) =>
      scope.state(`state${i}`, sizes, zeros, () => stopGradient(reshape(ended.states[i], sizes))),
    )
    const ended = made.run(x, scope.training ? begun : undefined, scope)
    return ended.output
  }
}
